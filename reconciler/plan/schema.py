"""The JSON Schema of `plan --json` and of saved plans."""

from __future__ import annotations

from typing import Any

from reconciler.errors import Severity
from reconciler.plan.change import Action

_TEXT = {"type": "string"}
_TEXT_OR_NULL = {"type": ["string", "null"]}
_DIGEST = {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"}


def plan_schema() -> dict[str, Any]:
    """Return the schema. Readers ignore fields they do not know, and refuse another major `format_version`."""
    field = _object(
        {
            "path": _TEXT,
            "before": {"description": "Any JSON value; null when the field is new."},
            "after": {"description": "Any JSON value."},
            "forces_replacement": {"type": "boolean"},
        }
    )
    fields = {"type": "array", "items": field}
    change = _object(
        {
            "key": _TEXT,
            "action": {"enum": [action.value for action in Action if action is not Action.UNCHANGED]},
            "reason": _TEXT,
            "voice_id": _TEXT_OR_NULL,
            "previous_key": _TEXT_OR_NULL,
            "fields": fields,
        }
    )
    drift = {
        "key": _TEXT,
        "voice_id": _TEXT,
        "observed": {"type": "boolean", "description": "The voice is only observed: nothing is done about it."},
        "fields": fields,
    }
    count = {"type": "integer", "minimum": 0}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "voicectl plan",
        "description": "What apply would do: the difference between the files and the account.",
        "type": "object",
        "properties": {
            "format_version": {"type": "string", "pattern": r"^1\.[0-9]+$"},
            "voicectl_version": _TEXT,
            "environment": _TEXT,
            "errored": {"const": True, "description": "There is no plan: the diagnostics say why."},
            "state_serial": count,
            "digest": _DIGEST,
            "summary": _object({action.value: count for action in Action}),
            "changes": {"type": "array", "items": change},
            "drift": {"type": "array", "items": _object(drift)},
            "diagnostics": {"type": "array", "items": _diagnostic()},
            "quota": _object({"limit": count, "remaining": {"type": ["integer", "null"]}}),
            "account": _TEXT_OR_NULL,
            "approval": {"type": "object", "description": "What approving a saved plan covers; for voicectl alone."},
            "witnesses": {"type": "array", "items": _TEXT, "description": "Voices that the account had."},
            "checksum": {**_DIGEST, "description": "Of a saved plan: over all else in the file."},
            "options": _object({name: {"type": "array", "items": _TEXT} for name in ("targets", "replace")}),
        },
        "required": [
            "format_version",
            "voicectl_version",
            "environment",
            "summary",
            "changes",
            "drift",
            "diagnostics",
        ],
    }


def _diagnostic() -> dict[str, Any]:
    number = {"type": "integer", "minimum": 1}
    diagnostic = _object(
        {
            "severity": {"enum": [severity.value for severity in Severity]},
            "rule": _TEXT,
            "key": _TEXT_OR_NULL,
            "summary": _TEXT,
            "detail": _TEXT,
        }
    )
    place = _object({"filename": _TEXT, "start": _object({"line": number, "column": number})})
    diagnostic["properties"]["range"] = place
    number_or_null = {"type": ["number", "null"]}
    diagnostic["properties"]["measured"] = _object(
        {
            "value": {"type": "number"},
            "threshold": number_or_null,
            "unit": _TEXT_OR_NULL,
            "start": {**number_or_null, "description": "Seconds into the sample."},
            "end": {**number_or_null, "description": "Seconds into the sample."},
        }
    )
    return diagnostic


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}
