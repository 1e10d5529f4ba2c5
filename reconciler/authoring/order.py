"""The order of fields: that of the schema, which is the order of the documentation. Comments go with their field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.authoring.layout import STEP
from reconciler.authoring.outline import Node, outline

Schema = Mapping[str, Any]


def put_in_order(text: str, schema: Schema) -> str:
    """Return a laid-out text with its fields in the order of a JSON Schema; unknown ones come last, as they were.

    A text with aliases stays as it is: what they stand for must come before them. So does one with a `|+`, which
    makes empty lines below it a part of its value.
    """
    root = outline(text)
    lines = text.removesuffix("\n").split("\n")
    if root is None or any(_is_tied(node, lines) for node in root.walk()):
        return text
    return "\n".join(_Order(lines, schema).ordered(root, schema, 0, len(lines))) + "\n"


@dataclass(slots=True)
class _Entry:
    name: str
    value: Node
    start: int
    """The first line: comments above it are a part of it."""
    key: int
    """The line of its key."""
    end: int
    """The line after its last."""


class _Order:
    def __init__(self, lines: list[str], schema: Schema) -> None:
        self._lines = lines
        self._schema = schema

    def ordered(self, node: Node, schema: Schema, start: int, end: int) -> list[str]:
        """Return the lines from `start` to `end`, which hold the node, with all mappings in them in order."""
        schema = self._resolved(schema)
        if node.kind == "sequence":
            return self._sequence(node, schema.get("items", {}), start, end)
        if node.kind != "mapping":
            return self._lines[start:end]
        entries = self._entries(node, start, end)
        head, tail = self._lines[start : entries[0].start], self._lines[entries[-1].end : end]
        fields, others = schema.get("properties", {}), schema.get("additionalProperties")
        known = {name: number for number, name in enumerate(fields)}
        wanted = sorted(entries, key=lambda entry: known.get(entry.name, len(known)))
        below = others if isinstance(others, Mapping) else {}
        parts = {entry.name: self._entry(entry, fields.get(entry.name, below)) for entry in entries}
        if wanted[0] is not entries[0]:
            self._bring_dash(node, parts, entries[0], wanted[0])
            if not head or not head[-1]:
                parts[wanted[0].name] = _without_empty_start(parts[wanted[0].name])
        return [*head, *(line for entry in wanted for line in parts[entry.name]), *tail]

    def _entry(self, entry: _Entry, schema: Schema) -> list[str]:
        inner = entry.key + 1 if entry.value.is_block else entry.end
        below = self.ordered(entry.value, schema, inner, entry.end) if entry.value.is_block else []
        return [*self._lines[entry.start : inner], *below]

    def _sequence(self, node: Node, schema: Schema, start: int, end: int) -> list[str]:
        borders = [line for line, _ in node.dashes]
        found = self._lines[start : borders[0]]
        for item, low, high in zip(node.items, borders, [*borders[1:], end], strict=True):
            dash_alone = item.kind == "mapping" and item.keys[0].line > low
            first = low + 1 if dash_alone else low
            found += self._lines[low:first] + self.ordered(item, schema, first, high)
        return found

    def _entries(self, node: Node, start: int, end: int) -> list[_Entry]:
        """Return the entries of a mapping, each with the comments above it that are no part of the one before."""
        entries: list[_Entry] = []
        for key, value in zip(node.keys, node.items, strict=True):
            if entries:
                entries[-1].end = self._above(key.line, node.indent, self._last(entries[-1]) + 1)
                entries.append(_Entry(key.text, value, entries[-1].end, key.line, 0))
            else:
                first = self._after_header(key.line) if start == 0 else self._above(key.line, node.indent, start)
                entries.append(_Entry(key.text, value, first, key.line, 0))
        entries[-1].end = self._above(end, node.indent, self._last(entries[-1]) + 1)
        return entries

    def _last(self, entry: _Entry) -> int:
        return entry.key if entry.value.kind == "empty" else max(entry.key, entry.value.end_line)

    def _above(self, line: int, column: int, limit: int) -> int:
        """Return the first of the comments and empty lines above a line that are not further in than `column`."""
        while line > limit and not self._is_further_in(self._lines[line - 1], column):
            line -= 1
        return line

    def _is_further_in(self, line: str, column: int) -> bool:
        return len(line) - len(line.lstrip(" ")) > column

    def _after_header(self, first: int) -> int:
        """Return where the first entry begins: what stands above the last empty line is about the file.

        So is all that stands above it, where there is no empty line.
        """
        for line in range(first - 1, -1, -1):
            if not self._lines[line]:
                return line + 1
            if not self._lines[line].startswith("#"):
                break
        return first

    def _bring_dash(self, node: Node, parts: dict[str, list[str]], old: _Entry, new: _Entry) -> None:
        """Let the dash of a list's entry stand before another field; comments on that field go above it."""
        dash = self._lines[old.key][: node.indent]
        if not dash.strip():
            return
        parts[old.name][0] = " " * node.indent + parts[old.name][0][node.indent :]
        lines, key = parts[new.name], new.key - new.start
        lines[key] = dash + lines[key][node.indent :]
        lines[:key] = [line.removeprefix(" " * STEP) for line in lines[:key]]

    def _resolved(self, schema: Schema) -> Schema:
        for option in schema.get("anyOf", ()):
            if option.get("type") != "null":
                return self._resolved(option)
        reference = schema.get("$ref")
        return self._schema["$defs"][reference.removeprefix("#/$defs/")] if reference else schema


def _without_empty_start(lines: list[str]) -> list[str]:
    return lines[next(number for number, line in enumerate(lines) if line) :]


def _is_tied(node: Node, lines: list[str]) -> bool:
    header = lines[node.line][node.column :].partition("#")[0]
    return node.kind == "alias" or (node.kind == "block scalar" and "+" in header)
