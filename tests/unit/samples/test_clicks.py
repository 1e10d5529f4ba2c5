"""Clicks in a voice's sample, and what is none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from mixing import RATE, Samples, coloured, mixed, voice, write

from reconciler.errors import Severity
from reconciler.samples.clicks import measure_clicks
from reconciler.samples.measure import measure
from reconciler.samples.rules import judge

NAMES = ("announcer.wav", "narrator/narrator.mp3", "support/french.flac", "support/spanish.webm")


def clicks(count: int, a_second: float, seconds: float = 0.01) -> Samples:
    """Return short bursts at random places, as of keys."""
    rng = np.random.default_rng(1)
    sound, length = np.zeros(count), int(seconds * RATE)
    for place in rng.integers(0, count - length, size=int(a_second * count / RATE)):
        sound[place : place + length] += np.exp(-np.arange(length) / length * 6) * rng.standard_normal(length)
    return sound


def clicks_said(path: Path, samples: Samples, **encoding: str | int) -> list[Severity]:
    path = write(path, 0.3 * samples, **encoding)  # type: ignore[arg-type] # options of one call
    return [found.severity for found in judge(measure(path, speakers=False), {}) if found.rule == "audio.clicks"]


@pytest.mark.parametrize("snr", [0, 5, 10])
@pytest.mark.parametrize("name", NAMES)
def test_clicks_are_warned_of(tmp_path: Path, name: str, snr: float) -> None:
    clean = voice(name)

    assert clicks_said(tmp_path / "a", mixed(clean, clicks(len(clean), 3), snr)) == [Severity.WARNING]


@pytest.mark.parametrize("name", ["narrator/narrator.mp3", "support/french.flac"])
def test_softer_clicks_are_heard_in_the_pauses_that_a_voice_leaves(tmp_path: Path, name: str) -> None:
    """Most clicks fall into words, which cover them: all together they are as loud as noise at 20 dB SNR."""
    clean = voice(name)

    assert clicks_said(tmp_path / "a", clean) == []
    assert clicks_said(tmp_path / "a", mixed(clean, clicks(len(clean), 3), 20)) == [Severity.WARNING]


@pytest.mark.parametrize("codec", ["libmp3lame", "aac", "libopus"])
def test_clicks_are_heard_through_an_encoder(tmp_path: Path, codec: str) -> None:
    samples = mixed(voice(), clicks(len(voice()), 3), 8)

    assert clicks_said(tmp_path / "a", samples, codec=codec, bit_rate=48_000) == [Severity.WARNING]


def test_soft_clicks_of_the_mouth_are_none(tmp_path: Path) -> None:
    assert clicks_said(tmp_path / "a", mixed(voice(), clicks(len(voice()), 2, 0.003), 30)) == []


def test_steady_noise_holds_no_clicks(tmp_path: Path) -> None:
    assert clicks_said(tmp_path / "a", mixed(voice(), coloured(len(voice()), 1), 5)) == []


def test_breaths_are_no_clicks(tmp_path: Path) -> None:
    breaths = coloured(len(voice()), 1) * (np.arange(len(voice())) / RATE % 3 < 0.4)

    assert clicks_said(tmp_path / "a", mixed(voice(), breaths, 20)) == []


def test_a_room_that_rings_makes_no_clicks(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    room = rng.standard_normal(RATE // 2) * 10 ** (-3 * np.arange(RATE // 2) / (0.4 * RATE))
    size = len(voice()) + len(room)
    wet = np.fft.irfft(np.fft.rfft(voice(), size) * np.fft.rfft(room, size), size)

    assert clicks_said(tmp_path / "a", wet / np.abs(wet).max()) == []


def test_a_gate_makes_no_clicks(tmp_path: Path) -> None:
    """Words cut out hard, with digital silence between them."""
    loud = np.convolve(np.square(voice()) > np.square(voice()).mean() / 30, np.ones(1600), mode="same") > 0.5

    assert clicks_said(tmp_path / "a", voice() * loud) == []


def test_a_moment_of_speech_holds_no_clicks() -> None:
    """What is left of a broken file can be shorter than what a frame is compared with."""
    for count in range(1, 8):
        assert measure_clicks(np.ones(count, np.float32), np.ones(count, np.bool_)) is None
