"""The spectrogram: the right ink in the right place, and not too many bytes."""

from __future__ import annotations

import io
import random
import wave
from pathlib import Path

import av
import numpy as np
import pytest
from audio import make_audio
from numpy.typing import NDArray

from reconciler.errors import SampleError
from reconciler.samples.picture import COLUMNS, ROWS, draw_spectrogram

RATE = 16_000


def tone(hertz: float, seconds: float) -> NDArray[np.float64]:
    return 0.4 * np.sin(2 * np.pi * hertz * np.arange(int(seconds * RATE)) / RATE)


def write(path: Path, *parts: NDArray[np.float64]) -> Path:
    sound = np.concatenate(parts)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((sound * 32767).astype("<i2").tobytes())
    return path


def ink(png: bytes) -> NDArray[np.float64]:
    """Return how dark each pixel is, 0 to 255, as a decoder that is not ours reads it."""
    with av.open(io.BytesIO(png), "r") as container:
        pixels = next(container.decode(video=0)).to_ndarray(format="gray").astype(np.float64)
    return 255 - pixels


def test_a_tone_is_a_line_at_its_pitch(tmp_path: Path) -> None:
    rows = []
    for hertz in (200, 1000, 4000):
        picture = ink(draw_spectrogram(write(tmp_path / "tone.wav", tone(hertz, 4)), 4.0))
        assert picture.shape == (ROWS, COLUMNS)
        rows.append(int(picture[:, 50:-50].mean(axis=1).argmax()))

    # Low pitches at the foot; the mel scale puts 1000 of 8000 Hz at a third of the height.
    assert rows[0] > rows[1] > rows[2]
    assert rows[1] == pytest.approx(ROWS * (1 - 0.34), abs=4)


def test_sound_is_where_it_is_in_time(tmp_path: Path) -> None:
    silence = np.zeros(5 * RATE)
    picture = ink(draw_spectrogram(write(tmp_path / "a.wav", silence, tone(1000, 2), silence), 12.0))
    heard = np.flatnonzero(picture.max(axis=0) > 100)

    assert heard.min() == pytest.approx(COLUMNS * 5 / 12, abs=4)
    assert heard.max() == pytest.approx(COLUMNS * 7 / 12, abs=4)


def test_silence_is_blank_paper(tmp_path: Path) -> None:
    assert ink(draw_spectrogram(write(tmp_path / "a.wav", np.zeros(RATE)), 1.0)).max() < 2


def test_one_click_does_not_pale_the_voice(tmp_path: Path) -> None:
    quiet, click = tone(1000, 30) * 0.05, np.ones(8)
    calm = ink(draw_spectrogram(write(tmp_path / "a.wav", quiet), 30.0))
    with_click = ink(draw_spectrogram(write(tmp_path / "b.wav", quiet, click), 30.0))

    assert with_click[:, 100:200].max() > 0.8 * calm[:, 100:200].max()


@pytest.mark.parametrize("seconds", [2, 12, 40])
def test_even_noise_makes_no_large_file(tmp_path: Path, seconds: int) -> None:
    noise = np.frombuffer(random.Random(0).randbytes(seconds * RATE), dtype=np.int8) / 256

    assert len(draw_spectrogram(write(tmp_path / "a.wav", noise), seconds)) <= 25_000


@pytest.mark.parametrize("container", ["mp3", "wav", "flac", "webm", "mp4", "mpeg"])
def test_every_format_is_drawn_and_the_same_each_time(tmp_path: Path, container: str) -> None:
    path = make_audio(tmp_path / f"a.{container}", container=container, seconds=12, video=container == "mpeg")
    png = draw_spectrogram(path, 12.0)

    assert ink(png).max() > 150
    assert png == draw_spectrogram(path, 12.0)
    assert 1_000 < len(png) <= 25_000


def test_more_sound_than_was_said_is_left_out(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", np.zeros(2 * RATE), tone(1000, 30))

    assert ink(draw_spectrogram(path, 2.0))[:, : COLUMNS // 2].max() < 2


@pytest.mark.parametrize("seconds", [0.0, 0.001, 0.02])
def test_next_to_nothing_is_drawn_too(tmp_path: Path, seconds: float) -> None:
    path = write(tmp_path / "a.wav", tone(1000, max(seconds, 0.001)))

    assert ink(draw_spectrogram(path, seconds)).shape == (ROWS, COLUMNS)


def test_a_file_cut_short_is_drawn_as_far_as_it_goes(tmp_path: Path) -> None:
    path = make_audio(tmp_path / "a.mp3", container="mp3", seconds=12)
    path.write_bytes(path.read_bytes()[:40_000])
    picture = ink(draw_spectrogram(path, 12.0))

    assert picture[:, :100].max() > 100
    assert picture[:, -100:].max() < 2


def test_what_is_no_audio_is_a_sample_error(tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    path.write_bytes(b"not audio at all" * 100)

    with pytest.raises(SampleError):
        draw_spectrogram(path, 1.0)
