"""Whoever must not write any more sends nothing that changes something, however long it waited for its turn."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from fake_api import BASE, BEARER, NEW, Call, FakeApi, problem, scripted, voice
from fake_upload_host import NOW, FakeHost, form, sample
from virtual_time import run_virtually

from reconciler.errors import LockedError
from reconciler.palabra.client import PalabraClient
from reconciler.palabra.limiter import Limiter
from reconciler.palabra.upload import Uploader

WRITES: dict[str, Call] = {
    "create": lambda client: client.create(NEW),
    "update": lambda client: client.update("v1", {"name": "Anna"}),
    "delete": lambda client: client.delete("v1"),
}


def allowing(times: int) -> Callable[[], None]:
    """Let so many requests, or pieces, be sent."""
    left = [times]

    def before_write() -> None:
        left[0] -= 1
        if left[0] < 0:
            raise LockedError("The lease was lost")

    return before_write


def client(api: FakeApi, times: int) -> PalabraClient:
    http = httpx.AsyncClient(transport=httpx.MockTransport(api))
    return PalabraClient(http, BASE, BEARER, Limiter(1), read_timeout=30, before_write=allowing(times))


@pytest.mark.parametrize("write", WRITES)
def test_no_write_is_sent(write: str) -> None:
    api = scripted([problem(500)])

    with pytest.raises(LockedError):
        run_virtually(WRITES[write](client(api, 0)))

    assert api.calls == []


@pytest.mark.parametrize("write", ["update", "delete"])
def test_no_second_try_is_sent(write: str) -> None:
    api = scripted([problem(503)])

    with pytest.raises(LockedError):
        run_virtually(WRITES[write](client(api, 1)))

    assert len(api.calls) == 1


def test_reading_goes_on() -> None:
    api = scripted([httpx.Response(200, json={"ok": True, "data": voice()})])

    found = run_virtually(client(api, 0).get_voice("v1"))

    assert found is not None


@pytest.mark.parametrize("pieces", [0, 1])
def test_an_upload_is_not_begun_and_not_gone_on_with(pieces: int, tmp_path: Path) -> None:
    host = FakeHost()
    uploader = Uploader(httpx.AsyncClient(transport=host), Limiter(1), seconds=30, before_write=allowing(pieces))

    with pytest.raises(LockedError):
        run_virtually(uploader.upload(form(), sample(tmp_path), now=lambda: NOW, progress=lambda _: None))

    assert host.requests == []
