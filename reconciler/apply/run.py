"""apply: lock, find out what a dead run left, plan, approve, carry out, save."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from reconciler.apply.clock import Clock, stamp
from reconciler.apply.desired_side import Desired
from reconciler.apply.events import Listener, Outcome, Step
from reconciler.apply.execute import Executor
from reconciler.apply.interrupts import Interrupts
from reconciler.apply.lost_creates import find_lost, record_of_lost
from reconciler.apply.making import RunContext
from reconciler.apply.planning import Planned, PlanRequest, plan_from_account, read_sides
from reconciler.apply.processing import Processing
from reconciler.apply.session import Session, open_session
from reconciler.apply.steps import Steps
from reconciler.apply.workspace import Workspace
from reconciler.errors import RefusedError, RepositoryError, VoicectlError
from reconciler.plan.marked import known_ids
from reconciler.plan.sides import Actual
from reconciler.state.document import VoiceRecord
from reconciler.state.lock import Lock, current_holder
from reconciler.state.store import Ledger

PARTIAL = 3
"""The exit code of an apply that finished in part."""


@dataclass(frozen=True, slots=True)
class ApplyRequest:
    """What a person asked for."""

    plan: PlanRequest
    parallelism: int
    wait: bool = True
    timeout: float = 1800.0
    """Seconds that the whole run may take."""
    command: str = "voicectl apply"
    """For the lock, so that others know who holds it."""


@dataclass(frozen=True, slots=True)
class Applied:
    """How an apply ended."""

    planned: Planned
    outcomes: tuple[Outcome, ...]
    interrupted: VoicectlError | None
    """Set when a signal ended the run, cleanly."""
    waited: bool = True
    """Whether the processing was waited for."""

    serial: int = 0
    """Of the state document, after the run."""

    @property
    def exit_code(self) -> int:
        """0, or 3 for a run that finished in part; a signal's code is in `interrupted`."""
        if self.interrupted is not None:
            return self.interrupted.exit_code
        return 0 if self.complete else PARTIAL

    @property
    def complete(self) -> bool:
        """Whether everything was done that was asked for; with `wait: no`, uploaded is enough."""
        good = (Step.DONE,) if self.waited else (Step.DONE, Step.PENDING)
        return self.interrupted is None and all(o.step in good for o in self.outcomes)


Approve = Callable[[Planned], None]
"""Raises RefusedError when nobody says yes, or when the plan is not the one that was approved."""


async def run_apply(
    workspace: Workspace,
    request: ApplyRequest,
    *,
    show: Callable[[Planned], None],
    approve: Approve,
    listener: Listener,
    clock: Clock,
) -> Applied:
    """Bring the account to where the files say. Raises VoicectlError before the first write, never after it."""
    holder = current_holder(since=stamp(clock()), command=request.command)
    with Interrupts(request.timeout) as interrupts, Lock(workspace.store.lock_path, holder):
        ledger = Ledger(workspace.store, workspace.store.load())
        desired = read_sides(workspace, ledger.loaded)
        async with open_session(workspace, request.parallelism) as session:
            ledger.open()
            run = _Run(workspace, request, ledger, session, interrupts, clock)
            try:
                planned = await interrupts.before_writes(run.plan(desired))
                show(planned)
                refuse(planned)
                approve(planned)
                applied = await run.carry_out(planned, listener)
            finally:
                document = ledger.close()
    return replace(applied, serial=document.serial)


@dataclass(frozen=True, slots=True)
class _Run:
    workspace: Workspace
    request: ApplyRequest
    ledger: Ledger
    session: Session
    interrupts: Interrupts
    clock: Clock

    async def plan(self, desired: Desired) -> Planned:
        """Find out what a dead run left behind, then plan."""
        ledger = self.ledger
        if ledger.unknown:
            intents, now = tuple(ledger.unknown.values()), self.clock().timestamp()
            left = max(intent.at for intent in intents) + self.session.settle - now
            found = await find_lost(self.session.client, intents, known_ids(ledger.voices), seconds=left)
            for number, intent in ledger.unknown.items():
                voices = found[intent]
                record = record_of_lost(intent, voices[0], ledger.voices.get(intent.key)) if voices else None
                ledger.conclude(number, {intent.key: record} if record else {})
        return await plan_from_account(
            self.workspace, self.request.plan, self.clock, ledger.loaded, desired, self.session
        )

    async def carry_out(self, planned: Planned, listener: Listener) -> Applied:
        """Do it, and say how it ended."""
        ledger, plan = self.ledger, planned.plan
        if plan.changes or ledger.voices:
            ledger.account = planned.account
        ledger.voices |= plan.refreshed
        ledger.voices |= _without_dead(ledger.voices, planned.actual)
        if plan.empty:
            return Applied(planned, (), None)
        context = RunContext(
            session=self.session,
            ledger=ledger,
            uploads=planned.uploads,
            scope=self.workspace.scope,
            ownership_mark=self.workspace.project.ownership_mark,
            state_filename=self.workspace.store.path.name,
            clock=self.clock,
            stop=self.interrupts.stop,
            listener=listener,
            suspects=set(),
            made=set(),
            account_size=len(planned.actual.voices),
        )
        account_size = context.account_size + sum(change.uploads for change in plan.changes)
        async with Processing(self.session.client, account_size=account_size) as processing:
            steps = Steps(context, processing, wait=self.request.wait)
            executor = Executor(steps, listener, parallelism=self.request.parallelism)
            outcomes = await self.interrupts.during_writes(executor.run(plan), executor.abort)
        interrupted = self.interrupts.error() if self.interrupts.received else None
        return Applied(planned, outcomes, interrupted, self.request.wait)


def _without_dead(records: Mapping[str, VoiceRecord], actual: Actual) -> dict[str, VoiceRecord]:
    """Return the records that still list replaced voices which are gone from the server, without those."""
    living = {key: tuple(old for old in r.retired if old.voice_id in actual.voices) for key, r in records.items()}
    return {key: replace(r, retired=living[key]) for key, r in records.items() if living[key] != r.retired}


def refuse(planned: Planned) -> None:
    """Raise RefusedError for a plan that must not be carried out, RepositoryError for one with errors of the files."""
    broken = tuple(d for d in planned.errors if d not in planned.bad_samples)
    refusing = (*planned.refused, *planned.bad_samples)
    if broken:
        raise RepositoryError(broken)
    if refusing:
        raise RefusedError("Apply refuses this plan", why="; ".join(d.summary for d in refusing))
