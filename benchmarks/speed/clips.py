"""Many different recordings, made cheaply: one real voice, encoded once, with a number hidden in each copy.

The number stands in the `private` bits of the first MP3 frames' headers (ISO/IEC 11172-3, 2.4.2.3), which no decoder
looks at. So each copy is a file, and an audio stream, of its own, sounds the same, and costs one write.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import av

NARRATOR: Final = Path(__file__).parents[2] / "voices" / "narrator" / "narrator.mp3"
SECONDS: Final = 35
BITS_PER_SECOND: Final = 24_000
RATE: Final = 24_000
FRAME: Final = 72
"""Bytes: 576 samples a frame at these two rates (MPEG-2, layer III)."""
PRIVATE: Final = 2
"""The byte of a frame's header whose lowest bit is `private`."""
NUMBER_BITS: Final = 20


@dataclass(frozen=True, slots=True)
class Clip:
    """One recording."""

    content: bytes
    sha256: str
    stream_sha256: str
    """As reconciler.desired.identity.stream_sha256() says; the frames are all there is in the file."""


class Clips:
    """Recordings by number."""

    def __init__(self, copies: int = 1) -> None:
        """`copies` says how often the same sound is in each."""
        self._frames = _encode() * copies

    def clip(self, number: int) -> Clip:
        """Return the recording of this number, 0 to a million."""
        content = bytearray(self._frames)
        for bit in range(NUMBER_BITS):
            if number >> bit & 1:
                content[(bit + 1) * FRAME + PRIVATE] |= 1
        stream = hashlib.sha256(b"voicectl stream 1\n" + f"mp3 {RATE} 1\n".encode() + content)
        return Clip(bytes(content), hashlib.sha256(content).hexdigest(), stream.hexdigest())


def _encode() -> bytes:
    """Return the frames of the narrator's voice, nothing before and nothing after them."""
    frames = bytearray()
    codec = av.CodecContext.create("libmp3lame", "w")
    codec.sample_rate, codec.layout, codec.format, codec.bit_rate = RATE, "mono", "s16p", BITS_PER_SECOND
    resampler = av.AudioResampler("s16p", "mono", RATE, frame_size=576)
    with av.open(str(NARRATOR)) as source:
        for decoded in source.decode(audio=0):
            for frame in resampler.resample(decoded):
                for packet in codec.encode(frame):
                    frames += bytes(packet)
    wanted = SECONDS * RATE // 576 * FRAME
    if len(frames) < wanted:
        frames *= -(-wanted // len(frames))
    return bytes(frames[:wanted])
