"""Who speaks in the set, and where: the rows of voices.tsv, and the clips that belong to them."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Split = Literal["tune", "test"]

LIST = Path(__file__).with_name("voices.tsv")

NO_VOICE = ("beep", "tone", "theme", "monkey", "silence")
"""Words in the names of clips that hold no speech."""


@dataclass(frozen=True, slots=True)
class Voice:
    """A person, with all the clips that this person alone speaks."""

    speaker: str
    sex: Literal["f", "m", "?"]
    """As documented, or by the pitch; `?` where neither tells."""
    split: Split
    languages: tuple[str, ...]
    packages: tuple[str, ...]
    licences: tuple[str, ...]
    clips: tuple[Path, ...]
    """Sorted; empty before the packages are fetched."""


def read_voices(packages: Path, listed: Path = LIST) -> tuple[Voice, ...]:
    """Return the people of the list, with the clips found in the unpacked packages, in the order of the list."""
    rows: dict[str, list[dict[str, str]]] = defaultdict(list)
    with listed.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            rows[row["speaker"]].append(row)
    return tuple(_voice(speaker, parts, packages) for speaker, parts in rows.items())


def packages_of(listed: Path = LIST) -> tuple[str, ...]:
    """Return the names of all Debian packages that the voices are in."""
    with listed.open(encoding="utf-8", newline="") as file:
        return tuple(dict.fromkeys(row["package"] for row in csv.DictReader(file, delimiter="\t")))


def _voice(speaker: str, rows: Sequence[dict[str, str]], packages: Path) -> Voice:
    sides = {(row["sex"], row["split"]) for row in rows}
    if len(sides) > 1:
        raise ValueError(f"{LIST.name}: {speaker} is in two parts, or of two sexes")
    sex, split = sides.pop()
    if sex not in ("f", "m", "?") or split not in ("tune", "test"):
        raise ValueError(f"{LIST.name}: {speaker} has sex {sex!r} and split {split!r}")
    clips = {
        clip
        for row in rows
        for pattern in row["clips"].split()
        for clip in (packages / row["package"]).glob(pattern)
        if clip.is_file() and not any(word in clip.name for word in NO_VOICE) and "silence" not in clip.parts
    }
    return Voice(
        speaker,
        sex,  # type: ignore[arg-type]
        split,  # type: ignore[arg-type]
        tuple(dict.fromkeys(row["language"] for row in rows)),
        tuple(dict.fromkeys(row["package"] for row in rows)),
        tuple(dict.fromkeys(row["licence"] for row in rows)),
        tuple(sorted(clips)),
    )
