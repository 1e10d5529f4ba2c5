"""A plan as JSON: what `plan --json` prints and `plan --out` saves (design/cli.md, "Plan as JSON")."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from reconciler import __version__
from reconciler.errors import Diagnostic, RepositoryError, Severity, VoicectlError
from reconciler.plan.approval import approval_of
from reconciler.plan.change import Action, Change, Drift, FieldChange, Plan

FORMAT_VERSION = "1.0"


def plan_to_json(plan: Plan) -> dict[str, Any]:
    """Return the plan as the contract has it."""
    document = {
        "format_version": FORMAT_VERSION,
        "voicectl_version": __version__,
        "environment": plan.recorded.environment,
        "state_serial": plan.recorded.serial,
        "digest": approval_of(plan).digest,
        "summary": {action.value: plan.count(action) for action in Action},
        "changes": [_change(change) for change in plan.changes],
        "drift": [_drift(drift) for drift in plan.drift],
        "diagnostics": [diagnostic_to_json(d) for d in plan.diagnostics],
    }
    if plan.quota is not None:
        document["quota"] = {"limit": plan.quota.limit, "remaining": plan.quota.remaining}
    return document


def errored_to_json(environment: str, error: VoicectlError) -> dict[str, Any]:
    """Return what stands in place of a plan when there is none: the same shape, and `errored`."""
    return {
        "format_version": FORMAT_VERSION,
        "voicectl_version": __version__,
        "environment": environment,
        "errored": True,
        "summary": {action.value: 0 for action in Action},
        "changes": [],
        "drift": [],
        "diagnostics": [diagnostic_to_json(d) for d in diagnostics_of(error)],
    }


def diagnostics_of(error: VoicectlError) -> tuple[Diagnostic, ...]:
    """Return an error as the diagnostics that it carries, or that it is."""
    if isinstance(error, RepositoryError):
        return error.diagnostics
    detail = "; ".join(text for text in (error.where, error.why, error.fix) if text)
    return (Diagnostic(Severity.ERROR, "error", error.what, detail),)


def _change(change: Change) -> dict[str, Any]:
    return {
        "key": change.key,
        "action": change.action.value,
        "reason": change.reason,
        "voice_id": change.voice_id,
        "previous_key": change.previous_key,
        "fields": [_field(f) for f in change.fields],
    }


def _drift(drift: Drift) -> dict[str, Any]:
    return {
        "key": drift.key,
        "voice_id": drift.voice_id,
        "observed": drift.observed,
        "fields": [_field(f) for f in drift.fields],
    }


def _field(field: FieldChange) -> dict[str, Any]:
    return {
        "path": field.path,
        "before": field.before,
        "after": field.after,
        "forces_replacement": field.forces_replacement,
    }


def diagnostic_to_json(diagnostic: Diagnostic) -> Mapping[str, Any]:
    """Return a diagnostic as the contract has it; a range and what was measured only where there are any."""
    plain: dict[str, Any] = {
        "severity": diagnostic.severity.value,
        "rule": diagnostic.rule,
        "key": diagnostic.key,
        "summary": diagnostic.summary,
        "detail": diagnostic.detail,
    }
    if diagnostic.range is not None:
        start = diagnostic.range.start
        plain["range"] = {
            "filename": diagnostic.range.filename,
            "start": {"line": start.line, "column": start.column},
        }
    if diagnostic.measured is not None:
        plain["measured"] = asdict(diagnostic.measured)
    return plain
