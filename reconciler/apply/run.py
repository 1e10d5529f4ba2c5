"""apply: lock, find out what a dead run left, plan, approve, carry out, save."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace

from reconciler.apply.clock import Clock, stamp
from reconciler.apply.desired_side import Desired
from reconciler.apply.events import Event, Listener, Outcome, Step
from reconciler.apply.execute import Executor
from reconciler.apply.interrupts import Interrupts
from reconciler.apply.lost_creates import find_lost, left_to_settle, record_of_lost
from reconciler.apply.making import RunContext
from reconciler.apply.planning import Planned, PlanRequest, plan_from_account, read_sides
from reconciler.apply.processing import Processing
from reconciler.apply.sample_checks import OnChecked
from reconciler.apply.session import Session, open_session
from reconciler.apply.steps import Steps
from reconciler.apply.workspace import Workspace
from reconciler.errors import Diagnostic, LockedError, RefusedError, RepositoryError, VoicectlError
from reconciler.plan.change import Plan
from reconciler.plan.marked import known_ids
from reconciler.plan.sides import Actual
from reconciler.state.document import VoiceRecord
from reconciler.state.ledger import Ledger
from reconciler.state.lock import Holder, current_holder
from reconciler.state.store import Hold, LoadedState

PARTIAL = 3
"""The exit code of an apply that finished in part."""
LOCK_PAUSE = 0.5
"""Seconds, at most, between looks at a lock that is waited for."""


@dataclass(frozen=True, slots=True)
class ApplyRequest:
    """What a person asked for."""

    plan: PlanRequest
    parallelism: int
    wait: bool = True
    keep_going: bool = False
    """Whether the other changes are carried out when a sample must not be uploaded."""
    timeout: float = 1800.0
    """Seconds that the whole run may take."""
    lock_timeout: float = 0.0
    """Seconds for which a lock is waited for that somebody else has."""
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
ReadSides = Callable[[Workspace, LoadedState], Desired]
"""Returns what the files say. `watch` has them in memory, and goes on without those that are broken."""


async def run_apply(
    workspace: Workspace,
    request: ApplyRequest,
    *,
    show: Callable[[Planned], None],
    approve: Approve,
    listener: Listener,
    clock: Clock,
    on_checked: OnChecked | None = None,
    read: ReadSides = read_sides,
) -> Applied:
    """Bring the account to where the files say. Raises VoicectlError before the first write, never after it."""
    holder = current_holder(since=stamp(clock()), command=request.command)
    with Interrupts(request.timeout) as interrupts, ExitStack() as stack:
        # What asks a store may take a minute when that is restarted, and a signal must be heard meanwhile.
        hold = await asyncio.to_thread(stack.enter_context, _hold(workspace, request, holder, interrupts))
        hold.lease.on_lost(interrupts.stop_from_thread)
        ledger = Ledger(hold, await asyncio.to_thread(hold.load))
        desired = read(workspace, ledger.loaded)
        async with open_session(workspace, request.parallelism, hold.lease.check) as session:
            await asyncio.to_thread(ledger.open)
            run = _Run(workspace, request, ledger, session, interrupts, clock)
            try:
                planned = await interrupts.before_writes(run.plan(desired, on_checked))
                show(planned)
                refuse(planned, keep_going=request.keep_going)
                approve(planned)
                applied = await run.carry_out(planned, listener)
            finally:
                document = await asyncio.to_thread(ledger.close)
    return replace(applied, serial=document.serial)


def _hold(
    workspace: Workspace, request: ApplyRequest, holder: Holder, interrupts: Interrupts
) -> AbstractContextManager[Hold]:
    """Return the right to change the voices of a run, which is waited for as long as was asked for."""
    end = time.monotonic() + request.lock_timeout

    def wait(error: LockedError) -> None:
        if interrupts.stop.is_set():
            raise interrupts.error()
        if time.monotonic() >= end:
            raise error
        time.sleep(random.uniform(0.5, 1) * LOCK_PAUSE)  # noqa: S311 - spreads load, keeps no secret

    return workspace.store.hold(holder, request.plan.targets, wait=wait)


@dataclass(frozen=True, slots=True)
class _Run:
    workspace: Workspace
    request: ApplyRequest
    ledger: Ledger
    session: Session
    interrupts: Interrupts
    clock: Clock

    async def plan(self, desired: Desired, on_checked: OnChecked | None) -> Planned:
        """Find out what a dead run left behind, then plan."""
        ledger = self.ledger
        if ledger.unknown:
            intents = tuple(ledger.unknown.values())
            left = left_to_settle(intents, settle=self.session.settle, now=self.clock().timestamp())
            found = await find_lost(self.session.client, intents, known_ids(ledger.voices), seconds=left)
            for number, intent in ledger.unknown.items():
                voices = found[intent]
                record = record_of_lost(intent, voices[0], ledger.voices.get(intent.key)) if voices else None
                ledger.conclude(number, {intent.key: record} if record else {})
        return await plan_from_account(
            self.workspace, self.request.plan, self.clock, ledger.loaded, desired, self.session, on_checked
        )

    async def carry_out(self, planned: Planned, listener: Listener) -> Applied:
        """Do it, and say how it ended."""
        ledger = self.ledger
        plan, withheld = _without_bad_samples(planned) if self.request.keep_going else (planned.plan, ())
        for outcome in withheld:
            listener(Event(outcome.change, outcome.step, outcome.voice_id, message=outcome.message))
        if plan.changes or ledger.voices:
            ledger.account = planned.account
        unseen = ledger.account is not None and not planned.actual.voices  # it may be another account, which is empty
        if not unseen:
            ledger.voices |= plan.refreshed
            covered = ledger.covered
            ours = {key: record for key, record in ledger.voices.items() if key in covered}
            ledger.voices |= _without_dead(ours, planned.actual)
        if plan.empty:
            self._keep(plan)
            return Applied(planned, withheld, None)
        touched = {key for change in plan.changes for key in (change.key, change.previous_key) if key}
        await asyncio.to_thread(ledger.extend, touched)  # a voice that moves has a key beside the one that was named
        context = RunContext(
            session=self.session,
            ledger=ledger,
            uploads=planned.uploads,
            scope=self.workspace.scope,
            ownership_mark=self.workspace.project.ownership_mark,
            state_filename=self.workspace.store.name,
            clock=self.clock,
            stop=self.interrupts.stop,
            listener=listener,
            suspects=set(),
            made=set(),
            removed=set(),
            spared=frozenset(old.voice_id for kept in plan.kept.values() for old in kept),
            before=frozenset(planned.actual.voices),
            account_seen=asyncio.Event(),
        )
        account_size = len(context.before) + sum(change.uploads for change in plan.changes)
        async with Processing(self.session.client, account_size=account_size) as processing:
            steps = Steps(context, processing, wait=self.request.wait)
            executor = Executor(steps, processing, listener, parallelism=self.request.parallelism)
            outcomes = await self.interrupts.during_writes(executor.run(plan, one_first=unseen), executor.abort)
        self._keep(plan)
        interrupted = self.interrupts.error() if self.interrupts.received else None
        return Applied(planned, (*outcomes, *withheld), interrupted, self.request.wait)

    def _keep(self, plan: Plan) -> None:
        """Write down replaced voices that state had lost, beside the voice that their key has by now."""
        voices = self.ledger.voices
        for key, kept in plan.kept.items():
            record = voices.get(key)
            if record is not None and record.voice_id is not None:
                lost = tuple(old for old in kept if old.voice_id not in record.voice_ids)
                voices[key] = replace(record, retired=(*record.retired, *lost))


def _without_dead(records: Mapping[str, VoiceRecord], actual: Actual) -> dict[str, VoiceRecord]:
    """Return the records that still list replaced voices which are gone from the server, without those."""
    living = {key: tuple(old for old in r.retired if old.voice_id in actual.voices) for key, r in records.items()}
    return {key: replace(r, retired=living[key]) for key, r in records.items() if living[key] != r.retired}


def _without_bad_samples(planned: Planned) -> tuple[Plan, tuple[Outcome, ...]]:
    """Return the plan without what would upload a sample with an error, and that as outcomes."""
    errors = {d.key: d for d in reversed(planned.bad_samples)}
    withheld = [change for change in planned.plan.changes if change.uploads and change.key in errors]
    changes = tuple(change for change in planned.plan.changes if change not in withheld)
    outcomes = tuple(
        Outcome(change, Step.SKIPPED, change.voice_id, f"{errors[change.key].summary} [{errors[change.key].rule}]")
        for change in withheld
    )
    return replace(planned.plan, changes=changes), outcomes


def refuse(planned: Planned, *, keep_going: bool = False) -> None:
    """Raise RefusedError for a plan that must not be carried out, RepositoryError for one with errors of the files.

    With `keep_going`, bad samples are no reason to refuse the rest.
    """
    if planned.errors:
        raise RepositoryError(planned.errors)
    refusing = planned.refused if keep_going else (*planned.refused, *planned.bad_samples)
    if refusing:
        why = "; ".join(f"{_place(d)}{d.summary}" for d in refusing)
        ways = [] if keep_going or not planned.bad_samples else _ways_out(planned)
        raise RefusedError("Apply refuses this plan", why=why, fix="; ".join(ways))


def _place(diagnostic: Diagnostic) -> str:
    said = [str(place) for place in (diagnostic.range, diagnostic.key) if place]
    return "".join(f"{place}: " for place in said)


def _ways_out(planned: Planned) -> list[str]:
    """Return what can be done about bad samples; one that cannot be sent at all is not helped by a word."""
    rules = sorted({d.rule for d in planned.bad_samples if d.key in planned.uploads})
    allow = (
        [f"or upload them as they are with {' '.join(f'--allow-finding {rule}' for rule in rules)}"] if rules else []
    )
    return ["mend the samples", "or apply the rest with --keep-going", *allow]
