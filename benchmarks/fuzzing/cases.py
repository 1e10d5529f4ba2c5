"""One broken file for each number: the same bytes for the same seed and number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from bombs import BOMBS
from mutations import BLIND
from seeds import any_seed
from structure import break_structure

_NO_SOUND = (
    b"",
    b"\0",
    b"\n" * 5000,
    b"<!doctype html><title>404</title><p>Not here.\n" * 50,
    b"ffconcat version 1.0\nfile /etc/hostname\n",
    b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile:///etc/hostname\n",
    b"[playlist]\nFile1=/etc/hostname\nNumberOfEntries=1\n",
    b"v=0\no=- 0 0 IN IP4 127.0.0.1\nm=audio 5004 RTP/AVP 0\n",
    b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 12345\n",
    b"PK\x03\x04" + b"\0" * 100,
    b"\x7fELF" + b"\0" * 100,
    b"%PDF-1.7\n" + b"x" * 5000,
)
"""What people rename to .mp3. The playlists would make a player open other files."""


@dataclass(frozen=True, slots=True)
class Case:
    """A file to look at."""

    name: str
    """number.format"""
    kind: str
    """The format it was before it was broken, or `bomb` or `other`."""
    how: str
    """What was done to it."""
    content: bytes


def make_case(seed: int, number: int, *, bombs: bool = True) -> Case:
    """Return the case of this number. Bombs come first, each once with seed 1."""
    chance = Random(f"{seed}:{number}")
    if bombs and number < len(BOMBS):
        name, make = BOMBS[number]
        return Case(f"{number:05d}.bomb", "bomb", name, make())
    draw = chance.random()
    if draw < 0.015:
        return _other(number, chance)
    kind, content = any_seed(chance.random(), chance.random())
    broken = bytearray(content)
    if draw < 0.06:
        how = _join(broken, chance)
    elif draw < 0.53:
        break_structure(kind, broken, chance)
        how = "structure"
    else:
        how = _break_blindly(broken, chance)
    if draw > 0.97:  # both ways
        break_structure(kind, broken, chance)
        how += "+structure"
    return Case(f"{number:05d}.{kind}", kind, how, bytes(broken))


def _break_blindly(content: bytearray, chance: Random) -> str:
    names = []
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        if content:
            mutation: Callable[[bytearray, Random], None] = chance.choice(BLIND)
            mutation(content, chance)
            names.append(mutation.__name__)
    return "+".join(names)


def _join(content: bytearray, chance: Random) -> str:
    """Put another file behind it, into it, or its body under this head."""
    _, other = any_seed(1.0 if chance.random() < 0.9 else 0.0, chance.random())
    where = chance.choice(("behind", "into", "body", "between"))
    middle = chance.randrange(len(content))
    if where == "behind":
        content += other
    elif where == "into":
        content[middle:middle] = other
    elif where == "body":
        head = chance.randrange(min(600, len(content)))
        content[head:] = other[head:]
    else:
        for at in range(0, len(content), 4096):
            if chance.random() < 0.5:
                content[at : at + 2048] = other[at : at + 2048]
    return f"joined-{where}"


def _other(number: int, chance: Random) -> Case:
    if chance.random() < 0.3:
        return Case(f"{number:05d}.other", "other", "noise", chance.randbytes(int(2 ** chance.uniform(0, 18))))
    return Case(f"{number:05d}.other", "other", "not sound", chance.choice(_NO_SOUND))
