"""Where the parts of a YAML text are, line by line: what a formatter needs and a loader throws away.

Only for text that the loader has read without a complaint: depth and size are bounded then.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

if yaml.__with_libyaml__:
    from yaml import CSafeLoader as Loader
else:  # as in desired/yaml_source.py
    from yaml import SafeLoader as Loader  # type: ignore[assignment]


_DIGIT: Final = re.compile("[0-9]")


@dataclass(slots=True)
class Node:
    """One value. Lines and columns count from 0, as indexes do."""

    line: int
    column: int
    end_line: int
    """The last line that holds a part of it."""
    end_column: int
    kind: str
    """`mapping`, `sequence`, `flow`, `block scalar`, `scalar`, `alias` or `empty`."""
    keys: list[Node] = field(default_factory=list)
    """Of a mapping, block or flow."""
    items: list[Node] = field(default_factory=list)
    """Values of a mapping in the order of its keys, or entries of a sequence."""
    dashes: list[tuple[int, int]] = field(default_factory=list)
    """Line and column of each dash of a block sequence."""
    text: str = ""
    """Of a scalar."""

    @property
    def is_block(self) -> bool:
        """Whether its layout is by indentation."""
        return self.kind in ("mapping", "sequence")

    @property
    def indent(self) -> int:
        """The column in which the entries of a block collection stand."""
        return self.keys[0].column if self.kind == "mapping" else self.dashes[0][1]

    def walk(self) -> Iterator[Node]:
        """Yield it and everything in it."""
        yield self
        for part in (*self.keys, *self.items):
            yield from part.walk()


def outline(text: str) -> Node | None:
    """Return the one value in the text; None for a text that holds nothing but comments."""
    dashes = deque(
        (token.start_mark.line, token.start_mark.column)
        for token in yaml.scan(text, Loader=Loader)
        if isinstance(token, yaml.BlockEntryToken)
    )
    events = yaml.parse(text, Loader=Loader)
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            return _Outline(text.split("\n"), events, dashes).node(next(events))
    return None


class _Outline:
    def __init__(self, lines: list[str], events: Iterator[Any], dashes: deque[tuple[int, int]]) -> None:
        self._lines = lines
        self._events = events
        self._dashes = dashes

    def node(self, event: Any) -> Node:
        start, end = event.start_mark, event.end_mark
        made = Node(start.line, start.column, end.line, end.column, "alias")
        if isinstance(event, yaml.ScalarEvent):
            made.text = event.value
            made.kind = "empty" if start.index == end.index else "scalar"
            if event.style in ("|", ">"):
                made.kind = "block scalar"
                self._close(made)
        elif isinstance(event, yaml.MappingStartEvent):
            made.kind = "flow" if event.flow_style else "mapping"
            while not isinstance(event := next(self._events), yaml.MappingEndEvent):
                made.keys.append(self.node(event))
                made.items.append(self.node(next(self._events)))
            self._end(made, event)
        elif isinstance(event, yaml.SequenceStartEvent):
            made.kind = "flow" if event.flow_style else "sequence"
            while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
                if made.kind == "sequence":
                    made.dashes.append(self._dashes.popleft())
                made.items.append(self.node(event))
            self._end(made, event)
        return made

    def _close(self, scalar: Node) -> None:
        """Leave out what follows the text of a block scalar, unless `+` makes empty lines a part of it.

        A line of spaces is empty as long as it does not reach beyond the indentation of the text.
        """
        if scalar.end_column == 0:
            scalar.end_line -= 1
        header = self._lines[scalar.line][scalar.column :].partition("#")[0]
        texts = (line for line in self._lines[scalar.line + 1 : scalar.end_line + 1] if line.strip())
        first = next(texts, "")
        indent = 0 if _DIGIT.search(header) else len(first) - len(first.lstrip(" "))
        while "+" not in header and scalar.end_line > scalar.line:
            line = self._lines[scalar.end_line]
            if line.strip() or len(line) > indent:
                break
            scalar.end_line -= 1
        scalar.end_column = len(self._lines[scalar.end_line])

    def _end(self, collection: Node, event: Any) -> None:
        """Block collections end with their last entry: the mark of their end is where the next thing begins."""
        if collection.kind == "flow":
            collection.end_line, collection.end_column = event.end_mark.line, event.end_mark.column
            return
        parts = [part for part in (*collection.keys, *collection.items) if part.kind != "empty"]
        ends = [(part.end_line, part.end_column) for part in parts]
        collection.end_line, collection.end_column = max([*ends, *collection.dashes])
