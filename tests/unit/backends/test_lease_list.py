"""Which leases are in each other's way, and how the list is written."""

from __future__ import annotations

import fnmatch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.backends.lease_list import Entry, overlap, parse, render
from reconciler.errors import StateError
from reconciler.state.lock import Holder

HOLDER = Holder("anna", "laptop", 7, "2026-01-01T00:00:00Z", "voicectl apply --target 'a*'")
ENTRY = Entry("id", ("a", "b/*"), HOLDER, "machine", 60.0, "2026-01-01T00:01:00+00:00", 3)

_LETTERS = st.text("ab/", max_size=4)
_PATTERNS = st.text("ab/*?[]!", max_size=5)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((), ("a",)),
        ((), ()),
        (("a",), ("a",)),
        (("a/*",), ("a/b",)),
        (("a/b",), ("a/*",)),
        (("x", "a*"), ("y", "*b")),
        (("a/*",), ("a/b/*",)),
        (("[ab]",), ("b*",)),
        (("a[",), ("a[",)),
    ],
)
def test_these_may_name_the_same_voice(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    assert overlap(one, other)
    assert overlap(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [(("a",), ("b",)), (("a/*",), ("b/c",)), (("a/*",), ("b/*",)), (("*-en",), ("*-de",)), (("a", "b"), ("c", "d*"))],
)
def test_these_never_do(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    assert not overlap(one, other)
    assert not overlap(other, one)


@given(_PATTERNS, _PATTERNS, _LETTERS)
def test_patterns_that_match_one_key_are_in_each_others_way(one: str, other: str, key: str) -> None:
    matched = [key == pattern or fnmatch.fnmatchcase(key, pattern) for pattern in (one, other)]
    if all(matched):
        assert overlap((one,), (other,))


def test_a_list_is_read_as_it_was_written() -> None:
    assert parse(render([ENTRY]), name="x") == (ENTRY,)
    assert parse(render([]), name="x") == ()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 2, "leases": []}', '{"version": 1, "leases": [{}]}'])
def test_a_list_that_is_not_ours_is_an_error_with_a_way_out(text: str) -> None:
    with pytest.raises(StateError) as caught:
        parse(text, name="s3://b/k.lock")

    assert caught.value.where == "s3://b/k.lock"
    assert "voicectl unlock --force" in caught.value.fix
