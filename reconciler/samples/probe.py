"""Everything about a sample that can be known without judging how it sounds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.errors import SampleError
from reconciler.samples.container import claimed_duration, identify_kind, open_container
from reconciler.samples.structure import ends_early

if TYPE_CHECKING:
    from pathlib import Path

    from av import AudioCodecContext, AudioFrame, AudioStream
    from av.container import InputContainer

CEILING = 1800.0
"""Seconds that are decoded at most: 7 MB of FLAC can hold ten hours of silence."""

SAMPLE_RATES = range(4_000, 768_001)
"""Hz. Telephones send 8,000, studios up to 384,000. A header may claim anything, and a rate of 1 Hz, or of 2 GHz,
makes resampling ask for gigabytes."""


VALUES = 200_000_000
"""Samples of all channels that are decoded at most: half an hour of stereo at 48 kHz has 173 million."""


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
    reaches: float
    """Seconds; where the last sound ends by the file's own time stamps. Beyond `duration` where sound is left out."""
    ends_early: bool
    """The file breaks off inside of something that its structure announces."""
    varies: bool
    """Its packets have different sizes: a variable bit rate, where the codec knows constant ones."""


def probe(path: Path) -> Probe:
    """Decode the sample to its end, or to CEILING, with bounded memory.

    Raises SampleError: `sample.unreadable`, `sample.no-audio` or `sample.format`.
    """
    return listen(path, lambda _: None)


def listen(path: Path, hear: Callable[[AudioFrame], None]) -> Probe:
    """Probe the sample, and hand every frame of its sound to `hear` on the way; nothing is kept here.

    Raises SampleError as `probe` does.
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
        decoded = _decode(container, stream, hear)
        if decoded.values > VALUES:
            raise SampleError(
                "sample.unreadable",
                f"{path.name} holds too much sound to be measured",
                where=str(path),
                why=f"all channels together have more than {VALUES:,} samples",
                fix="cut it to the best minute of the voice, in mono",
            )
        if decoded.sample_rate == 0 and decoded.strange_rate:
            raise _undecodable(path, f"it claims {decoded.strange_rate:,} samples a second, which is no rate of sound")
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
            reaches=decoded.reaches,
            ends_early=ends_early(kind.container, file),
            varies=decoded.varies,
        )


@dataclass(frozen=True, slots=True)
class _Decoded:
    duration: float
    sample_rate: int
    channels: int
    packet_errors: int
    reaches: float
    varies: bool
    values: int
    """Of all channels."""
    strange_rate: int
    """Hz, outside of SAMPLE_RATES, in frames that were left out; 0: none."""


def _decode(container: InputContainer, stream: AudioStream, hear: Callable[[AudioFrame], None]) -> _Decoded:
    """Count what comes out of the decoder; a bad packet is counted and passed over."""
    import av  # noqa: PLC0415 - loaded by open_container already

    samples: Counter[int] = Counter()  # by sample rate: a stream may change it half-way
    sample_rate = channels = errors = strange = 0
    sizes: Counter[int] = Counter()  # of packets, in bytes
    reaches, values = 0.0, 0
    packets = container.demux(stream)
    while sum(count / rate for rate, count in samples.items()) < CEILING and values <= VALUES:
        try:
            packet = next(packets, None)
        except av.FFmpegError:
            errors += 1  # nothing after this place can be found any more
            break
        if packet is None:
            break
        sizes[packet.size] += 1
        try:
            frames = packet.decode()
        except av.FFmpegError:
            errors += 1
            continue
        for frame in frames:
            if frame.sample_rate not in SAMPLE_RATES:
                strange = frame.sample_rate
                errors += 1
                continue
            samples[frame.sample_rate] += frame.samples
            values += frame.samples * frame.layout.nb_channels
            if frame.time is not None:
                reaches = max(reaches, frame.time + frame.samples / frame.sample_rate)
            sample_rate = sample_rate or frame.sample_rate
            channels = channels or frame.layout.nb_channels
            hear(frame)
    duration = sum(count / rate for rate, count in samples.items())
    return _Decoded(duration, sample_rate, channels, errors, max(reaches, duration), _vary(sizes), values, strange)


def _vary(sizes: Counter[int]) -> bool:
    """A constant rate has packets of two sizes, one byte apart for the padding; a few may be others."""
    common = sizes.most_common(1)[0][0] if sizes else 0
    return sum(count for size, count in sizes.items() if abs(size - common) > 1) > max(4, sizes.total() / 20)


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
