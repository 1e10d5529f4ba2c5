"""Noises that a room, a machine, a cable or a crowd makes; each of RMS 1."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.hearing.speech import RATE, Sound

COLOURS = ("white", "pink", "fan", "hum", "clicks")
"""What `noise` makes; babble is made of other people's voices."""


def noise(kind: str, length: int, rng: np.random.Generator) -> Sound:
    """Return so many samples of one of the COLOURS."""
    match kind:
        case "white":
            sound = rng.standard_normal(length)
        case "pink":
            sound = _coloured(length, -0.5, rng)
        case "fan":
            sound = _fan(length, rng)
        case "hum":
            sound = _hum(length, rng)
        case "clicks":
            sound = _clicks(length, rng)
        case _:
            raise ValueError(kind)
    return _unit(sound)


def babble(voices: Sequence[Sound], length: int) -> Sound:
    """Return several people who speak at once."""
    return _unit(np.sum([np.resize(voice, length) / np.sqrt(np.mean(voice**2)) for voice in voices], axis=0))


def _coloured(length: int, slope: float, rng: np.random.Generator) -> Sound:
    spectrum = np.fft.rfft(rng.standard_normal(length))
    hertz = np.fft.rfftfreq(length, 1 / RATE)
    spectrum *= np.maximum(hertz, 20.0) ** slope
    return np.fft.irfft(spectrum, length).astype(np.float32)


def _fan(length: int, rng: np.random.Generator) -> Sound:
    """Air that roars, and the blades that pass."""
    air = _unit(_coloured(length, -1.0, rng))
    time = np.arange(length) / RATE
    blades = sum(np.sin(2 * np.pi * 117 * n * time + rng.uniform(0, 6)) / n for n in range(1, 6))
    return (air + 0.3 * blades).astype(np.float32)


def _hum(length: int, rng: np.random.Generator) -> Sound:
    """Mains of 50 Hz with its harmonics, odd ones stronger."""
    time = np.arange(length) / RATE
    parts = ((1, 1.0), (2, 0.4), (3, 0.6), (4, 0.15), (5, 0.35), (7, 0.2), (9, 0.1))
    return np.sum([a * np.sin(2 * np.pi * 50 * n * time + rng.uniform(0, 6)) for n, a in parts], axis=0)


def _clicks(length: int, rng: np.random.Generator) -> Sound:
    """Three short clicks a second, as of keys or of a bad contact."""
    sound = np.zeros(length, np.float32)
    click = np.exp(-np.arange(RATE // 100) / (0.0015 * RATE)) * rng.standard_normal(RATE // 100)
    for place in rng.integers(0, length - len(click), size=3 * length // RATE):
        sound[place : place + len(click)] += click * rng.uniform(0.5, 1.5)
    return sound


def _unit(sound: Sound) -> Sound:
    return (sound / np.sqrt(np.mean(sound.astype(np.float64) ** 2))).astype(np.float32)
