"""Diagnostics as annotations of GitHub Actions: lines that its runner reads as commands, and nothing else.

The escapes are those of the runner (actions/runner, ActionCommand.cs): no text can end a property, a line or
the command, so none can give a command of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reconciler.errors import Diagnostic, Severity
from reconciler.plan.change import Plan
from reconciler.report.paint import printable
from reconciler.report.places import Places
from reconciler.report.text import summary_line, worst_first

SHOWN = 10
"""GitHub shows this many annotations of each kind for a step, and drops the rest."""

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def render_annotations(diagnostics: Iterable[Diagnostic], places: Places, *, see: str) -> str:
    """Return the worst as annotations, and what GitHub would drop as a count that names the command to `see` it."""
    lines: list[str] = []
    dropped = dict.fromkeys(_COMMANDS, 0)
    left = dict.fromkeys(_COMMANDS, SHOWN)
    left[Severity.INFO] -= 2  # for the count, and for what a plan does
    for diagnostic in worst_first(diagnostics):
        if left[diagnostic.severity]:
            left[diagnostic.severity] -= 1
            lines.append(_annotation(diagnostic, places))
        else:
            dropped[diagnostic.severity] += 1
    if any(dropped.values()):
        counts = [f"{n} {_COMMANDS[s]}{'' if n == 1 else 's'}" for s, n in dropped.items() if n]
        lines.append(
            _command("notice", {"title": "voicectl"}, f"And {', '.join(counts)} more: `{see}` shows them all.")
        )
    return "".join(lines)


def render_plan_annotations(plan: Plan, places: Places, *, see: str) -> str:
    """Return the diagnostics of a plan as annotations, and what the plan does as a notice."""
    said = "No changes." if plan.empty else summary_line(plan)
    summary = _command("notice", {"title": f"voicectl plan: {plan.recorded.environment}"}, said)
    return render_annotations(plan.diagnostics, places, see=see) + summary


def _annotation(diagnostic: Diagnostic, places: Places) -> str:
    properties = {}
    if diagnostic.range is not None:
        start = diagnostic.range.start
        properties = {"file": places.path(diagnostic.range), "line": str(start.line), "col": str(start.column)}
    title = f"{diagnostic.key}: {diagnostic.rule}" if diagnostic.key else diagnostic.rule
    message = "\n".join(printable(text) for text in (diagnostic.summary, diagnostic.detail) if text)
    return _command(_COMMANDS[diagnostic.severity], {**properties, "title": title}, message)


def _command(name: str, properties: Mapping[str, str], message: str) -> str:
    written = ",".join(f"{key}={_property(printable(value))}" for key, value in properties.items())
    return f"::{name} {written}::{_data(message)}\n"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
