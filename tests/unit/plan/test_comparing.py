"""How one voice is compared: what is the same, and what is not."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from odd_values import labels, names, texts
from plan_sides import declared, mark, recorded, shown
from worlds import FORMS

from reconciler.plan import diff

HARMLESS = ("trim", "nfc", "nfd", "newlines", "title labels", "no null labels", "null for empty", "all labels")
"""Forms in which a value still means the same. The others make another value of it."""


def same(path: str, one: str | None, other: str | None) -> bool:
    return diff.differing(diff.canonical({path: one}), diff.canonical({path: other})) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [(None, ""), ("", "  "), ("a\r\nb", "a\nb"), ("a\rb", "a\nb"), (" a ", "a"), ("e\u0301", "\u00e9")],
)
def test_texts_that_mean_the_same(one: str | None, other: str | None) -> None:
    assert same("description", one, other)


@pytest.mark.parametrize(
    ("one", "other"), [("a", "A"), ("a  b", "a b"), ("a\n\nb", "a\nb"), ("\ufb01", "fi"), (None, "x")]
)
def test_texts_that_do_not(one: str | None, other: str | None) -> None:
    assert not same("description", one, other)


@pytest.mark.parametrize(("one", "other"), [("Male", "male"), (None, ""), (" sad", "SAD ")])
def test_labels_are_compared_without_case(one: str | None, other: str | None) -> None:
    assert same("labels.gender", one, other)
    assert not same("labels.gender", one, "neutral")


@given(st.text(), st.sampled_from(["NFC", "NFD"]))
def test_the_canonical_form_is_stable_and_blind_to_the_unicode_form(text: str, form: str) -> None:
    canonical = diff.canonical_text(text)

    assert diff.canonical_text(canonical) == canonical
    assert diff.canonical_text(unicodedata.normalize(form, text)) == canonical  # type: ignore[arg-type]


@given(name=names, text=texts, labels=labels, form=st.sampled_from(HARMLESS))
def test_a_harmless_rewrite_by_the_server_is_no_change_even_without_a_record(
    name: str, text: str, labels: dict[str, str | None], form: str
) -> None:
    desired = declared(name=name, description=text, labels=labels)
    stored = FORMS[form]({"name": name, "description": f"{text} {mark()}", "labels": dict(labels)})

    changes = diff.updates(desired, shown(**stored), None, "p")

    assert [c for c in changes if c.path != "description" or "[voicectl p/" not in text] == []


@given(name=names, text=texts, labels=labels, form=st.sampled_from(sorted(FORMS)))
def test_any_rewrite_is_settled_once_it_was_seen(
    name: str, text: str, labels: dict[str, str | None], form: str
) -> None:
    desired = declared(name=name, description=text, labels=labels)
    sent = {"name": name, "description": f"{text} {mark()}", "labels": dict(labels)}
    seen = shown(**FORMS[form](sent))
    record = recorded(desired, observed=diff.observed(diff.declared_fields(desired), seen, "p"))

    assert diff.updates(desired, seen, record, "p") == ()
    assert diff.drifted(record, seen, "p") == ()


def test_fields_that_are_not_declared_are_not_asked_for() -> None:
    assert diff.declared_fields(declared()) == {"name": "Anna"}
    assert diff.declared_fields(declared(description="", labels={"mood": None})) == {
        "name": "Anna",
        "description": "",
        "labels.mood": None,
    }


def test_an_empty_description_that_is_declared_empties_the_one_on_the_server() -> None:
    (change,) = diff.updates(declared(description=""), shown(description="Old"), None, "p")

    assert (change.before, change.after) == ("Old", "")


def test_drift_is_told_from_what_was_recorded() -> None:
    record = recorded(declared(description="Warm.", labels={"mood": "sad"}))

    drifted = diff.drifted(record, shown(description=f"Cold. {mark()}", labels={"mood": "happy"}), "p")

    assert [(f.path, f.before, f.after) for f in drifted] == [
        ("description", "Warm.", "Cold."),
        ("labels.mood", "sad", "happy"),
    ]
