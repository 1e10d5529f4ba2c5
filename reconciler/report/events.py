"""A run as JSON, one object a line: what `apply --json` prints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reconciler.apply.events import Event, Outcome
from reconciler.errors import VoicectlError
from reconciler.plan.change import Plan
from reconciler.plan.document import plan_to_json
from reconciler.report.json_text import json_text


def plan_line(plan: Plan) -> str:
    """Return the plan as the first event."""
    return _line({"type": "plan", "plan": plan_to_json(plan)})


def event_line(event: Event) -> str:
    """Return one step of one change."""
    plain: dict[str, Any] = {
        "type": "step",
        "key": event.change.key,
        "action": event.change.action.value,
        "step": event.step.value,
        "voice_id": event.voice_id,
    }
    if event.total is not None:
        plain |= {"sent": event.sent, "total": event.total}
    if event.message:
        plain["message"] = event.message
    return _line(plain)


def result_line(outcomes: Sequence[Outcome], *, exit_code: int, serial: int) -> str:
    """Return the last event of a run: how everything ended."""
    results = [
        {
            "key": o.change.key,
            "action": o.change.action.value,
            "result": o.step.value,
            "voice_id": o.voice_id,
            "message": o.message,
            "problems": list(o.problems),
        }
        for o in outcomes
    ]
    return _line({"type": "result", "exit_code": exit_code, "state_serial": serial, "changes": results})


def error_line(error: VoicectlError) -> str:
    """Return the last event of a run that did not come to its end."""
    return _line(
        {
            "type": "error",
            "exit_code": error.exit_code,
            "what": error.what,
            "where": error.where,
            "why": error.why,
            "fix": error.fix,
        }
    )


def _line(plain: dict[str, Any]) -> str:
    return json_text(plain)
