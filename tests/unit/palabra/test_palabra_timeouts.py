"""Real sockets: whatever a server does, a call ends. That a test ends is the assertion; nothing is timed."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import ExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import raw_server
from fake_api import BEARER, NEW
from raw_server import Talk

from reconciler.errors import ApiUnknownError, ApiUnreachableError
from reconciler.palabra.client import PalabraClient
from reconciler.palabra.http import exchange, new_http_client
from reconciler.palabra.limiter import Limiter
from reconciler.palabra.upload import Sample, Uploader
from reconciler.palabra.wire import UploadForm

SECONDS = 0.2
PATIENCE = 15
"""Seconds until a call that does not end fails its test."""
NOBODY = "http://127.0.0.1:1"
MISBEHAVIOURS: dict[str, Talk] = {
    talk.__name__: talk
    for talk in (
        raw_server.silent,
        raw_server.deaf,
        raw_server.dribble,
        raw_server.dribble_headers,
        raw_server.reset_at_once,
        raw_server.reset_after_request,
        raw_server.close_after_request,
        raw_server.close_in_body,
        raw_server.babble,
    )
}


def each(*left_out: str) -> pytest.MarkDecorator:
    cases = {name: talk for name, talk in MISBEHAVIOURS.items() if name not in left_out}
    return pytest.mark.parametrize("talk", cases.values(), ids=cases)


@asynccontextmanager
async def talking_to(base: str) -> AsyncIterator[tuple[PalabraClient, Uploader]]:
    async with new_http_client(SECONDS, connections=4) as http:
        limiter = Limiter(4)
        client = PalabraClient(http, base, BEARER, limiter, read_timeout=SECONDS)
        yield client, Uploader(http, limiter, seconds=SECONDS)


def run(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(PATIENCE):
            await work()

    asyncio.run(bounded())


@each()
def test_a_create_ends_as_unknown_and_is_sent_once(talk: Talk) -> None:
    connections = 0

    async def counted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await talk(reader, writer)

    async def create() -> None:
        async with raw_server.raw_server(counted) as base, talking_to(base) as (client, _):
            with pytest.raises(ApiUnknownError):
                await client.create(NEW)

    run(create)
    assert connections == 1


@each()
def test_a_read_ends_too(talk: Talk) -> None:
    async def get() -> None:
        async with raw_server.raw_server(talk) as base, new_http_client(SECONDS, connections=1) as http:
            with pytest.raises(ApiUnknownError) as lost:
                await exchange(http, "GET", f"{base}/saas/voice", headers=BEARER.headers, seconds=SECONDS)
            assert (lost.value.where, lost.value.status) == (f"GET {base}/saas/voice", None)

    run(get)


@pytest.mark.parametrize("base", [NOBODY, "http://a..b", f"http://{'a' * 64}.test"])
def test_where_nobody_can_listen_is_unreachable(base: str) -> None:
    async def create() -> None:
        async with new_http_client(SECONDS, connections=1) as http:
            with pytest.raises(ApiUnreachableError) as refused:
                await exchange(http, "POST", f"{base}/saas/voice/clone", headers={}, seconds=SECONDS, body={})
            assert refused.value.why

    run(create)


def test_a_full_backlog_is_a_connect_time_out_and_so_unreachable() -> None:
    """The system accepts no further connection until somebody takes one."""

    async def create() -> None:
        with socket.create_server(("127.0.0.1", 0), backlog=0) as full, ExitStack() as waiting:
            address = full.getsockname()
            for _ in range(3):
                client = waiting.enter_context(socket.socket())
                client.setblocking(False)
                client.connect_ex(address)
            async with new_http_client(SECONDS, connections=1) as http:
                url = f"http://127.0.0.1:{address[1]}/saas/voice/clone"
                with pytest.raises(ApiUnreachableError):
                    await exchange(http, "POST", url, headers={}, seconds=SECONDS, body={})

    run(create)


def test_a_kept_connection_that_the_server_has_closed_loses_no_create() -> None:
    """The commonest accident: the server drops idle connections."""
    creates = 0

    async def one_each(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal creates
        first, _, _ = await raw_server.read_request(reader)
        creates += first.startswith("POST")
        form = b'{"voice_id": "v1", "samples": [{"url": "http://u.test/", "form_data": {"key": "k"}}]}'
        await raw_server.answer(writer, "200 OK", form)

    async def get_then_create() -> None:
        async with raw_server.raw_server(one_each) as base, talking_to(base) as (client, _):
            await client.get_voice("v1")
            await asyncio.sleep(0.05)  # so that the FIN has come: it is not luck, only the case that is tested
            await client.create(NEW)

    run(get_then_create)
    assert creates == 1


@each("close_in_body", "dribble", "dribble_headers", "silent", "reset_at_once", "babble")
def test_an_upload_ends_and_may_be_tried_again(talk: Talk, tmp_path: Path) -> None:
    path = tmp_path / "anna.mp3"
    path.write_bytes(b"x" * 3_000_000)
    connections = 0

    async def once_bad(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        if connections == 1:
            await talk(reader, writer)
        else:
            await raw_server.read_request(reader)
            await raw_server.answer(writer, "204 No Content")

    async def upload() -> None:
        async with raw_server.raw_server(once_bad) as base, talking_to(base) as (_, uploader):
            sample = Sample(path, "anna.mp3", "audio/mpeg", path.stat().st_size)
            form = UploadForm(f"{base}/", {"key": "k"})
            await uploader.upload(form, sample, now=lambda: datetime.now(UTC), progress=lambda _: None)

    run(upload)
    assert connections == 2
