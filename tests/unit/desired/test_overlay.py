"""`environments.NAME.overrides`: what it makes of voice files, and where it is blamed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion

from reconciler.desired.load import Voices, load_project, load_voices
from reconciler.desired.overlay import Override, Overrides, merged, overlay
from reconciler.desired.project_file import ProjectFile
from reconciler.desired.source import Part, Source
from reconciler.desired.voice import VoiceSpec
from reconciler.desired.voice_file import VoiceFile

VOICE = """\
name: Anna
description: Warm.
labels: {gender: female, mood: neutral}
samples:
  - {file: a.mp3, lang_code: en, display_name: Take 1}
checks: {audio.noise: warning, audio.level: {severity: error, threshold: 3}}
"""


def load(root: Path, overrides: str, *, environment: str = "staging", voice: str = VOICE) -> Voices:
    """Load `anna` and `support/anna`, which say the same, with overrides in lines of their own."""
    (root / "voices/support").mkdir(parents=True)
    (root / "voices/anna.yaml").write_text(voice)
    (root / "voices/support/anna.yaml").write_text(voice)
    written = "".join(f"      {line}\n" for line in overrides.splitlines())
    (root / "voicectl.yaml").write_text(f"environments:\n  staging:\n    overrides:\n{written}")
    project, problems = load_project(root)
    assert problems == ()
    return load_voices(project, environment)


def spec(root: Path, overrides: str, **more: Any) -> VoiceSpec:
    loaded = load(root, overrides, **more)
    assert loaded.diagnostics == ()
    return loaded.specs["anna"]


# -- what it makes of a voice ----------------------------------------------------------------------------------------


def test_a_single_field_is_overridden_and_the_rest_stays(tmp_path: Path) -> None:
    anna = spec(tmp_path, "anna: {name: Anna Staging, labels: {mood: happy}, samples: [{denoise: true}]}")

    assert anna.name == "Anna Staging"
    assert anna.description == "Warm."
    assert dict(anna.labels) == {"gender": "female", "mood": "happy"}
    assert (anna.sample.file, anna.sample.denoise, anna.sample.display_name) == ("a.mp3", True, "Take 1")


def test_another_environment_is_not_touched(tmp_path: Path) -> None:
    assert spec(tmp_path, "anna: {name: Anna Staging}", environment="default").name == "Anna"


def test_null_is_what_it_is_in_a_voice_file(tmp_path: Path) -> None:
    anna = spec(tmp_path, "anna: {description: null, labels: {mood: null}, checks: null}")

    assert anna.description is None
    assert dict(anna.labels) == {"gender": "female", "mood": None}
    assert dict(anna.checks) == {}


def test_an_import_may_differ_because_an_id_is_of_one_account(tmp_path: Path) -> None:
    assert spec(tmp_path, "anna: {import: an-id}").import_id == "an-id"


def test_a_check_is_overridden_by_its_rule(tmp_path: Path) -> None:
    anna = spec(tmp_path, "anna: {checks: {audio.noise: off, audio.level: {threshold: 5}}}")

    checks = {rule: (check.severity, check.threshold) for rule, check in anna.checks.items()}
    assert checks == {"audio.noise": ("off", None), "audio.level": ("error", 5)}


def test_patterns_hold_in_their_order_and_the_key_itself_comes_last(tmp_path: Path) -> None:
    written = 'support/anna: {name: By key}\n"*": {name: By star, description: By star}\n"supp*": {description: Later}'
    loaded = load(tmp_path, written)

    assert {key: (s.name, s.description) for key, s in loaded.specs.items()} == {
        "anna": ("By star", "By star"),
        "support/anna": ("By key", "Later"),
    }


def test_what_a_voice_file_lacks_may_come_from_the_environment(tmp_path: Path) -> None:
    written = '"*": {name: Both, samples: [{file: b.mp3, lang_code: de}]}'

    assert spec(tmp_path, written, voice="description: x\n").sample.lang_code == "de"


def test_a_broken_voice_file_is_not_mended_by_an_overlay(tmp_path: Path) -> None:
    loaded = load(tmp_path, '"*": {name: Both, samples: [{file: b.mp3, lang_code: de}]}', voice="- name: Anna\n")

    assert loaded.specs == {}
    assert {str(d.range) for d in loaded.diagnostics} == {"voices/anna.yaml:1:1", "voices/support/anna.yaml:1:1"}


# -- where it is blamed ----------------------------------------------------------------------------------------------


def test_the_place_of_an_overridden_field_is_in_the_project_file(tmp_path: Path) -> None:
    written = '"*":\n  lifecycle: {prevent_destroy: true}\nanna:\n  samples:\n    - denoise: true\n  name: Bella\n'
    source = spec(tmp_path, written).source

    places = {
        ("lifecycle", "prevent_destroy"): "voicectl.yaml:5:38",
        ("samples", 0, "denoise"): "voicectl.yaml:8:22",
        ("name",): "voicectl.yaml:9:15",
        ("samples", 0, "file"): "voices/anna.yaml:5:12",
        ("description",): "voices/anna.yaml:2:14",
        (): "voices/anna.yaml:1:1",
    }
    assert {path: str(source.at(*path)) for path in places} == places


def test_of_two_overlays_the_one_that_counts_is_blamed(tmp_path: Path) -> None:
    source = spec(tmp_path, 'anna: {name: By key}\n"*": {name: By star, description: x}').source

    assert str(source.at("name")) == "voicectl.yaml:4:20"
    assert str(source.at("description")) == "voicectl.yaml:5:41"


def test_an_error_that_only_all_voices_together_make_is_at_the_overlay(tmp_path: Path) -> None:
    loaded = load(tmp_path, '"*": {import: an-id}')

    assert {(d.key, d.rule, str(d.range)) for d in loaded.diagnostics} == {
        ("anna", "voice.import", "voicectl.yaml:4:21"),
        ("support/anna", "voice.import", "voicectl.yaml:4:21"),
    }


GALLERY = """\
environments:
  staging:
    overrides:
      anna: {name: Anna (staging), lables: {}, samples: [{denoise: yes}], previously: [old]}
      "support/*": {labels: {mood: hapy}, samples: []}
      "*": {name: null, lifecycle: {replace: destroy-first, keep: 7d}}
      bella: 3
"""


def test_messages_about_overrides(tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    (tmp_path / "voicectl.yaml").write_text(GALLERY)
    problems = load_project(tmp_path)[1]

    assert snapshot == "\n".join(
        f"{p.severity} {p.range} {p.key} [{p.rule}]\n  {p.summary}\n  {p.detail}" for p in problems
    )


def test_an_entry_for_no_voice_is_a_warning_with_the_nearest_key(tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    problems = load(tmp_path, 'ana: {name: Bella}\n"suport/*": {name: Bella}\nzzz:\n"*": {description: x}').diagnostics

    assert snapshot == "\n".join(f"{p.severity} {p.range} [{p.rule}]\n  {p.summary}\n  {p.detail}" for p in problems)


# -- laws of the merge -----------------------------------------------------------------------------------------------

SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=3)
NAMES = st.sampled_from(["name", "labels", "samples", "lifecycle", "x"])


def _containers(inside: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(inside, max_size=3) | st.dictionaries(NAMES, inside, max_size=3)


DOCUMENTS = st.dictionaries(NAMES, st.recursive(SCALARS, _containers, max_leaves=8), max_size=4)


@given(DOCUMENTS)
def test_nothing_written_changes_nothing(document: dict[str, Any]) -> None:
    assert merged(document, {}) == document
    assert overlay(document, ()) == document


@given(DOCUMENTS)
def test_a_voice_over_itself_is_that_voice(document: dict[str, Any]) -> None:
    assert merged(document, document) == document
    assert merged({}, document) == document


@given(DOCUMENTS, DOCUMENTS)
def test_writing_the_same_twice_is_writing_it_once(below: dict[str, Any], above: dict[str, Any]) -> None:
    once = merged(below, above)

    assert merged(once, above) == once


@given(DOCUMENTS, DOCUMENTS)
def test_what_is_written_is_there_and_what_is_not_stays(below: dict[str, Any], above: dict[str, Any]) -> None:
    result = merged(below, above)

    assert {name: result[name] for name in below.keys() - above.keys()} == {
        name: below[name] for name in below.keys() - above.keys()
    }
    assert _holds(result, above)


def _holds(result: Any, above: Any) -> bool:
    """Whether everything that is written is in the result, and under a replaced value nothing else."""
    if isinstance(above, dict):
        return isinstance(result, dict) and all(_holds(result[name], value) for name, value in above.items())
    if isinstance(above, list):
        return isinstance(result, list) and all(map(_holds, result, above)) and len(result) >= len(above)
    return type(result) is type(above) and result == above


@given(DOCUMENTS, DOCUMENTS)
def test_neither_side_is_changed(below: dict[str, Any], above: dict[str, Any]) -> None:
    """Aliases make one value of two voices: what is merged into one must not appear in the other."""
    before = yaml.safe_dump([below, above])

    merged(below, above)

    assert yaml.safe_dump([below, above]) == before


SAMPLES = st.fixed_dictionaries(
    {},
    optional={
        "file": st.sampled_from(["a.mp3", "../b.wav"]),
        "lang_code": st.sampled_from(["en", "PT-br"]),
        "denoise": st.booleans(),
        "display_name": st.none() | st.just("Anna"),
    },
)
OVERLAYS = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(["Anna", "Bella"]),
        "description": st.none() | st.just("Warm."),
        "labels": st.none() | st.fixed_dictionaries({}, optional={"mood": st.sampled_from([None, "happy"])}),
        "samples": st.lists(SAMPLES, min_size=1, max_size=1),
        "lifecycle": st.none() | st.fixed_dictionaries({}, optional={"prevent_destroy": st.booleans()}),
        "import": st.none() | st.just("an-id"),
        "checks": st.none()
        | st.dictionaries(st.just("audio.noise"), st.sampled_from(["off", {"severity": "warning"}, {"threshold": 3}])),
    },
)


@given(OVERLAYS, OVERLAYS, OVERLAYS)
def test_what_is_right_in_itself_is_right_when_merged(
    voice: dict[str, Any], first: dict[str, Any], second: dict[str, Any]
) -> None:
    """So no error of an override is ever blamed on a voice file."""
    voice = merged({"name": "Anna", "samples": [{"file": "a.mp3", "lang_code": "en"}]}, voice)
    written = {"environments": {"x": {"overrides": {"a": first, "*": second}}}}

    ProjectFile.model_validate(written)
    VoiceFile.model_validate(merged(merged(voice, second), first))


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("a", ["*", "a*", "a"]),
        ("a*", ["*", "a?", "a*"]),
        ("ab", ["*", "a*", "a?"]),
        ("b", ["*"]),
        ("\u00e9", ["*", "e\u0301"]),
    ],
)
def test_which_entries_are_for_a_key(key: str, expected: list[str]) -> None:
    """A key may look like a pattern: for its own voice it is the key, for others a pattern."""
    source = Source("voicectl.yaml", "voicectl.yaml")
    written = {pattern: {"name": pattern} for pattern in ("a", "*", "a*", "a?", "e\u0301", "[")}

    assert Overrides("x", written, source).of(key) == tuple(
        Override(written[pattern], Part(source, ("environments", "x", "overrides", pattern))) for pattern in expected
    )
