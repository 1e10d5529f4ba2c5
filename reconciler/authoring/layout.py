"""The layout of a YAML text: indentation, spaces and empty lines. What is written, and how, stays as it is."""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Iterable, Iterator
from typing import Final

from reconciler.authoring.outline import Node, outline

STEP: Final = 2
"""Spaces of indentation."""
_COLON: Final = re.compile(r"[ \t]*:[ \t]+")

_Levels = tuple[tuple[int, int], ...]
"""The old and the new column of each block around a place, from the outside in."""


class UnusualError(Exception):
    """The text is written in a way that no layout is known for, such as `? key`."""

    def __init__(self, line: int) -> None:
        super().__init__("explicit keys are not formatted")
        self.line = line


def lay_out(text: str) -> str:
    """Return the text in two-space indentation, with one space where one is enough, and single empty lines.

    Raises UnusualError. The text must be one that the loader reads.
    """
    lines = text.split("\n")
    layout = _Layout(lines)
    root = outline(text)
    if root is not None:
        layout.place(root, 0, 0, ())
    laid = "\n".join(_single_spaced(layout.lines(), layout.inside))
    return laid if layout.keeps_end and laid.endswith("\n") else laid.rstrip("\n") + "\n"


class _Layout:
    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self._indents: dict[int, int] = {}
        """The new column of each line that an entry, or a value of its own line, begins."""
        self._shifts: dict[int, int] = {}
        """By how much the later lines of a value move."""
        self._levels: dict[int, _Levels] = {}
        self._spaces: dict[int, list[tuple[int, int, str]]] = {}
        """What is put in the place of spaces, by line: from, to, what."""
        self._open_ended: set[int] = set()
        """Lines that end inside of a text: spaces at their end may be a part of it."""
        self._entries: list[int] = []
        """The lines of `_levels`, sorted."""
        self.inside: set[int] = set()
        """Lines that belong to the value of a line above: empty ones are a part of it."""
        self.keeps_end = False
        """The last text of all keeps its empty lines (`|+`)."""

    def place(self, node: Node, column: int, shift: int, levels: _Levels) -> None:
        """Find the new place of a node that is to stand in `column`; `shift` is by how much the block around moves."""
        if node.kind == "mapping":
            self._place_mapping(node, column, levels)
        elif node.kind == "sequence":
            self._place_sequence(node, column, levels)
        elif node.kind != "empty":
            if not self._lines[node.line][: node.column].strip():
                self._begin(node.line, column, levels)
            self._continue(node, column, shift)

    def _place_mapping(self, node: Node, column: int, levels: _Levels) -> None:
        levels = (*levels, (node.indent, column))
        for key, value in zip(node.keys, node.items, strict=True):
            before = self._lines[key.line][: key.column]
            if before.replace("-", "").strip():
                raise UnusualError(key.line)
            if not before.strip():
                self._begin(key.line, column, levels)
            if value.kind != "empty" and value.line == key.end_line:
                self._one_space(key.line, key.end_column, value.column, ": ", _COLON)
            self.place(value, column + STEP, column - node.indent, levels)

    def _place_sequence(self, node: Node, column: int, levels: _Levels) -> None:
        levels = (*levels, (node.indent, column))
        for (line, dash), item in zip(node.dashes, node.items, strict=True):
            if not self._lines[line][:dash].strip():
                self._begin(line, column, levels)
            if item.kind != "empty" and item.line == line:
                self._one_space(line, dash + 1, item.column, " ", re.compile("[ \t]+"))
            self.place(item, column + STEP, column - node.indent, levels)

    def _begin(self, line: int, column: int, levels: _Levels) -> None:
        self._indents[line] = column
        self._levels[line] = levels

    def _continue(self, node: Node, column: int, shift: int) -> None:
        """Move the later lines of a value: text to `column`, and a flow collection as its first line moves."""
        later = range(node.line + 1, node.end_line + 1)
        self.inside.update(later)
        if node.kind == "block scalar":
            first = next((_column(self._lines[line]) for line in later if self._lines[line].strip()), column)
            fixed = any(character.isdigit() for character in self._lines[node.line][node.column :].partition("#")[0])
            shift = shift if fixed else column - first
        if node.kind == "scalar":
            self._indents.update(dict.fromkeys(later, column))
        else:
            self._shifts.update(dict.fromkeys(later, shift))
        for part in node.walk():
            if part.kind in ("scalar", "block scalar"):
                self._open_ended.update(range(part.line + (part.kind == "block scalar"), part.end_line))
        if node.kind == "block scalar":
            self._open_ended.add(node.end_line)
            if not self._lines[node.end_line].strip():
                self.keeps_end = not any(line.strip() for line in self._lines[node.end_line :])

    def _one_space(self, line: int, start: int, end: int, space: str, wanted: re.Pattern[str]) -> None:
        if wanted.fullmatch(self._lines[line][start:end]):
            self._spaces.setdefault(line, []).append((start, end, space))

    def lines(self) -> Iterator[str]:
        """Yield the lines in their new places."""
        self._entries = sorted(self._levels)
        furthest: int | None = None  # of the comments since the last entry: none is further in than the one above it
        for number, old in enumerate(self._lines):
            line = old
            for start, end, space in sorted(self._spaces.get(number, ()), reverse=True):
                line = line[:start] + space + line[end:]
            if number not in self._open_ended:
                line = line.rstrip(" \t")
            if not line.strip(" \t") and number not in self._shifts:
                line = ""
            elif number in self._indents:
                furthest = None
                line = " " * self._indents[number] + line.lstrip(" \t")
            elif number in self._shifts:
                line = _shifted(line, self._shifts[number])
            elif line.lstrip(" \t").startswith("#"):
                column = self._comment_column(number, old)
                furthest = column if furthest is None else min(column, furthest)
                line = " " * furthest + line.lstrip(" \t")
            yield line

    def _comment_column(self, number: int, line: str) -> int:
        """Put a comment where the next entry stands; but one that is further in belongs to what is above it."""
        column = _column(line)
        place = bisect(self._entries, number)
        above = self._levels[self._entries[place - 1]] if place else ()
        levels = [level for level in above if level[0] <= column]
        if place < len(self._entries):
            following = self._entries[place]
            least = _column(self._lines[following])
            if len(self._levels[following]) > len(above) or not any(old > least for old, _ in levels):
                return self._indents[following]
        if not levels:
            return 0
        deepest = max(old for old, _ in levels)
        return next(new for old, new in levels if old == deepest)


def _column(line: str) -> int:
    return len(line) - len(line.lstrip(" \t"))


def _shifted(line: str, shift: int) -> str:
    if shift >= 0:
        return " " * shift + line if line else line
    return line[min(_column(line), -shift) :]


def _single_spaced(lines: Iterable[str], inside: set[int]) -> Iterator[str]:
    """Leave out empty lines at the start and after an empty line."""
    before = ""
    for number, line in enumerate(lines):
        if line or before or number in inside:
            yield line
        before = line if number not in inside else "text"
