"""The nearest known word."""

from __future__ import annotations

import pytest

from reconciler.suggest import suggest


@pytest.mark.parametrize(
    ("word", "expected"), [("lables", "labels"), ("LABELS", "labels"), ("nmae", "name"), ("zzz", None), ("", None)]
)
def test_a_slip_finds_its_word_and_nonsense_finds_none(word: str, expected: str | None) -> None:
    assert expected == suggest(word, ["labels", "name", "samples"])
