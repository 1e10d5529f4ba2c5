"""Clicks, knocks and pops: moments that stand out of what is just before and just after.

The quietest moments, by which noise is told, do not hold them. Most of those that fall into words are covered by the
voice, so they are counted where nobody speaks, and taken to be as many elsewhere. A voice that leaves few pauses is
looked at all along; its own shortest sounds are plosives, and they are softer than what follows.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from reconciler.samples.level import decibels
from reconciler.samples.noise import widen

_AROUND: Final = 2
"""Frames of 16 ms before and after with which one is compared: what fills three frames is no click."""
_STANDS_OUT: Final = 32.0
"""Times (15 dB) the median of these frames."""

_GUARD: Final = 2
"""Frames next to speech that are no pause: a plosive with which a word begins, before the detector has noticed."""
_FEW: Final = 12
"""Frames (0.2 s) of pauses; with fewer nothing can be told by them."""
_LEAST: Final = 3
"""Clicks in the pauses: one or two may be of the mouth."""
_SURE: Final = 21.0
"""dB below the speech from which on what stands out of a voice is no plosive. On the tuning set, clean voices read 23
or more all along, and clicks with the power of noise at 10 dB SNR 17 or less."""


def measure_clicks(energies: NDArray[np.float32], speech: NDArray[np.bool_]) -> float | None:
    """Return how many dB the mean power of all clicks is below that of the speech; None where there are none.

    `energies` are at the native rate, and `speech` says which frames are. On the tuning set of docs/hearing.md, clicks
    with the power of noise at 20 dB SNR read 26 or less, at 30 dB SNR 29 or more, and no clean voice less than 29.
    """
    count = min(len(energies), len(speech))
    energies, speech = energies[:count], speech[:count]
    if count == 0 or not speech.any():
        return None
    around = np.lib.stride_tricks.sliding_window_view(np.pad(energies, _AROUND, mode="edge"), 2 * _AROUND + 1)
    stands_out = energies > _STANDS_OUT * np.median(around, axis=1)
    level = decibels(float(energies[speech].mean()))
    found = []
    pauses = ~widen(speech, _GUARD)
    seen = stands_out & pauses
    if pauses.sum() >= _FEW and seen.sum() >= _LEAST:
        found.append(level - decibels(float(energies[seen].sum() / pauses.sum())))
    anywhere = level - decibels(float(energies[stands_out].sum() / count))
    if anywhere < _SURE:
        found.append(anywhere)
    return min(found, default=None)
