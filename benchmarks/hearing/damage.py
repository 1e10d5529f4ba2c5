"""What is done to a clean recording: each function takes one and returns another of the same length."""

from __future__ import annotations

import numpy as np

from benchmarks.hearing.speech import PEAK, RATE, Sound, active_rms

FADE = RATE // 100
"""Samples over which one sound gives way to another."""


def add(speech: Sound, other: Sound, snr: float) -> Sound:
    """Add another sound of RMS 1, `snr` dB below the active speech."""
    return within(speech + other[: len(speech)] * active_rms(speech) * 10 ** (-snr / 20))


def within(sound: Sound) -> Sound:
    """Lower the gain if the peak would be above PEAK."""
    return (sound * min(1.0, PEAK / float(np.abs(sound).max()))).astype(np.float32)


def clip(sound: Sound, share: float, ceiling: float = 0.98) -> Sound:
    """Cut off what a share of the samples exceeds, and put the ceiling where it is wanted."""
    limit = float(np.quantile(np.abs(sound), 1 - share))
    return (np.clip(sound, -limit, limit) / limit * ceiling).astype(np.float32)


def reverberate(sound: Sound, seconds: float, rng: np.random.Generator) -> Sound:
    """Put the voice in a room whose echo falls by 60 dB in so many seconds; as much echo as direct sound."""
    length = round(seconds * RATE)
    tail = rng.standard_normal(length) * 10 ** (-3 * np.arange(length) / length)
    tail[: RATE // 500] = 0
    tail /= np.sqrt(np.sum(tail**2))
    tail[0] = 1
    size = 1 << (len(sound) + length).bit_length()
    wet = np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(tail, size), size)[: len(sound)]
    return within(wet.astype(np.float32))


def limit_band(sound: Sound, hertz: float) -> Sound:
    """Take off what is above `hertz`, and below 300 Hz as a telephone does if that is 4 kHz or less."""
    spectrum = np.fft.rfft(sound)
    frequencies = np.fft.rfftfreq(len(sound), 1 / RATE)
    spectrum[frequencies > hertz] = 0
    if hertz <= 4000:
        spectrum[frequencies < 300] = 0
    return np.fft.irfft(spectrum, len(sound)).astype(np.float32)


def drop_level(sound: Sound, decibels: float) -> Sound:
    """Make the last half quieter, as when the speaker moves away."""
    gain = np.ones(len(sound), np.float32)
    gain[len(sound) // 2 :] = 10 ** (-decibels / 20)
    return sound * gain


def take_turns(one: Sound, other: Sound, seconds: float) -> Sound:
    """Let two people speak in turns of so many seconds, each going on where they stopped."""
    turn = round(seconds * RATE)
    result = one.copy()
    for number, start in enumerate(range(0, len(one), turn)):
        if number % 2:
            _lay_over(result, other[start : start + turn], start)
    return result


def insert(one: Sound, other: Sound, seconds: float, at: float) -> Sound:
    """Let the other person speak for so many seconds, from `at` seconds on."""
    result = one.copy()
    _lay_over(result, other[: round(seconds * RATE)], round(at * RATE))
    return result


def _lay_over(result: Sound, piece: Sound, start: int) -> None:
    piece = piece.copy()
    ramp = np.linspace(0, 1, FADE, dtype=np.float32)
    piece[:FADE] = piece[:FADE] * ramp + result[start : start + FADE] * (1 - ramp)
    result[start : start + len(piece)] = piece
