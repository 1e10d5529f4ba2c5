"""Processing's verdict on real files."""

from __future__ import annotations

from pathlib import Path

import pytest
from audio import make_audio

from reconciler.emulator.probe import find_problems


@pytest.mark.parametrize("container", ["mp3", "wav", "flac", "webm", "mp4", "mpeg"])
def test_thirty_seconds_of_audio_in_any_format_become_a_voice(tmp_path: Path, container: str) -> None:
    assert find_problems(make_audio(tmp_path / "a", container=container, seconds=30.5)) == []


def test_a_short_sample_is_refused_with_its_length(tmp_path: Path) -> None:
    (problem,) = find_problems(make_audio(tmp_path / "a", container="wav", seconds=29.5))

    assert "29.50 s" in problem


def test_a_picture_without_sound_is_refused(tmp_path: Path) -> None:
    (problem,) = find_problems(make_audio(tmp_path / "a", container="mp4", seconds=0, video=True))

    assert "no audio stream" in problem


@pytest.mark.parametrize("content", [b"", b"not audio at all" * 1000])
def test_bytes_that_are_no_media_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a"
    path.write_bytes(content)

    assert "cannot be read" in find_problems(path)[0]


def test_a_file_that_is_gone_is_a_problem_too(tmp_path: Path) -> None:
    assert "cannot be read" in find_problems(tmp_path / "none")[0]


def test_one_broken_spot_does_not_spoil_a_sample(tmp_path: Path) -> None:
    path = make_audio(tmp_path / "a", container="mp3", seconds=33)
    content = bytearray(path.read_bytes())
    content[50_000:50_400] = b"\xff" * 400
    path.write_bytes(content)

    assert find_problems(path) == []
