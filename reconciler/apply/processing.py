"""Waiting for the server to process uploaded samples: all voices together, gently."""

from __future__ import annotations

import asyncio
import random
from types import TracebackType
from typing import Self

from reconciler.errors import ApiError, ApiRefusedError
from reconciler.palabra import wire
from reconciler.palabra.client import PAGE_SIZE, PalabraClient

FIRST_PAUSE = 0.5
"""Seconds before the first look."""
LONGEST_PAUSE = 5.0
"""Seconds between looks, once they have grown apart."""
GROWTH = 1.3
FINAL = ("ready", "failed")
PATIENCE = 8
"""Looks that may miss a voice before it counts as gone: an answer may lag behind a create."""


class Processing:
    """Polls for every voice that somebody waits for, with one list page for many or one GET for each of a few."""

    def __init__(self, client: PalabraClient, *, account_size: int, first_pause: float = FIRST_PAUSE) -> None:
        """`account_size`: about how many voices a list has to go through."""
        self._client = client
        self._pages = account_size // PAGE_SIZE + 1
        self._pause = first_pause
        self._waiting: dict[str, asyncio.Future[wire.Voice]] = {}
        self._missed: dict[str, int] = {}
        self._arrived = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Start polling."""
        self._task = asyncio.create_task(self._poll())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop polling."""
        assert self._task is not None
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def wait(self, voice_id: str) -> wire.Voice:
        """Return the voice once it is ready or failed. Raises ApiError."""
        future = self._waiting.setdefault(voice_id, asyncio.get_running_loop().create_future())
        self._arrived.set()
        try:
            return await asyncio.shield(future)
        finally:
            self._waiting.pop(voice_id, None)
            self._missed.pop(voice_id, None)

    async def _poll(self) -> None:
        while True:
            self._arrived.clear()
            if not self._waiting:
                await self._arrived.wait()
            await asyncio.sleep(self._pause * random.uniform(0.8, 1.2))  # noqa: S311 - spreads load, keeps no secret
            self._pause = min(LONGEST_PAUSE, self._pause * GROWTH)
            try:
                await self._look()
            except ApiError as error:
                for future in list(self._waiting.values()):
                    _settle(future, error)

    async def _look(self) -> None:
        """Ask once about everybody, by the list where that takes fewer requests than one for each."""
        wanted = set(self._waiting)
        if len(wanted) > self._pages:
            async for page in self._client.pages():
                for voice in page:
                    self._seen(voice)
                    wanted.discard(voice.voice_id)
                if not wanted:
                    return
        for voice_id in sorted(wanted):
            found = await self._client.get_voice(voice_id)
            if found is not None:
                self._seen(found)
            else:
                self._miss(voice_id)

    def _seen(self, voice: wire.Voice) -> None:
        future = self._waiting.get(voice.voice_id)
        if future is not None and voice.status in FINAL:
            _settle(future, voice)

    def _miss(self, voice_id: str) -> None:
        self._missed[voice_id] = self._missed.get(voice_id, 0) + 1
        future = self._waiting.get(voice_id)
        if future is not None and self._missed[voice_id] >= PATIENCE:
            _settle(future, ApiRefusedError("The voice vanished while it was processed", request=f"GET {voice_id}"))


def _settle(future: asyncio.Future[wire.Voice], result: wire.Voice | Exception) -> None:
    if future.done():
        return
    if isinstance(result, Exception):
        future.set_exception(result)
        future.exception()  # read it once, so that nobody waiting any more is no complaint at exit
    else:
        future.set_result(result)
