"""The state document: the same bytes for the same records, and nothing is read that is not sure."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from record_values import documents, records

from reconciler.errors import StateError
from reconciler.state.document import RecordedSample, StateDocument, VoiceRecord, json_schema, render, to_plain
from reconciler.state.reading import parse, read_record

SAMPLE = RecordedSample("a.mp3", "00", 1, None, "en", denoise=False, speech_normalization=True)
RECORD = VoiceRecord("v1", "ready", "Anna", "Warm.", {"mood": None}, SAMPLE)
DOCUMENT = StateDocument("default", "line-1", serial=3, account="user", voices={"b": RECORD, "a": RECORD})


@given(documents)
def test_a_document_comes_back_as_it_was(document: StateDocument) -> None:
    assert parse(render(document), filename="voices.state.json") == document


@given(records)
def test_a_record_comes_back_from_the_journal_as_it_was(record: VoiceRecord) -> None:
    assert read_record(json.loads(json.dumps(to_plain(record)))) == record


@given(documents)
def test_every_document_fits_the_published_schema(document: StateDocument) -> None:
    jsonschema.validate(json.loads(render(document)), json_schema())


@given(documents)
def test_the_order_in_which_records_were_made_is_no_difference(document: StateDocument) -> None:
    reversed_voices = dict(reversed(list(document.voices.items())))
    again = StateDocument(
        document.environment, document.lineage, document.serial, document.account, reversed_voices, document.version
    )

    assert render(again) == render(document)


def test_the_file_is_made_to_be_committed() -> None:
    text = render(DOCUMENT)
    lines = text.split("\n")

    assert text.endswith("}\n")
    assert not text.endswith("\n\n")
    assert list(json.loads(text)) == sorted(json.loads(text))
    assert lines[1].startswith('  "account"')
    assert text.index('"a": {') < text.index('"b": {')
    assert "\\u" not in render(StateDocument("default", "l", voices={"zo\u00eb": RECORD}))


def test_rare_fields_are_left_out_and_others_are_written_as_null() -> None:
    voice = json.loads(render(DOCUMENT))["voices"]["a"]

    assert not {"successor", "observed", "on_remove"} & voice.keys()
    assert voice["last_error"] is None
    assert voice["retired"] == []


def test_the_serial_grows_by_one_with_a_change_and_not_without() -> None:
    changed = DOCUMENT.with_voices({"a": RECORD}, "user")

    assert DOCUMENT.with_voices(dict(DOCUMENT.voices), "user") is DOCUMENT
    assert changed.serial == DOCUMENT.serial + 1
    assert changed.lineage == DOCUMENT.lineage
    assert DOCUMENT.with_voices(dict(DOCUMENT.voices), "other").serial == DOCUMENT.serial + 1


def test_two_new_documents_are_of_two_lines() -> None:
    assert StateDocument.new("default").lineage != StateDocument.new("default").lineage


def _changed(**fields: Any) -> str:
    return json.dumps(json.loads(render(DOCUMENT)) | fields)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it is not JSON"),
        (render(DOCUMENT)[:-20], "it is not JSON"),
        (f"<<<<<<< HEAD\n{render(DOCUMENT)}=======\n{{}}\n>>>>>>> theirs\n", "conflict markers"),
        ("[]", "the document is not an object"),
        ("{}", "version is missing"),
        (_changed(version="1"), "version has the wrong type"),
        (_changed(version=0), "version is not 1"),
        (_changed(version=2), "a newer voicectl wrote it"),
        (_changed(voices={"a": {"voice_id": "v"}}), "voices.a.status is missing"),
        (_changed(voices=[]), "voices has the wrong type"),
        (_changed(serial="many"), "serial has the wrong type"),
    ],
)
def test_a_file_that_is_not_sure_is_a_hard_stop_that_says_what_to_do(text: str, said: str) -> None:
    with pytest.raises(StateError) as caught:
        parse(text, filename="voices.state.json")

    assert caught.value.where == "voices.state.json"
    assert said in caught.value.why
    assert "voicectl state rebuild" in caught.value.fix


@pytest.mark.parametrize("name", sorted(set(to_plain(SAMPLE)) - {"stream_sha256"}))
def test_a_sample_without_one_of_its_fields_is_corrupt_and_not_another_sample(name: str) -> None:
    """A guessed `speech_normalization` would look like a change, and cost a voice id."""
    plain = json.loads(render(DOCUMENT))
    del plain["voices"]["a"]["sample"][name]

    with pytest.raises(StateError) as caught:
        parse(json.dumps(plain), filename="voices.state.json")

    assert caught.value.why == f"voices.a.sample.{name} is missing"


def test_a_record_that_is_none_is_refused() -> None:
    with pytest.raises(StateError):
        read_record({"voice_id": 1})
