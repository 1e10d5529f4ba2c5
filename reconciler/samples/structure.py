"""Whether a file holds all the bytes that its own structure announces. A copy that was cut short does not."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import BinaryIO, Final

_STEPS: Final = 100_000
"""Chunks that are walked over at most: 10 MB hold about 5,000 packets of a program stream."""
_WAV_SLACK: Final = 0.05
"""Of a second. Some recorders count a few bytes too many."""

Walk = Callable[[BinaryIO, int], bool]
"""Whether a file of so many bytes ends inside of something that it announced."""


def ends_early(container: str, file: BinaryIO) -> bool:
    """Return whether the file breaks off, for the formats (by Kind.container) whose structure says so."""
    walk = _WALKS.get(container)
    return walk is not None and walk(file, os.fstat(file.fileno()).st_size)


def _riff(file: BinaryIO, size: int) -> bool:
    """RIFF WAVE: the `data` chunk claims more than there is (0 and the largest sizes mean "not known")."""
    position, byte_rate = 12, 0
    for _ in range(_STEPS):
        header = _at(file, position, 20)
        if len(header) < 8:
            return False
        claimed = int.from_bytes(header[4:8], "little")
        if header[:4] == b"fmt ":
            byte_rate = int.from_bytes(header[16:20], "little")
        if header[:4] == b"data":
            missing = position + 8 + claimed - size
            return 0 < claimed < 0x7FFF_F000 and missing > byte_rate * _WAV_SLACK
        position += 8 + claimed + claimed % 2
    return False


def _boxes(file: BinaryIO, size: int) -> bool:
    """ISO base media (ISO/IEC 14496-12, 4.2): media or its index reach beyond the end; junk after them may."""
    position = 0
    for _ in range(_STEPS):
        header = _at(file, position, 16)
        if len(header) < 8:
            return False
        length = int.from_bytes(header[:4])
        if length == 1:
            length = int.from_bytes(header[8:16])
        if length < 8:
            return False
        position += length
        if position > size:
            return header[4:8] in (b"mdat", b"moov", b"moof")
    return False


def _ebml(file: BinaryIO, size: int) -> bool:
    """Matroska (RFC 8794, RFC 9559): the segment reaches beyond the end, or one of its clusters, if it has no size."""
    segment, cluster = 0x18538067, 0x1F43B675
    position = 0
    for _ in range(_STEPS):
        header = _at(file, position, 12)
        if len(header) < 2 or header[0] == 0:
            return False
        name_length = 9 - header[0].bit_length()
        if len(header) <= name_length or header[name_length] == 0:
            return False
        length_length = 9 - header[name_length].bit_length()
        raw = int.from_bytes(header[name_length : name_length + length_length])
        full = (1 << (7 * length_length)) - 1
        length = raw & full
        start = position + name_length + length_length
        is_known, element = length != full, int.from_bytes(header[:name_length])
        if is_known and (element == segment or start + length > size):
            return element in (segment, cluster) and start + length > size
        if not is_known and element != segment:
            return False
        position = start + length if is_known else start
    return False


def _program_stream(file: BinaryIO, size: int) -> bool:
    """MPEG program stream (ISO/IEC 11172-1 and 13818-1, 2.5.3): a packet reaches beyond the end."""
    position = 0
    for _ in range(_STEPS):
        header = _at(file, position, 14)
        if len(header) < 6 or header[:3] != b"\0\0\1" or header[3] < 0xB9:
            return False
        if header[3] == 0xB9:  # the end code
            return False
        if header[3] == 0xBA:
            is_first_version = header[4] >> 4 == 2
            stuffing = 0 if is_first_version or len(header) < 14 else header[13] & 7
            position += 12 if is_first_version else 14 + stuffing
        else:
            position += 6 + int.from_bytes(header[4:6])
        if position > size:
            return True
    return False


def _at(file: BinaryIO, position: int, count: int) -> bytes:
    """Read without moving the position that FFmpeg relies on."""
    try:
        return os.pread(file.fileno(), count, position)
    except OverflowError:
        return b""


_WALKS: Final[Mapping[str, Walk]] = MappingProxyType(
    {"wav": _riff, "mp4": _boxes, "m4a": _boxes, "webm": _ebml, "mpeg": _program_stream}
)
