"""An event loop whose clock jumps: a minute of waiting takes no time, and nobody waiting for ever goes unnoticed."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
FOR_EVER = 1e6
"""Seconds; no test waits so long on purpose."""


class _Jumping(selectors.DefaultSelector):
    """Where a loop would sleep, moves the clock on instead."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        events = super().select(0)
        if not events:
            if timeout is None:
                raise AssertionError("everybody waits and nothing will ever wake them")
            self.now += timeout
            assert self.now < FOR_EVER, "somebody waits for days"
        return events


class _VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now


def run_virtually(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end on a clock of its own that starts at 0."""
    with asyncio.Runner(loop_factory=_VirtualLoop) as runner:
        return runner.run(work)


def virtual_now() -> float:
    """Return the seconds that have passed for the running loop."""
    return asyncio.get_running_loop().time()
