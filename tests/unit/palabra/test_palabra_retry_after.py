"""A server that says when to come back is obeyed, within reason. All waiting is on a virtual clock."""

from __future__ import annotations

import asyncio
import time
from email.utils import formatdate
from itertools import pairwise

import httpx
import pytest
from fake_api import FakeApi, ok, problem, scripted, swallow, voice
from hypothesis import given
from hypothesis import strategies as st
from virtual_time import run_virtually, virtual_now

from reconciler.palabra.client import PalabraClient
from reconciler.palabra.retry import LONGEST_WAIT, read_retry_after


def seconds_until_done(api: FakeApi) -> float:
    async def timed() -> float:
        assert await swallow(api.client().get_voice("v1")) is None
        return virtual_now()

    return run_virtually(timed())


@pytest.mark.parametrize("status", [429, 503])
def test_seconds_are_waited_for(status: int) -> None:
    assert seconds_until_done(scripted([problem(status, Retry_After="17"), ok(voice())])) == pytest.approx(17)


@pytest.mark.parametrize("status", [429, 503])
def test_a_date_is_waited_for(status: int) -> None:
    moment = formatdate(time.time() + 40, usegmt=True)
    waited = seconds_until_done(scripted([problem(status, Retry_After=moment), ok(voice())]))
    assert 30 < waited <= 40


@pytest.mark.parametrize("hours", [-5, 5])
def test_a_date_is_one_of_the_servers_clock(hours: float) -> None:
    """Our own clock may be hours away, and neither a refusal nor a storm of tries must come of that."""
    there = time.time() + hours * 3600
    answer = problem(429, Retry_After=formatdate(there + 20, usegmt=True), Date=formatdate(there, usegmt=True))

    assert seconds_until_done(scripted([answer, ok(voice())])) == pytest.approx(20)


@pytest.mark.parametrize("asked", [None, "0", "-7", "Thu, 01 Jan 2015 00:00:00 GMT"])
def test_without_a_word_or_with_none_that_counts_waits_grow(asked: str | None) -> None:
    """A server that says "0" again and again is no reason to send all tries within a second."""
    moments: list[float] = []

    def handler(_: httpx.Request) -> httpx.Response:
        moments.append(virtual_now())
        return problem(500, **({"Retry_After": asked} if asked else {}))

    run_virtually(swallow(FakeApi(handler).client().get_voice("v1")))

    first, *_, last = (later - earlier for earlier, later in pairwise(moments))
    assert 0.3 <= first <= 0.8
    assert last > 2 * first


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_asks_for_too_much_is_not_waited_for(status: int) -> None:
    api = scripted([problem(status, Retry_After=str(LONGEST_WAIT + 1)), ok(voice())])
    error = run_virtually(swallow(api.client().get_voice("v1")))

    assert error is not None
    assert error.retry_after == LONGEST_WAIT + 1
    assert len(api.calls) == 1


@pytest.mark.parametrize("asked", ["86400", "1e300", "inf"])
def test_nor_do_the_other_requests_of_the_run_wait_so_long(asked: str) -> None:
    api = scripted([problem(429, Retry_After=asked), ok(voice())])

    async def one_after_the_other() -> float:
        client = api.client()
        await swallow(client.get_voice("v1"))
        assert await swallow(client.get_voice("v2")) is None
        return virtual_now()

    assert run_virtually(one_after_the_other()) <= LONGEST_WAIT


def test_a_429_holds_back_the_other_requests_too() -> None:
    moments: list[float] = []

    def handler(_: httpx.Request) -> httpx.Response:
        moments.append(virtual_now())
        return problem(429, Retry_After="20") if len(moments) == 1 else ok(voice())

    async def two() -> None:
        client = FakeApi(handler).client()

        async def later(client: PalabraClient) -> None:
            await asyncio.sleep(3)
            await client.get_voice("v2")

        await asyncio.gather(client.get_voice("v1"), later(client))

    run_virtually(two())
    assert moments == [0, pytest.approx(20), pytest.approx(20)]


@given(
    st.text(max_size=40)
    | st.floats().map(str)
    | st.from_regex(r"\A[A-Z][a-z]{2}, \d+ [A-Z][a-z]{2} \d+ [\d:]+ [-+A-Z\d]+\Z")
)
def test_any_header_is_seconds_or_nothing(header: str) -> None:
    seconds = read_retry_after(header)
    assert seconds is None or seconds >= 0


@pytest.mark.parametrize("zone", ["GMT", "+0000", "-0000", ""])
def test_a_date_without_a_zone_is_in_utc(zone: str, tokyo: None) -> None:
    """RFC 9110, 5.6.7: all dates are in UTC, and the old asctime form names no zone."""
    stamp = time.strftime("%a, %d %b %Y %H:%M:%S", time.gmtime(time.time() + 50))
    seconds = read_retry_after(f"{stamp} {zone}".strip())
    assert seconds is not None
    assert 30 < seconds <= 50


@pytest.fixture
def tokyo(monkeypatch: pytest.MonkeyPatch) -> object:
    """Let the machine's own zone be another."""
    monkeypatch.setenv("TZ", "JST-9")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()
