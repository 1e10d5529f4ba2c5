"""When the exports of an apply may be written: consumers get new ids all at once, or none."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.apply.events import Step
from reconciler.apply.run import Applied
from reconciler.state.document import VoiceRecord


def unready(applied: Applied, voices: Mapping[str, VoiceRecord]) -> tuple[str, ...]:
    """Return why not: whatever of the run was not done, and every declared voice that is not ready; nothing if all is.

    `voices` are the records after the run. A voice is ready once nothing is on its way for it: one whose replacement
    is still processed can be used, but its id is about to move.
    """
    why: dict[str, str] = {}
    for key in applied.planned.desired.voices:
        record = voices.get(key)
        if record is None:
            why[key] = f"{key} has no voice"
        elif not record.ready:
            why[key] = f"{key} is {record.status}"
        elif record.successor is not None:
            why[key] = f"the replacement of {key} is {record.successor.status}"
    for outcome in applied.outcomes:
        if outcome.step is not Step.DONE:
            why.setdefault(outcome.change.key, f"{outcome.change.action} of {outcome.change.key}: {outcome.step}")
    if applied.interrupted is not None:
        why[""] = "the run was stopped"
    return tuple(why.values())
