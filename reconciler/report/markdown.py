"""A plan as a comment on a pull request: what is destroyed first, details folded per voice, cut between voices."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote

from reconciler.errors import Diagnostic, Severity, VoicectlError
from reconciler.plan.change import Action, Change, Drift, FieldChange, Plan
from reconciler.plan.document import diagnostics_of
from reconciler.report.inert import code, fenced, html_code, prose
from reconciler.report.markdown_page import Page, count
from reconciler.report.text import (
    DEFAULTS,
    QUIET_FIELDS,
    managed_drift,
    observed_drift,
    quota_line,
    summary_line,
    worst_first,
)

COMMENT_LIMIT = 60_000
"""Characters. GitHub refuses comments of more than 65,536."""


def render_plan(plan: Plan, *, limit: int = COMMENT_LIMIT) -> str:
    """Return the plan in at most `limit` characters; the same plan always gives the same bytes."""
    environment = plan.recorded.environment
    page = Page(limit)
    page.write(_head(environment))
    page.write(f"**No changes; {plan.unchanged} unchanged.**" if plan.empty else f"**{summary_line(plan)}**")
    errors = sum(d.severity is Severity.ERROR for d in plan.diagnostics)
    if errors:
        page.write(f"**Apply will refuse this: {count(errors, 'error')}, listed below.**")
    destructive = [change for change in plan.changes if change.destructive]
    _write_destructive(page, destructive)
    if plan.quota is not None and plan.quota.remaining is not None and not plan.empty:
        page.write(quota_line(plan))
    left_out = Counter[str]()
    left_out["diagnostic"] = page.write_section("### Diagnostics", diagnostic_lines(plan.diagnostics), tight=True)
    left_out["drifted voice"] = page.write_section(
        "### Drift: changed outside of voicectl since the last apply", map(_drift, managed_drift(plan))
    )
    left_out["observed voice"] = page.write_section(
        "### Not as declared, and only observed, not managed", map(_drift, observed_drift(plan))
    )
    others = [change for change in plan.changes if not change.destructive]
    left_out["change"] = page.write_section("### Changes", map(_change, [*destructive, *others]))
    page.write_left_out(left_out, where=_where(environment))
    return page.text


def render_errored(environment: str, error: VoicectlError, *, limit: int = COMMENT_LIMIT) -> str:
    """Return what stands in place of a plan when there is none."""
    diagnostics = diagnostics_of(error)
    errors = sum(d.severity is Severity.ERROR for d in diagnostics)
    page = Page(limit)
    page.write(_head(environment))
    page.write(f"**There is no plan: {count(errors, 'error')}.**")
    left_out = Counter({"diagnostic": page.write_section("### Diagnostics", diagnostic_lines(diagnostics), tight=True)})
    page.write_left_out(left_out, where=_where(environment))
    return page.text


def diagnostic_lines(diagnostics: Iterable[Diagnostic]) -> list[str]:
    """Return each as an item of a list, the worst first."""
    return [_diagnostic(diagnostic) for diagnostic in worst_first(diagnostics)]


def _head(environment: str) -> str:
    """Return the hidden marker by which a comment is found again, and the title."""
    return f"<!-- voicectl-plan environment={quote(environment, safe='')} -->\n## voicectl plan: {code(environment)}"


def _where(environment: str) -> str:
    command = code(f"voicectl --env {environment} plan")
    return f"The whole plan is in the artifact of the workflow run, and {command} prints it."


def _write_destructive(page: Page, changes: Sequence[Change]) -> None:
    """Name every voice id that will stop working. Reasons give way to names, and everything else does too."""
    if not changes:
        return
    title = f"### :warning: {count(len(changes), 'voice id')} will stop working"
    full = [f"- {c.action.value} {_name(c)}: {prose(c.reason)}" for c in changes]
    names = [f"{c.action.value} {_name(c)}" for c in changes]
    if sum(map(len, full)) + len(full) <= page.room // 2:
        page.write(title)
        page.write("\n".join(full))
        return
    by_action = {action: [code(c.key) for c in changes if c.action is action] for action in Action}
    grouped = "\n\n".join(f"**{a.value}**: {', '.join(keys)}" for a, keys in by_action.items() if keys)
    for compact in (", ".join(names), grouped):  # ids give way to names
        if len(title) + len(compact) + 2 <= page.room:
            page.write(title)
            page.write(compact)
            return
    _write_too_many(page, title, [f"{c.action.value} {code(c.key)}" for c in changes])


def _write_too_many(page: Page, title: str, names: Sequence[str]) -> None:
    """Name as many as there is room for, and leave no doubt that there are more."""
    room = page.room - len(title) - 200
    shown: list[str] = []
    for name in names:
        room -= len(name) + 2
        if room < 0:
            break
        shown.append(name)
    page.write(f"{title}: TOO MANY TO NAME THEM ALL")
    page.write(
        f"**{len(names) - len(shown)} of the {len(names)} are NOT named here. Do not approve before reading them.**"
    )
    page.write(", ".join(shown))


def _name(change: Change) -> str:
    return f"{code(change.key)} ({code(change.voice_id)})" if change.voice_id else code(change.key)


def _diagnostic(diagnostic: Diagnostic) -> str:
    word = "note" if diagnostic.severity is Severity.INFO else diagnostic.severity.value
    place = str(diagnostic.range) if diagnostic.range else diagnostic.key
    where = f" {code(place)}" if place else ""
    detail = f"<br>{prose(diagnostic.detail)}" if diagnostic.detail else ""
    return f"- **{word}**{where}: {prose(diagnostic.summary)} ({code(diagnostic.rule)}){detail}"


def _drift(drift: Drift) -> str:
    lines = [line for field in drift.fields for line in _field(field)]
    return _folded(f"drift {html_code(drift.key)}", f"Voice {code(drift.voice_id)}", lines)


def _change(change: Change) -> str:
    made = change.action is Action.CREATE
    shown = [f for f in change.fields if not (made and f.path in QUIET_FIELDS and f.after == DEFAULTS[f.path])]
    about = f"Why: {prose(change.reason)}"
    if change.voice_id:
        about += f"<br>Voice {code(change.voice_id)}"
    if change.action is Action.REPLACE:
        order = "goes before the new one is made" if change.destroy_first else "stays until the new one is ready"
        about += f"<br>The old voice {order}."
    lines = [line for field in shown for line in _field(field)]
    return _folded(f"{change.action.value} {html_code(change.key)}", about, lines)


def _folded(summary: str, about: str, lines: Sequence[str]) -> str:
    body = f"\n\n{fenced(lines, 'diff')}" if lines else ""
    return f"<details><summary>{summary}</summary>\n\n{about}{body}\n\n</details>"


def _field(field: FieldChange) -> list[str]:
    lines = [] if field.before is None else [f"- {field.path}: {_value(field.path, field.before)}"]
    lines.append(f"+ {field.path}: {_value(field.path, field.after)}")
    if field.forces_replacement and field.before is not None:
        lines.append(f"! {field.path} forces a replacement")
    return lines


def _value(path: str, value: Any) -> str:
    if path.endswith("sha256") and isinstance(value, str):
        return value[:12]
    return json.dumps(value, ensure_ascii=False)
