"""The sound files that are broken: made on the spot, and the recordings of voices/."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from audio import make_audio

ROOT = Path(__file__).resolve().parents[2]

_MADE = (
    # container, codec, sample rate, seconds, video
    ("mp3", None, 16_000, 4, False),
    ("mp3", None, 44_100, 2, False),
    ("mp3", None, 8_000, 9, False),
    ("mp2", None, 16_000, 4, False),
    ("mp2", None, 48_000, 2, False),
    ("wav", None, 16_000, 4, False),
    ("wav", "pcm_u8", 8_000, 6, False),
    ("wav", "pcm_s24le", 44_100, 2, False),
    ("wav", "pcm_f32le", 48_000, 2, False),
    ("wav", "pcm_alaw", 8_000, 6, False),
    ("wav", "adpcm_ms", 22_050, 4, False),
    ("wav", "adpcm_ima_wav", 22_050, 4, False),
    ("flac", None, 16_000, 5, False),
    ("flac", None, 96_000, 2, False),
    ("webm", None, 16_000, 5, False),
    ("webm", None, 24_000, 3, False),
    ("webm", None, 48_000, 2, True),
    ("mp4", None, 16_000, 5, False),
    ("mp4", None, 44_100, 2, True),
    ("mp4", "alac", 44_100, 2, False),
    ("mp4", "libmp3lame", 44_100, 2, False),
    ("m4a", None, 16_000, 5, False),
    ("m4a", "alac", 16_000, 4, False),
    ("mpeg", None, 16_000, 5, False),
    ("mpeg", "ac3", 48_000, 2, False),
    ("mpeg", None, 44_100, 2, True),
    ("mpg", None, 32_000, 3, False),
    ("mpg", None, 48_000, 2, True),
)
_RECORDED_SHARE = 0.08
"""Of the files that are broken: half a minute of speech each, which takes ten times as long."""


@cache
def made() -> tuple[tuple[str, bytes], ...]:
    """Return (format, content) of a few seconds of sound in every format, with each of its usual codecs."""
    with tempfile.TemporaryDirectory() as folder:
        return tuple(
            (
                container,
                make_audio(
                    Path(folder, f"{number}.bin"),
                    container=container,
                    codec=codec,
                    sample_rate=rate,
                    seconds=seconds,
                    video=video,
                    seed=number,
                    tags={"title": "Anna", "artist": "fuzz"},
                ).read_bytes(),
            )
            for number, (container, codec, rate, seconds, video) in enumerate(_MADE)
        )


@cache
def recorded() -> tuple[tuple[str, bytes], ...]:
    """Return (format, content) of the recordings of this repository."""
    files = (path for path in (ROOT / "voices").rglob("*") if path.suffix not in (".md", ".yaml") and path.is_file())
    return tuple((path.suffix[1:], path.read_bytes()) for path in sorted(files))


def any_seed(chance: float, choice: float) -> tuple[str, bytes]:
    """Return one of them; both arguments are from 0 to 1."""
    files = recorded() if chance < _RECORDED_SHARE else made()
    return files[int(choice * len(files))]
