"""Naming voices by key and by pattern: what asking each pattern for itself says."""

from __future__ import annotations

import fnmatch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.key_patterns import KeyPatterns

words = st.text("ab/*?[]!", max_size=4)


@given(st.lists(words, max_size=4), words)
def test_a_voice_is_named_by_its_key_or_by_a_pattern(named: list[str], key: str) -> None:
    one_by_one = any(key == word or fnmatch.fnmatchcase(key, word) for word in named)

    assert (key in KeyPatterns(named)) is (one_by_one or not named)


@pytest.mark.parametrize("key", ["anna", "team/anna", ""])
def test_nothing_names_all(key: str) -> None:
    assert key in KeyPatterns(())
    assert key not in KeyPatterns(("bella", "other/*"))
