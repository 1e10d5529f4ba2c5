"""What watch may carry out by itself: never anything by which a voice is lost, and nothing that is not clean."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from reconciler.apply.clock import Clock
from reconciler.apply.desired_side import Desired
from reconciler.apply.events import Listener
from reconciler.apply.planning import Planned, PlanRequest
from reconciler.apply.run import Applied, ApplyRequest, run_apply
from reconciler.apply.workspace import Workspace
from reconciler.errors import RefusedError, Severity
from reconciler.plan.change import Action, Change, Plan
from reconciler.plan.marked import HALF_MADE
from reconciler.state.store import LoadedState
from reconciler.watch.view import Declared, Heard, View

MAY: Final = (Action.CREATE, Action.UPDATE, Action.REPLACE, Action.ADOPT, Action.MOVE, Action.RESUME)
TELLS: Final = "voicectl watch --apply"
"""What others read who find the state locked."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The part of a plan that may be carried out now."""

    changes: tuple[Change, ...]
    left: tuple[Change, ...]
    """What a person has to look at."""
    whole: bool
    """It is the whole plan, and no file is broken."""

    @property
    def counts(self) -> Mapping[Action, int]:
        """How many changes of each kind."""
        return {action: n for action in Action if (n := sum(c.action is action for c in self.changes))}


def told(changes: Sequence[Change]) -> str:
    """Return what tells the changes of a voice from others: what is done, with which recording."""
    samples = [change.desired.sample for change in changes if change.desired is not None]
    return repr([(c.action.value, c.fields) for c in changes] + [sample and sample.sha256 for sample in samples])


def select(view: View, given_up: Mapping[str, str]) -> Selection:
    """Return what of a view's plan is clean, without the changes that failed before (by key: what `told` says)."""
    if view.plan is None or view.trouble is not None:
        return Selection((), (), whole=False)
    by_key: dict[str, list[Change]] = defaultdict(list)
    for change in view.plan.changes:
        by_key[change.key].append(change)
    broken = any(row.declared in (Declared.BROKEN, Declared.SAVING) for row in view.rows.values())
    stopped = any(note.severity is Severity.ERROR and not note.rule.startswith("safety.") for note in view.problems)
    changes: list[Change] = []
    left: list[Change] = []
    waiting = 0
    for key, those in by_key.items():
        row = view.rows.get(key)
        clean = row is not None and row.declared is Declared.DECLARED and not row.broken and not stopped
        # A broken file may be the one that a voice moves to, or that adopts it.
        settled = not broken or not any(c.action in (Action.MOVE, Action.ADOPT) for c in those)
        if not (clean and settled and all(map(_may, those)) and given_up.get(key) != told(those)):
            left += those
        elif row is not None and row.heard is Heard.WAITING:
            waiting += 1
        else:
            changes += those
    return Selection(tuple(changes), tuple(left), whole=not left and not broken and not waiting)


async def carry_out(
    workspace: Workspace, selection: Selection, desired: Desired, listener: Listener, clock: Clock
) -> Applied:
    """Apply exactly the selected changes, or nothing. Raises VoicectlError as run_apply() does."""

    def read(_: Workspace, __: LoadedState) -> Desired:
        kept = tuple(note for note in desired.diagnostics if note.severity is not Severity.ERROR)
        return replace(desired, diagnostics=kept)

    def approve(planned: Planned) -> None:
        if _changes(planned.plan) != _changes_of(selection):
            raise RefusedError("The plan has become another one", fix="watch looks again")

    targets = () if selection.whole else tuple(sorted({change.key for change in selection.changes}))
    request = ApplyRequest(
        plan=PlanRequest(targets=targets), parallelism=workspace.project.parallelism, timeout=3600.0, command=TELLS
    )

    def show(_: Planned) -> None:
        """Show nothing: it is on the screen."""

    return await run_apply(workspace, request, show=show, approve=approve, listener=listener, clock=clock, read=read)


def _may(change: Change) -> bool:
    """A half-made voice is of no use to anybody, and in the way of the one that is made."""
    if change.action is Action.CLEAN:
        return change.actual is not None and change.actual.status in HALF_MADE
    return change.action in MAY


def _changes(plan: Plan) -> set[tuple[str, Action, str | None]]:
    return {(change.key, change.action, change.voice_id) for change in plan.changes}


def _changes_of(selection: Selection) -> set[tuple[str, Action, str | None]]:
    return {(change.key, change.action, change.voice_id) for change in selection.changes}
