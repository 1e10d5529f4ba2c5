"""Looking at voices that are processed: seldom while others are made, at once when all are. The clock is virtual."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from typing import TypeVar, cast

import pytest
from leaping_loop import LeapingLoop

from reconciler.apply.processing import SPARING, Processing
from reconciler.errors import ApiRefusedError
from reconciler.palabra import wire
from reconciler.palabra.client import PAGE_SIZE, PalabraClient

CALL = 0.05
"""Seconds that the server takes for an answer."""
PROCESSED = 0.5
"""Seconds that it takes for a sample."""

T = TypeVar("T")


def run(work: Coroutine[None, None, T]) -> T:
    with asyncio.Runner(loop_factory=LeapingLoop) as runner:
        return runner.run(work)


def now() -> float:
    return asyncio.get_running_loop().time()


class Account:
    """The part of a client that polling uses, before an account of voices that become ready in time."""

    def __init__(self, *, complete: bool = True, lists_show_status: bool = True) -> None:
        self.ready_at: dict[str, float] = {}
        self.requests: list[tuple[str, float]] = []
        """Kind, and when it was sent."""
        self._complete = complete
        self._lists_show_status = lists_show_status

    @property
    def client(self) -> PalabraClient:
        return cast("PalabraClient", self)

    def add(self, voice_id: str) -> str:
        self.ready_at[voice_id] = now() + PROCESSED
        return voice_id

    def _voice(self, voice_id: str, *, with_status: bool = True) -> wire.Voice:
        status = {"processing_status": "ready" if now() >= self.ready_at[voice_id] else "pending"}
        named = {"name": "A", "description": "", "labels": {}} if self._complete else {}
        return wire.read_voice({"voice_id": voice_id, **(status if with_status else {}), **named})

    async def _answer(self, kind: str) -> None:
        self.requests.append((kind, now()))
        await asyncio.sleep(CALL)

    async def pages(self) -> AsyncIterator[Sequence[wire.Voice]]:
        ids = list(self.ready_at)
        for start in range(0, len(ids) or 1, PAGE_SIZE):
            await self._answer("list")
            page = ids[start : start + PAGE_SIZE]
            yield [self._voice(voice_id, with_status=self._lists_show_status) for voice_id in page]

    async def get_voice(self, voice_id: str) -> wire.Voice | None:
        await self._answer("get")
        return self._voice(voice_id) if voice_id in self.ready_at else None


async def make(account: Account, processing: Processing, count: int, *, every: float) -> tuple[float, float]:
    """Make voices, one after another; returns when the last was made, and when all had been seen to be ready."""
    processing.expect(count)
    waiting = []
    for number in range(count):
        await asyncio.sleep(every)
        waiting.append(asyncio.create_task(processing.wait(account.add(f"v{number}"))))
        processing.made()
    made = now()
    assert all(voice.status == "ready" for voice in await asyncio.gather(*waiting))
    return made, now()


@pytest.mark.parametrize("count", [1, 10, 60, 1000])
def test_all_are_seen_soon_after_the_last_was_made(count: int) -> None:
    async def work() -> None:
        account = Account()
        async with Processing(account.client, account_size=count) as processing:
            made, seen = await make(account, processing, count, every=0.0125)

        pages = count // PAGE_SIZE + 1
        # going through the list, or half a second and a request for each; and the look that was under way
        assert seen - made <= PROCESSED * 1.2 + (pages + 2) * CALL + PROCESSED

    run(work())


def test_looking_takes_little_from_those_who_make_voices() -> None:
    async def work() -> None:
        account = Account()
        async with Processing(account.client, account_size=2000) as processing:
            made, _ = await make(account, processing, 2000, every=0.0125)

        looked = [sent for kind, sent in account.requests if kind == "list" and sent < made]
        assert looked, "somebody who watches wants to see voices become ready"
        assert len(looked) * CALL <= made / SPARING * 2

    run(work())


def test_a_look_through_the_whole_list_after_the_last_was_made_is_kept() -> None:
    async def work() -> None:
        account = Account()
        async with Processing(account.client, account_size=200) as processing:
            made, _ = await make(account, processing, 200, every=0.01)

            assert processing.last_list is not None
            assert {voice.voice_id for voice in processing.last_list} == set(account.ready_at)
            assert min(sent for kind, sent in account.requests[-5:] if kind == "list") >= made
            processing.expect(1)
            assert processing.last_list is None, "a voice that is made now is not on it"

    run(work())


def test_a_list_without_descriptions_shows_no_marks_and_is_not_kept() -> None:
    async def work() -> None:
        account = Account(complete=False)
        async with Processing(account.client, account_size=200) as processing:
            await make(account, processing, 200, every=0.01)

            assert processing.last_list is None

    run(work())


def test_where_a_list_shows_no_status_each_voice_is_asked_for() -> None:
    async def work() -> None:
        account = Account(lists_show_status=False)
        async with asyncio.timeout(60), Processing(account.client, account_size=200) as processing:
            await make(account, processing, 10, every=0.01)

            assert processing.last_list is None

    run(work())


def test_one_that_vanished_is_an_error_and_the_others_are_not() -> None:
    async def work() -> None:
        account = Account()
        async with Processing(account.client, account_size=2) as processing:
            gone, there = (asyncio.create_task(processing.wait(account.add(name))) for name in ("v1", "v2"))
            await asyncio.sleep(0)
            del account.ready_at["v1"]

            assert (await there).status == "ready"
            with pytest.raises(ApiRefusedError, match="vanished"):
                await gone

    run(work())
