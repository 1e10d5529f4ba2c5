"""Mains hum: lines at 50 or 60 Hz and their multiples that stand out of what is beside them."""

from __future__ import annotations

from typing import Final

import numpy as np

from reconciler.samples.level import decibels
from reconciler.samples.listener import Sound
from reconciler.samples.spectrum import lines

_MAINS: Final = (50, 60)
"""Hz."""
_HARMONICS: Final = 6
_SECONDS: Final = 1.0
"""Of one look, so that lines are 1 Hz apart."""
_QUIETEST: Final = 20
"""Percent of the looks: a hum is there in all of them, a voice's pitch wanders off."""
_INAUDIBLE: Final = -75.0
"""dBFS; what hums below this is not heard under a voice."""


def measure_hum(sound: Sound) -> float | None:
    """Return by how many dB the hum stands out, the mean of its three strongest lines; None for no hum to hear."""
    # copies: a view would keep all the lines of half an hour
    looks = [power[:, : max(_MAINS) * (_HARMONICS + 1)].copy() for power in lines(sound, _SECONDS)]
    if not looks:
        return None
    steady = np.percentile(np.concatenate(looks), _QUIETEST, axis=0)
    found = [hum for mains in _MAINS if (hum := _family(steady, mains)) is not None]
    return max(found, default=None)


def _family(steady: np.ndarray[tuple[int, ...], np.dtype[np.floating]], mains: int) -> float | None:
    peaks, contrasts = 0.0, []
    for harmonic in range(1, _HARMONICS + 1):
        line = mains * harmonic
        peak = float(steady[line - 1 : line + 2].sum())  # the window spreads a line over three
        beside = float(np.median(np.concatenate([steady[line - 12 : line - 3], steady[line + 4 : line + 13]]))) * 3
        peaks += peak
        contrasts.append(decibels(peak) - decibels(beside))
    strongest = sorted(contrasts)[-3:]
    return sum(strongest) / len(strongest) if decibels(peaks) > _INAUDIBLE else None
