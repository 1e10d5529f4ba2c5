"""A page of Markdown that grows block by block and never past its limit: blocks are whole or left out, and counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

RESERVE = 1_000
"""Characters kept for the line that says what was left out."""


class Page:
    """Text that grows block by block up to a limit."""

    def __init__(self, limit: int) -> None:
        self.text = ""
        self._limit = limit - RESERVE

    @property
    def room(self) -> int:
        """Characters that a block may still have."""
        return self._limit - len(self.text) - len("\n\n")

    def write(self, block: str) -> None:
        """Add a block after a blank line, whether it fits or not."""
        self.text += f"\n{block}\n" if self.text else f"{block}\n"

    def write_section(self, heading: str, blocks: Iterable[str], *, tight: bool = False) -> int:
        """Add the blocks that fit under a heading, `tight` ones without blank lines; returns how many did not fit."""
        shown: list[str] = []
        room = self.room - len(heading) - 2
        left_out = 0
        for block in blocks:
            if len(block) + 2 > room:
                left_out += 1
                continue
            shown.append(block)
            room -= len(block) + 2
        if shown:
            self.write(heading)
            self.write(("\n" if tight else "\n\n").join(shown))
        return left_out

    def write_left_out(self, left_out: Counter[str], *, where: str) -> None:
        """Say what had no room, and where it is."""
        if left_out.total():
            what = " and ".join(count(number, thing) for thing, number in left_out.items() if number)
            self.write(f"**Not shown here, for want of room: {what}.** {where}")


def count(number: int, thing: str) -> str:
    """Return such as "1 voice" and "2 voices"."""
    return f"{number} {thing}{'' if number == 1 else 's'}"
