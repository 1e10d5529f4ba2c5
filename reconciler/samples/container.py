"""What kind of file a sample is: by its content, in the words of the Palabra API."""

from __future__ import annotations

import os
import struct
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from reconciler.errors import SampleError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from av.container import InputContainer

_FOREIGN = {
    "aac": "raw AAC",
    "ac3": "raw AC-3",
    "aiff": "AIFF",
    "amr": "AMR",
    "ape": "Monkey's Audio",
    "asf": "WMA or WMV",
    "au": "Sun AU",
    "avi": "AVI",
    "caf": "Core Audio Format",
    "dts": "raw DTS",
    "eac3": "raw E-AC-3",
    "flv": "Flash Video",
    "mpc": "Musepack",
    "mpc8": "Musepack",
    "mpegts": "an MPEG transport stream",
    "ogg": "Ogg",
    "rm": "RealMedia",
    "tta": "True Audio",
    "w64": "Sony Wave64",
    "wv": "WavPack",
}
"""Demuxers of FFmpeg for formats that the API does not list, and what people call them."""

_DEMUXERS = ",".join(["mp3", "wav", "flac", "matroska", "mov", "mpeg", "mpegvideo", *_FOREIGN])
"""FFmpeg may try no others: a playlist named .mp3 would make it open the files and URLs listed inside."""

_HEAD = 4096
"""Bytes at the start of a file in which the EBML header, and an MP3's first frame, are looked for."""

_COMMENTS = 1_000_000
"""Bytes of tags that are read; pictures do not count."""

_ONE_BLOCK_A_SAMPLE = (0x0001, 0x0003, 0x0006, 0x0007, 0xFFFE)
"""WAV's codes of integers, floats, A-law, mu-law, and of those that are told apart further on."""

_STEPS = 64
"""Tags or chunks that are walked through at most; a hostile file may hold a million empty ones."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A format that the API accepts."""

    container: str
    """mp3, mp2, wav, flac, webm, mp4, mpeg or m4a."""
    mime_type: str
    """What to send; one of the API's AllowedMIMEType."""
    suffix: str
    """With its dot; one that the official client maps to the same MIME type."""


KINDS = {
    kind.container: kind
    for kind in (
        Kind("mp3", "audio/mpeg", ".mp3"),
        # Layer II is audio/mpeg too (RFC 3003), and every decoder reads the layer from the frames.
        Kind("mp2", "audio/mpeg", ".mp3"),
        Kind("wav", "audio/wav", ".wav"),
        Kind("flac", "audio/flac", ".flac"),
        Kind("webm", "video/webm", ".webm"),
        Kind("mp4", "video/mp4", ".mp4"),
        Kind("mpeg", "video/mpeg", ".mpeg"),
        Kind("m4a", "audio/x-m4a", ".m4a"),
    )
}


@contextmanager
def open_container(path: Path) -> Iterator[tuple[InputContainer, BinaryIO]]:
    """Open a sample with FFmpeg; the file comes with it, for what FFmpeg does not tell.

    Raises SampleError for a format that is not known here (`sample.format`) and for a file that
    cannot be read (`sample.unreadable`), also when that shows only inside the with block.
    """
    import av  # noqa: PLC0415 - 80 ms that only a look at the audio has to pay

    av.logging.set_level(av.logging.PANIC)
    try:
        # By descriptor, so that FFmpeg cannot judge the file by its name.
        with os.fdopen(os.open(path, os.O_RDONLY), "rb") as file:
            if os.fstat(file.fileno()).st_size == 0:
                raise _unreadable(path, "the file is empty (0 bytes)")
            if _flac_comments(file) > _COMMENTS:
                raise _unreadable(path, f"its tags are larger than {_COMMENTS:,} bytes")
            with av.open(
                file, "r", metadata_errors="replace", container_options={"format_whitelist": _DEMUXERS}
            ) as container:
                yield container, file
    except av.ArgumentError as error:  # recognised, and not on the list
        raise format_error(path, "in a format that is not known here") from error
    except (av.FFmpegError, OSError) as error:
        raise _unreadable(path, "it is damaged, cut short, or not audio at all") from error


def identify_kind(path: Path, container: InputContainer, file: BinaryIO) -> Kind:
    """Return which accepted format the file is. Raises SampleError (`sample.format`)."""
    name = container.format.name
    if name in _FOREIGN:
        raise format_error(path, _FOREIGN[name])
    if name == "mpegvideo":
        return KINDS["mpeg"]
    if name.startswith("matroska"):
        if _doctype(_bytes_at(file, 0)) != b"webm":
            raise format_error(path, "Matroska (MKV), not WEBM")
        return KINDS["webm"]
    if name.startswith("mov"):
        return _kind_of_mov(path, container.metadata)
    if name == "mp3" and container.streams.audio and container.streams.audio[0].codec_context.name.startswith("mp2"):
        return KINDS["mp2"]
    return KINDS[name]


def _kind_of_mov(path: Path, metadata: dict[str, str]) -> Kind:
    """Tell the members of the MP4 family apart by their brands (ISO/IEC 14496-12, ftyp)."""
    major = metadata.get("major_brand", "qt  ")  # QuickTime files from before ftyp have none
    if major in ("M4A ", "M4B "):
        return KINDS["m4a"]
    compatible = metadata.get("compatible_brands", "")
    if major == "qt  " or (major.startswith("3g") and "isom" not in compatible and "mp4" not in compatible):
        raise format_error(path, "QuickTime (MOV)" if major == "qt  " else "3GP")
    return KINDS["mp4"]


def _doctype(head: bytes) -> bytes:
    """Return the DocType of an EBML header (RFC 8794, 11.2.4): `webm` or `matroska`."""
    position = head.find(b"\x42\x82")
    if position < 0 or position + 3 > len(head):
        return b""
    length = head[position + 2] & 0x7F
    return head[position + 3 : position + 3 + length].rstrip(b"\0")


def claimed_duration(container: InputContainer, file: BinaryIO) -> float | None:
    """Return the seconds that the file's header claims; None where there is no such claim.

    FFmpeg's word is not taken where it is an estimate: a program stream is guessed from its time stamps,
    an MP3 without a Xing, Info or VBRI frame from its first bit rate, and a WAV is silently cut to the
    bytes that are there.
    """
    name = container.format.name
    if name == "wav":
        return _riff_duration(file)
    if name == "mpeg" or (name == "mp3" and not _has_frame_count(file)):
        return None
    if container.streams.video:  # the file is as long as its picture, which may go on in silence
        stream = container.streams.audio[0]
        if stream.duration is None or stream.time_base is None:
            return None
        return float(stream.duration * stream.time_base)
    return None if container.duration is None else container.duration / 1_000_000


def _has_frame_count(file: BinaryIO) -> bool:
    head = _bytes_at(file, 0)
    start = 0
    for _ in range(_STEPS):
        if head[:3] != b"ID3" or len(head) < 10:
            break
        # The size is in 4 x 7 bits (id3.org, ID3v2.4, 3.1).
        start += 10 + (head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9])
        head = _bytes_at(file, start)
    return any(mark in head[:256] for mark in (b"Xing", b"Info", b"VBRI"))


def _riff_duration(file: BinaryIO) -> float | None:
    """Walk the chunks of a WAV to `data`, and divide the size it claims by the byte rate.

    What is compressed says in `fact` how many samples it has; its byte rate is a mean, which FFmpeg writes too high.
    """
    position, byte_rate, rate, compressed, samples = 12, 0, 0, False, 0
    for _ in range(_STEPS):
        header = _bytes_at(file, position, 24)
        if len(header) < 8:
            break
        size = int.from_bytes(header[4:8], "little")
        if header[:4] == b"fmt " and len(header) >= 20:
            code, _, rate, byte_rate = struct.unpack_from("<HHII", header, 8)
            compressed = code not in _ONE_BLOCK_A_SAMPLE
        if header[:4] == b"fact" and size >= 4:
            samples = int.from_bytes(header[8:12], "little")
        if header[:4] == b"data":
            # 0 and the largest sizes mean "not known": the file was streamed (or is RF64).
            if not 0 < size < 0x7FFF_F000:
                return None
            if compressed and samples and rate:
                return samples / rate
            return size / byte_rate if byte_rate else None
        position += 8 + size + size % 2
    return None


def _flac_comments(file: BinaryIO) -> int:
    """Return the bytes of text tags in a FLAC (RFC 9639, 8): FFmpeg takes minutes for a million of them."""
    if _bytes_at(file, 0, 4) != b"fLaC":
        return 0
    position = 4
    for _ in range(_STEPS):
        header = _bytes_at(file, position, 4)
        if len(header) < 4:
            return 0
        kind, length = header[0] & 0x7F, int.from_bytes(header[1:])
        if kind == 4:  # VORBIS_COMMENT, of which there is one
            return length
        position += 4 + length
    return 0


def _bytes_at(file: BinaryIO, position: int, count: int = _HEAD) -> bytes:
    """Read without moving the position that FFmpeg relies on."""
    return os.pread(file.fileno(), count, position)


def format_error(path: Path, found: str) -> SampleError:
    """Return the error for a file that can be read, in a format that the API does not accept."""
    return SampleError(
        "sample.format",
        f"{path.name} is {found}",
        where=str(path),
        why="Palabra clones from MP3, WAV, FLAC, WEBM, MP4, MPEG and MPG",
        fix=f'convert it: ffmpeg -i "{path.name}" -vn "{path.stem}.flac"',
    )


def _unreadable(path: Path, why: str) -> SampleError:
    return SampleError(
        "sample.unreadable",
        f"{path.name} cannot be read as audio",
        where=str(path),
        why=why,
        fix="export it again, or replace it with a file that plays to its end",
    )
