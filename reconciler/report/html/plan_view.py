"""The plan, as the top of the page shows it: what ends first, then each change with its symbol and its word."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.errors import Diagnostic
from reconciler.plan.change import Action, Change, Drift, FieldChange, Plan
from reconciler.report.text import (
    DEFAULTS,
    QUIET_FIELDS,
    SYMBOLS,
    WORDS,
    managed_drift,
    observed_drift,
    quota_line,
    summary_line,
    worst_first,
)


@dataclass(frozen=True, slots=True)
class FieldView:
    """One field that differs."""

    path: str
    before: str | None
    """None: there was none."""
    after: str
    forced: bool
    """It takes a new voice to change it."""


@dataclass(frozen=True, slots=True)
class ChangeView:
    """One line of the plan."""

    key: str
    anchor: str | None
    """The voice's place on the page, if it is there."""
    action: Action
    symbol: str
    words: str
    reason: str
    voice_id: str | None
    previous_key: str | None
    destructive: bool
    fields: tuple[FieldView, ...]


DriftView = tuple[str, str, tuple[FieldView, ...]]
"""Key, voice id, fields."""


@dataclass(frozen=True, slots=True)
class PlanView:
    """The top of the page."""

    summary: str
    quota: str
    """One line; empty where the server told nothing."""
    destructive: tuple[ChangeView, ...]
    changes: tuple[ChangeView, ...]
    diagnostics: tuple[Diagnostic, ...]
    """The worst first."""
    drift: tuple[DriftView, ...]
    observed: tuple[DriftView, ...]
    """Of voices that are only observed."""
    unmanaged: int


def view_plan(plan: Plan, declared: int, anchors: Mapping[str, str]) -> PlanView:
    """Return the plan in the page's words. `anchors` are the voices' places by key."""
    changes = tuple(_change(change, anchors) for change in plan.changes)
    summary = summary_line(plan).removeprefix("Plan: ")
    if plan.empty:
        voices = "1 voice is" if declared == 1 else f"{declared} voices are"
        summary = f"No changes. {voices} as declared." if declared else "No voices are declared."
    return PlanView(
        summary=summary,
        quota=quota_line(plan) if plan.quota is not None and plan.quota.remaining is not None else "",
        destructive=tuple(change for change in changes if change.destructive),
        changes=changes,
        diagnostics=tuple(worst_first(plan.diagnostics)),
        drift=tuple(map(_drift, managed_drift(plan))),
        observed=tuple(map(_drift, observed_drift(plan))),
        unmanaged=plan.unmanaged,
    )


def _drift(drift: Drift) -> DriftView:
    return drift.key, drift.voice_id, tuple(_field(field) for field in drift.fields)


def symbol_of(action: Action, *, destroy_first: bool = False) -> str:
    """Return the sign that the plan as text uses too."""
    return "-/+" if action is Action.REPLACE and destroy_first else SYMBOLS[action][0]


def _change(change: Change, anchors: Mapping[str, str]) -> ChangeView:
    made = change.action is Action.CREATE
    shown = [f for f in change.fields if not (made and f.path in QUIET_FIELDS and f.after == DEFAULTS[f.path])]
    return ChangeView(
        key=change.key,
        anchor=anchors.get(change.key),
        action=change.action,
        symbol=symbol_of(change.action, destroy_first=change.destroy_first),
        words=WORDS[change.action],
        reason=change.reason,
        voice_id=change.voice_id,
        previous_key=change.previous_key,
        destructive=change.destructive,
        fields=tuple(_field(f) for f in shown),
    )


def _field(field: FieldChange) -> FieldView:
    before = None if field.before is None else _value(field.path, field.before)
    forced = field.forces_replacement and field.before is not None
    return FieldView(field.path, before, _value(field.path, field.after), forced)


def _value(path: str, value: Any) -> str:
    if path.endswith("sha256") and isinstance(value, str):
        return value[:12]
    return json.dumps(value, ensure_ascii=False)
