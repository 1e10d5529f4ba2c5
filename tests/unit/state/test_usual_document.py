"""A document read at a glance is the document that is read field by field."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from record_values import documents, records

from reconciler.errors import StateError
from reconciler.state import reading
from reconciler.state.document import RecordedSample, StateDocument, VoiceRecord, render, to_plain
from reconciler.state.reading import parse
from reconciler.state.usual_document import LARGE, usual_document

SAMPLE = RecordedSample("voices/a.mp3", "sha", 1, "stream", "en", denoise=True, speech_normalization=False)
RECORD = VoiceRecord("v1", "ready", "Anna", "Warm.", {"mood": "happy", "gender": None}, SAMPLE, "2026-01-01")
DOCUMENT = StateDocument("default", "a line", 3, "me", {"anna": RECORD})
odd = st.one_of(
    st.none(), st.booleans(), st.integers(0, 1), st.just(1.0), st.text(max_size=2), st.just([]), st.just({})
)


def slowly(text: str) -> StateDocument | None:
    assert len(text) < LARGE
    try:
        return parse(text, filename="voices.state.json")
    except StateError:
        return None


@pytest.mark.parametrize("record", [RECORD, VoiceRecord(None, "failed", "Anna", None, {}, None)], ids=["full", "bare"])
def test_what_most_voices_have_is_read_at_a_glance(record: VoiceRecord) -> None:
    document = StateDocument("default", "a line", 3, None, {"anna": record})

    assert usual_document(render(document)) == document


@given(documents)
def test_a_document_is_read_right_or_left_to_the_careful_reader(document: StateDocument) -> None:
    assert usual_document(render(document)) in (document, None)


@given(st.data(), records)
def test_a_damaged_document_is_never_read_otherwise_than_carefully(data: st.DataObject, record: VoiceRecord) -> None:
    plain = json.loads(json.dumps({**to_plain(DOCUMENT), "voices": {"anna": to_plain(record)}}))
    for _ in range(data.draw(st.integers(1, 2))):
        part: Any = plain
        while data.draw(st.booleans()):
            below = [
                value for value in (part.values() if isinstance(part, dict) else part) if value and _has_parts(value)
            ]
            if not below:
                break
            part = data.draw(st.sampled_from(below))
        if isinstance(part, dict) and part:
            name = data.draw(st.sampled_from(sorted(part)))
            if data.draw(st.booleans()):
                del part[name]
            else:
                part[name] = data.draw(odd)
    text = json.dumps(plain)
    glance = usual_document(text)

    assert glance is None or glance == slowly(text)


def _has_parts(value: object) -> bool:
    return isinstance(value, dict | list)


@pytest.mark.parametrize("text", ["", "null", "[]", "{}", "{", '{"version": 1}', "[" * 100_000, '{"version": 2e400}'])
def test_what_is_no_document_is_left_to_the_careful_reader(text: str) -> None:
    assert usual_document(text) is None


@pytest.mark.parametrize("part", ["last_error", "sample", "successor"])
def test_what_lacks_a_part_is_refused_in_a_large_document_too(part: str) -> None:
    whole = {"last_error": {"summary": "No."}, "sample": {"file": "a.mp3"}, "successor": {"voice_id": "v2"}}
    plain = {**to_plain(DOCUMENT), "voices": {"anna": {**to_plain(RECORD), part: whole[part]}}}

    assert usual_document(json.dumps(plain)) is None
    assert slowly(json.dumps(plain)) is None


@pytest.mark.parametrize("voice_id", ["", "..", "a/b", "a b", "a\u200bb", "a%2fb"])
def test_an_id_that_could_leave_its_url_is_left_to_the_careful_reader(voice_id: str) -> None:
    document = StateDocument(
        "default", "a line", 3, None, {"anna": VoiceRecord(voice_id, "ready", "A", None, {}, None)}
    )

    assert usual_document(render(document)) is None


def test_a_large_document_is_read_at_a_glance_and_a_wrong_one_named(monkeypatch: pytest.MonkeyPatch) -> None:
    document = StateDocument("default", "a line", 3, "me", {f"voice-{number}": RECORD for number in range(400)})
    text = render(document)
    asked: list[object] = []
    monkeypatch.setattr(reading, "_document", asked.append)

    assert len(text) > LARGE
    assert parse(text, filename="voices.state.json") == document
    assert asked == []
    monkeypatch.undo()
    wrong = json.loads(text)
    wrong["voices"]["voice-7"]["status"] = 7
    with pytest.raises(StateError) as refused:
        parse(json.dumps(wrong), filename="voices.state.json")
    assert refused.value.why == "voices.voice-7.status has the wrong type"
