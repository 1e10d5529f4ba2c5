"""A plan as text that a reviewer reads in ten seconds: symbols as OpenTofu's, only what changes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from reconciler.errors import Diagnostic, Severity
from reconciler.plan.change import Action, Change, Drift, FieldChange, Plan
from reconciler.plan.safety import peak
from reconciler.report.paint import Paint, printable

SYMBOLS = {
    Action.CREATE: ("+", "green"),
    Action.UPDATE: ("~", "yellow"),
    Action.REPLACE: ("+/-", "red"),
    Action.DELETE: ("-", "red"),
    Action.ADOPT: ("<-", "cyan"),
    Action.MOVE: ("->", "cyan"),
    Action.RESUME: ("..", "cyan"),
    Action.FORGET: ("x", "cyan"),
    Action.CLEAN: ("-", "yellow"),
}
WORDS = {
    Action.CREATE: "will be created",
    Action.UPDATE: "will be updated in place",
    Action.REPLACE: "must be replaced",
    Action.DELETE: "will be deleted",
    Action.ADOPT: "will be adopted",
    Action.MOVE: "moved",
    Action.RESUME: "will be resumed",
    Action.FORGET: "will be forgotten",
    Action.CLEAN: "will be cleaned up",
}
QUIET_FIELDS = ("samples[0].denoise", "samples[0].speech_normalization")
"""Shown for a new voice only where they are not as everybody expects."""
DEFAULTS = {"samples[0].denoise": False, "samples[0].speech_normalization": True}


def render_plan(plan: Plan, *, paint: Paint, declared: int) -> str:
    """Return the plan as text, with a newline at the end."""
    lines: list[str] = []
    for diagnostic in worst_first(plan.diagnostics):
        lines += render_diagnostic(diagnostic, paint)
    if lines:
        lines.append("")
    lines += _drifted("Changed outside of voicectl since the last apply:", managed_drift(plan), paint)
    lines += _drifted("Not as declared, and only observed, not managed:", observed_drift(plan), paint)
    if plan.empty:
        lines.append(_clean_line(plan, declared))
        return "\n".join(lines) + "\n"
    for change in plan.changes:
        lines += _change(change, paint)
    lines.append("")
    lines.append(paint(summary_line(plan), "bold"))
    if plan.quota is not None and plan.quota.remaining is not None:
        lines.append(quota_line(plan))
    if plan.unmanaged:
        lines.append(f"{_others(plan.unmanaged)} not managed here, and left alone.")
    return "\n".join(lines) + "\n"


def managed_drift(plan: Plan) -> list[Drift]:
    """Return the drift that apply puts right."""
    return [drift for drift in plan.drift if not drift.observed]


def observed_drift(plan: Plan) -> list[Drift]:
    """Return the drift that nothing is done about."""
    return [drift for drift in plan.drift if drift.observed]


def _drifted(title: str, drifted: Sequence[Drift], paint: Paint) -> list[str]:
    if not drifted:
        return []
    lines = [paint(title, "bold")]
    for drift in drifted:
        lines.append(f"  {paint('!', 'yellow')} {printable(drift.key)} ({printable(drift.voice_id)})")
        lines += [f"      {_field(field, paint)}" for field in drift.fields]
    return [*lines, ""]


def summary_line(plan: Plan) -> str:
    """Return what the plan does, in one line."""
    verbs = {Action.CREATE: "to create", Action.UPDATE: "to update", Action.REPLACE: "to replace"}
    verbs |= {Action.DELETE: "to delete", Action.ADOPT: "to adopt", Action.MOVE: "to move"}
    verbs |= {Action.RESUME: "to resume", Action.FORGET: "to forget", Action.CLEAN: "to clean up"}
    parts = [f"{plan.count(action)} {verb}" for action, verb in verbs.items() if plan.count(action)]
    return f"Plan: {', '.join(parts)}; {plan.unchanged} unchanged."


def render_diagnostic(diagnostic: Diagnostic, paint: Paint) -> list[str]:
    """Return what, where, why and what next, in two lines at most."""
    colour = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}[diagnostic.severity]
    where = f"{diagnostic.range}: " if diagnostic.range else f"{diagnostic.key}: " if diagnostic.key else ""
    word = {Severity.INFO: "note"}.get(diagnostic.severity, diagnostic.severity.value)
    lines = [f"{printable(where)}{paint(word, colour, 'bold')}: {printable(diagnostic.summary)} [{diagnostic.rule}]"]
    if diagnostic.detail:
        lines.append(f"    {printable(diagnostic.detail)}")
    return lines


def render_diagnostics(diagnostics: Iterable[Diagnostic], paint: Paint) -> str:
    """Return all of them, the worst first."""
    return "".join(f"{line}\n" for d in worst_first(diagnostics) for line in render_diagnostic(d, paint))


def worst_first(diagnostics: Iterable[Diagnostic]) -> Sequence[Diagnostic]:
    """Return errors, then warnings, then notes, each in the order in which they were found."""
    rank = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}
    return sorted(diagnostics, key=lambda d: rank[d.severity])


def _change(change: Change, paint: Paint) -> list[str]:
    symbol, colour = SYMBOLS[change.action]
    if change.action is Action.REPLACE and change.destroy_first:
        symbol = "-/+"
    words = WORDS[change.action]
    if change.action is Action.MOVE:
        words = f"{words} from {printable(change.previous_key or '')}"
    voice = f" ({printable(change.voice_id)})" if change.voice_id else ""
    reason = "" if change.action in (Action.MOVE, Action.UPDATE) else f": {printable(change.reason)}"
    lines = [f"{paint(f'{symbol:>3}', colour, 'bold')} {paint(printable(change.key), 'bold')} {words}{reason}{voice}"]
    if change.action is Action.REPLACE and not change.destroy_first:
        lines.append(paint("      the old voice stays until the new one is ready", "dim"))
    made = change.action is Action.CREATE
    shown = [f for f in change.fields if not (made and f.path in QUIET_FIELDS and f.after == DEFAULTS[f.path])]
    return lines + [f"      {_field(field, paint)}" for field in shown]


def _field(field: FieldChange, paint: Paint) -> str:
    forced = paint("  # forces replacement", "red") if field.forces_replacement and field.before is not None else ""
    if field.before is None:
        return f"{paint('+', 'green')} {printable(field.path)}: {_value(field.path, field.after)}{forced}"
    arrow = f"{_value(field.path, field.before)} -> {_value(field.path, field.after)}"
    return f"{paint('~', 'yellow')} {printable(field.path)}: {arrow}{forced}"


def _value(path: str, value: Any) -> str:
    if path.endswith("sha256") and isinstance(value, str):
        return printable(value[:12])
    return printable(json.dumps(value, ensure_ascii=False))


def _clean_line(plan: Plan, declared: int) -> str:
    others = f" {_others(plan.unmanaged)} not managed here." if plan.unmanaged else ""
    if declared == 0 and not plan.recorded.voices:
        return f"No voices are declared, and none are recorded.{others}"
    differing = len(observed_drift(plan))
    observed = f" {differing} more, only observed, {'is' if differing == 1 else 'are'} not." if differing else ""
    return f"No changes. {_voices(plan.unchanged - differing)} as declared.{observed}{others}"


def quota_line(plan: Plan) -> str:
    """Return how much of the quota is used, before and after; the plan must know both."""
    assert plan.quota is not None
    assert plan.quota.remaining is not None
    used = plan.quota.limit - plan.quota.remaining
    counts = {action: plan.count(action) for action in Action}
    kept = sum(
        c.action is Action.REPLACE and c.desired is not None and bool(c.desired.spec.lifecycle.keep_replaced)
        for c in plan.changes
    )
    after = used + counts[Action.CREATE] + kept - counts[Action.DELETE] - counts[Action.CLEAN]
    most = max(used + peak(plan.changes), used, after)
    at_peak = f" ({most} at the peak)" if most > max(used, after) else ""
    return f"Quota: {used} of {plan.quota.limit} voices used, {after} after this{at_peak}."


def _others(count: int) -> str:
    return "1 other voice of the account is" if count == 1 else f"{count} other voices of the account are"


def _voices(count: int) -> str:
    return f"{count} voice is" if count == 1 else f"{count} voices are"
