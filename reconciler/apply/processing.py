"""Waiting for the server to process uploaded samples: all voices together, gently."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
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
SPARING = 20
"""While voices are still made, looking takes no more of one request's place than one part in so many."""


class Processing:
    """Polls for every voice that somebody waits for, with one list page for many or one GET for each of a few."""

    def __init__(self, client: PalabraClient, *, account_size: int, first_pause: float = FIRST_PAUSE) -> None:
        """`account_size`: about how many voices a list has to go through."""
        self._client = client
        self._pages = account_size // PAGE_SIZE + 1
        self._first_pause = first_pause
        self._pause = first_pause
        self._looked_for = 0.0
        """Seconds that the last look took."""
        self._waiting: dict[str, asyncio.Future[wire.Voice]] = {}
        self._missed: dict[str, int] = {}
        self._arrived = asyncio.Event()
        self._expected = 0
        self._all_made = asyncio.Event()
        self._all_made.set()
        self._looked_after_all = True
        """Whether there was a look since then."""
        self._task: asyncio.Task[None] | None = None
        self.last_list: Sequence[wire.Voice] | None = None
        """Every voice of the account, where one look after all had been made went through the whole list."""

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

    def expect(self, changes: int) -> None:
        """Take note of changes that begin now, and of which each may yet wait for a voice."""
        self._expected += changes
        if self._expected:
            self._all_made.clear()
            self.last_list = None

    def made(self) -> None:
        """Take note that one of them is through, or waits; after the last one, there is nothing left to be spared."""
        self._expected -= 1
        if not self._expected:
            self._pause = self._first_pause
            self._looked_after_all = False
            self._all_made.set()

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
        clock = asyncio.get_running_loop().time
        while True:
            self._arrived.clear()
            if not self._waiting:
                await self._arrived.wait()
            await self._rest()
            begun = clock()
            try:
                await self._look()
            except ApiError as error:
                for future in list(self._waiting.values()):
                    _settle(future, error)
            self._looked_for = clock() - begun

    async def _rest(self) -> None:
        """Wait until the next look: longer while voices are made, which need the time more; not once all are."""
        spread = random.uniform(0.8, 1.2)  # noqa: S311 - spreads load, keeps no secret
        if not self._all_made.is_set():
            try:
                async with asyncio.timeout(max(self._pause, self._looked_for * SPARING) * spread):
                    await self._all_made.wait()
            except TimeoutError:
                self._pause = min(LONGEST_PAUSE, self._pause * GROWTH)
                return
        if not self._looked_after_all:
            self._looked_after_all = True
            if not self._by_list():  # going through a list takes as long as the last ones need
                await asyncio.sleep(self._first_pause * spread)
            return
        await asyncio.sleep(max(self._pause, self._looked_for) * spread)
        self._pause = min(LONGEST_PAUSE, self._pause * GROWTH)

    def _by_list(self) -> bool:
        """Whether a list takes fewer requests than one for each voice that is waited for."""
        return len(self._waiting) > self._pages

    async def _look(self) -> None:
        """Ask once about everybody."""
        wanted = set(self._waiting)
        if self._by_list():
            after_all = self._all_made.is_set()
            listed: list[wire.Voice] = []
            async for page in self._client.pages():
                for voice in page:
                    self._seen(voice)
                    if voice.status != wire.UNKNOWN:  # else it is asked for itself
                        wanted.discard(voice.voice_id)
                listed += page
                if not wanted and not after_all:
                    return
            if after_all and all(voice.complete for voice in listed):
                self.last_list = listed
        await asyncio.gather(*map(self._look_at, sorted(wanted)))

    async def _look_at(self, voice_id: str) -> None:
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
