"""How loud a sample is: loudness, peak, offset, and the energy of its frames; at its native rate, in one pass."""

from __future__ import annotations

from contextlib import suppress
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from reconciler.samples.listener import Block

if TYPE_CHECKING:
    from av import AudioFrame
    from av.filter import Graph

FRAME: Final = 0.016
"""Seconds; the frame of the voice detector, 256 samples at 16 kHz."""

_GATE: Final = -70.0
"""LUFS: the absolute gate of ITU-R BS.1770; what is below is silence."""


def decibels(power: float) -> float:
    """Return a power as dB; -120 for nothing at all."""
    return max(-120.0, 10 * float(np.log10(power + 1e-30)))


class LevelMeter:
    """Peak, offset and frame energies of the blocks it is shown."""

    def __init__(self) -> None:
        self._peak = 0.0
        self._sums = np.zeros(1)
        self._count = 0
        self._rate = 0
        self._rest: Block | None = None
        self._energies: list[NDArray[np.float32]] = []
        self._frames = 0

    def hear(self, block: Block, rate: int) -> None:
        """Take the next block."""
        self._rate = rate
        self._peak = max(self._peak, float(block.max()), -float(block.min()))
        self._sums = self._sums + block.sum(axis=1, dtype=np.float64)
        self._count += block.shape[1]
        whole = block if self._rest is None else np.concatenate([self._rest, block], axis=1)
        # Frame n of the file starts at round(n * FRAME * rate): no rate that people use divides evenly.
        first = round(self._frames * FRAME * rate)
        ready = int((first + whole.shape[1]) / (FRAME * rate)) - self._frames
        starts = np.round((self._frames + np.arange(ready + 1)) * FRAME * rate).astype(np.intp) - first
        starts = starts[starts <= whole.shape[1]]
        ready = len(starts) - 1
        if ready > 0:
            used = whole[:, : starts[-1]]
            lengths = np.diff(starts)
            mean = np.add.reduceat(used, starts[:-1], axis=1) / lengths
            power = np.add.reduceat(used * used, starts[:-1], axis=1) / lengths
            # Without the offset and what is slower than a frame: below 30 Hz nothing is heard
            self._energies.append((power - mean * mean).mean(axis=0).astype(np.float32))
            self._frames += ready
            whole = whole[:, starts[-1] :]
        self._rest = whole

    @property
    def peak_dbfs(self) -> float | None:
        """Of the highest sample; None for digital silence."""
        return decibels(self._peak**2) if self._peak > 0 else None

    @property
    def dc_offset(self) -> float:
        """Of the channel with the largest, as a share of full scale."""
        means = self._sums / max(self._count, 1)
        return float(means[np.argmax(np.abs(means))])

    @property
    def energies(self) -> NDArray[np.float32]:
        """Mean square of each frame over all channels."""
        return np.concatenate(self._energies) if self._energies else np.zeros(0, dtype=np.float32)


class LoudnessMeter:
    """Integrated loudness, ITU-R BS.1770, by FFmpeg's own meter."""

    def __init__(self) -> None:
        self._graph: Graph | None = None
        self._loudness = _GATE

    def hear(self, block: AudioFrame) -> None:
        """Take the next block."""
        import av  # noqa: PLC0415 - loaded by the decoder already

        if self._graph is None:
            self._graph = _ebur128(block)
        self._graph.push(block)
        with suppress(av.BlockingIOError, av.EOFError):
            while True:
                self._loudness = float(self._graph.pull().metadata["lavfi.r128.I"])

    @property
    def lufs(self) -> float | None:
        """None for silence, and for less than 400 ms."""
        return self._loudness if self._loudness > _GATE else None


def _ebur128(like: AudioFrame) -> Graph:
    import av  # noqa: PLC0415 - loaded by the decoder already

    graph = av.filter.Graph()
    source = graph.add_abuffer(
        sample_rate=like.sample_rate,
        format=like.format,
        layout=like.layout,
        time_base=Fraction(1, like.sample_rate),
    )
    meter = graph.add("ebur128", "metadata=1:framelog=quiet")
    sink = graph.add("abuffersink")
    source.link_to(meter)
    meter.link_to(sink)
    graph.configure()
    return graph
