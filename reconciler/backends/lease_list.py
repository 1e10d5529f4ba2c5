"""The list of leases on a state document: a small JSON text beside it, and which of them meet. Pure."""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from reconciler.errors import StateError
from reconciler.state.lock import Holder

VERSION: Final = 1
_WILD: Final = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class Entry:
    """One run's right to change some voices."""

    id: str
    patterns: tuple[str, ...]
    """Keys, or patterns of keys; none means all voices."""
    holder: Holder
    machine: str
    """Tells apart machines that have the same name, and containers on one machine."""
    ttl: float
    """Seconds that the right lasts when it is not renewed."""
    expires: str
    """RFC 3339, UTC, by the holder's clock."""
    beat: int
    """Counts renewals: others see by it that the holder lives, whatever the clocks say."""


def parse(text: str, *, name: str) -> tuple[Entry, ...]:
    """Read the list. Raises StateError for one that is not ours."""
    try:
        plain = json.loads(text)
        if plain["version"] != VERSION:
            raise _unreadable(name, f"its version is {plain['version']!r}, this voicectl knows {VERSION}")
        return tuple(map(_entry, plain["leases"]))
    except (ValueError, KeyError, TypeError) as error:
        raise _unreadable(name, f"{type(error).__name__}: {error}") from error


def render(entries: Iterable[Entry]) -> str:
    """Return the list's text."""
    leases = []
    for entry in entries:
        plain = asdict(entry)
        leases.append({"id": plain.pop("id"), "patterns": plain.pop("patterns"), **plain.pop("holder"), **plain})
    return json.dumps({"version": VERSION, "leases": leases}, indent=2, ensure_ascii=False) + "\n"


def in_the_way(entries: Sequence[Entry], patterns: Sequence[str]) -> list[Entry]:
    """Return the leases that may be on one of these voices too."""
    return [entry for entry in entries if overlap(entry.patterns, patterns)]


def overlap(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether two sets of patterns may name the same voice. Two patterns do, unless that is certainly not so."""
    return not one or not other or any(_meet(a, b) for a in one for b in other)


def _meet(one: str, other: str) -> bool:
    if one == other or fnmatch.fnmatchcase(one, other) or fnmatch.fnmatchcase(other, one):
        return True
    if not (_WILD.search(one) and _WILD.search(other)):
        return False
    (start, end), (other_start, other_end) = _fixed(one), _fixed(other)
    starts = start.startswith(other_start) or other_start.startswith(start)
    ends = end.endswith(other_end) or other_end.endswith(end)
    return starts and ends


def _fixed(pattern: str) -> tuple[str, str]:
    """Return what every match of a pattern begins and ends with, as far as that is plain to see."""
    return _WILD.split(pattern, maxsplit=1)[0], re.split(r"[*?\]]", pattern)[-1]


def _entry(plain: dict[str, Any]) -> Entry:
    return Entry(
        id=str(plain["id"]),
        patterns=tuple(map(str, plain["patterns"])),
        holder=Holder(plain["who"], plain["host"], int(plain["pid"]), plain["since"], plain["command"]),
        machine=str(plain["machine"]),
        ttl=float(plain["ttl"]),
        expires=str(plain["expires"]),
        beat=int(plain["beat"]),
    )


def _unreadable(name: str, why: str) -> StateError:
    fix = "if no older or newer voicectl is applying, `voicectl unlock --force` begins it anew"
    return StateError("The list of leases cannot be read", where=name, why=why, fix=fix)
