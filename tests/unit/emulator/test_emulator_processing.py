"""From upload to verdict, over real HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from audio import make_audio

from reconciler.emulator.store import read_voices


def test_a_good_upload_becomes_ready(account: Any, speech: bytes) -> None:
    voice = account.create()
    assert account.upload(voice, speech).status_code == 204
    seen = account.judged(voice)

    assert (seen["processing_status"], seen["processing_result"]) == ("ready", None)


def test_a_short_upload_fails_with_a_424_problem(account: Any, tmp_path: Path) -> None:
    voice = account.create()
    account.upload(voice, make_audio(tmp_path / "a", container="mp3", seconds=5).read_bytes())
    seen = account.judged(voice)

    (problem,) = seen["processing_result"]["errors"]
    assert seen["processing_status"] == "failed"
    assert (problem["status"], problem["title"]) == (424, "Failed Dependency")
    assert "at least 30 s" in problem["detail"]


def test_a_verdict_waits_for_the_processing_time(start: Any, open_account: Any, speech: bytes) -> None:
    account = open_account(start(processing_time=1000))
    voice = account.create()
    account.upload(voice, speech)

    assert account.read(voice)["processing_status"] == "pending"


def test_the_last_upload_within_the_window_counts(account: Any, speech: bytes) -> None:
    voice = account.create()
    account.upload(voice, b"noise" * 4000)
    account.judged(voice)
    account.upload(voice, speech)

    assert account.judged(voice)["processing_status"] == "ready"


def test_an_upload_for_a_deleted_voice_is_taken_and_dropped(account: Any, speech: bytes, tmp_path: Path) -> None:
    voice = account.create()
    account.http.delete(f"/saas/voice/m/{voice['voice_id']}")

    assert account.upload(voice, speech).status_code == 204
    assert read_voices(tmp_path / "data") == []
    assert list((tmp_path / "data" / "uploads").iterdir()) == []
