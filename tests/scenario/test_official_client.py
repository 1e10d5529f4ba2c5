"""The official client, `palabra-ai`, finds in the emulator all that it needs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from audio import make_audio
from palabra_ai import management
from palabra_ai.exc import ApiError
from palabra_ai.management import VoicesAPI

from reconciler.emulator.server import EmulatorServer
from reconciler.emulator.settings import EmulatorSettings


@pytest.fixture
def voices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[VoicesAPI]:
    """The client, pointed at an emulator as a user would: by PALABRA_API_URL."""
    with EmulatorServer(EmulatorSettings(tmp_path / "data", processing_time=0.05)) as server:
        monkeypatch.setenv("PALABRA_API_URL", server.url)
        monkeypatch.setattr(management, "POLL_INTERVAL", 0.02)  # its own two seconds would only cost time
        yield VoicesAPI("a key")


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    return make_audio(tmp_path / "ana.mp3", container="mp3", seconds=31)


def test_create_and_wait(voices: VoicesAPI, sample: Path) -> None:
    voice = asyncio.run(
        voices.create(sample, name="Ana", language="uk", description="calm", denoise=True, labels={"gender": "female"})
    )

    assert (voice.name, voice.status, voice.language, voice.description) == ("Ana", "ready", "uk", "calm")
    assert voice.ready
    assert voice.raw
    assert voice.raw["labels"] == {"gender": "female"}


def test_create_without_waiting_then_wait(voices: VoicesAPI, sample: Path) -> None:
    content = (sample.name, sample.read_bytes())
    created = asyncio.run(voices.create(content, name="Ana", language="en", wait=False))
    ready = asyncio.run(voices.wait_ready(created.id))

    assert created.status == "created"
    assert (ready.id, ready.status) == (created.id, "ready")


@pytest.mark.parametrize("container", ["wav", "flac", "webm", "mp4", "mpeg", "mpg", "m4a"])
def test_every_file_type_it_knows(voices: VoicesAPI, tmp_path: Path, container: str) -> None:
    path = make_audio(tmp_path / f"ana.{container}", container=container, seconds=31)

    assert asyncio.run(voices.create(path, name="Ana", language="en")).ready


def test_wait_ready_raises_the_problems_of_a_failed_voice(voices: VoicesAPI, tmp_path: Path) -> None:
    short = make_audio(tmp_path / "short.mp3", container="mp3", seconds=3)

    with pytest.raises(ApiError, match=r"processing failed: Depended action failed.*at least 30 s"):
        asyncio.run(voices.create(short, name="Ana", language="en"))


def test_wait_ready_gives_up_on_a_voice_that_was_never_uploaded(voices: VoicesAPI, sample: Path) -> None:
    created = asyncio.run(
        voices.request(
            "POST",
            "/saas/voice/clone",
            payload={"name": "Ana", "samples": [{"filename": "a.mp3", "mime_type": "audio/mpeg", "lang_code": "en"}]},
        )
    )

    with pytest.raises(ApiError, match=r"not ready after 0s \(status: created\)"):
        asyncio.run(voices.wait_ready(created["voice_id"], timeout=0))


def test_get_update_and_delete(voices: VoicesAPI, sample: Path) -> None:
    made = asyncio.run(voices.create(sample, name="Ana", language="en", wait=False))
    updated = asyncio.run(voices.update(made.id, name="Bea", description="new", labels={"mood": "happy"}))
    partly = asyncio.run(voices.update(made.id, description="newer"))
    seen = asyncio.run(voices.get(made.id))
    asyncio.run(voices.delete(made.id))

    assert (updated.name, updated.description) == ("Bea", "new")
    assert (partly.name, partly.description) == (seen.name, seen.description) == ("Bea", "newer")
    assert seen.raw
    assert seen.raw["labels"] == {"mood": "happy"}
    with pytest.raises(ApiError, match="HTTP 404") as gone:
        asyncio.run(voices.get(made.id))
    assert gone.value.status == 404


def test_list_follows_every_page(voices: VoicesAPI, sample: Path) -> None:
    content = (sample.name, sample.read_bytes())
    made = [asyncio.run(voices.create(content, name=f"Ana {n}", language="en", wait=False)).id for n in range(23)]

    listed: Any = asyncio.run(voices.list())  # its type names the method, not the list

    assert [voice.id for voice in listed] == made[::-1]


def test_builtin_follows_every_page(voices: VoicesAPI) -> None:
    builtin: Any = asyncio.run(voices.builtin())

    assert len({voice.id for voice in builtin}) == 12
    assert all(voice.ready for voice in builtin)


def test_a_refused_create_raises_the_servers_words(voices: VoicesAPI, sample: Path) -> None:
    with pytest.raises(ApiError, match=r"data\.name: String should have at least 3 characters") as refused:
        asyncio.run(voices.create(sample, name="A", language="en"))

    assert refused.value.status == 422
