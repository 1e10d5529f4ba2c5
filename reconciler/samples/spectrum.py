"""The energy of a sample by pitch and time: coarse bands for the noise under a voice, fine lines for mains hum."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reconciler.samples.listener import FULL_SCALE, RATE, Sound

Bands = NDArray[np.float32]
"""Mean square, frames of 32 ms x bands; the sum of a row is the frame's, without what is below 60 Hz."""

_WINDOW: Final = 512
"""Samples at RATE, 32 ms: long enough to part the bands of a voice, short enough to see between its sounds."""
_EDGES: Final = (2, 4, 6, 8, 11, 15, 20, 27, 36, 48, 64, 86, 115, 153, 205, 257)
"""Lines of 31 Hz where bands begin: 62 Hz wide at first, then a third of an octave or so, up to 8 kHz."""
_BASS: Final = 3
"""Bands, up to 250 Hz: where the pitch of nearly every voice is."""
_NO_BASS: Final = 10**-3.5
"""Of the energy of the speech. Voices have 0.001 or more there, also behind the filter of a microphone; what came over
a telephone's band of 300 to 3400 Hz, cut off sharply, has 0.00003 or less."""
_AT_ONCE: Final = 1024
"""Frames; half a minute. Half an hour at once would take hundreds of megabytes."""


def measure_bands(sound: Sound) -> Bands:
    """Return the energy of each band in each frame."""
    parts = [
        np.add.reduceat(power, _EDGES[:-1], axis=1).astype(np.float32) for power in _powers(sound, _WINDOW, _WINDOW)
    ]
    return np.concatenate(parts) if parts else np.zeros((0, len(_EDGES) - 1), dtype=np.float32)


def lacks_bass(bands: Bands, speech: NDArray[np.bool_]) -> bool:
    """Return whether the speech has been cut off below, as a telephone does. `speech` has twice as many frames."""
    count = min(len(bands), len(speech) // 2)
    spoken = bands[:count][speech[: 2 * count : 2]]
    return bool(spoken[:, :_BASS].sum() < _NO_BASS * spoken.sum())


def lines(sound: Sound, seconds: float) -> Iterator[NDArray[np.float32]]:
    """Yield the power of each line, 1/seconds Hz apart, in frames of that length; some frames at a time."""
    window = int(seconds * RATE)
    yield from _powers(sound, window, window)


def _powers(sound: Sound, window: int, step: int) -> Iterator[NDArray[np.float32]]:
    shape = np.hanning(window + 1)[:-1].astype(np.float32)
    scale = np.float32(2 / (window * (shape**2).sum() * FULL_SCALE**2))  # Parseval: the lines sum up to the mean square
    count = max(0, (len(sound) - window) // step + 1)
    at_once = max(1, _AT_ONCE * _WINDOW // window)
    for first in range(0, count, at_once):
        frames = np.lib.stride_tricks.sliding_window_view(sound, window)[first * step : count * step : step]
        spectrum = np.fft.rfft(frames[:at_once] * shape, axis=1)
        yield ((spectrum.real**2 + spectrum.imag**2) * scale).astype(np.float32, copy=False)
