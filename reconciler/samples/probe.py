"""Everything about a sample that can be known without judging how it sounds."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.errors import SampleError
from reconciler.samples.container import claimed_duration, identify_kind, open_container

if TYPE_CHECKING:
    from pathlib import Path

    from av import AudioCodecContext, AudioStream
    from av.container import InputContainer

CEILING = 1800.0
"""Seconds that are decoded at most: 7 MB of FLAC can hold ten hours of silence."""


@dataclass(frozen=True, slots=True)
class Probe:
    """What a sample is, by its bytes."""

    size: int
    """Bytes."""
    container: str
    """mp3, mp2, wav, flac, webm, mp4, mpeg or m4a, by content."""
    mime_type: str
    """What to tell the API."""
    suffix: str
    """The file name's ending that fits the content, with its dot."""
    codec: str
    """Of the first audio stream, in FFmpeg's words: mp3, aac, opus, flac, pcm_s16le."""
    channels: int
    sample_rate: int
    """Hz."""
    bit_rate: int | None
    """Bits per second of the first audio stream, or of the whole file where only that is known."""
    duration: float
    """Seconds, by decoding the first audio stream; never more than a little over CEILING."""
    header_duration: float | None
    """Seconds, as the file's header claims; None where it claims nothing."""
    audio_streams: int
    video_streams: int
    """A cover picture does not count."""
    packet_errors: int
    """Packets that could not be read or decoded."""


def probe(path: Path) -> Probe:
    """Decode the sample to its end, or to CEILING, with bounded memory.

    Raises SampleError: `sample.unreadable`, `sample.no-audio` or `sample.format`.
    """
    with open_container(path) as (container, file):
        kind = identify_kind(path, container, file)
        if not container.streams.audio:
            raise SampleError(
                "sample.no-audio",
                f"{path.name} has no audio stream",
                where=str(path),
                why="there is no voice in it to clone",
                fix="export it again with its sound",
            )
        stream = container.streams.audio[0]
        codec = _codec_context(stream)
        if codec is None:
            raise _undecodable(path, "its codec is not known here")
        claimed = claimed_duration(container, file)
        decoded = _decode(container, stream)
        if decoded.sample_rate == 0:
            raise _undecodable(path, f"its {codec.codec.canonical_name} stream holds no sound packet")
        return Probe(
            size=container.size,
            container=kind.container,
            mime_type=kind.mime_type,
            suffix=kind.suffix,
            codec=codec.codec.canonical_name,
            channels=decoded.channels,
            sample_rate=decoded.sample_rate,
            bit_rate=stream.bit_rate or container.bit_rate or None,
            duration=decoded.duration,
            header_duration=claimed,
            audio_streams=len(container.streams.audio),
            video_streams=_count_videos(container),
            packet_errors=decoded.packet_errors,
        )


@dataclass(frozen=True, slots=True)
class _Decoded:
    duration: float
    sample_rate: int
    channels: int
    packet_errors: int


def _decode(container: InputContainer, stream: AudioStream) -> _Decoded:
    """Count what comes out of the decoder; a bad packet is counted and passed over."""
    import av  # noqa: PLC0415 - loaded by open_container already

    samples: Counter[int] = Counter()  # by sample rate: a stream may change it half-way
    sample_rate = channels = errors = 0
    packets = container.demux(stream)
    while sum(count / rate for rate, count in samples.items()) < CEILING:
        try:
            packet = next(packets, None)
        except av.FFmpegError:
            errors += 1  # nothing after this place can be found any more
            break
        if packet is None:
            break
        try:
            frames = packet.decode()
        except av.FFmpegError:
            errors += 1
            continue
        for frame in frames:
            if frame.sample_rate > 0:
                samples[frame.sample_rate] += frame.samples
                sample_rate = sample_rate or frame.sample_rate
                channels = channels or frame.layout.nb_channels
    return _Decoded(sum(count / rate for rate, count in samples.items()), sample_rate, channels, errors)


def _codec_context(stream: AudioStream) -> AudioCodecContext | None:
    """Return None for a codec without a decoder, which PyAV's types leave out."""
    return stream.codec_context


def _undecodable(path: Path, why: str) -> SampleError:
    return SampleError(
        "sample.unreadable",
        f"no audio in {path.name} can be decoded",
        where=str(path),
        why=why,
        fix="export it again, or replace it with a file that plays",
    )


def _count_videos(container: InputContainer) -> int:
    from av.stream import Disposition  # noqa: PLC0415 - loaded by open_container already

    return sum(Disposition.attached_pic not in stream.disposition for stream in container.streams.video)
