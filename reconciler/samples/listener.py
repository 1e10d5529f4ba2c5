"""The sound of a sample, frame by frame from the decoder, as blocks that numpy can measure."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from av import AudioFrame, AudioLayout, AudioResampler

Block = NDArray[np.float32]
"""Samples, full scale is -1 to 1: channels x samples at the native rate."""

Sound = NDArray[np.int16]
"""Samples of one channel at RATE, full scale is FULL_SCALE. Half an hour of floats would be twice as large."""

FULL_SCALE: Final = 1 << 15

RATE: Final = 16_000
"""Hz, of what voices are looked for in."""

_BLOCK: Final = 1 << 16
"""Samples of all channels in one block: large enough for numpy, and small for memory."""


class Listener:
    """Takes the frames of one sample, passes on native blocks, and keeps the sound in mono at RATE.

    The first frame sets rate and channels; frames that differ (a stream may change half-way) are converted.
    """

    def __init__(self, hear: Callable[[AudioFrame], None]) -> None:
        self._hear = hear
        self._native: _Reshaper | None = None
        self._mono = _Reshaper("mono", RATE, _BLOCK // 4, "s16")
        # realloc moves no bytes of a large block, so this grows without a second copy of half an hour
        self._sound = bytearray()

    def frame(self, frame: AudioFrame) -> None:
        """Take the next frame."""
        if self._native is None:
            self._native = _Reshaper(frame.layout, frame.sample_rate, _BLOCK // frame.layout.nb_channels)
        frame.pts = None  # gaps and overlaps of time stamps are the container's business
        self._pass_on(frame)

    def finish(self) -> Sound:
        """Take what the resamplers still hold; return the whole sample in mono at RATE."""
        if self._native is not None:
            self._pass_on(None)
        return np.frombuffer(self._sound, dtype=np.int16)

    def _pass_on(self, frame: AudioFrame | None) -> None:
        assert self._native is not None
        for block in self._native.reshape(frame):
            self._hear(block)
        for block in self._mono.reshape(frame):
            self._sound += memoryview(block.planes[0])[: 2 * block.samples]


class _Reshaper:
    """Frames of any format, layout and rate in; frames of one layout, rate and size out.

    Packed ones, all channels in one plane: PyAV reads past the end of the list of planes if there are 8 or more.
    """

    def __init__(self, layout: AudioLayout | str, rate: int, size: int, form: str = "flt") -> None:
        self._layout, self._rate, self._size, self._form = layout, rate, size, form
        self._source: tuple[str, str, int] | None = None
        self._resampler: AudioResampler | None = None

    def reshape(self, frame: AudioFrame | None) -> list[AudioFrame]:
        """Return the blocks that are full; with None, what is left."""
        import av  # noqa: PLC0415 - loaded by the decoder already

        ready: list[AudioFrame] = []
        source = None if frame is None else (frame.format.name, frame.layout.name, frame.sample_rate)
        if source != self._source and self._resampler is not None:
            ready += self._resampler.resample(None)
            self._resampler = None
        self._source = source
        if frame is not None:
            if self._resampler is None:
                self._resampler = av.AudioResampler(self._form, self._layout, self._rate, frame_size=self._size)
            ready += self._resampler.resample(frame)
        return [block for block in ready if block.samples]


def floats(sound: Sound) -> NDArray[np.float32]:
    """Return a stretch of a sound with full scale -1 to 1."""
    return sound * np.float32(1 / FULL_SCALE)


def samples_of(block: AudioFrame) -> Block:
    """Return a block's samples. A float file may hold what is no number, and a million times full scale."""
    channels = block.layout.nb_channels
    packed = np.frombuffer(memoryview(block.planes[0]), np.float32, count=block.samples * channels)
    samples: Block = np.array(packed.reshape(-1, channels).T, order="C")  # a copy: the frame is for others too
    np.nan_to_num(samples, copy=False)
    return np.clip(samples, -8, 8, out=samples)
