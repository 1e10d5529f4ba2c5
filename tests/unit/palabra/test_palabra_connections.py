"""The connections of a run, over real sockets: whom they trust, which way they take, and what is said when they end."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import raw_server
import trustme
from fake_api import BEARER, NEW
from fake_upload_host import NOW, form, sample

from reconciler.errors import ApiUnreachableError, LockedError, UploadError
from reconciler.palabra.client import PalabraClient
from reconciler.palabra.http import exchange, new_http_client
from reconciler.palabra.limiter import Limiter
from reconciler.palabra.upload import Uploader

PATIENCE = 15
"""Seconds until what does not end fails its test."""
LARGE = b"\0" * 5_000_000
"""More than any socket keeps."""


def run(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(PATIENCE):
            await work()

    asyncio.run(bounded())


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


# -- whom they trust --------------------------------------------------------------------------------------------------


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@asynccontextmanager
async def https_server(authority: trustme.CA, heard: list[str]) -> AsyncIterator[str]:
    """Answer each request, and note its first line."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first, _, _ = await raw_server.read_request(reader)
        heard.append(first)
        await raw_server.answer(writer, "200 OK", b"{}")
        writer.close()

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=context)
    async with server:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def post(base: str) -> None:
    async with new_http_client(5, connections=1) as http:
        await exchange(http, "POST", f"{base}/saas/voice/clone", headers={}, seconds=5, body={})


def test_a_server_that_nobody_vouches_for_gets_nothing(authority: trustme.CA) -> None:
    heard: list[str] = []

    async def create() -> None:
        async with https_server(authority, heard) as base:
            with pytest.raises(ApiUnreachableError) as refused:
                await post(base)
            assert "certificate" in refused.value.why

    run(create)
    assert heard == []


def test_an_authority_of_ones_own_is_named_by_a_variable(
    authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))

    async def create() -> None:
        async with https_server(authority, heard) as base:
            await post(base)

    run(create)
    assert heard == ["POST /saas/voice/clone HTTP/1.1"]


# -- which way they take ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("spared", ["", "other.test", "api.test", "*"])
def test_the_proxy_of_the_environment_is_used_unless_it_is_spared(spared: str, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[str] = []

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first, headers, _ = await raw_server.read_request(reader)
        heard.append(f"{first} for {headers['host']}")
        await raw_server.answer(writer, "200 OK", b"{}")

    async def create() -> None:
        async with raw_server.raw_server(proxy) as there:
            monkeypatch.setenv("http_proxy", there)
            monkeypatch.setenv("no_proxy", spared)
            if spared in ("api.test", "*"):
                with pytest.raises(ApiUnreachableError):  # nobody has that name
                    await post("http://api.test")
            else:
                await post("http://api.test")

    run(create)
    through = ["POST http://api.test/saas/voice/clone HTTP/1.1 for api.test"]
    assert heard == ([] if spared in ("api.test", "*") else through)


def test_a_proxy_that_is_away_is_as_good_as_no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("all_proxy", "http://127.0.0.1:1")

    async def create() -> None:
        with pytest.raises(ApiUnreachableError):
            await post("http://api.test")

    run(create)


# -- what is said when they end ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("then", ["reads on", "closes", "resets"])
def test_a_refusal_before_the_sample_was_read_ends_the_upload(then: str, tmp_path: Path) -> None:
    """A host that says no by the form alone need not take the file; closing may cost its answer, never more."""

    async def refusing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        code = b"<Error><Code>EntityTooLarge</Code></Error>"
        await raw_server.answer(writer, "400 Bad Request", code)
        if then == "reads on":
            while await reader.read(65536):
                pass
        if then == "resets":
            raw_server.reset(writer)

    async def upload() -> None:
        async with raw_server.raw_server(refusing) as there, new_http_client(5, connections=1) as http:
            uploader = Uploader(http, Limiter(1), seconds=5)
            with pytest.raises(UploadError) as refused:
                await uploader.upload(
                    form(f"{there}/", policy=""), sample(tmp_path, LARGE), now=lambda: NOW, progress=lambda _: None
                )
            if then == "reads on":
                assert "EntityTooLarge" in str(refused.value)

    run(upload)


def test_what_stops_the_sending_is_what_the_caller_hears(tmp_path: Path) -> None:
    pieces = iter(range(3))

    def before_write() -> None:
        if next(pieces, None) is None:
            raise LockedError("The lease was lost")

    async def upload() -> None:
        async with raw_server.raw_server(raw_server.silent) as there, new_http_client(5, connections=1) as http:
            uploader = Uploader(http, Limiter(1), seconds=5, before_write=before_write)
            with pytest.raises(LockedError):
                await uploader.upload(
                    form(f"{there}/", policy=""), sample(tmp_path, LARGE), now=lambda: NOW, progress=lambda _: None
                )

    run(upload)


def test_no_more_connections_are_open_than_were_asked_for() -> None:
    at_once, most = 0, 0

    async def counting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        try:
            while True:
                await raw_server.read_request(reader)
                await raw_server.answer(writer, "200 OK", b'{"voice_id": "v1"}')
        finally:
            at_once -= 1

    async def ask() -> None:
        async with raw_server.raw_server(counting) as base, new_http_client(5, connections=3) as http:
            client = PalabraClient(http, base, BEARER, Limiter(20), read_timeout=5)
            await asyncio.gather(*(client.get_voice(f"v{number}") for number in range(20)))

    run(ask)
    assert most == 3


def test_a_long_header_is_no_reason_to_lose_an_answer() -> None:
    async def wordy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await raw_server.read_request(reader)
        made = b'{"voice_id": "v1", "samples": [{"url": "http://u.test/", "form_data": {"key": "k"}}]}'
        await raw_server.answer(writer, "200 OK", made, X_Policy="p" * 20_000)

    async def create() -> None:
        async with raw_server.raw_server(wordy) as base, new_http_client(5, connections=1) as http:
            client = PalabraClient(http, base, BEARER, Limiter(1), read_timeout=5)
            assert (await client.create(NEW)).voice.voice_id == "v1"

    run(create)
