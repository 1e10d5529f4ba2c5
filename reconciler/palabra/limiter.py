"""One shared limit for the whole run, which learns from 429 answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

BeforeWrite = Callable[[], None]
"""Raises where a request must not be sent any more, however long it has waited for its turn."""


def nothing() -> None:
    """Let every request be sent."""


LONGEST_PAUSE = 60.0
"""Seconds that one answer can stop everybody for, whatever it asks."""


class Limiter:
    """At most `window` requests at a time; a 429 halves the window and stops everybody for as long as asked.

    Additive increase, multiplicative decrease, as TCP does it: each full window of good answers widens it by one,
    up to where it began. So many workers cannot turn one "slow down" into a storm of retries.
    """

    def __init__(self, window: int) -> None:
        self._ceiling = float(window)
        self._window = float(window)
        self._in_flight = 0
        self._resume_at = 0.0
        self._changed = asyncio.Condition()

    @property
    def window(self) -> int:
        """How many requests may be in flight now."""
        return max(1, int(self._window))

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Wait for a turn, and hold it."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._in_flight < self.window)
            self._in_flight += 1
        try:
            loop = asyncio.get_running_loop()
            while (wait := self._resume_at - loop.time()) > 0:  # noqa: ASYNC110 - the moment moves while we wait
                await asyncio.sleep(wait)
            yield
        finally:
            async with self._changed:
                self._in_flight -= 1
                self._changed.notify_all()

    def accepted(self) -> None:
        """Note a good answer."""
        self._window = min(self._ceiling, self._window + 1 / self._window)

    def throttled(self, retry_after: float | None) -> None:
        """Note a 429: `retry_after` is what the server asked for, in seconds."""
        self._window = max(1.0, self._window / 2)
        pause = 1.0 if retry_after is None else min(retry_after, LONGEST_PAUSE)
        self._resume_at = max(self._resume_at, asyncio.get_running_loop().time() + pause)
