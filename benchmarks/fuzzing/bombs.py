"""Small files that ask for much: hours of sound, gigahertz, hundreds of channels, endless tables, huge pictures."""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Callable
from functools import partial

from containers import atom, element, flac, id3, mp4, pack, wav, webm
from seeds import made

MB = 1_000_000


def _first(kind: str, number: int = 0) -> bytes:
    return [content for found, content in made() if found == kind][number]


def _tone(count: int) -> bytes:
    return b"".join(struct.pack("<h", int(9000 * math.sin(n / 7))) for n in range(count))


def _zeros(size: int) -> bytes:
    """Return so many zeros, packed a thousand times."""
    packer = zlib.compressobj(9)
    return b"".join(packer.compress(bytes(MB)) for _ in range(size // MB)) + packer.flush()


def _png(width: int, height: int) -> bytes:
    """Return a black picture that is complete, and small as a file."""
    packer = zlib.compressobj(9)
    row = b"\0" * (1 + (width + 7) // 8)
    packed = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def _flac_hours(rate: int, channels: int, hours: float) -> bytes:
    return flac(rate, channels, frames=int(hours * 3600 * rate / 65_535) + 1)


def _opus_hours() -> bytes:
    """A packet of one byte is 60 ms of what was never sent, and ten of them take 100 bytes."""
    return webm([b"\x18"] * 700_000, step=60)


def _mp3_hours() -> bytes:
    return (b"\xff\xe3\x18\xc4" + b"\0" * 68) * 130_000


def _changing_mp3() -> bytes:
    """Rate and channels change with every few frames."""
    one, other, third = (_first("mp3", n)[3000:] for n in range(3))
    return b"".join(part[n * 700 : n * 700 + 1400] for n in range(12) for part in (one, other, third))


def _changing_flac() -> bytes:
    body = b"".join(
        flac(rate, channels, frames=1, head=False) for rate, channels in [(8000, 1), (96000, 8), (44100, 2)] * 20
    )
    return flac(44_100, 2, frames=1) + body


def _changing_program() -> bytes:
    parts = [content for kind, content in made() if kind in ("mpeg", "mpg")]
    return b"".join(part[n * 4096 : n * 4096 + 4096] for n in range(8) for part in parts)


def _wav_odd_numbers() -> bytes:
    odd = [float("nan"), float("inf"), -float("inf"), 1e38, -1e38, 1e-40, 0.0, 1.0]
    return wav(struct.pack("<8f", *odd) * 20_000, rate=16_000, bits=32, tag=3)


def _wav_doubles() -> bytes:
    return wav(struct.pack("<4d", float("nan"), 1e308, -1e308, 5e-324) * 20_000, rate=16_000, bits=64, tag=3)


def _wav_chunks() -> bytes:
    return wav(_tone(50_000), rate=16_000, extra=b"junk\0\0\0\0" * 500_000)


def _wav_info() -> bytes:
    body = b"INFO" + b"INAM\x04\0\0\0Anna" * 200_000
    return wav(_tone(50_000), rate=16_000, extra=b"LIST" + struct.pack("<I", len(body)) + body)


def _table(name: bytes, *fields: int) -> bytes:
    return atom(name, b"\0" * 4 + struct.pack(f">{len(fields)}I", *fields))


def _mp4_count(name: bytes, *fields: int) -> bytes:
    return mp4(tables={name: _table(name, *fields)})


def _mp4_samples() -> bytes:
    """Four billion sound packets of one byte each, in one line."""
    return mp4(tables={b"stsz": _table(b"stsz", 1, 0xFFFFFFFF), b"stts": _table(b"stts", 1, 0xFFFFFFFF, 1024)})


def _mp4_chunk() -> bytes:
    return mp4(tables={b"stsz": _table(b"stsz", 1, 5 * MB), b"stsc": _table(b"stsc", 1, 1, 5 * MB, 1)})


def _mp4_edits() -> bytes:
    return mp4(
        edits=atom(b"edts", atom(b"elst", struct.pack(">II", 0, 700_000) + struct.pack(">IIHH", 1, 0, 1, 0) * 700_000))
    )


def _mp4_compressed_index() -> bytes:
    packed = _zeros(900 * MB)
    return mp4(moov=atom(b"cmov", atom(b"dcom", b"zlib"), atom(b"cmvd", struct.pack(">I", 900 * MB) + packed)))


def _mp4_deep() -> bytes:
    content = b""
    for _ in range(1500):
        content = atom(b"moov", atom(b"trak", atom(b"mdia", content)))
    return mp4(moov=content)


def _mp4_fragments() -> bytes:
    run = atom(b"trun", struct.pack(">III", 0x000301, 0x7FFFFFFF, 0) + b"\0" * 64)
    header = atom(b"tfhd", struct.pack(">II", 0x020000, 1))
    return mp4() + atom(b"moof", atom(b"mfhd", b"\0" * 8), atom(b"traf", header, run)) * 20


def _mp4_cover() -> bytes:
    data = atom(b"data", struct.pack(">II", 14, 0) + _png(20_000, 20_000))
    return mp4(moov=atom(b"udta", atom(b"meta", b"\0" * 4, atom(b"ilst", atom(b"covr", data)))))


def _webm_packed() -> bytes:
    """Each block is zlib, and a thousand times as large inside."""
    packing = element(0x6D80, element(0x6240, element(0x5033, b"\1"), element(0x5034, element(0x4254, b"\0"))))
    return webm([_zeros(50 * MB)] * 100, step=60, track=packing)


def _webm_silent_elements() -> bytes:
    return webm([b"\x18"] * 1000, step=60, before=b"\xec\x80" * 2_000_000)


def _webm_deep() -> bytes:
    content = b""
    for _ in range(5000):
        content = element(0xB6, content)
    return webm([b"\x18"] * 1000, step=60, before=element(0x1043A770, element(0x45B9, content)))


def _webm_tags() -> bytes:
    simple = element(0x67C8, element(0x45A3, b"TITLE"), element(0x4487, b"Anna"))
    return webm([b"\x18"] * 1000, step=60, before=element(0x1254C367, element(0x7373, simple * 300_000)))


def _webm_picture() -> bytes:
    """A key frame of VP8 that says it is 16,383 x 16,383."""
    frame = b"\x10\x02\x00\x9d\x01\x2a" + struct.pack("<HH", 16_383, 16_383) + b"\0" * 200
    return webm([b"\x18"] * 1000, step=60, video=[frame] * 20)


def _webm_cover() -> bytes:
    name, kind = element(0x466E, b"cover.png"), element(0x4660, b"image/png")
    attached = element(0x61A7, name, kind, element(0x46AE, b"\1"), element(0x465C, _png(20_000, 20_000)))
    return webm([b"\x18"] * 1000, step=60, before=element(0x1941A469, attached))


def _id3_frames() -> bytes:
    return id3(b"TXXX\0\0\0\x03\0\0\0a\0" * 600_000) + _first("mp3")


def _id3_packed() -> bytes:
    packed = _zeros(250 * MB)
    frame = b"TIT2" + struct.pack(">I", len(packed) + 4) + b"\0\x80" + struct.pack(">I", 250 * MB) + packed
    return id3(frame * 8, version=3) + _first("mp3")


def _id3_cover() -> bytes:
    body = b"\0image/png\0\x03\0" + _png(20_000, 20_000)
    return id3(b"APIC" + struct.pack(">I", len(body)) + b"\0\0" + body, version=3) + _first("mp3")


def _id3_chapters() -> bytes:
    chapters = b"".join(
        b"CHAP" + struct.pack(">I", 22) + b"\0\0" + b"c%04d\0" % (n % 9999) + b"\0" * 16 for n in range(200_000)
    )
    return id3(chapters, version=3) + _first("mp3")


def _flac_cover() -> bytes:
    picture = _png(20_000, 20_000)
    head = struct.pack(">II", 3, 9) + b"image/png" + struct.pack(">IIIIII", 0, 20_000, 20_000, 1, 0, len(picture))
    return flac(16_000, 1, frames=4, block=(6, head + picture))


def _flac_comments() -> bytes:
    comment = struct.pack("<I", 3) + b"A=b"
    return flac(16_000, 1, frames=4, block=(4, struct.pack("<II", 0, 2_000_000) + comment * 2_000_000))


def _program_streams() -> bytes:
    """Each of 32 sounds and 16 pictures has one packet."""
    return b"".join(pack(number, b"\0" * 200) for number in range(0xC0, 0xF0)) * 40 + _first("mpeg")


def _program_padding() -> bytes:
    return pack(0xBE, b"\xff" * 60_000) * 160 + _first("mpeg")


def _program_clock() -> bytes:
    """Time stamps jump by hours, to and fro."""
    sound = _first("mp2")
    pieces = (sound[at : at + 576] for at in range(0, len(sound), 576))
    return b"".join(pack(0xC0, piece, time=(n % 2) * 0x1FFFFFFFF + n) for n, piece in enumerate(pieces))


def _mpeg_picture() -> bytes:
    """A sequence header of MPEG-1 video that says 4,095 x 4,095."""
    sequence = (
        b"\0\0\1\xb3\xff\xff\xff\x13\xff\xff\xe0\x18\0\0\1\xb8\0\x08\0\x40\0\0\1\0\0\x0f\xff\xf8\0\0\1\1" + b"\x13" * 90
    )
    return pack(0xE0, sequence) * 30 + _first("mpeg")


BOMBS: tuple[tuple[str, Callable[[], bytes]], ...] = (
    ("flac: 10 h of silence", partial(_flac_hours, 16_000, 1, 10)),
    ("flac: 8 channels at 655,350 Hz, 0.6 h", partial(_flac_hours, 655_350, 8, 0.6)),
    ("flac: 8 channels at 96 kHz, 3 h", partial(_flac_hours, 96_000, 8, 3)),
    ("flac: 2 channels at 1 Hz", partial(_flac_hours, 1, 2, 1000)),
    ("flac: a picture of 20,000 x 20,000", _flac_cover),
    ("flac: two million comments", _flac_comments),
    ("flac: rate and channels change in each frame", _changing_flac),
    ("webm: 11 h of Opus that was never sent", _opus_hours),
    ("webm: packed blocks of 50 MB", _webm_packed),
    ("webm: two million empty elements", _webm_silent_elements),
    ("webm: chapters 5,000 levels deep", _webm_deep),
    ("webm: 300,000 tags", _webm_tags),
    ("webm: a film of 16,383 x 16,383", _webm_picture),
    ("webm: a picture of 20,000 x 20,000", _webm_cover),
    ("webm: 1 Hz", partial(webm, [b"\x18"] * 1000, step=60, rate=1.0)),
    ("webm: 4 GHz", partial(webm, [b"\x18"] * 1000, step=60, rate=4e9)),
    ("webm: not a rate", partial(webm, [b"\x18"] * 1000, step=60, rate=float("nan"))),
    ("webm: PCM at 1e300 Hz", partial(webm, [b"\x18" * 400] * 1000, step=60, rate=1e300, codec=b"A_PCM/INT/LIT")),
    ("webm: PCM of 255 channels", partial(webm, [b"\x18" * 5100] * 100, step=60, channels=255, codec=b"A_PCM/INT/LIT")),
    ("mp3: 2.6 h of silence", _mp3_hours),
    ("mp3: rate and channels change all the time", _changing_mp3),
    ("mp3: 600,000 ID3 frames", _id3_frames),
    ("mp3: eight packed ID3 frames of 250 MB", _id3_packed),
    ("mp3: a picture of 20,000 x 20,000", _id3_cover),
    ("mp3: 200,000 chapters", _id3_chapters),
    ("mp3: 100,000 empty ID3 tags", lambda: id3(b"") * 100_000 + _first("mp3")),
    ("mp3: an ID3 tag of 256 MB", lambda: b"ID3\3\0\0\x7f\x7f\x7f\x7f" + _first("mp3")),
    ("wav: 1 Hz", lambda: wav(_tone(100_000), rate=1)),
    ("wav: 4 GHz", lambda: wav(_tone(1_000_000), rate=4_000_000_000)),
    ("wav: 768 kHz of 8 channels", lambda: wav(_tone(4_000_000), rate=768_000, channels=8)),
    ("wav: 4 kHz, 40 min", lambda: wav(b"\x80\x90" * 4_800_000, rate=4_000, bits=8)),
    ("wav: 255 channels", lambda: wav(_tone(2_000_000), rate=16_000, channels=255)),
    ("wav: 65,535 channels", lambda: wav(_tone(2_000_000), rate=16_000, channels=65_535)),
    ("wav: says 4 GB", lambda: wav(_tone(100_000), rate=16_000, size=0xFFFFFFF0)),
    ("wav: no channel", lambda: wav(_tone(100_000), rate=16_000, channels=0)),
    ("wav: not numbers", _wav_odd_numbers),
    ("wav: not double numbers", _wav_doubles),
    ("wav: half a million chunks", _wav_chunks),
    ("wav: 200,000 lines of INFO", _wav_info),
    *(
        (f"wav: bits {bits}", partial(wav, b"\x01\x80" * 100_000, rate=16_000, bits=bits))
        for bits in (0, 1, 7, 255, 65_535)
    ),
    *((f"wav: format {tag:#x}", partial(wav, b"\x11\x80" * 100_000, rate=16_000, tag=tag)) for tag in range(0x80)),
    ("mp4: four billion packets", _mp4_samples),
    ("mp4: a chunk of five million packets", _mp4_chunk),
    ("mp4: four billion sizes", partial(_mp4_count, b"stsz", 0, 0xFFFFFFFF)),
    ("mp4: 200 million sizes", partial(_mp4_count, b"stsz", 0, 200_000_000)),
    ("mp4: four billion times", partial(_mp4_count, b"stts", 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF)),
    ("mp4: four billion places", partial(_mp4_count, b"stco", 0xFFFFFFFF)),
    ("mp4: four billion chunks", partial(_mp4_count, b"stsc", 0xFFFFFFFF, 1, 0xFFFFFFFF, 1)),
    ("mp4: a packet of four billion ticks", partial(_mp4_count, b"stts", 1, 500, 0xFFFFFFFF)),
    ("mp4: 700,000 edits", _mp4_edits),
    ("mp4: an index that unpacks to 900 MB", _mp4_compressed_index),
    ("mp4: atoms 4,500 levels deep", _mp4_deep),
    ("mp4: fragments of two billion packets", _mp4_fragments),
    ("mp4: a picture of 20,000 x 20,000", _mp4_cover),
    ("mp4: 1,500 tracks", partial(mp4, tracks=1_500)),
    ("mp4: 4 GHz", partial(mp4, rate=0xFFFF)),
    ("mp4: 255 channels", partial(mp4, channels=255)),
    ("mp4: 65,535 channels of PCM", partial(mp4, channels=65_535, codec=b"sowt")),
    ("mpeg: 48 streams", _program_streams),
    ("mpeg: ten megabytes of padding", _program_padding),
    ("mpeg: time stamps that jump", _program_clock),
    ("mpeg: a film of 4,095 x 4,095", _mpeg_picture),
    ("mpeg: everything changes all the time", _changing_program),
)
"""What each one is, and how it is made. Nearly all are under 10 MB, which is what people may upload."""
