"""No text of a file or a server can steer a terminal, forge a line or break a line of JSON."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plan_gallery import plan

from reconciler.apply.desired_side import Desired
from reconciler.apply.events import Event, Outcome, Step
from reconciler.apply.planning import Planned
from reconciler.errors import Diagnostic, Position, Range, Severity, VoicectlError
from reconciler.plan.change import Action, Change, Drift, FieldChange
from reconciler.plan.sides import Actual, ActualVoice, Recorded
from reconciler.report import events
from reconciler.report.outcome import render_outcomes
from reconciler.report.paint import Paint, printable
from reconciler.report.progress import JsonProgress, PlainProgress
from reconciler.report.status import render_status, status_rows
from reconciler.report.text import render_plan
from reconciler.state.document import LastError, VoiceRecord

PLAIN = Paint(on=False)
evil = st.one_of(
    st.sampled_from(
        ["\x1b[31mred", "\r", "\nerror: forged", "\x07", "\x9b2J", "\u202eright to left", "\u2028", "\x00"]
    ),
    st.text(max_size=6),
)


def steers(text: str) -> list[str]:
    """Return what would not stand in the text as a character of its own, but for the ends of lines."""
    return [c for c in text if not c.isprintable() and c != "\n"]


@given(evil)
def test_printable_text_is_left_as_it_is_and_the_rest_is_shown_as_an_escape(text: str) -> None:
    assert not steers(printable(text))
    assert "\n" not in printable(text)
    assert printable(text) == text or not text.isprintable()


def changes(text: str) -> list[Change]:
    field = FieldChange("name", text, text + "x")
    sample = FieldChange("samples[0].sha256", text, text)
    return [
        Change(text, action, text, text, text, (field, sample)) for action in Action if action is not Action.UNCHANGED
    ]


@given(evil)
def test_a_plan_has_as_many_lines_as_it_has_things_to_say(text: str) -> None:
    diagnostic = Diagnostic(Severity.WARNING, "x.y", text, text, text, Range(text, Position(1, 1)))
    drift = Drift(text, text, (FieldChange("name", text, text),))

    shown = render_plan(plan(*changes(text), drift=(drift,), diagnostics=(diagnostic,)), paint=PLAIN, declared=1)
    usual = render_plan(plan(*changes("a"), drift=(drift,), diagnostics=(diagnostic,)), paint=PLAIN, declared=1)

    assert steers(shown) == []
    assert shown.count("\n") == usual.count("\n")


@given(evil)
def test_outcomes_are_one_line_each(text: str) -> None:
    shown = render_outcomes([Outcome(c, Step.FAILED, text, text, (text,)) for c in changes(text)], paint=PLAIN)

    assert steers(shown) == []
    assert shown.count("\n") == len(changes(text)) + 1


@given(evil)
def test_the_status_table_is_one_line_a_voice(text: str) -> None:
    record = VoiceRecord(text, text, text, text, {}, None, last_error=LastError(text, (text,)))
    made = plan(*changes(text)[:1], recorded=Recorded("default", "line", 1, None, {text: record}))
    voices = {"v": ActualVoice("v" + text, text, text, text), text: ActualVoice(text, text)}
    planned = Planned(made, Desired({}, {}, ()), {}, (), (), None, Actual(voices))
    rows = status_rows(planned)

    shown = render_status(rows, paint=PLAIN)

    assert steers(shown) == []
    assert shown.count("\n") == len(rows) + 1


@given(evil)
def test_each_event_is_one_line_of_json(text: str) -> None:
    change = changes(text)[0]
    lines = [
        events.plan_line(plan(change)),
        events.event_line(Event(change, Step.UPLOADING, text, 1, 2, text)),
        events.result_line([Outcome(change, Step.FAILED, text, text, (text,))], exit_code=3, serial=7),
        events.error_line(VoicectlError(text, where=text, why=text, fix=text)),
    ]

    for line in lines:
        assert line.count("\n") == 1
        assert isinstance(json.loads(line), dict)


@pytest.mark.parametrize("text", ["\x1b[31mred", "\nerror: forged", "\u202e"])
def test_progress_is_one_line_a_step(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    plain, as_json = PlainProgress(), JsonProgress()
    event = Event(changes(text)[0], Step.FAILED, text, message=text)

    plain.show(event)
    said = capsys.readouterr().err
    as_json.show(event)
    written = capsys.readouterr().err

    assert steers(said) == []
    assert said.count("\n") == written.count("\n") == 1
    assert json.loads(written)["key"] == text


# -- events for machines -----------------------------------------------------------------------------------------------


def test_a_step_says_bytes_and_words_only_where_there_are_some() -> None:
    change = Change("anna", Action.CREATE, "new voice")
    usual = {"type": "step", "key": "anna", "action": "create"}

    started = json.loads(events.event_line(Event(change, Step.STARTED)))
    sending = json.loads(events.event_line(Event(change, Step.UPLOADING, "v1", sent=5, total=10)))
    failed = json.loads(events.event_line(Event(change, Step.FAILED, "v1", message="no")))

    assert started == usual | {"step": "started", "voice_id": None}
    assert sending == usual | {"step": "uploading", "voice_id": "v1", "sent": 5, "total": 10}
    assert failed == usual | {"step": "failed", "voice_id": "v1", "message": "no"}


def test_plain_progress_tells_of_an_upload_once_with_its_size(capsys: pytest.CaptureFixture[str]) -> None:
    progress = PlainProgress()
    change = Change("anna", Action.CREATE, "new voice")

    for sent in (0, 500, 1000, 1234):
        progress.show(Event(change, Step.UPLOADING, "v1", sent=sent, total=1234))
    progress.show(Event(change, Step.DONE, "v1"))

    first, last = capsys.readouterr().err.splitlines()
    assert first == "anna: create: uploaded 1,234 bytes"
    assert re.fullmatch(r"anna: create: done after \d+\.\d s", last)
