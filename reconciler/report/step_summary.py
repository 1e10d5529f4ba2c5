"""What a workflow's page shows of a run of validate or apply: Markdown, within a limit of characters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from reconciler.apply.events import Outcome, Step
from reconciler.apply.validation import Validated
from reconciler.errors import VoicectlError
from reconciler.plan.document import diagnostics_of
from reconciler.report.inert import code, prose
from reconciler.report.markdown import diagnostic_lines
from reconciler.report.markdown_page import Page, count
from reconciler.report.outcome import render_outcomes
from reconciler.report.paint import Paint

_IN_LOG = "The log of this step has all of it."


def render_validated(validated: Validated, *, limit: int) -> str:
    """Return what validate found, the worst first."""
    page = Page(limit)
    page.write("## voicectl validate")
    errors, warnings = count(validated.errors, "error"), count(validated.warnings, "warning")
    page.write(f"**{count(validated.voices, 'voice')} checked: {errors}, {warnings}.**")
    left_out = page.write_section("### Diagnostics", diagnostic_lines(validated.diagnostics), tight=True)
    page.write_left_out(Counter(diagnostic=left_out), where=_IN_LOG)
    return page.text


def render_applied(environment: str, outcomes: Sequence[Outcome], *, waited: bool, limit: int) -> str:
    """Return what apply did, and first what it did not."""
    page = Page(limit)
    page.write(f"## voicectl apply: {code(environment)}")
    *_, last = render_outcomes(outcomes, paint=Paint(on=False), waited=waited).splitlines()
    page.write(f"**{last}**")
    undone = [_outcome(o) for o in outcomes if o.step is not Step.DONE]
    done = [_outcome(o) for o in outcomes if o.step is Step.DONE]
    left_out = page.write_section("### Not done", undone, tight=True)
    left_out += page.write_section("### Done", done, tight=True)
    page.write_left_out(Counter(change=left_out), where=_IN_LOG)
    return page.text


def render_failed(command: str, error: VoicectlError, *, limit: int) -> str:
    """Return why a command did not come to its end."""
    page = Page(limit)
    page.write(f"## voicectl {command}")
    page.write(f"**{prose(error.what)}**")
    left_out = page.write_section("### Diagnostics", diagnostic_lines(diagnostics_of(error)), tight=True)
    page.write_left_out(Counter(diagnostic=left_out), where=_IN_LOG)
    return page.text


def _outcome(outcome: Outcome) -> str:
    voice = f" ({code(outcome.voice_id)})" if outcome.voice_id else ""
    why = f": {prose(outcome.message)}" if outcome.message else ""
    return f"- {outcome.step.value}: {outcome.change.action.value} {code(outcome.change.key)}{voice}{why}"
