"""The ownership mark: it is found again, taken off exactly, and never mistaken."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from reconciler.desired.voice import unfit_for_key
from reconciler.plan.mark import Mark, fingerprint, mark_scope, read_mark, with_mark, without_mark

keys = st.text(min_size=1, max_size=12).filter(lambda key: unfit_for_key(key) is None)
scopes = st.from_regex(re.compile(r"[\w\-.]{1,12}(@[A-Za-z0-9_][A-Za-z0-9_.-]{0,6})?"), fullmatch=True)
keys = keys.map(lambda key: unicodedata.normalize("NFC", key)).filter(lambda key: unfit_for_key(key) is None)
scopes = scopes.map(lambda scope: unicodedata.normalize("NFC", scope))
marks = st.builds(Mark, scopes, keys, st.text("0123456789abcdef", min_size=8, max_size=8))
MARK = Mark("p", "support/anna", "0123abcd")


@given(marks, st.none() | st.text())
def test_a_mark_is_found_again_in_any_description(mark: Mark, text: str | None) -> None:
    assert read_mark(with_mark(text, mark)) == mark


@given(marks, st.text(), st.sampled_from(["", " ", "\n", " \r\n"]))
def test_a_mark_survives_a_server_that_adds_or_trims_space(mark: Mark, text: str, space: str) -> None:
    sent = with_mark(text, mark)
    assert sent is not None

    assert read_mark(sent + space) == mark
    assert read_mark(sent.strip()) == mark


@given(marks, st.none() | st.text())
def test_a_mark_is_found_in_whatever_form_of_unicode_the_server_keeps_it(mark: Mark, text: str | None) -> None:
    sent = with_mark(text, mark)
    assert sent is not None

    assert read_mark(unicodedata.normalize("NFD", sent)) == mark


@given(marks, st.text())
def test_taking_the_mark_off_gives_the_text_back_but_for_space_at_its_end(mark: Mark, text: str) -> None:
    assume(read_mark(text) is None)

    assert without_mark(with_mark(text, mark), mark.scope) == text.rstrip()


@given(marks, st.text())
def test_marks_of_others_are_theirs(mark: Mark, text: str) -> None:
    theirs = with_mark(text, mark)

    assert without_mark(theirs, mark.scope + "x") == theirs


def test_a_mark_that_was_written_twice_is_taken_off_whole() -> None:
    assert without_mark(f"Warm. {MARK} {MARK}", "p") == "Warm."


def test_without_a_text_the_mark_stands_alone_and_without_a_mark_the_text_does() -> None:
    assert with_mark(None, MARK) == with_mark("", MARK) == "[voicectl p/support/anna 0123abcd]"
    assert with_mark("Warm.", None) == "Warm."
    assert with_mark(None, None) is None
    assert without_mark(None, "p") == ""


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "[voicectl p/anna 0123abcd] and more",
        "[voicectl p/anna 0123abc]",
        "[voicectl p/anna 0123ABCD]",
        "[voicectl p/an na 0123abcd]",
        "[voicectl p 0123abcd]",
        "[voicectl /anna 0123abcd]",
        "[Voicectl p/anna 0123abcd]",
        "[voicectl p/[anna] 0123abcd]",
    ],
)
def test_what_only_looks_like_a_mark_is_none(text: str | None) -> None:
    assert read_mark(text) is None


def test_each_environment_has_a_scope_of_its_own() -> None:
    assert mark_scope("p", "default") == "p"
    assert mark_scope("p", "staging") == "p@staging"


def test_the_fingerprint_is_of_all_that_makes_a_voice() -> None:
    variants = {
        fingerprint(stream, lang, denoise=denoise, speech_normalization=normal)
        for stream in ("a", "b")
        for lang in ("en", "de")
        for denoise in (True, False)
        for normal in (True, False)
    }

    assert len(variants) == 16
    assert all(re.fullmatch("[0-9a-f]{8}", each) for each in variants)


def test_a_fingerprint_is_the_same_for_ever() -> None:
    """Marks live on servers for years: another way to count them would disown every voice."""
    assert fingerprint("00" * 32, "en", denoise=False, speech_normalization=True) == "1904c5d1"
