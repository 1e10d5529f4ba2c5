"""An event loop whose time passes only while everybody sleeps, and then at once."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable
from concurrent.futures import Executor
from typing import TypeVar, TypeVarTuple, Unpack

_T = TypeVar("_T")
_Ts = TypeVarTuple("_Ts")


class LeapingLoop(asyncio.SelectorEventLoop):
    """Runs what does no real I/O: whoever waits for a moment gets it without waiting."""

    def __init__(self) -> None:
        self._seconds = 0.0
        super().__init__(_NeverWaits(self))

    def time(self) -> float:
        """Return the seconds that have passed for those who run in here."""
        return self._seconds

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._seconds += seconds

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[Unpack[_Ts]], _T], *args: *_Ts
    ) -> asyncio.Future[_T]:
        """Do at once what would be done in a thread: no time passes meanwhile."""
        del executor
        future: asyncio.Future[_T] = self.create_future()
        future.set_result(func(*args))
        return future


class _NeverWaits(selectors.DefaultSelector):
    def __init__(self, loop: LeapingLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout is None:
            raise AssertionError("everybody waits, for nothing")
        if not ready and timeout:
            self._loop.advance(timeout)
        return ready
