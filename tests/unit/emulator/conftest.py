"""Emulators that really listen, and an account that talks to them over HTTP."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from audio import make_audio

from reconciler.emulator.server import EmulatorServer
from reconciler.emulator.settings import EmulatorSettings

Start = Callable[..., EmulatorServer]


class Account:
    """One principal of one emulator."""

    def __init__(self, server: EmulatorServer, key: str = "a key") -> None:
        self.server = server
        self.http = httpx.Client(
            base_url=server.url, headers={"Authorization": f"Bearer {key}"}, timeout=10, trust_env=False
        )

    def clone(self, name: str = "A voice", **more: Any) -> httpx.Response:
        sample = {"filename": "a.mp3", "mime_type": "audio/mpeg", "lang_code": "en", **more.pop("sample", {})}
        return self.http.post("/saas/voice/clone", json={"data": {"name": name, "samples": [sample], **more}})

    def create(self, name: str = "A voice", **more: Any) -> dict[str, Any]:
        answer = self.clone(name, **more)
        assert answer.status_code == 200, answer.text
        voice: dict[str, Any] = answer.json()["data"]
        return voice

    def upload(self, voice: dict[str, Any], content: bytes) -> httpx.Response:
        sample = voice["samples"][0]
        with httpx.Client(trust_env=False, timeout=10) as anybody:
            return anybody.post(sample["url"], data=sample["form_data"], files={"file": ("a.mp3", content)})

    def read(self, voice: dict[str, Any]) -> dict[str, Any]:
        data: dict[str, Any] = self.http.get(f"/saas/voice/m/{voice['voice_id']}").json()["data"]
        return data

    def judged(self, voice: dict[str, Any]) -> dict[str, Any]:
        """Wait for the verdict."""
        for _ in range(500):
            seen = self.read(voice)
            if seen["processing_status"] in ("ready", "failed"):
                return seen
            time.sleep(0.02)
        raise AssertionError(f"no verdict: {seen}")

    def list_ids(self, **query: Any) -> list[str]:
        page = self.http.get("/saas/voice", params=query).json()["data"]
        return [voice["voice_id"] for voice in page["items"]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start emulators on the test's data folder; they close with the test."""
    with ExitStack() as stack:

        def start_one(**settings: Any) -> EmulatorServer:
            given = {"data": tmp_path / "data", "processing_time": 0.0, **settings}
            return stack.enter_context(EmulatorServer(EmulatorSettings(**given)))

        yield start_one


@pytest.fixture
def open_account() -> Iterator[Callable[..., Account]]:
    with ExitStack() as stack:

        def open_one(server: EmulatorServer, key: str = "a key") -> Account:
            account = Account(server, key)
            stack.enter_context(account.http)
            return account

        yield open_one


@pytest.fixture
def account(start: Start, open_account: Callable[..., Account]) -> Account:
    """An account of an emulator with nothing unusual."""
    return open_account(start())


@pytest.fixture(scope="session")
def speech(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """31 seconds of MP3: enough for a voice."""
    return make_audio(tmp_path_factory.mktemp("speech") / "a.mp3", container="mp3", seconds=31).read_bytes()
