"""The plan of one save: the same as if everything had been planned anew; and nothing for a broken file."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from recorded_voices import RecordedVoices, recorded_voices

from reconciler.apply.recorded_side import trusted
from reconciler.apply.workspace import Workspace
from reconciler.plan.change import Action, Plan
from reconciler.plan.sides import Actual, ActualVoice, DesiredVoice, SampleBytes
from reconciler.watch.files import VoiceFiles
from reconciler.watch.planner import Sides, make_plan, mend_plan

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> RecordedVoices:
    return recorded_voices(tmp_path_factory.mktemp("planned"), 4)


@pytest.fixture(scope="module")
def workspace(repository: RecordedVoices) -> Workspace:
    return repository.workspace()


@pytest.fixture(scope="module")
def sides(workspace: Workspace) -> Sides:
    loaded = workspace.store.load()
    voices = VoiceFiles(workspace).read().desired.voices
    return Sides(voices, frozenset(), loaded, trusted(loaded.voices), None)


def without(sides: Sides, key: str) -> Sides:
    voices = {other: voice for other, voice in sides.voices.items() if other != key}
    return replace(sides, voices=voices, frozen=sides.frozen | {key})


def edited(voice: DesiredVoice, description: str, audio: str) -> DesiredVoice:
    sample = voice.sample
    assert sample is not None
    other = sample if audio == "same" else SampleBytes(sample.file, audio, 1, f"stream-{audio}")
    return DesiredVoice(structs.replace(voice.spec, description=description), other)


def comparable(plan: Plan) -> object:
    return replace(plan, diagnostics=tuple(sorted(plan.diagnostics, key=str)), refreshed=dict(plan.refreshed))


def test_nothing_changed_is_an_empty_plan(workspace: Workspace, sides: Sides) -> None:
    plan = make_plan(workspace, sides, NOW)

    assert (plan.changes, plan.unchanged) == ((), 4)


Edit = tuple[str, str, str, bool]
edits = st.lists(
    st.tuples(
        st.sampled_from(["voice-0", "voice-1", "voice-2"]),
        st.sampled_from(["Warm.", "Cool.", "Calm."]),
        st.sampled_from(["same", "other", "third"]),
        st.booleans(),
    ),
    min_size=1,
    max_size=5,
)
drifts = st.dictionaries(st.sampled_from(["id-voice-0", "id-voice-1"]), st.sampled_from(["Warm.", "Sad.", None]))


@given(edits, drifts)
def test_a_mended_plan_is_the_plan_of_everything(
    workspace: Workspace, sides: Sides, edits: list[Edit], drifts: dict[str, str | None]
) -> None:
    there = dict(sides.actual.voices)
    for voice_id, description in drifts.items():
        there[voice_id] = structs.replace(there[voice_id], description=description)
    before = replace(sides, actual=Actual(there))
    plan = make_plan(workspace, before, NOW)
    for key, description, audio, broken in edits:
        base = without(before, key)
        now = replace(base, voices={**base.voices, key: edited(sides.voices[key], description, audio)})
        now = base if broken else replace(now, frozen=now.frozen - {key})
        mended = mend_plan(workspace, plan, before, now, {key})

        assert mended is not None
        assert comparable(mended) == comparable(make_plan(workspace, now, NOW))
        plan, before = mended, now


def test_a_voice_that_may_concern_others_is_not_planned_alone(workspace: Workspace, sides: Sides) -> None:
    plan = make_plan(workspace, sides, NOW)
    gone = Actual({voice_id: voice for voice_id, voice in sides.actual.voices.items() if voice_id != "id-voice-0"})
    moved = structs.replace(sides.voices["voice-0"].spec, previously=("voice-9",))
    claiming = {**sides.voices, "voice-0": structs.replace(sides.voices["voice-0"], spec=moved)}

    assert mend_plan(workspace, plan, sides, replace(sides, actual=gone), {"voice-0"}) is None
    assert mend_plan(workspace, plan, sides, replace(sides, voices=claiming), {"voice-0"}) is None
    assert mend_plan(workspace, plan, without(sides, "voice-0"), replace(sides, voices=claiming), {"voice-0"}) is None


def test_a_frozen_voice_is_neither_removed_nor_changed_nor_taken_for_an_orphan(
    workspace: Workspace, sides: Sides
) -> None:
    marked = ActualVoice("id-marked", "ready", description="[voicectl many/voice-1 01234567]")
    frozen = replace(without(sides, "voice-1"), actual=Actual({**sides.actual.voices, "id-marked": marked}))
    plan = make_plan(workspace, frozen, NOW)

    assert (plan.changes, plan.unchanged, plan.diagnostics) == ((), 3, ())
    assert [change.action for change in make_plan(workspace, replace(frozen, frozen=frozenset()), NOW).changes] == [
        Action.DELETE,
        Action.DELETE,
    ]


def test_a_frozen_voice_is_not_moved_to_a_new_key(workspace: Workspace, sides: Sides) -> None:
    """A copy of a recording under a new key would else look like the voice whose file is broken."""
    twin = sides.voices["voice-1"]
    frozen = without(sides, "voice-1")
    copied = replace(
        frozen, voices={**frozen.voices, "twin": structs.replace(twin, spec=structs.replace(twin.spec, key="twin"))}
    )

    assert [(c.key, c.action) for c in make_plan(workspace, copied, NOW).changes] == [("twin", Action.CREATE)]


def test_what_apply_would_refuse_is_said(repository: RecordedVoices, workspace: Workspace, sides: Sides) -> None:
    voice = sides.voices["voice-0"]
    guarded = structs.replace(voice.spec, lifecycle=structs.replace(voice.spec.lifecycle, prevent_destroy=True))
    other = SampleBytes("voices/x.mp3", "other", 1, "stream-other")
    voices = {**sides.voices, "voice-0": DesiredVoice(guarded, other)}
    plan = make_plan(workspace, replace(sides, voices=voices), NOW)
    mended = mend_plan(workspace, make_plan(workspace, sides, NOW), sides, replace(sides, voices=voices), {"voice-0"})

    assert [note.rule for note in plan.diagnostics] == ["safety.prevent-destroy"]
    assert mended is not None
    assert mended.diagnostics == plan.diagnostics
    assert Path(plan.diagnostics[0].range.filename if plan.diagnostics[0].range else "").name == "voice.yaml"
