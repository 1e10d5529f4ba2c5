"""Ways to break a file where its format says what it is: sizes, counts, rates and durations that lie."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from mutations import LARGE_LIES, LIES


@dataclass(frozen=True, slots=True)
class Part:
    """A chunk, atom, element or frame."""

    start: int
    """Of its header."""
    body: int
    """Where its content starts."""
    end: int
    size_field: slice
    """Where its size is said."""
    little: bool = False


_ATOMS = frozenset(b"moov trak mdia minf stbl udta meta ilst moof traf mvex edts dinf".split())
_ELEMENTS = frozenset((0x18538067, 0x1549A966, 0x1654AE6B, 0xAE, 0xE1, 0xE0, 0x1F43B675, 0xA0, 0x6D80, 0x6240, 0x5034))


def riff_parts(content: bytes) -> Iterator[Part]:
    """Walk the chunks of a WAV."""
    yield Part(0, 12, len(content), slice(4, 8), little=True)
    at = 12
    while at + 8 <= len(content):
        size = int.from_bytes(content[at + 4 : at + 8], "little")
        yield Part(at, at + 8, min(at + 8 + size, len(content)), slice(at + 4, at + 8), little=True)
        at += 8 + size + size % 2


def atoms(content: bytes, at: int = 0, end: int | None = None) -> Iterator[Part]:
    """Walk the atoms of an MP4, with those inside."""
    end = len(content) if end is None else end
    while at + 8 <= end:
        size, name = int.from_bytes(content[at : at + 4]), content[at + 4 : at + 8]
        if size < 8:
            return
        yield Part(at, at + 8, min(at + size, end), slice(at, at + 4))
        if name in _ATOMS:
            yield from atoms(content, at + (12 if name == b"meta" else 8), min(at + size, end))
        at += size


def elements(content: bytes, at: int = 0, end: int | None = None) -> Iterator[Part]:
    """Walk the elements of a WEBM, with those inside."""
    end = len(content) if end is None else end
    while at + 2 <= end and content[at]:
        width = 9 - content[at].bit_length()
        size_at = at + width
        if size_at >= end or not content[size_at]:
            return
        size_width = 9 - content[size_at].bit_length()
        body = size_at + size_width
        size = int.from_bytes(content[size_at:body]) & ((1 << 7 * size_width) - 1)
        name = int.from_bytes(content[at:size_at])
        yield Part(at, body, min(body + size, end), slice(size_at, body))
        if name in _ELEMENTS:
            yield from elements(content, body, min(body + size, end))
        at = body + size


def flac_blocks(content: bytes) -> Iterator[Part]:
    """Walk the metadata blocks of a FLAC."""
    at, last = 4, False
    while at + 4 <= len(content) and not last:
        last, size = bool(content[at] & 0x80), int.from_bytes(content[at + 1 : at + 4])
        yield Part(at, at + 4, min(at + 4 + size, len(content)), slice(at + 1, at + 4))
        at += 4 + size


def packs(content: bytes) -> Iterator[Part]:
    """Find the packets of a program stream."""
    at = content.find(b"\0\0\1")
    while 0 <= at <= len(content) - 6:
        size = int.from_bytes(content[at + 4 : at + 6])
        yield Part(at, at + 6, min(at + 6 + size, len(content)), slice(at + 4, at + 6))
        at = content.find(b"\0\0\1", at + 4)


def frames(content: bytes) -> Iterator[Part]:
    """Find the frame headers of an MP3 or MP2, and its ID3 tag."""
    if content[:3] == b"ID3":
        yield Part(0, 10, 10, slice(6, 10))
    at = content.find(b"\xff")
    while 0 <= at <= len(content) - 4:
        if content[at + 1] & 0xE0 == 0xE0:
            yield Part(at, at + 4, at + 4, slice(at + 1, at + 4))
        at = content.find(b"\xff", at + 1)


WALKS = {
    "wav": riff_parts,
    "mp4": atoms,
    "m4a": atoms,
    "webm": elements,
    "flac": flac_blocks,
    "mpeg": packs,
    "mpg": packs,
    "mp3": frames,
    "mp2": frames,
}


def break_structure(kind: str, content: bytearray, chance: Random) -> None:
    """Break one to five parts of a file of this format."""
    for _ in range(chance.choice((1, 1, 2, 5))):
        parts = list(WALKS[kind](bytes(content)))
        if not parts:
            return
        # the first parts describe the file; those that follow are mostly sound
        part = (
            parts[min(int(chance.expovariate(1 / 15)), len(parts) - 1)]
            if chance.random() < 0.7
            else chance.choice(parts)
        )
        chance.choice((_lie_about_size, _lie_inside, _lie_inside, _lie_inside, _move))(content, part, chance)


def _lie_about_size(content: bytearray, part: Part, chance: Random) -> None:
    field = part.size_field
    width = field.stop - field.start
    true = int.from_bytes(content[field], "little" if part.little else "big")
    number = chance.choice((0, 1, true - 1, true + 1, true * 2, true // 2, true + 0x10000, len(content), *LARGE_LIES))
    content[field] = (number & ((1 << 8 * width) - 1)).to_bytes(width, "little" if part.little else "big")


def _lie_inside(content: bytearray, part: Part, chance: Random) -> None:
    """Write an odd number at one of the first fields, or over the whole of a short part."""
    length = part.end - part.body
    if 0 < length <= 8 and chance.random() < 0.7:
        number = chance.choice((*LIES, *LARGE_LIES))
        odd = struct.pack(">d", chance.choice((0.0, -1.0, 1e-9, 1.0, 4e9, 1e300, float("inf"), float("nan"))))
        content[part.body : part.end] = chance.choice(
            ((number & ((1 << 8 * length) - 1)).to_bytes(length), odd[:length])
        )
        return
    width = chance.choice((1, 2, 4, 4, 8))
    at = (part.body if length else part.start) + chance.randrange(max(1, min(length, 120)))
    number = chance.choice((*LIES, *LARGE_LIES)) & ((1 << 8 * width) - 1)
    content[at : at + width] = number.to_bytes(width, "little" if part.little else "big")


def _move(content: bytearray, part: Part, chance: Random) -> None:
    """Take a part out, repeat it in its place, or put it elsewhere."""
    piece = bytes(content[part.start : part.end])[:50_000]
    copies = chance.choice((0, 2, 2, 50))
    content[part.start : part.end] = piece * copies
    if chance.random() < 0.3:
        at = chance.randrange(len(content) + 1)
        content[at:at] = piece
