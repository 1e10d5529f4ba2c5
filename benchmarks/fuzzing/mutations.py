"""Ways to break a file that know nothing of its format."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

Mutation = Callable[[bytearray, Random], None]
"""Breaks the content in its place."""

LIES = (0, 1, 2, 3, 4, 7, 8, 16, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0xFFFFFF, 0x1000000)
LARGE_LIES = (0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF, 0x7FFFFFFFFFFFFFFF, 0xFFFFFFFFFFFFFFFF)
"""Numbers at which arithmetic goes wrong."""

_HEAD = 600
"""Bytes in which most formats say what they are; every other position is drawn from here."""


def place(content: bytearray, chance: Random) -> int:
    """Return a position, in the head as often as in all the rest."""
    return chance.randrange(min(len(content), _HEAD) if chance.random() < 0.5 else len(content))


def stretch(content: bytearray, chance: Random) -> slice:
    """Return a piece, seldom a large one."""
    start = place(content, chance)
    return slice(start, start + 1 + int(len(content) * chance.random() ** 4))


def truncate(content: bytearray, chance: Random) -> None:
    """Cut the end off."""
    del content[place(content, chance) :]


def behead(content: bytearray, chance: Random) -> None:
    """Cut the beginning off."""
    del content[: place(content, chance)]


def cut(content: bytearray, chance: Random) -> None:
    """Take a piece out."""
    del content[stretch(content, chance)]


def flip_bits(content: bytearray, chance: Random) -> None:
    """Flip a few bits, or many."""
    for _ in range(int(2 ** chance.uniform(0, 9))):
        content[place(content, chance)] ^= 1 << chance.randrange(8)


def overwrite(content: bytearray, chance: Random) -> None:
    """Replace a piece by zeros, ones or noise."""
    piece = stretch(content, chance)
    length = len(content[piece])
    fill = chance.choice((b"\0", b"\xff", b"\x7f", b"\x55", None))
    content[piece] = chance.randbytes(length) if fill is None else fill * length


def lie(content: bytearray, chance: Random) -> None:
    """Write an odd number somewhere."""
    for _ in range(chance.choice((1, 1, 2, 5, 20))):
        width = chance.choice((1, 2, 2, 4, 4, 4, 8))
        number = chance.choice(LIES + LARGE_LIES) & ((1 << 8 * width) - 1)
        start = place(content, chance)
        content[start : start + width] = number.to_bytes(width, chance.choice(("little", "big")))


def insert(content: bytearray, chance: Random) -> None:
    """Put noise in between."""
    start = place(content, chance)
    content[start:start] = chance.randbytes(int(2 ** chance.uniform(0, 14)))


def duplicate(content: bytearray, chance: Random) -> None:
    """Repeat a piece, once or many times, where it is or elsewhere."""
    piece = bytes(content[stretch(content, chance)])[:20_000]
    start = place(content, chance)
    content[start:start] = piece * chance.choice((1, 1, 2, 20))


def swap(content: bytearray, chance: Random) -> None:
    """Exchange two pieces of equal length."""
    length = 1 + int(len(content) / 3 * chance.random() ** 3)
    first, second = sorted(chance.randrange(max(1, len(content) - length)) for _ in range(2))
    one, other = bytes(content[first : first + length]), bytes(content[second : second + length])
    content[second : second + length] = one
    content[first : first + length] = other


BLIND: tuple[Mutation, ...] = (
    *(truncate, behead, cut, flip_bits, flip_bits, overwrite, lie, lie, insert, duplicate, swap),
)
