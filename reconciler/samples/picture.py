"""A sample as a picture: time to the right, pitch upwards, loudness as ink."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Any

from reconciler.samples.container import open_container

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

COLUMNS = 600
ROWS = 96
"""Pixels."""

_RATE = 16_000
"""Hz that the sample is brought to: speech has nothing to show above 8 kHz."""
_WINDOW = 1024
"""Samples in one look, 64 ms: harmonics of a low voice (80 Hz) still stand apart."""
_LOOKS = 4
"""At most this many looks make up a column, so that half an hour costs no more than it must."""
_LOWEST, _HIGHEST = 60.0, 8000.0
"""Hz at the bottom and at the top edge."""
_RANGE = 65.0
"""dB below the loudest spots that are drawn; what is fainter is paper."""
_INKS = 12
"""Shades: as many as the eye tells apart here, and as few as keep the picture small."""
_PAPER, _DEEP = (255, 255, 255), (35, 26, 84)
_MIDDLE = (110, 120, 214)


def draw_spectrogram(path: Path, duration: float) -> bytes:
    """Return a PNG of 600 x 96 pixels on a mel scale from 60 Hz to 8 kHz, at most 25 kB.

    `duration` is the decoded one, in seconds; the picture spans exactly that. Dark is loud, relative to the
    loudest spots, so that noise shows as it stands to the voice. Raises SampleError as probing does.
    """
    import numpy as np  # noqa: PLC0415 - 100 ms that only a picture has to pay

    per_column = max(duration * _RATE / COLUMNS, 1.0)
    looks = min(_LOOKS, max(1, round(per_column / (_WINDOW / 2))))
    starts = (np.arange(COLUMNS * looks) * (per_column / looks)).astype(np.int64)
    mel = _mel_bands()
    window = np.hanning(_WINDOW).astype(np.float32)
    power = np.zeros((COLUMNS * looks, ROWS), dtype=np.float32)
    done = 0
    for offset, samples in _blocks(path):
        last = int(np.searchsorted(starts, offset + len(samples) - _WINDOW, side="right"))
        if last > done:
            inside = starts[done:last, None] - offset + np.arange(_WINDOW)
            spectrum = np.abs(np.fft.rfft(samples[inside] * window, axis=1)).astype(np.float32) ** 2
            power[done:last] = spectrum @ mel.T
            done = last
        if done == len(starts):
            break  # a longer file than `duration`: the rest has no place in the picture
    columns = power.reshape(COLUMNS, looks, ROWS).mean(axis=1)
    return _png(_shades(columns).T[::-1])


def _blocks(path: Path) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Yield the sample in mono blocks, each with its position; neighbours overlap by a window.

    The end is padded with silence, so that each look has all its samples.
    """
    import av  # noqa: PLC0415 - loaded by open_container too
    import numpy as np  # noqa: PLC0415 - as above

    kept = np.zeros(0, dtype=np.float32)
    position = 0
    waiting: list[NDArray[np.float32]] = []
    with open_container(path) as (container, _):
        resampler = av.AudioResampler(format="fltp", layout="mono", rate=_RATE)
        for packet in container.demux(container.streams.audio[0]):
            try:
                frames: list[Any] = [f for frame in packet.decode() for f in resampler.resample(frame)]
            except (av.FFmpegError, ValueError):
                continue  # counted by the probe; the picture shows what can be heard
            waiting += [frame.to_ndarray()[0] for frame in frames]
            if sum(map(len, waiting)) >= 10 * _RATE:
                block = np.concatenate([kept, *waiting])
                yield position, block
                kept = block[-_WINDOW:]
                position += len(block) - len(kept)
                waiting = []
    yield position, np.concatenate([kept, *waiting, np.zeros(2 * _WINDOW, dtype=np.float32)])


def _mel_bands() -> NDArray[np.float32]:
    """Return triangular bands, a row each, over the bins of the transform (O'Shaughnessy's mel formula)."""
    import numpy as np  # noqa: PLC0415 - as above

    low, high = 2595 * np.log10(1 + np.array([_LOWEST, _HIGHEST]) / 700)
    edges = 700 * (10 ** (np.linspace(low, high, ROWS + 2) / 2595) - 1)
    bins = np.fft.rfftfreq(_WINDOW, 1 / _RATE)
    # A band that falls between two bins would be empty: it is at least two bins wide.
    width = np.maximum(np.diff(edges), bins[1])
    rise = 1 - np.abs(bins - edges[1:-1, None]) / np.where(bins < edges[1:-1, None], width[:-1, None], width[1:, None])
    bands = np.maximum(rise, 0)
    weights: NDArray[np.float32] = (bands / bands.sum(axis=1, keepdims=True)).astype(np.float32)
    return weights


def _shades(power: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return 0 (paper) to 11 (deepest ink) for each spot."""
    import numpy as np  # noqa: PLC0415 - as above

    # Not the very loudest: one click would pale the voice.
    loud = float(np.quantile(power, 0.999))
    if loud <= 0:
        return np.zeros(power.shape, dtype=np.uint8)
    level = 10 * np.log10(np.maximum(power / loud, 1e-12))
    shades: NDArray[np.uint8] = np.rint(np.clip(1 + level / _RANGE, 0, 1) * (_INKS - 1)).astype(np.uint8)
    return shades


def _png(shades: NDArray[np.uint8]) -> bytes:
    """Return a PNG with a palette (PNG, third edition, sections 9 to 11).

    Each row is told as its difference from the row above ("up"), which packs a fifth better than the shades.
    """
    import numpy as np  # noqa: PLC0415 - as above

    rows, columns = shades.shape
    up = np.diff(shades, axis=0, prepend=np.zeros((1, columns), dtype=np.uint8))  # modulo 256, as the format wants
    filtered = np.concatenate([np.full((rows, 1), 2, dtype=np.uint8), up], axis=1)
    header = struct.pack(">IIBBBBB", columns, rows, 8, 3, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"PLTE", _palette()), (b"IDAT", zlib.compress(filtered.tobytes(), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in chunks
    )


def _palette() -> bytes:
    """Return the inks from paper over a middle tone to the deepest, as RGB."""
    colours = []
    for index in range(_INKS):
        at = 2 * index / (_INKS - 1)
        one, other = (_PAPER, _MIDDLE) if at <= 1 else (_MIDDLE, _DEEP)
        share = at if at <= 1 else at - 1
        colours += [round(a + (b - a) * share) for a, b in zip(one, other, strict=True)]
    return bytes(colours)
