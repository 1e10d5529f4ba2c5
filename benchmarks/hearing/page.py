"""docs/hearing.md: its tables stand between markers, which this replaces and checks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

PAGE: Final = Path(__file__).parents[2] / "docs" / "hearing.md"
PLACES: Final = (
    "goals",
    "sources",
    "false alarms",
    "home",
    "speakers",
    "noise",
    "noise kinds",
    "music",
    "clipping",
    "clipping kinds",
    "confusion",
)
"""Names of the tables, each of which has one place."""

_MARKER: Final = re.compile(r"^<!-- (table|end): (.+?) -->$", re.MULTILINE)


class PageError(ValueError):
    """A marker is missing, doubled, or out of order."""


def check_page(page: Path) -> None:
    """Raise PageError unless each table has one place, with its end right behind it."""
    found = [(kind, name) for kind, name in _MARKER.findall(page.read_text(encoding="utf-8"))]
    wanted = [(kind, name) for name in sorted(PLACES) for kind in ("table", "end")]
    pairs = [(*found[at], *found[at + 1]) for at in range(0, len(found) - 1, 2)]
    ordered = sorted(pairs, key=lambda pair: pair[1])
    if [part for pair in ordered for part in (pair[:2], pair[2:])] != wanted or len(found) != len(wanted):
        raise PageError(f"{page.name}: the markers are {found}, wanted a `table` and its `end` for each of {PLACES}")


def put_tables(page: Path, tables: Mapping[str, str]) -> None:
    """Replace what stands between the markers. Raises PageError as `check_page` does."""
    check_page(page)
    text = page.read_text(encoding="utf-8")
    for name in PLACES:
        begin, end = f"<!-- table: {name} -->", f"<!-- end: {name} -->"
        head, rest = text.split(begin, 1)
        text = f"{head}{begin}\n\n{tables[name]}\n\n{end}{rest.split(end, 1)[1]}"
    page.write_text(text, encoding="utf-8")
