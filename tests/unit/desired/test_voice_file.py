"""The voice file: what it may say, and what that means."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from reconciler.desired.schema import problems
from reconciler.desired.source import Source
from reconciler.desired.voice import Lifecycle, OnRemove, ReplaceOrder, SampleSpec, VoiceSpec
from reconciler.desired.voice_file import VoiceFile, duration
from reconciler.desired.yaml_source import parse

SOURCE = Source("voices/anna.yaml", "/repository/voices/anna.yaml")
MINIMAL: dict[str, Any] = {"name": "Anna", "samples": [{"file": "anna.mp3", "lang_code": "en"}]}


def spec(**fields: Any) -> VoiceSpec:
    return VoiceFile.model_validate(MINIMAL | fields).spec("anna", SOURCE)


def rules(**fields: Any) -> list[str]:
    """Return rule and field of each problem, after a way through a real file."""
    raw = yaml.safe_dump(MINIMAL | fields, allow_unicode=True).encode()
    with pytest.raises(ValidationError) as caught:
        VoiceFile.model_validate(MINIMAL | fields)
    found = problems(caught.value, VoiceFile, raw, "a.yaml")
    return [f"{problem.rule} {problem.summary.split('`')[1]}" for problem in found]


def test_a_minimal_file_has_the_defaults_of_the_contract() -> None:
    expected = VoiceSpec(
        key="anna",
        name="Anna",
        description=None,
        labels={},
        sample=SampleSpec(file="anna.mp3", lang_code="en", denoise=False, speech_normalization=True),
        lifecycle=Lifecycle(
            prevent_destroy=False,
            replace=ReplaceOrder.CREATE_FIRST,
            keep_replaced=timedelta(0),
            on_remove=OnRemove.DELETE,
        ),
        previously=(),
        import_id=None,
        source=SOURCE,
    )

    assert expected == spec()


def test_every_field_arrives() -> None:
    written = spec(
        description="",
        labels={"mood": None, "gender": "male"},
        samples=[
            {
                "file": "../a b.mp4",
                "lang_code": "PT-BR",
                "denoise": True,
                "speech_normalization": False,
                "display_name": "A",
                "description": "B",
            }
        ],
        lifecycle={"prevent_destroy": True, "replace": "destroy_first", "keep_replaced": "7d", "on_remove": "forget"},
        previously=["old/key", "older"],
        **{"import": "v-1", "$schema": "x.json"},
    )

    assert written.description == ""
    assert dict(written.labels) == {"gender": "male", "mood": None}
    assert SampleSpec("../a b.mp4", "pt-br", True, False, "A", "B") == written.sample
    assert Lifecycle(True, ReplaceOrder.DESTROY_FIRST, timedelta(days=7), OnRemove.FORGET) == written.lifecycle
    assert written.previously == ("old/key", "older")
    assert written.import_id == "v-1"


def test_a_section_with_nothing_in_it_is_as_if_left_out() -> None:
    left_open = spec(description=None, labels=None, lifecycle=None, previously=None, **{"import": None})

    assert spec() == left_open


def test_a_spec_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        spec().name = "Bella"  # type: ignore[misc]


@pytest.mark.parametrize("name", ["Ann", "x" * 64, "Анна 2", "安娜一", "a_b-c.d e", "Zoë"])
def test_names_in_every_script_are_taken_as_they_are(name: str) -> None:
    assert name == spec(name=name).name


@pytest.mark.parametrize("name", ["An", "x" * 65, "Anna\n", "Anna😀", "An/na", "Anna!", "", "Zoe\u0308"])
def test_names_that_the_api_refuses(name: str) -> None:
    assert rules(name=name) == ["voice.value name"]


@pytest.mark.parametrize("name", [123, True, 1.5, ["Anna"], None])
def test_a_name_is_text_and_nothing_that_looks_like_it(name: object) -> None:
    assert rules(name=name) == ["voice.type name"]


@pytest.mark.parametrize("value", ["yes", "true", 1, None])
def test_a_boolean_is_a_yaml_boolean(value: object) -> None:
    sample = {"file": "a.mp3", "lang_code": "en", "denoise": value}

    assert rules(samples=[sample]) == ["voice.type samples[0].denoise"]
    assert rules(lifecycle={"prevent_destroy": value}) == ["voice.type lifecycle.prevent_destroy"]


@pytest.mark.parametrize("code", ["en", "yue", "en-us", "zh-Hant", "EN"])
def test_language_codes_are_kept_in_lowercase(code: str) -> None:
    assert code.lower() == spec(samples=[{"file": "a.mp3", "lang_code": code}]).sample.lang_code


@pytest.mark.parametrize("code", ["e", "english", "en_us", "en-", "en\n", "\u212ao", ""])
def test_what_is_no_language_code(code: str) -> None:
    assert rules(samples=[{"file": "a.mp3", "lang_code": code}]) == ["voice.value samples[0].lang_code"]


@pytest.mark.parametrize("file", ["", " ", "/etc/passwd", "a\0.mp3"])
def test_what_is_no_sample_file(file: str) -> None:
    assert rules(samples=[{"file": file, "lang_code": "en"}]) == ["voice.value samples[0].file"]


@pytest.mark.parametrize("count", [0, 2])
def test_a_voice_has_exactly_one_sample(count: int) -> None:
    assert rules(samples=MINIMAL["samples"] * count) == ["voice.value samples"]


@pytest.mark.parametrize("voice_id", ["", "a/b", "a?b", "a#b", "a b", "a\n", "a%2fb", "a\\b", ".", ".."])
def test_an_imported_id_cannot_reach_another_address(voice_id: str) -> None:
    assert rules(**{"import": voice_id}) == ["voice.value import"]


@pytest.mark.parametrize("key", ["", "a]b", "a b", "a\tb"])
def test_a_previous_key_is_a_key(key: str) -> None:
    assert rules(previously=["fine", key]) == ["voice.value previously[1]"]


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ({"gender": "Male"}, "voice.value labels.gender"),
        ({"mood": "bored"}, "voice.value labels.mood"),
        ({"age": "kid"}, "voice.unknown-field labels.age"),
        ({"age_group": 3}, "voice.value labels.age_group"),
        ("male", "voice.type labels"),
    ],
)
def test_labels_are_those_of_the_api(labels: object, expected: str) -> None:
    assert [expected] == rules(labels=labels)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0s", timedelta(0)),
        ("90m", timedelta(minutes=90)),
        ("12h", timedelta(hours=12)),
        ("7d", timedelta(days=7)),
        ("2w", timedelta(weeks=2)),
    ],
)
def test_durations(text: str, expected: timedelta) -> None:
    assert expected == duration(text)


@pytest.mark.parametrize(
    "text", ["", "7", "7 days", "-1d", "1.5h", "7D", "7d\n", "\u0667d", "999999999w", "9999999999s"]
)
def test_what_is_no_duration(text: str) -> None:
    assert rules(lifecycle={"keep_replaced": text}) == ["voice.value lifecycle.keep_replaced"]


def test_a_source_knows_the_place_of_a_field_in_what_was_read() -> None:
    source = Source("voices/a.yaml", "/gone/a.yaml", b"name: Anna\nlabels: {mood: sad}\n")

    assert str(source.at("labels", "mood")) == "voices/a.yaml:2:16"


NAMES = st.text(st.characters(categories=["L", "Nd"], include_characters="_-. "), min_size=3, max_size=64)
DESCRIPTIONS = st.none() | st.text(st.characters(exclude_categories=["C", "Z"], include_characters=" \n"), max_size=40)


@given(
    name=NAMES,
    description=DESCRIPTIONS,
    labels=st.fixed_dictionaries(
        {},
        optional={
            "gender": st.sampled_from(["male", "female", None]),
            "age_group": st.sampled_from(["kid", "adult", "senior", None]),
            "mood": st.sampled_from(["neutral", "happy", "angry", "sad", None]),
        },
    ),
    denoise=st.booleans(),
)
def test_what_a_yaml_writer_writes_is_what_is_read(
    name: str, description: str | None, labels: dict[str, str | None], denoise: bool
) -> None:
    """Whatever PyYAML puts in quotes or leaves bare, the same voice comes back."""
    sample = {"file": "a.mp3", "lang_code": "en", "denoise": denoise}
    written = {"name": name, "description": description, "labels": labels, "samples": [sample]}

    read = VoiceFile.model_validate(parse(yaml.safe_dump(written, allow_unicode=True).encode(), "a.yaml"))

    spec = read.spec("a", SOURCE)
    assert (name, description, labels, denoise) == (spec.name, spec.description, dict(spec.labels), spec.sample.denoise)
