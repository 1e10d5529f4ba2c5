"""Executor: carries a plan out, many voices side by side, each change on its own.

Half-made voices are cleaned first (they hold slots of the quota), deletes come last (a voice that works stays).
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import assert_never

from reconciler.apply.events import Event, Listener, Outcome, Step
from reconciler.apply.making import StillPending, Stopped
from reconciler.apply.processing import Processing
from reconciler.apply.steps import Steps
from reconciler.errors import AccountError, ApiError, VoicectlError
from reconciler.plan.change import Action, Change, Plan

AHEAD = 4
"""One more for so many voices is worked on at once, so that a request is ready whenever another one's turn ends.

How many requests are on their way at once is up to the limiter of the session; with one at a time, so are voices.
"""


class Executor:
    """One run of one plan."""

    def __init__(self, steps: Steps, processing: Processing, listener: Listener, *, parallelism: int) -> None:
        self._steps = steps
        self._processing = processing
        self._listener = listener
        self._slots = asyncio.Semaphore(parallelism + parallelism // AHEAD)
        self._tasks: list[asyncio.Task[Outcome]] = []

    async def run(self, plan: Plan, *, one_first: bool = False) -> tuple[Outcome, ...]:
        """Carry out every change; one that fails does not stop the others.

        With `one_first`, a single voice is reserved before the others, to see whose account this is. Raises
        AccountError.
        """
        first = [c for c in plan.changes if c.action is Action.CLEAN]
        last = [c for c in plan.changes if c.action is Action.DELETE]
        rest = [c for c in plan.changes if c.action not in (Action.CLEAN, Action.DELETE)]
        outcomes = [
            *await self._phase(first),
            *await self._phase(rest, one_first=one_first),
            *await self._phase(last),
        ]
        with contextlib.suppress(ApiError):  # only a last look: whatever it misses, the next plan finds by its mark
            await self._steps.sweep()
        return tuple(outcomes)

    def abort(self) -> None:
        """Give up on what is in flight. Its outcome is unknown, and the journal says so."""
        for task in self._tasks:
            task.cancel()

    async def _phase(self, changes: Sequence[Change], *, one_first: bool = False) -> list[Outcome]:
        self._processing.expect(len(changes))
        scout = next((change for change in changes if change.uploads), None) if one_first else None
        self._tasks = []
        if scout is not None:
            self._tasks.append(asyncio.create_task(self._one(scout)))
            await self._see_the_account(self._tasks[0])
        self._tasks += [asyncio.create_task(self._one(change)) for change in changes if change is not scout]
        ended = await asyncio.gather(*self._tasks, return_exceptions=True)  # each comes to its own end first
        return [_result(outcome) for outcome in ended]

    async def _see_the_account(self, scout: asyncio.Task[Outcome]) -> None:
        """Return once the first voice is reserved, or has come to nothing. Raises AccountError."""
        seen = asyncio.create_task(self._steps.account_seen.wait())
        await asyncio.wait({scout, seen}, return_when=asyncio.FIRST_COMPLETED)
        seen.cancel()
        if scout.done():
            scout.result()

    async def _one(self, change: Change) -> Outcome:
        begun = time.monotonic()

        def ended(step: Step, message: str = "", **facts: object) -> Outcome:
            voice_id = facts.get("voice_id", change.voice_id)
            problems = facts.get("problems", ())
            self._listener(Event(change, step, voice_id, message=message))  # type: ignore[arg-type]
            return Outcome(change, step, voice_id, message, problems, time.monotonic() - begun)  # type: ignore[arg-type]

        try:
            voice_id, warning = await self._carry_out(change)
        except Stopped:
            return ended(Step.SKIPPED, "the run was stopped")
        except StillPending as pending:
            return ended(Step.PENDING, pending.why, voice_id=pending.voice_id)
        except asyncio.CancelledError:
            return ended(Step.FAILED, "interrupted; the next apply finds out what became of it")
        except AccountError:
            self._steps.stop()  # it is true of all of them
            raise
        except VoicectlError as error:
            where = f" [{error.where}]" if error.where else ""
            why = f": {error.why}" if error.why else ""
            return ended(Step.FAILED, f"{error.what}{why}{where}", problems=getattr(error, "problems", ()))
        return ended(Step.DONE, warning, voice_id=voice_id)

    async def _carry_out(self, change: Change) -> tuple[str | None, str]:
        """Return the voice id that the key has afterwards, and a warning."""
        await self._slots.acquire()
        held = _Slot(self._slots, self._processing)
        try:
            self._steps.check_stop()
            self._listener(Event(change, Step.STARTED, change.voice_id))
            return await self._visit(change, held)
        finally:
            held.release()

    async def _visit(self, change: Change, held: _Slot) -> tuple[str | None, str]:
        visit: Callable[[Change, Callable[[], None]], Awaitable[tuple[str | None, str]]]
        match change.action:
            case Action.CREATE:
                visit = self._steps.create
            case Action.UPDATE | Action.MOVE:
                visit = self._steps.update
            case Action.REPLACE:
                visit = self._steps.replace
            case Action.DELETE:
                visit = self._steps.delete
            case Action.ADOPT:
                visit = self._steps.adopt
            case Action.RESUME:
                visit = self._steps.resume
            case Action.FORGET:
                visit = self._steps.forget
            case Action.CLEAN:
                visit = self._steps.clean
            case Action.UNCHANGED:
                raise AssertionError("an unchanged voice is not a change")
            case _:
                assert_never(change.action)
        return await visit(change, held.release)


def _result(ended: Outcome | BaseException) -> Outcome:
    if isinstance(ended, BaseException):
        raise ended
    return ended


class _Slot:
    """A place among the voices that are worked on; given back early while the server processes."""

    def __init__(self, slots: asyncio.Semaphore, processing: Processing) -> None:
        self._slots: asyncio.Semaphore | None = slots
        self._processing = processing

    def release(self) -> None:
        if self._slots is not None:
            self._slots.release()
            self._slots = None
            self._processing.made()
