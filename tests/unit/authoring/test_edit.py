"""Changes of a voice file's text when it moves: what is asked for, and not a byte more."""

from __future__ import annotations

from contextlib import suppress

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from odd_yaml import odd_yaml

from reconciler.authoring.edit import moved_voice, renamed_overrides
from reconciler.desired.yaml_source import parse
from reconciler.errors import RepositoryError, VoicectlError

HEAD = "# yaml-language-server: $schema=../../schemas/voice.schema.json\n# Comment.\nname: Anna # who\n"
SAMPLES = "samples:\n  - file: a.mp3   # take 3\n    lang_code: en\n"


def moved(text: str, *, old: str = "old", new: str = "new") -> str:
    raw = moved_voice(text.encode(), "v.yaml", old=old, new=new, sample=lambda p: p, schema=lambda p: p)
    return raw.decode()


def test_paths_are_led_to_where_they_led() -> None:
    raw = moved_voice(
        (HEAD + SAMPLES).encode(), "v.yaml", old="a", new="b", sample=lambda p: f"../{p}", schema=lambda p: f"../{p}"
    )

    assert (
        raw.decode()
        == (HEAD + SAMPLES).replace("../../", "../../../").replace("a.mp3", "../a.mp3") + "previously: [a]\n"
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "previously: [old]\n"),
        ("previously: [older]   # once\n", "previously: [older, old]   # once\n"),
        ("previously: [new]\n", "previously: [old]\n"),
        ("previously:   # none\n", "previously: [old]   # none\n"),
        ("previously: ~\n", "previously: [old]\n"),
        ("previously: []\n", "previously: [old]\n"),
        ("previously:\n- older # first\n- new\n# end\n", "previously:\n- older # first\n- old\n# end\n"),
        ("previously:\n    - new\n", "previously:\n    - old\n"),
        ("checks: {}\n", "previously: [old]\nchecks: {}\n"),
        ("# about checks\nchecks: {}\n", "previously: [old]\n# about checks\nchecks: {}\n"),
    ],
)
def test_the_old_key_is_written_down(before: str, after: str) -> None:
    assert moved(HEAD + SAMPLES + before) == HEAD + SAMPLES + after


def test_a_file_without_a_last_line_break_and_one_of_windows() -> None:
    assert moved("name: x\nsamples: []") == "name: x\nsamples: []\npreviously: [old]\n"
    assert moved("name: x\r\nsamples: []\r\n") == "name: x\r\nsamples: []\r\npreviously: [old]\r\n"


def test_a_file_in_one_pair_of_braces() -> None:
    assert moved("{name: x, samples: []}\n") == "{name: x, samples: [], previously: [old]}\n"


@pytest.mark.parametrize("key", ["no", "a,b", "1", "a#b", "*a", "é/ü", "a'b", "{a}"])
def test_any_key_is_read_back(key: str) -> None:
    assert yaml.safe_load(moved(HEAD + SAMPLES, old=key))["previously"] == [key]


@settings(max_examples=200)
@given(st.integers(0, 2**32))
def test_nothing_else_changes_in_any_text(seed: int) -> None:
    text = odd_yaml(seed).replace("previously", "other").replace("samples", "more")
    with suppress(RepositoryError):
        value = parse(text.encode(), "x")
        with suppress(VoicectlError):  # it says so where it cannot
            after = moved(text)
            assert parse(after.encode(), "x") == {**value, "previously": ["old"]}  # type: ignore[dict-item]
            assert after.replace("previously: [old]", "").split() == text.split()


def test_overrides_follow_their_voice() -> None:
    text = "environments:\n  prod:\n    overrides:\n      old: {name: X} # why\n      other: {}\n  dev: {overrides: {old: {}}}\n"
    raw = renamed_overrides(text.encode(), "voicectl.yaml", old="old", new="a/b")

    assert raw.decode() == text.replace("old:", "a/b:")


@pytest.mark.parametrize("text", ["", "project: x\n", "environments:\n  default: {}\n  prod: ~\n"])
def test_settings_without_overrides_stay(text: str) -> None:
    assert renamed_overrides(text.encode(), "voicectl.yaml", old="old", new="new").decode() == text
