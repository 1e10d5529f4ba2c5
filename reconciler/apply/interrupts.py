"""Ctrl-C and SIGTERM: the first asks for a clean stop, the second ends the process at once."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Self, TypeVar

from reconciler.errors import InterruptedRunError, VoicectlError

GRACE = 5.0
"""Seconds that what is in flight gets to finish after the first signal."""
SIGNALS = (signal.SIGINT, signal.SIGTERM)

T = TypeVar("T")


class Interrupts:
    """Holds the signal handlers of a run."""

    def __init__(self, timeout: float) -> None:
        """`timeout` is how many seconds the run may take: when they are over, it ends as by a signal."""
        self.stop = asyncio.Event()
        """Set by the first signal, or when the time is over."""
        self._timeout = timeout
        self.received: signal.Signals | None = None

    def __enter__(self) -> Self:
        """Take over SIGINT and SIGTERM."""
        self._loop = loop = asyncio.get_running_loop()
        for number in SIGNALS:
            loop.add_signal_handler(number, self._handle, number)
        self._alarm = loop.call_later(self._timeout, self.stop.set)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give them back."""
        loop = asyncio.get_running_loop()
        self._alarm.cancel()
        for number in SIGNALS:
            loop.remove_signal_handler(number)

    def _handle(self, number: signal.Signals) -> None:
        if self.received is not None:
            os._exit(128 + number)  # the journal makes the next run right
        self.received = number
        self.stop.set()

    def stop_from_thread(self) -> None:
        """End the run as when its time is over: for another thread, which knows that it must not go on."""
        with contextlib.suppress(RuntimeError):  # it is over already
            self._loop.call_soon_threadsafe(self.stop.set)

    def error(self) -> VoicectlError:
        """Return the error that says so, for a signal with the shell's exit code."""
        if self.received is None:
            return VoicectlError("The run took longer than --timeout", fix="nothing was changed; run again")
        return InterruptedRunError(
            "Interrupted" if self.received is signal.SIGINT else "Terminated",
            exit_code=128 + self.received,
            fix="what was done is in state; run again to go on",
        )

    async def before_writes(self, work: Coroutine[Any, Any, T]) -> T:
        """Run work that writes nothing: a signal ends it at once, with error()."""
        task = asyncio.ensure_future(work)
        stopping = asyncio.ensure_future(self.stop.wait())
        await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not task.done():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            raise self.error()
        return task.result()

    async def during_writes(self, work: Coroutine[Any, Any, T], abort: Callable[[], None]) -> T:
        """Run work that watches `stop` itself; after the grace period `abort` cuts it short."""
        task = asyncio.ensure_future(work)
        stopping = asyncio.ensure_future(self.stop.wait())
        await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not task.done():
            await asyncio.wait({task}, timeout=GRACE)
            if not task.done():
                abort()
        return await task
