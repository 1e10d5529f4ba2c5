"""Sounds as files: the encodings that people upload, and files that are broken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from benchmarks.hearing.speech import RATE, Sound


@dataclass(frozen=True, slots=True)
class Encoding:
    """How a sound is written."""

    suffix: str
    codec: str
    rate: int = RATE
    """Hz."""
    bit_rate: int | None = None
    """kbit/s."""
    options: tuple[tuple[str, str], ...] = ()
    """Of the container."""

    @property
    def name(self) -> str:
        """What a table calls it."""
        kind = self.codec.removeprefix("lib")
        return f"{self.suffix} {kind}" + (f" {self.bit_rate} kbit/s" if self.bit_rate else "")


FLAC = Encoding("flac", "flac")
WAV = Encoding("wav", "pcm_s16le")
MP3 = Encoding("mp3", "libmp3lame", bit_rate=128)
M4A = Encoding("mp4", "aac", 48_000, 96, (("movflags", "faststart"),))
OPUS = Encoding("webm", "libopus", 48_000, 48)
MPEG = Encoding("mpg", "mp2", 48_000, 192)
FORMATS = (
    *(Encoding("mp3", "libmp3lame", bit_rate=rate) for rate in (32, 64, 96, 128)),
    Encoding("mp3", "libmp3lame", 48_000, 192),
    Encoding("mp4", "aac", 48_000, 64),
    M4A,
    Encoding("webm", "libopus", 48_000, 24),
    OPUS,
    Encoding("mpg", "ac3", 48_000, 128),
    Encoding("mpg", "mp2", 48_000, 64),
    MPEG,
    WAV,
)


def write(sound: Sound, path: Path, encoding: Encoding = FLAC) -> None:
    """Encode a sound."""
    container_format = {"mpg": "vob", "mp4": "mp4"}.get(encoding.suffix)
    with av.open(path, "w", format=container_format, options=dict(encoding.options)) as container:
        stream = container.add_stream(encoding.codec, rate=encoding.rate)
        stream.layout = "mono"
        if encoding.bit_rate:
            stream.bit_rate = encoding.bit_rate * 1000
        resampler = av.AudioResampler(stream.format, "mono", encoding.rate, stream.frame_size or 4096)
        for start in range(0, len(sound), RATE):
            pcm = np.round(np.clip(sound[start : start + RATE], -1, 1) * 32767).astype(np.int16)
            frame = av.AudioFrame.from_ndarray(pcm[None, :], "s16", "mono")
            frame.sample_rate = RATE
            for ready in resampler.resample(frame):
                container.mux(stream.encode(ready))
        for ready in resampler.resample(None):
            container.mux(stream.encode(ready))
        container.mux(stream.encode(None))


def write_broken(sound: Sound, folder: Path) -> dict[Path, str]:
    """Write files that no service could use; return what is wrong with each.

    Raw streams that say nothing about their length (MPEG, CBR MP3 without a header) cannot be told from shorter ones.
    """
    written: dict[Path, str] = {}
    whole = {}
    for encoding in (FLAC, WAV, MP3, M4A, OPUS):
        path = folder / f"whole-{encoding.codec}.{encoding.suffix}"
        write(sound, path, encoding)
        whole[encoding.codec] = (encoding.suffix, path.read_bytes())
        path.unlink()

    def keep(name: str, content: bytes, fault: str) -> None:
        path = folder / name
        path.write_bytes(content)
        written[path] = fault

    for codec, (suffix, content) in whole.items():
        for percent in (80, 95):
            keep(f"cut-{percent}-{codec}.{suffix}", content[: len(content) * percent // 100], f"cut at {percent} %")
        keep(f"head-{codec}.{suffix}", content[:4000], "only its first 4 kB")
        keep(f"zeros-{codec}.{suffix}", content[:2000] + bytes(len(content) - 2000), "zeros after 2 kB")
        keep(f"noise-{codec}.{suffix}", _random(len(content)), "random bytes")
    suffix, content = whole["aac"]
    keep("no-index.mp4", content.replace(b"moov", b"lost", 1), "no index")
    keep("empty.mp3", b"", "no bytes")
    keep("page.mp3", b"<!doctype html><title>404</title>" * 4000, "a web page")
    keep("text.wav", b"This is not audio.\n" * 8000, "a text")
    keep("pointer.flac", b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 9\n", "LFS")
    keep("short.flac", _encoded(lambda path: write(sound[: 20 * RATE], path), folder), "20 s")
    keep("silent.flac", _encoded(lambda path: write(np.zeros_like(sound), path), folder), "digital silence")
    return written


def _random(size: int) -> bytes:
    return np.random.default_rng(7).bytes(size)


def _encoded(encode: Callable[[Path], None], folder: Path) -> bytes:
    path = folder / "encoded.flac"
    encode(path)
    content = path.read_bytes()
    path.unlink()
    return content
