"""Where a sample was cut off at a ceiling: flat runs at its peak, and tops that pile up at one level.

A clipped wave stays at its ceiling for some samples in a row, wherever a later gain has moved that ceiling. After an
encoder or a resampler they are no longer equal; `tops` says whether they still crowd around one level.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from reconciler.samples.listener import Block
from reconciler.samples.measurement import Span
from reconciler.samples.tops import Tops

_RUN: Final = 4
"""Samples in a row at the peak; a natural top is sharper."""
_NEAR: Final = 0.002
"""How far from the peak still counts as at the peak, as a share of it: the rounding of 16 bits after a gain."""
_LSB: Final = 2 / 32768
"""The same in shares of full scale, for quiet files."""
_CELL: Final = 0.02
"""Seconds that one entry of the list of places covers."""
_TOP: Final = 0.95
"""Share of a pile's level that a cell's peak reaches, where it adds to the pile."""
_JOIN: Final = 0.5
"""Seconds; clipping with shorter gaps is told as one stretch."""


class _Ceiling:
    """Runs at the highest value of one channel, or the lowest with its sign turned."""

    def __init__(self) -> None:
        self.peak = 0.0
        self.samples = 0
        self.cells: list[NDArray[np.intp]] = []

    def hear(self, signal: NDArray[np.float32], start: int, rate: int) -> None:
        highest = float(signal.max())
        near = max(_NEAR * self.peak, _LSB)
        if highest <= 0 or highest < self.peak - near:
            return
        if highest > self.peak + near:  # what was found so far was not the top
            self.samples, self.cells = 0, []
        self.peak = max(self.peak, highest)
        at_peak = signal >= self.peak - max(_NEAR * self.peak, _LSB)
        edges = np.flatnonzero(np.diff(at_peak, prepend=False, append=False))
        starts, lengths = edges[::2], np.diff(edges)[::2]
        runs = lengths >= _RUN
        if runs.any():
            self.samples += int(lengths[runs].sum())
            self.cells.append(np.unique(((start + starts[runs]) / (rate * _CELL)).astype(np.intp)))


class ClippingMeter:
    """Finds clipping in the blocks it is shown."""

    def __init__(self) -> None:
        self._ceilings: list[_Ceiling] = []
        self._tops: list[Tops] = []
        self._peaks: list[tuple[NDArray[np.intp], NDArray[np.float32]]] = []
        self._position = 0

    def hear(self, block: Block, rate: int) -> None:
        """Take the next block."""
        if not self._ceilings:
            self._ceilings = [_Ceiling() for _ in range(2 * len(block))]
            self._tops = [Tops() for _ in block]
        for channel, samples in enumerate(block):
            self._ceilings[2 * channel].hear(samples, self._position, rate)
            self._ceilings[2 * channel + 1].hear(-samples, self._position, rate)
            self._tops[channel].hear(samples)
        starts = np.arange(0, block.shape[1], max(1, int(rate * _CELL)))
        cells = ((self._position + starts) / (rate * _CELL)).astype(np.intp)
        self._peaks.append((cells, np.maximum.reduceat(np.abs(block), starts, axis=1).max(axis=0)))
        self._position += block.shape[1]

    @property
    def share(self) -> float:
        """Of the samples of all channels, those in runs at the peak, 0 to 1."""
        return sum(ceiling.samples for ceiling in self._ceilings) / max(self._position * len(self._tops), 1)

    @property
    def piled(self) -> float:
        """Of the samples of all channels, those in tops that pile up at one level, 0 to 1."""
        return sum(share for tops in self._tops for _, share in tops.piles()) / max(len(self._tops), 1)

    @property
    def spans(self) -> tuple[Span, ...]:
        """Where the runs are, or, without any, the highest of the tops that pile up; in order."""
        cells = [cells for ceiling in self._ceilings for cells in ceiling.cells]
        levels = [level for tops in self._tops for level, _ in tops.piles()]
        if not cells and levels:
            cells = [places[peaks > _TOP * min(levels)] for places, peaks in self._peaks]
        return _joined(np.unique(np.concatenate(cells))) if cells else ()


def _joined(places: NDArray[np.intp]) -> tuple[Span, ...]:
    if len(places) == 0:
        return ()
    breaks = np.flatnonzero(np.diff(places) * _CELL > _JOIN)
    firsts = places[np.concatenate([[0], breaks + 1])]
    lasts = places[np.concatenate([breaks, [len(places) - 1]])]
    return tuple(
        Span(round(float(first) * _CELL, 2), round(float(last + 1) * _CELL, 2))
        for first, last in zip(firsts, lasts, strict=True)
    )
