"""Clicks, knocks and pops: moments that stand out of what is just before and just after.

The quietest moments, by which noise is told, do not hold them. The shortest sounds of a voice are plosives, and they
are softer than what follows.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from reconciler.samples.level import decibels

_AROUND: Final = 2
"""Frames of 16 ms before and after with which one is compared: what fills three frames is no click."""
_STANDS_OUT: Final = 32.0
"""Times (15 dB) the median of these frames."""


def measure_clicks(energies: NDArray[np.float32], speech: NDArray[np.bool_]) -> float | None:
    """Return how many dB the mean power of all clicks is below that of the speech; None where there are none.

    `energies` are at the native rate, and `speech` says which frames are. On the tuning set of docs/hearing.md, clicks
    with the power of noise at 10 dB SNR read 17 or less, and clean voices 23 or more.
    """
    count = min(len(energies), len(speech))
    energies, speech = energies[:count], speech[:count]
    if count == 0 or not speech.any():
        return None
    around = np.lib.stride_tricks.sliding_window_view(np.pad(energies, _AROUND, mode="edge"), 2 * _AROUND + 1)
    clicks = energies[energies > _STANDS_OUT * np.median(around, axis=1)]
    if len(clicks) == 0:
        return None
    return decibels(float(energies[speech].mean())) - decibels(float(clicks.sum()) / count)
