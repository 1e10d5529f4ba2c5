"""One fsync for all who wait for one: side by side, two hundred intents cost the disk what ten cost."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from reconciler.errors import StateError


class GroupCommit:
    """Belongs to one event loop, and to one file that is only ever appended to."""

    def __init__(self, sync: Callable[[], None]) -> None:
        """`sync` returns once everything written before it was called is on disk; it is run in a thread."""
        self._sync = sync
        self._turn = asyncio.Lock()
        self._asked = 0
        self._kept = 0
        self._behind: asyncio.Task[None] | None = None
        self._more = False

    def soon(self) -> None:
        """Have what was written brought to disk while the caller goes on. A disk that fails tells the next commit."""
        loop = asyncio.get_running_loop()
        self._more = True
        if self._behind is None or self._behind.done():
            self._behind = loop.create_task(self._quietly())

    async def _quietly(self) -> None:
        with contextlib.suppress(StateError):
            while self._more:
                self._more = False
                await self.commit()

    async def commit(self) -> None:
        """Return once everything written before this call is on disk. Raises what `sync` raises."""
        self._asked += 1
        mine = self._asked
        async with self._turn:
            if self._kept < mine:
                covered = self._asked
                await asyncio.to_thread(self._sync)
                self._kept = covered
