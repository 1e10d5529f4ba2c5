"""Desired, recorded and actual side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reconciler.apply.planning import Planned
from reconciler.key_patterns import KeyPatterns
from reconciler.plan.change import Action
from reconciler.plan.mark import without_mark
from reconciler.plan.marked import known_ids
from reconciler.report.paint import Paint, printable
from reconciler.state.document import VoiceRecord

Row = dict[str, Any]


def status_rows(planned: Planned, keys: Sequence[str] = ()) -> list[Row]:
    """Return one row a voice, as plain JSON: declared and recorded ones by key, then those not managed here."""
    plan = planned.plan
    recorded = plan.recorded.voices
    drifted = {drift.key for drift in plan.drift}
    changes = {change.key: change for change in plan.changes if change.action is not Action.CLEAN}
    rows: list[Row] = []
    named = KeyPatterns(keys)
    for key in sorted(key for key in {*planned.desired.voices, *recorded} if key in named):
        record, change = recorded.get(key), changes.get(key)
        voice_id = (record.voice_id if record else None) or (change.voice_id if change else None)
        actual = planned.actual.voices.get(voice_id) if voice_id else None
        rows.append(
            {
                "key": key,
                "declared": key in planned.desired.voices,
                "recorded": record.status if record else None,
                "actual": actual.status if actual else None,
                "voice_id": voice_id,
                "retired": _retired(record, planned),
                "name": planned.desired.voices[key].spec.name if key in planned.desired.voices else None,
                "plan": change.action.value if change else Action.UNCHANGED.value,
                "reason": change.reason if change else "",
                "drifted": key in drifted,
                "last_error": "; ".join([record.last_error.summary, *record.last_error.problems])
                if record and record.last_error
                else None,
            }
        )
    if not keys:
        rows += _others(planned, {row["voice_id"] for row in rows})
    return rows


def _retired(record: VoiceRecord | None, planned: Planned) -> list[Row]:
    """Return the replaced voices that a key still has."""
    rows = []
    for old in record.retired if record else ():
        actual = planned.actual.voices.get(old.voice_id)
        rows.append({"voice_id": old.voice_id, "until": old.until, "actual": actual.status if actual else None})
    return rows


def _others(planned: Planned, shown: set[str | None]) -> list[Row]:
    known = known_ids(planned.plan.recorded.voices) | {change.voice_id for change in planned.plan.changes}
    return [
        {
            "key": None,
            "declared": False,
            "recorded": None,
            "actual": voice.status,
            "voice_id": voice_id,
            "retired": [],
            "name": voice.name,
            "plan": "unmanaged",
            "reason": without_mark(voice.description, planned.plan.options.scope),
            "drifted": False,
            "last_error": None,
        }
        for voice_id, voice in sorted(planned.actual.voices.items())
        if voice_id not in known and voice_id not in shown
    ]


def render_status(rows: Sequence[Row], *, paint: Paint) -> str:
    """Return the rows as a table for people."""
    if not rows:
        return "No voices.\n"
    head = ("KEY", "DECLARED", "RECORDED", "ACTUAL", "VOICE ID", "")
    table = [line for row in rows for line in (_line(row), *map(_retired_line, row["retired"]))]
    widths = [max(len(line[column]) for line in [head, *table]) for column in range(len(head))]

    def laid_out(line: Sequence[str]) -> str:
        return "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()

    return "\n".join([paint(laid_out(head), "bold"), *(laid_out(line) for line in table)]) + "\n"


def _line(row: Row) -> tuple[str, ...]:
    return (
        printable(row["key"] or f"({row['name']})"),
        "yes" if row["declared"] else "no",
        printable(row["recorded"] or "-"),
        printable(row["actual"] or "-"),
        printable(row["voice_id"] or "-"),
        _note(row),
    )


def _retired_line(old: Row) -> tuple[str, ...]:
    note = f"replaced, kept until {old['until']}"
    return ("", "", "", printable(old["actual"] or "-"), printable(old["voice_id"]), printable(note))


def _note(row: Row) -> str:
    notes = []
    if row["plan"] == "unmanaged":
        notes.append("not managed here")
    elif row["plan"] != Action.UNCHANGED.value:
        notes.append(f"{row['plan']}: {row['reason']}")
    if row["drifted"]:
        notes.append("drifted")
    if row["last_error"]:
        notes.append(f"last error: {row['last_error']}")
    return printable("; ".join(notes))
