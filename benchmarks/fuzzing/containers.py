"""Containers written by hand, as no honest program would: every number in them can be chosen."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from functools import cache


def wav(
    sound: bytes,
    *,
    rate: int,
    channels: int = 1,
    bits: int = 16,
    tag: int = 1,
    size: int | None = None,
    extra: bytes = b"",
) -> bytes:
    """Return a WAV. `size` is what it says of the sound; `extra` are chunks before it."""
    align = (channels * bits // 8) & 0xFFFF
    form = struct.pack("<HHIIHH", tag, channels, rate, (rate * align) & 0xFFFFFFFF, align, bits)
    size = len(sound) if size is None else size
    body = b"WAVEfmt " + struct.pack("<I", 16) + form + extra + b"data" + struct.pack("<I", size) + sound
    return b"RIFF" + struct.pack("<I", min(len(body), 0xFFFFFFFF)) + body


def atom(name: bytes, *parts: bytes) -> bytes:
    """Return an atom of an MP4."""
    body = b"".join(parts)
    return struct.pack(">I", len(body) + 8) + name + body


def mp4(
    *,
    rate: int = 16_000,
    channels: int = 1,
    codec: bytes = b"twos",
    tracks: int = 1,
    tables: Mapping[bytes, bytes] | None = None,
    edits: bytes = b"",
    moov: bytes = b"",
) -> bytes:
    """Return an MP4 of 2 s of PCM. `tables` replaces those of the sound, `moov` goes to the end of the index."""
    sound = bytes(range(256)) * 250
    brand = atom(b"ftyp", b"isom\0\0\2\0isommp41")
    entry = atom(codec, b"\0" * 6 + struct.pack(">H", 1) + b"\0" * 8 + struct.pack(">HHIHH", channels, 16, 0, rate, 0))
    table = {
        b"stsd": atom(b"stsd", struct.pack(">II", 0, 1), entry),
        b"stts": atom(b"stts", struct.pack(">IIII", 0, 1, 32_000, 1)),
        b"stsc": atom(b"stsc", struct.pack(">IIIII", 0, 1, 1, 32_000, 1)),
        b"stsz": atom(b"stsz", struct.pack(">III", 0, 2, 32_000)),
        b"stco": atom(b"stco", struct.pack(">III", 0, 1, len(brand) + 8)),
        **(tables or {}),
    }
    media = atom(
        b"mdia",
        atom(b"mdhd", struct.pack(">IIIIII", 0, 0, 0, 16_000, 32_000, 0)),
        atom(b"hdlr", b"\0" * 8 + b"soun" + b"\0" * 13),
        atom(b"minf", atom(b"smhd", b"\0" * 8), atom(b"stbl", *table.values())),
    )
    head = atom(b"tkhd", struct.pack(">IIIIII", 3, 0, 0, 1, 0, 32_000), b"\0" * 60)
    track = atom(b"trak", head, edits, media)
    movie = atom(b"mvhd", struct.pack(">IIIII", 0, 0, 0, 16_000, 32_000), b"\0" * 80)
    return brand + atom(b"mdat", sound) + atom(b"moov", movie, track * tracks, moov)


def element(name: int, *parts: bytes) -> bytes:
    """Return an element of a WEBM."""
    body = b"".join(parts)
    return name.to_bytes((name.bit_length() + 7) // 8) + (len(body) | 1 << 56).to_bytes(8) + body


def webm(
    packets: Sequence[bytes],
    *,
    step: int,
    rate: float = 48_000.0,
    channels: int = 1,
    codec: bytes = b"A_OPUS",
    track: bytes = b"",
    before: bytes = b"",
    video: Sequence[bytes] = (),
) -> bytes:
    """Return a WEBM of these packets, `step` ms apart.

    `track` is added to the description of the sound, `before` goes before the sound itself.
    """
    head = b"OpusHead\1" + struct.pack("<BHIhB", channels, 0, 48_000, 0, 0)
    sound = element(
        0xAE,
        element(0xD7, b"\1"),
        element(0x73C5, b"\1"),
        element(0x83, b"\2"),
        element(0x86, codec),
        element(0x63A2, head) if codec == b"A_OPUS" else b"",
        element(
            0xE1, element(0xB5, struct.pack(">d", rate)), element(0x9F, bytes([channels])), element(0x6264, b"\x10")
        ),
        track,
    )
    size = element(0xE0, element(0xB0, struct.pack(">H", 16_383)), element(0xBA, struct.pack(">H", 16_383)))
    picture = element(
        0xAE, element(0xD7, b"\2"), element(0x73C5, b"\2"), element(0x83, b"\1"), element(0x86, b"V_VP8"), size
    )
    clusters = []
    for start in range(0, len(packets), 500):
        blocks = [_block(1, offset * step, packet) for offset, packet in enumerate(packets[start : start + 500])]
        if not start:
            blocks[1:1] = [_block(2, offset * 40, frame) for offset, frame in enumerate(video)]
        clusters.append(element(0x1F43B675, element(0xE7, struct.pack(">Q", start * step)), *blocks))
    return element(0x1A45DFA3, element(0x4282, b"webm")) + element(
        0x18538067,
        element(0x1549A966, element(0x2AD7B1, struct.pack(">I", 1_000_000))),
        element(0x1654AE6B, sound, picture if video else b""),
        before,
        *clusters,
    )


def _block(track: int, time: int, packet: bytes) -> bytes:
    body = bytes([0x80 | track]) + struct.pack(">HB", time & 0xFFFF, 0x80) + packet
    size = bytes([0x80 | len(body)]) if len(body) < 0x7F else (len(body) | 1 << 28).to_bytes(4)
    return b"\xa3" + size + body


def flac(rate: int, channels: int, *, frames: int, head: bool = True, block: tuple[int, bytes] | None = None) -> bytes:
    """Return a FLAC whose frames are 65,535 samples of silence, in a few bytes each.

    `block` is one more block of metadata: its type and content.
    """
    lengths = struct.pack(">HH", 16, 65_535) + b"\0" * 6
    packed = (rate << 44 | (channels - 1) << 41 | 15 << 36 | min(frames * 65_535, (1 << 36) - 1)).to_bytes(8)
    information = lengths + packed + b"\0" * 16
    more = b"" if block is None else bytes([0x80 | block[0]]) + len(block[1]).to_bytes(3) + block[1]
    start = b"fLaC" + bytes([0 if more else 0x80]) + len(information).to_bytes(3) + information + more
    return (start if head else b"") + b"".join(_silent_frame(number, channels) for number in range(frames))


def _silent_frame(number: int, channels: int) -> bytes:
    # block size in 16 bits, rate and bits as the head says (RFC 9639, 9.1)
    head = b"\xff\xf8\x70" + bytes([(channels - 1) << 4]) + _utf8(number) + struct.pack(">H", 65_534)
    frame = head + bytes([_crc8(head)]) + b"\0\0\0" * channels
    return frame + struct.pack(">H", _crc16(frame))


def _utf8(number: int) -> bytes:
    if number < 0x80:
        return bytes([number])
    if number < 0x800:
        return bytes([0xC0 | number >> 6, 0x80 | number & 0x3F])
    if number < 0x10000:
        return bytes([0xE0 | number >> 12, 0x80 | number >> 6 & 0x3F, 0x80 | number & 0x3F])
    return bytes([0xF0 | number >> 18, *(0x80 | number >> shift & 0x3F for shift in (12, 6, 0))])


@cache
def _crc_table(polynomial: int, width: int) -> tuple[int, ...]:
    table = []
    for byte in range(256):
        value = byte << (width - 8)
        for _ in range(8):
            value = value << 1 ^ (polynomial if value >> (width - 1) & 1 else 0)
        table.append(value & ((1 << width) - 1))
    return tuple(table)


def _crc8(content: bytes) -> int:
    table, value = _crc_table(0x107, 8), 0
    for byte in content:
        value = table[value ^ byte]
    return value


def _crc16(content: bytes) -> int:
    table, value = _crc_table(0x18005, 16), 0
    for byte in content:
        value = (value << 8 ^ table[value >> 8 ^ byte]) & 0xFFFF
    return value


def id3(frames: bytes, *, version: int = 4) -> bytes:
    """Return an ID3 tag around these frames."""
    size = bytes(len(frames) >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3" + bytes([version, 0, 0]) + size + frames


def pack(stream: int, body: bytes, *, time: int | None = None) -> bytes:
    """Return a packet of a program stream, after a pack header. `time` is in ticks of 90 kHz."""
    clock = b"\0\0\1\xba\x21\0\1\0\1\x80\0\1"
    stamp = b"\x0f"
    if time is not None:
        stamp = bytes(
            (
                0x21 | time >> 29 & 0x0E,
                time >> 22 & 0xFF,
                0x01 | time >> 14 & 0xFE,
                time >> 7 & 0xFF,
                0x01 | time << 1 & 0xFE,
            )
        )
    if stream == 0xBE:
        stamp = b""
    return clock + b"\0\0\1" + bytes([stream]) + struct.pack(">H", len(stamp) + len(body)) + stamp + body
