"""Real audio for tests, made on the spot: one call, one file.

    make_audio(tmp_path / "anna.mp3", container="mp3", seconds=31)

It is a real voice, from the repository's own samples, cut another way for each seed, and the same bytes each time
for the same arguments. A file is encoded once a process and then copied.
"""

from __future__ import annotations

import io
import math
from array import array
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import av
from av import AudioFrame, AudioResampler, AudioStream, VideoFrame, VideoStream

if TYPE_CHECKING:
    from av.container import OutputContainer

_MUXERS: dict[str, tuple[str, str, str]] = {
    # container: muxer, audio codec, video codec
    "mp3": ("mp3", "libmp3lame", ""),
    "wav": ("wav", "pcm_s16le", ""),
    "flac": ("flac", "flac", ""),
    "webm": ("webm", "libopus", "libvpx"),
    "mp4": ("mp4", "aac", "mpeg4"),
    "mpeg": ("mpeg", "mp2", "mpeg1video"),
    "mpg": ("mpeg", "mp2", "mpeg1video"),
    # What the API does not list, for tests of refusals.
    "m4a": ("ipod", "aac", ""),
    "mp2": ("mp2", "mp2", ""),
    "mkv": ("matroska", "libopus", "libvpx"),
    "mov": ("mov", "aac", "mpeg4"),
    "ogg": ("ogg", "libopus", ""),
    "ts": ("mpegts", "mp2", "mpeg1video"),
    "aiff": ("aiff", "pcm_s16be", ""),
    "aac": ("adts", "aac", ""),
    "avi": ("avi", "pcm_s16le", "mpeg4"),
}
_NARRATOR = Path(__file__).parents[1] / "voices" / "narrator" / "narrator.mp3"
_STEP = 0.73
"""Seconds between the beginnings of two seeds."""
_VIDEO_RATE = 25
_VIDEO_SIZE = (64, 48)


def make_audio(
    path: Path,
    *,
    container: str,
    seconds: float,
    sample_rate: int = 16000,
    seed: int = 0,
    codec: str | None = None,
    tags: dict[str, str] | None = None,
    video: bool = False,
) -> Path:
    """Write `seconds` of mono audio to `path` and return it. `container` is a key of _MUXERS.

    About 64 kbit/s where the codec is lossy. `codec` is an encoder's name in FFmpeg. `video` adds a tiny
    grey picture. With `seconds=0` and `video` there is no audio stream at all.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(
        _encode(
            container=container,
            seconds=seconds,
            sample_rate=sample_rate,
            seed=seed,
            codec=codec,
            tags=tuple(sorted((tags or {}).items())),
            video=video,
        )
    )
    return path


@cache
def _encode(
    *,
    container: str,
    seconds: float,
    sample_rate: int,
    seed: int,
    codec: str | None,
    tags: tuple[tuple[str, str], ...],
    video: bool,
) -> bytes:
    muxer, audio_codec, video_codec = _MUXERS[container]
    buffer = io.BytesIO()
    # bitexact: no random ids and no version in the file
    with av.open(buffer, "w", format=muxer, container_options={"fflags": "+bitexact"}) as output:
        output.metadata.update(dict(tags))
        picture = _add_video(output, video_codec) if video else None
        sound = _add_audio(output, codec or audio_codec, sample_rate) if seconds else None
        if picture is not None:
            _write_video(output, picture, seconds or 1)
        if sound is not None:
            _write_audio(output, sound, _speech(seconds, sample_rate, seed))
    return buffer.getvalue()


def _add_audio(output: OutputContainer, codec: str, sample_rate: int) -> AudioStream:
    # The fastest setting of each: quality is not what is tested.
    fast = {
        "libmp3lame": {"compression_level": "9"},
        "libopus": {"compression_level": "0"},
        "aac": {"aac_coder": "fast", "aac_tns": "0", "aac_is": "0"},
    }
    stream = output.add_stream(codec, rate=sample_rate, layout="mono", options=fast.get(codec, {}))
    assert isinstance(stream, AudioStream)
    if not codec.startswith(("pcm", "flac", "alac")):
        stream.bit_rate = 64000
    return stream


def _write_audio(output: OutputContainer, stream: AudioStream, samples: array[int]) -> None:
    rate = stream.rate
    resampler = AudioResampler(format=stream.format.name, layout="mono", rate=rate)
    for start in range(0, len(samples), rate):
        piece = samples[start : start + rate]
        frame = AudioFrame(format="s16", layout="mono", samples=len(piece))
        frame.planes[0].update(piece.tobytes())
        frame.sample_rate = rate
        frame.time_base = Fraction(1, rate)
        frame.pts = start
        for converted in resampler.resample(frame):
            output.mux(stream.encode(converted))
    output.mux(stream.encode(None))


def _add_video(output: OutputContainer, codec: str) -> VideoStream:
    stream = output.add_stream(codec, rate=_VIDEO_RATE)
    assert isinstance(stream, VideoStream)
    stream.width, stream.height = _VIDEO_SIZE
    stream.pix_fmt = "yuv420p"
    return stream


def _write_video(output: OutputContainer, stream: VideoStream, seconds: float) -> None:
    for index in range(math.ceil(seconds * _VIDEO_RATE)):
        frame = VideoFrame(*_VIDEO_SIZE, "yuv420p")
        for plane in frame.planes:
            plane.update(b"\x80" * plane.buffer_size)
        frame.time_base = Fraction(1, _VIDEO_RATE)
        frame.pts = index
        output.mux(stream.encode(frame))
    output.mux(stream.encode(None))


@cache
def _speech(seconds: float, sample_rate: int, seed: int) -> array[int]:
    """Return mono 16-bit samples of the narrator, who begins at another place for each seed, over and over."""
    voice = _narrator(sample_rate)
    start = int(seed * _STEP * sample_rate) % len(voice)
    wanted = int(seconds * sample_rate)
    return ((voice[start:] + voice[:start]) * (wanted // len(voice) + 1))[:wanted]


@cache
def _narrator(sample_rate: int) -> array[int]:
    samples = array("h")
    resampler = AudioResampler(format="s16", layout="mono", rate=sample_rate)
    with av.open(_NARRATOR) as recording:
        for frame in [*recording.decode(audio=0), None]:
            for converted in resampler.resample(frame):
                samples.frombytes(bytes(converted.planes[0])[: converted.samples * 2])
    return samples
