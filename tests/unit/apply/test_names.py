"""Names are found whole, in any text, however many there are."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.apply.names import Names
from reconciler.apply.references import regex_of

letters = st.text("ab\u0301\u00e1/-._+ \n\U0001f399", max_size=12)
names = st.text("ab\u0301\u00e1/-._+\U0001f399", min_size=1, max_size=4)


def by_hand(text: str, wanted: dict[str, str]) -> set[tuple[str, int, int]]:
    """Look for each name at each place."""
    text = unicodedata.normalize("NFC", text)
    found = set()
    for written, unfit in wanted.items():
        name = unicodedata.normalize("NFC", written)
        for start in range(len(text)):
            beside = (text[start - 1] if start else " ") + text[start + len(name) : start + len(name) + 1]
            longer = any(c.isalnum() or c in f"_{unfit}" or unicodedata.combining(c) for c in beside)
            if text.startswith(name, start) and not longer:
                lines = text[:start].split("\n")
                found.add((name, len(lines), len(lines[-1]) + 1))
    return found


@given(letters, st.dictionaries(names, st.sampled_from(["-", "-/"]), max_size=5))
def test_every_name_is_found_where_it_stands_and_nowhere_else(text: str, wanted: dict[str, str]) -> None:
    one_form = {unicodedata.normalize("NFC", name): unfit for name, unfit in wanted.items()}

    assert sorted(Names(one_form).find(text)) == sorted(by_hand(text, one_form))


def test_a_name_is_said_as_it_was_asked_for_and_found_in_any_form() -> None:
    composed, apart = "zo\u00eb", "zoe\u0308"

    assert list(Names({apart: "-"}).find(f"\nx {composed}")) == [(apart, 2, 3)]
    assert list(Names({composed: "-"}).find(apart)) == [(composed, 1, 1)]
    assert list(Names({"zoe": "-"}).find(apart)) == []


def test_a_vowel_sign_makes_another_word() -> None:
    assert list(Names({"\u0915": "-/"}).find("\u0915\u093e")) == []


@pytest.mark.parametrize(
    ("pattern", "matching", "others"),
    [
        ("src/**", ["src/a", "src/a/b.py"], ["src", "srcs/a", "a/src/b"]),
        ("src", ["src", "src/a/b"], ["srcs"]),
        ("config/*.json", ["config/a.json", "config/.json"], ["config/a/b.json", "config/ajson", "config/a.json5"]),
        ("**/*.ts", ["a.ts", "a/b/c.ts"], ["a.tsx"]),
        ("a/**/b?.c", ["a/b1.c", "a/x/y/b2.c"], ["a/b.c", "a/xb1.c"]),
        ("**", ["a", "a/b"], []),
        ("app/[id]/*", ["app/[id]/page"], ["app/i/page"]),
        ("a+(b)", ["a+(b)"], ["aa(b)"]),
    ],
)
def test_what_a_pattern_matches(pattern: str, matching: list[str], others: list[str]) -> None:
    matcher = re.compile(regex_of(pattern))

    assert [path for path in (*matching, *others) if matcher.fullmatch(path)] == matching
