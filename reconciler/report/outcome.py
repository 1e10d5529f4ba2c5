"""How an apply ended, for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from reconciler.apply.events import Outcome, Step
from reconciler.plan.change import Action
from reconciler.report.paint import Paint, printable

DONE = {
    Action.CREATE: "created",
    Action.UPDATE: "updated",
    Action.REPLACE: "replaced",
    Action.DELETE: "deleted",
    Action.ADOPT: "adopted",
    Action.MOVE: "moved",
    Action.RESUME: "resumed",
    Action.FORGET: "forgotten",
    Action.CLEAN: "cleaned up",
}


def render_outcomes(outcomes: Sequence[Outcome], *, paint: Paint, waited: bool = True) -> str:
    """Return what was done and what was not, with reasons. Who did not wait is content with what is pending."""
    lines = [_line(outcome, paint) for outcome in outcomes if outcome.step is not Step.DONE or outcome.message]
    done = Counter(o.change.action for o in outcomes if o.step is Step.DONE)
    left = Counter(o.step for o in outcomes if o.step is not Step.DONE)
    parts = [f"{done[action]} {word}" for action, word in DONE.items() if done[action]]
    parts += [f"{left[step]} {step.value}" for step in (Step.PENDING, Step.FAILED, Step.SKIPPED) if left[step]]
    undone = left[Step.FAILED] + left[Step.SKIPPED] + (left[Step.PENDING] if waited else 0)
    head = "Apply finished in part" if undone else "Apply complete"
    lines.append(paint(f"{head}: {', '.join(parts) or 'nothing to do'}.", "bold"))
    return "\n".join(lines) + "\n"


def _line(outcome: Outcome, paint: Paint) -> str:
    colour = {Step.DONE: "yellow", Step.PENDING: "yellow", Step.SKIPPED: "yellow"}.get(outcome.step, "red")
    word = "warning" if outcome.step is Step.DONE else outcome.step.value
    voice = f" ({printable(outcome.voice_id)})" if outcome.voice_id else ""
    what = f"{outcome.change.action.value} {printable(outcome.change.key)}{voice}"
    return f"{paint(word, colour, 'bold')}: {what}: {printable(outcome.message)}"
