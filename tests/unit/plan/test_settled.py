"""A voice that is told to be settled is one of which comparing finds nothing to say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from odd_values import foreign_texts, in_place, names, texts
from plan_sides import LATER, NOW, declared, mark, recorded, shown, successor

from reconciler.plan.declared import Decisions, DeclaredVoice
from reconciler.plan.marked import MarkedVoices
from reconciler.plan.settled import is_settled
from reconciler.plan.sides import Actual, ActualVoice, DesiredVoice, PlanOptions
from reconciler.state.document import LastError, Retired, VoiceRecord

FULL: dict[str, Any] = {
    "description": "Warm.",
    "labels": {"gender": "female", "mood": None},
    "lifecycle": {"prevent_destroy": True, "on_remove": "forget"},
    "sample_display_name": "Take 1",
    "sample_description": "Studio.",
}
LABELS = {"gender": "female", "mood": None, "age_group": "kid"}
OPTIONS = PlanOptions(scope="p", now=NOW)


def compared(desired: DesiredVoice, record: VoiceRecord, voice: ActualVoice) -> Decisions:
    """Return what comparing says."""
    key, into = desired.spec.key, Decisions()
    actual, records = Actual({voice.voice_id: voice}), {key: record}
    marked = MarkedVoices(actual, records, OPTIONS)
    DeclaredVoice(key, desired, record, None, {key: desired}, records, actual, marked, OPTIONS, into).decide()
    return into


def check(desired: DesiredVoice, record: VoiceRecord, voice: ActualVoice) -> None:
    if is_settled(desired, record, voice, "p"):
        assert compared(desired, record, voice) == Decisions(unchanged=[desired.spec.key])


@pytest.mark.parametrize("fields", [{}, FULL, {"description": ""}])
@pytest.mark.parametrize("marked", [True, False])
def test_a_voice_as_an_apply_leaves_it_is_settled(fields: dict[str, Any], marked: bool) -> None:
    desired = declared(**fields)
    own = desired.spec.description or ""
    voice = shown(description=f"{own} {mark()}".strip() if marked else own, labels=LABELS if fields == FULL else {})
    record = recorded(desired)

    assert is_settled(desired, record, voice, "p")
    check(desired, record, voice)


OTHER_RECORDS: list[dict[str, Any]] = [
    {"status": "pending"},
    {"name": "Bert"},
    {"name": "anna"},
    {"description": None},
    {"description": "warm."},
    {"labels": {}},
    {"labels": {"gender": "female", "mood": None, "age_group": "kid"}},
    {"labels": {"gender": "Female", "mood": None}},
    {"sample": None},
    {"created_at": None},
    {"prevent_destroy": False},
    {"on_remove": None},
    {"retired": (Retired("v0", LATER),)},
    {"last_error": LastError("It failed.", ())},
    {"observed": {"name": "ANNA"}},
    {"manage": "observe"},
]
OTHER_SAMPLES: list[dict[str, Any]] = [
    {"file": "voices/t.mp3"},
    {"sha256": "file-b"},
    {"size": 99},
    {"stream_sha256": None},
    {"stream_sha256": "stream-b"},
    {"lang_code": "de"},
    {"denoise": True},
    {"speech_normalization": False},
    {"display_name": None},
    {"description": "Kitchen."},
]
OTHER_VOICES: list[dict[str, Any]] = [
    {"status": "failed"},
    {"name": None},
    {"name": "Bert"},
    {"description": None},
    {"description": "Cold."},
    {"description": f"Warm. {mark('bert')}"},
    {"labels": None},
    {"labels": {"gender": "male"}},
]


def settled_voice() -> tuple[DesiredVoice, VoiceRecord, ActualVoice]:
    desired = declared(**FULL)
    return desired, recorded(desired), shown(description=f"Warm. {mark()}", labels=LABELS)


@pytest.mark.parametrize("other", OTHER_RECORDS, ids=repr)
def test_another_record_is_compared(other: dict[str, Any]) -> None:
    desired, record, voice = settled_voice()

    assert not is_settled(desired, replace(record, **other), voice, "p")


@pytest.mark.parametrize("other", OTHER_SAMPLES, ids=repr)
def test_another_recorded_sample_is_compared(other: dict[str, Any]) -> None:
    desired, record, voice = settled_voice()
    assert record.sample

    assert not is_settled(desired, replace(record, sample=replace(record.sample, **other)), voice, "p")


@pytest.mark.parametrize("other", OTHER_VOICES, ids=repr)
def test_another_voice_is_compared(other: dict[str, Any]) -> None:
    desired, record, voice = settled_voice()

    assert not is_settled(desired, record, structs.replace(voice, **other), "p")


def test_a_replacement_on_its_way_is_compared() -> None:
    desired, record, voice = settled_voice()

    assert not is_settled(desired, replace(record, successor=successor(desired)), voice, "p")


def test_a_voice_without_a_recording_and_one_that_is_only_observed_are_compared() -> None:
    _, record, voice = settled_voice()
    for fields in ({"audio": None}, {"manage": "observe"}):
        desired = declared(**{**FULL, **fields})
        assert not is_settled(desired, record, voice, "p")


shown_labels = st.none() | st.dictionaries(
    st.sampled_from(["gender", "age_group", "mood", "tone"]), st.sampled_from(["female", "Female", "kid", "", None])
)


@settings(max_examples=400)
@given(st.data())
def test_comparing_finds_nothing_in_a_settled_voice(data: st.DataObject) -> None:
    """Whatever the three sides hold; most examples differ in few places, so that many of them are settled."""
    fields = data.draw(in_place)
    desired = declared(**fields, sample_display_name=data.draw(st.sampled_from(["Take 1", "", None])))
    record = recorded(desired)
    own = desired.spec.description if desired.spec.description is not None else data.draw(foreign_texts) or ""
    suffix = data.draw(st.sampled_from(["", f" {mark()}", mark(), f" {mark('bert')}", f" {mark(scope='q')}"]))
    voice = shown(name=desired.spec.name, description=own + suffix, labels=dict(desired.spec.labels))
    if data.draw(st.booleans()):
        record = replace(record, **data.draw(st.sampled_from(OTHER_RECORDS)))
    if data.draw(st.booleans()):
        voice = structs.replace(voice, labels=data.draw(shown_labels))
    if data.draw(st.booleans()):
        voice = structs.replace(voice, name=data.draw(names), description=data.draw(texts))

    check(desired, record, voice)
