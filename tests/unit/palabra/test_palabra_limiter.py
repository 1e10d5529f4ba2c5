"""One limit for the whole run: never more in flight than the window, and no storm against a busy server."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field

import httpx
import pytest
from fake_api import FakeApi, ok, problem, scripted, voice
from hypothesis import given
from hypothesis import strategies as st
from virtual_time import run_virtually, virtual_now

from reconciler.palabra.limiter import Limiter

WORKERS = 64


@dataclass
class Busy:
    """Allows some requests in each second and answers 429 to the rest."""

    per_second: int
    retry_after: str | None
    latency: float = 0.05
    served: deque[float] = field(default_factory=deque)
    limiter: Limiter = field(default_factory=lambda: Limiter(WORKERS))

    async def __call__(self, _: httpx.Request) -> httpx.Response:
        now = virtual_now()
        while self.served and self.served[0] <= now - 1:
            self.served.popleft()
        allowed = len(self.served) < self.per_second
        if allowed:
            self.served.append(now)
        await asyncio.sleep(self.latency)
        if allowed:
            return ok(voice())
        return problem(429, **({"Retry_After": self.retry_after} if self.retry_after else {}))


@pytest.mark.parametrize(("retry_after", "storm"), [("1", 2), (None, 2), ("0", 6)])  # who says 0 is asked more often
@pytest.mark.parametrize("rounds", [1, 4])
def test_64_workers_at_a_server_that_takes_five_a_second_all_succeed_without_a_storm(
    retry_after: str | None, storm: int, rounds: int
) -> None:
    server = Busy(5, retry_after)
    api = FakeApi(server)

    async def work() -> int:
        client = api.client(limiter=server.limiter)

        async def one(number: int) -> None:
            for round_ in range(rounds):
                assert await client.get_voice(f"v{number}-{round_}") is not None

        await asyncio.gather(*(one(number) for number in range(WORKERS)))
        return len(api.calls)

    wanted = WORKERS * rounds
    assert run_virtually(work()) <= storm * wanted + WORKERS


@given(st.integers(1, 20), st.lists(st.sampled_from(["accepted", "throttled"]), max_size=200))
def test_the_window_grows_by_addition_shrinks_by_halves_and_stays_within_its_bounds(
    width: int, answers: list[str]
) -> None:
    async def replay() -> None:
        limiter = Limiter(width)
        for answer in answers:
            before = limiter.window
            if answer == "accepted":
                limiter.accepted()
                assert before <= limiter.window <= before + 1
            else:
                limiter.throttled(0)
                assert limiter.window == max(1, before // 2)
            assert 1 <= limiter.window <= width

    run_virtually(replay())


@given(st.integers(2, 40))
def test_after_a_halving_a_window_of_good_answers_widens_it_by_about_one(width: int) -> None:
    async def replay() -> None:
        limiter = Limiter(width)
        limiter.throttled(0)
        halved = limiter.window
        for _ in range(halved + 1):
            limiter.accepted()
        assert limiter.window in (halved, halved + 1)
        for _ in range(width * width):
            limiter.accepted()
        assert limiter.window == width

    run_virtually(replay())


Jobs = st.lists(
    st.tuples(
        st.floats(0, 3, allow_nan=False),  # begins
        st.floats(0, 2, allow_nan=False),  # takes
        st.sampled_from(["accepted", "throttled", "failed"]),
        st.none() | st.floats(0, 5, allow_nan=False),  # is cancelled
    ),
    max_size=30,
)


@given(st.integers(1, 5), Jobs)
def test_never_more_in_flight_than_the_window_and_no_slot_is_ever_lost(
    width: int, jobs: list[tuple[float, float, str, float | None]]
) -> None:
    async def run() -> None:
        limiter = Limiter(width)
        inside = 0

        async def job(begins: float, takes: float, ends: str, cancelled: float | None) -> None:
            nonlocal inside
            await asyncio.sleep(begins)
            async with limiter.slot():
                inside += 1
                assert inside <= width
                try:
                    await asyncio.sleep(takes)
                finally:
                    inside -= 1
                if ends == "accepted":
                    limiter.accepted()
                if ends == "throttled":
                    limiter.throttled(0.5)
                if ends == "failed":
                    raise ConnectionError

        tasks = [asyncio.create_task(job(*parameters)) for parameters in jobs]
        for task, (*_, cancelled) in zip(tasks, jobs, strict=True):
            if cancelled is not None:
                asyncio.get_running_loop().call_later(cancelled, task.cancel)
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert not [result for result in results if isinstance(result, AssertionError)]
        await all_slots_are_free(limiter, width)

    run_virtually(run())


async def all_slots_are_free(limiter: Limiter, width: int) -> None:
    """Hold every slot at once; a lost one would make this wait for ever, which the virtual loop notices."""
    for _ in range(width * width + 1):
        limiter.accepted()
    gate = asyncio.Barrier(width)

    async def hold() -> None:
        async with limiter.slot():
            await gate.wait()

    await asyncio.gather(*(hold() for _ in range(width)))


def test_a_request_cancelled_in_the_moment_that_it_ends_gives_its_slot_back() -> None:
    """Many wake up when a slot is free; one that is cancelled in their midst must not keep it."""

    async def run() -> None:
        limiter = Limiter(1)
        go = asyncio.Event()

        async def job() -> None:
            async with limiter.slot():
                await go.wait()

        for cancelled_at in range(8):
            go.clear()
            tasks = [asyncio.create_task(job()) for _ in range(6)]
            await asyncio.sleep(1)
            go.set()
            for _ in range(cancelled_at):
                await asyncio.sleep(0)
            for task in tasks[:3]:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await all_slots_are_free(limiter, 1)

    run_virtually(run())


def test_a_narrowed_window_lets_less_through() -> None:
    async def run() -> int:
        limiter = Limiter(8)
        limiter.throttled(0)
        limiter.throttled(0)
        inside = most = 0

        async def job() -> None:
            nonlocal inside, most
            async with limiter.slot():
                inside += 1
                most = max(most, inside)
                await asyncio.sleep(1)
                inside -= 1

        await asyncio.gather(*(job() for _ in range(10)))
        return most

    assert run_virtually(run()) == 2


def test_a_pause_that_grows_while_it_is_waited_for_is_waited_for_to_its_end() -> None:
    async def run() -> float:
        limiter = Limiter(4)
        limiter.throttled(2)
        asyncio.get_running_loop().call_later(1, limiter.throttled, 5)
        async with limiter.slot():
            return virtual_now()

    assert run_virtually(run()) == pytest.approx(6)


def test_good_answers_widen_the_window_of_a_client_again() -> None:
    limiter = Limiter(8)

    async def run() -> list[int]:
        client = scripted([problem(429), ok(voice())]).client(limiter=limiter)
        widths = []
        for _ in range(40):
            await client.get_voice("v1")
            widths.append(limiter.window)
        return widths

    widths = run_virtually(run())
    assert (widths[0], widths[-1]) == (4, 8)


def test_nobody_starts_during_the_pause_that_the_server_asked_for() -> None:
    async def run() -> list[float]:
        limiter = Limiter(4)
        limiter.throttled(3)
        limiter.throttled(1)  # an earlier end does not shorten the longer pause
        starts = []

        async def job() -> None:
            async with limiter.slot():
                starts.append(virtual_now())

        await asyncio.gather(*(job() for _ in range(4)))
        return starts

    assert run_virtually(run()) == [pytest.approx(3)] * 4
