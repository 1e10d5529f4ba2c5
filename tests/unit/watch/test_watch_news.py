"""What is said between two views: once, in one line, and nothing that could steer a terminal."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

from syrupy.assertion import SnapshotAssertion

from reconciler.apply.events import Event, Step
from reconciler.errors import ApiUnreachableError, Diagnostic, Position, Range, Severity, StateError
from reconciler.plan.change import Action, Change, FieldChange, Plan
from reconciler.plan.sides import PlanOptions, Recorded
from reconciler.state.lock import Holder
from reconciler.watch.carrying_out import Selection
from reconciler.watch.news import MOST, JsonLines, Lines
from reconciler.watch.view import Declared, Heard, Row, Seen, View

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
BROKEN = Diagnostic(
    Severity.ERROR, "yaml.syntax", "a value is missing here", "", "clara", Range("voices/clara.yaml", Position(3, 7))
)
SHORT = Diagnostic(Severity.ERROR, "sample.duration", "12.0 s is shorter than 30 s", "", "anna")
UPDATE = Change("bella", Action.UPDATE, "changed", "id-b", fields=(FieldChange("name", "A", "B"),))
ROWS = {
    "anna": Row("anna", Declared.DECLARED, Action.CREATE, "new voice", uploads=True, heard=Heard.WAITING),
    "bella": Row("bella", Declared.DECLARED, Action.UPDATE, fields=UPDATE.fields, remote="ready", drifted=True),
    "clara": Row("clara", Declared.BROKEN, Action.UNCHANGED, remote="ready", problems=(BROKEN,)),
    "dora": Row("dora", Declared.DECLARED, Action.UNCHANGED, remote="ready", heard=Heard.GOOD),
    "emma": Row("emma", Declared.REMOVED, Action.DELETE, "the voice file is gone", remote="ready"),
    "fay": Row("fay", Declared.SAVING, Action.UNCHANGED),
    "gina": Row("gina", Declared.DECLARED, Action.MOVE, previous_key="georgina"),
}


def plan(*changes: Change) -> Plan:
    options = PlanOptions(scope="p", now="2026-01-01T00:00:00Z")
    return Plan(Recorded("local", "line", 1, None, {}), options, changes, 3)


FIRST = View("local", ROWS, tuple(ROWS), plan(UPDATE, Change("anna", Action.CREATE, "new voice")))


def story() -> list[View]:
    """A morning's work: measured, mended, the server down and up, somebody else at it, the state broken."""
    measured = replace(ROWS["anna"], heard=Heard.ERROR, findings=(SHORT,))
    mended = replace(ROWS["clara"], declared=Declared.DECLARED, problems=())
    down = ApiUnreachableError("Cannot connect to the Palabra API", request="GET /saas/voice", why="refused")
    later = replace(FIRST, moved=())
    return [
        FIRST,
        later,
        replace(FIRST, rows={**ROWS, "anna": measured}, moved=("anna",)),
        replace(FIRST, rows={**ROWS, "clara": mended}, moved=("clara",)),
        replace(later, seen=Seen(None, down, 5.0)),
        replace(later, seen=Seen(None, down, 10.0)),
        replace(later, seen=Seen("2026-01-01T12:00:00Z")),
        replace(later, holder=Holder("bella", "studio", 7, "noon", "voicectl apply")),
        replace(later, trouble=StateError("Cannot read the state document", where="voices.state.json")),
        replace(later, plan=plan()),
        replace(FIRST, rows={k: r for k, r in ROWS.items() if k != "emma"}, moved=("emma",), plan=plan()),
    ]


def test_each_thing_is_said_once(snapshot: SnapshotAssertion) -> None:
    said: list[str] = []
    lines = Lines(said.append, lambda: NOW)
    for number, view in enumerate(story()):
        said.append(f"-- {number}\n")
        lines.view(view)
    lines.left(Selection((), (Change("emma", Action.DELETE, "gone"),), whole=False))
    lines.applying(Selection((UPDATE,), (), whole=True))
    lines.step(Event(UPDATE, Step.STARTED))
    lines.step(Event(UPDATE, Step.UPLOADING, sent=1, total=2))
    lines.step(Event(UPDATE, Step.UPLOADING, sent=2, total=2))
    lines.step(Event(UPDATE, Step.FAILED, message="the server says no"))
    lines.applied(StateError("Cannot write", why="the disk is full"))

    assert "".join(said) == snapshot


def test_for_programs_there_is_one_object_a_line(snapshot: SnapshotAssertion) -> None:
    said: list[str] = []
    lines = JsonLines(said.append, lambda: NOW)
    for view in story():
        lines.view(view)
    lines.step(Event(UPDATE, Step.DONE, "id-b"))
    lines.applied(StateError("Cannot write", why="the disk is full"))

    assert all(line.endswith("\n") and line.count("\n") == 1 for line in said)
    assert [json.loads(line) for line in said] == snapshot


def test_a_thousand_voices_are_told_by_their_sum() -> None:
    said: list[str] = []
    rows = {f"v{n:04}": Row(f"v{n:04}", Declared.DECLARED, Action.CREATE, "new voice") for n in range(1000)}
    Lines(said.append, lambda: NOW).view(View("local", rows, tuple(rows), plan()))

    assert len(said) == MOST + 2
    assert said[MOST] == f"2026-01-01T12:00:00Z ... and {1000 - MOST} more lines\n"


def test_no_name_can_steer_a_terminal() -> None:
    said: list[str] = []
    evil = "v\x1b[2J\n##[error]"
    Lines(said.append, lambda: NOW).view(
        View("local", {evil: Row(evil, Declared.DECLARED, Action.CREATE, evil)}, (evil,), plan())
    )

    assert all(line.count("\n") == 1 and "\x1b" not in line and "##[" not in line for line in said)
