"""Tops that pile up at one level: what is left of clipping after an encoder, a resampler or a filter.

An unharmed voice reaches each higher level more seldom. A clipped one piled up at its ceiling, and what came after
has only blurred the pile: many tops just below a level that hardly anything passes.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

_SHIFT: Final = 17
"""A float's sign, exponent and first 6 bits of mantissa: 64 levels an octave, whatever the gain."""
_LEVELS: Final = 1 << 14
"""Of each sign."""
_EDGES: Final = np.append((np.arange(0x7F8 << 3, dtype=np.uint32) << np.uint32(_SHIFT)).view(np.float32), np.inf)
"""The level at which each count begins; after the largest finite float, infinity."""
_DEEP: Final = 0.88
"""The pile reaches down to this share of its level; as deep again begins what it is compared with."""
_OVER: Final = 1.06
"""What is above this share of the level has passed it; encoders overshoot by less."""
_SLOPE: Final = 0.74
"""Tops in the pile, as a share of those in the same depth below it, less the share that passes. Of 19 clean voices of
the tuning set all stay below; with 0.5 % clipped, then encoded at 32 to 64 kbit/s, 17 of 18 are above."""
_SEEN: Final = 0.0008
"""Share of the samples from which a pile is more than a few loud moments."""


class Tops:
    """Counts how often each level is reached, in one channel."""

    def __init__(self) -> None:
        self._counts = np.zeros(2 * _LEVELS, dtype=np.int64)

    def hear(self, samples: NDArray[np.float32]) -> None:
        """Take the next samples."""
        levels = np.ascontiguousarray(samples).view(np.uint32) >> np.uint32(_SHIFT)
        self._counts += np.bincount(levels, minlength=2 * _LEVELS)

    def piles(self) -> tuple[tuple[float, float], ...]:
        """Return level and share of the samples of the pile above zero, and of that below, where there are any."""
        total = int(self._counts.sum())
        sides = (self._counts[:_LEVELS], self._counts[_LEVELS:])
        return tuple(pile for counts in sides if (pile := _pile(counts, total)) is not None)


def _pile(counts: NDArray[np.int64], total: int) -> tuple[float, float] | None:
    reached = np.flatnonzero(counts)
    if len(reached) == 0:
        return None
    below = np.concatenate([[0], np.cumsum(counts)])  # below[n]: how many samples are below _EDGES[n]
    last = int(reached[-1]) + 1
    ends = np.arange(np.searchsorted(_EDGES, _EDGES[last] * 0.3), last + 1)
    deep, deeper, over = (np.searchsorted(_EDGES, _EDGES[ends] * share) for share in (_DEEP, _DEEP**2, _OVER))
    piled = below[ends] - below[deep]
    before = below[deep] - below[deeper]
    passed = below[-1] - below[np.minimum(over, len(counts))]
    seen = piled >= max(_SEEN * total, 1)
    slope = np.where(seen, piled / np.maximum(before, 1) * (1 - passed / np.maximum(piled, 1)), 0)
    best = int(slope.argmax())
    return (float(_EDGES[ends[best]]), float(piled[best]) / total) if slope[best] > _SLOPE else None
