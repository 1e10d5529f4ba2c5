"""A new voice file: its text is a voice file that says what the draft says, in canonical form."""

from __future__ import annotations

import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reconciler.authoring.draft import Draft, check, propose_name, render, scalar
from reconciler.desired.voice_file import VoiceFile
from reconciler.desired.yaml_source import parse

ODD = ["no", "null", "~", "1e3", "0o17", "0x1f", "1_000", "22:22", "2026-01-01", "- a", "a: b", "a #b", "'q'", '"q"',
       "*a", "&a", "!a", "%a", "@a", "`a", "{a", "[a", "a\nb", "a\n", "  a  ", "", "\t", "ä", "\U0001f600", "true",
       ".5", "=", "<<", "a, b", "a]", "?", "? a", "-", "---", "...", "x" * 200 + " y"]  # fmt: skip


@pytest.mark.parametrize("text", ODD)
def test_every_reader_of_yaml_reads_a_value_as_it_was_meant(text: str) -> None:
    written = f"a: {scalar(text)}\n"

    assert parse(written.encode(), "x") == {"a": text}
    assert yaml.safe_load(written) == {"a": text}
    assert written.count("\n") == 1


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff\u2028\u2029\x85\ufffe\uffff")))
def test_any_text_is_read_back(text: str) -> None:
    assert parse(f"a: {scalar(text)}\n".encode(), "x") == {"a": text}


def test_quotes_are_written_only_where_they_are_needed() -> None:
    assert scalar("Warm, calm: a voice.") == "'Warm, calm: a voice.'"
    assert scalar("Warm, calm (a voice).") == "Warm, calm (a voice)."


@given(st.text(min_size=1))
def test_a_proposed_name_is_one_that_the_api_takes(key: str) -> None:
    name = propose_name(key)

    assert 3 <= len(name) <= 64
    assert re.fullmatch(r"[\w\-. ]+", name)
    assert check(render(Draft(name, "en"), file="a.mp3", schema="s")) == ()


@pytest.mark.parametrize(
    ("key", "name"),
    [("anna", "Anna"), ("support/tour-guide", "Support Tour Guide"), ("x", "Voice X"), ("a_b", "A B"), ("été", "Été"),
     ("no", "Voice No"), ("IVR", "IVR"), ("a" * 70, "A" + "a" * 63)],
)  # fmt: skip
def test_names_are_made_of_keys(key: str, name: str) -> None:
    assert propose_name(key) == name


def test_only_what_was_said_is_written() -> None:
    assert render(Draft("Anna", "en"), file="a.mp3", schema="../s.json") == (
        "# yaml-language-server: $schema=../s.json\nname: Anna\nsamples:\n  - file: a.mp3\n    lang_code: en\n"
    )


def test_all_that_was_said_is_written_and_is_a_voice_file() -> None:
    draft = Draft("Nono", "pt-br", "Says: no", gender="female", mood="happy", denoise=False)
    text = render(draft, file="a b.mp3", schema="s")

    written = VoiceFile.model_validate(parse(text.encode(), "x"))
    assert (written.name, written.description, written.samples[0].denoise) == ("Nono", "Says: no", False)
    assert "labels: {gender: female, mood: happy}\n" in text
    assert check(text) == ()
