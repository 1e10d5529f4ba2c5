"""Small changes of a voice file's text. All else stays as it is, to the byte; the result is read back and compared."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from reconciler.authoring.canonical import schema_of
from reconciler.authoring.draft import scalar
from reconciler.authoring.outline import Node, outline
from reconciler.desired.yaml_source import parse
from reconciler.errors import VoicectlError

_MODELINE: Final = re.compile(r"^(#\s*yaml-language-server:\s*\$schema=)(\S+)", re.MULTILINE)
_PREVIOUSLY: Final = "previously"

Relocate = Callable[[str], str]
"""From a path as it is written to the path as it is to be written."""


def moved_voice(raw: bytes, filename: str, *, old: str, new: str, sample: Relocate, schema: Relocate) -> bytes:
    """Return a voice file's content after a move: it says where it was, and its paths lead to where they led.

    Raises VoicectlError for a file that is written so that this cannot be done.
    """
    value = parse(raw, filename)
    assert isinstance(value, dict), "a voice that was loaded"
    text = _Text(raw.decode())
    wanted = dict(value)
    if isinstance(written := value.get("$schema"), str):
        wanted["$schema"] = schema(written)
        text.replace(("$schema",), wanted["$schema"])
    entries = value.get("samples") or []
    for number, entry in enumerate(entries):
        if isinstance(entry, dict) and isinstance(entry.get("file"), str):
            text.replace(("samples", number, "file"), sample(entry["file"]))
    if entries:
        wanted["samples"] = [
            {**entry, "file": sample(entry["file"])} if entry.get("file") else entry for entry in entries
        ]
    wanted[_PREVIOUSLY] = [*(key for key in value.get(_PREVIOUSLY) or [] if key not in (old, new)), old]
    text.set_list(_PREVIOUSLY, wanted[_PREVIOUSLY])
    content = _MODELINE.sub(lambda line: line[1] + schema(line[2]), text.content)
    return _checked(content, wanted, filename)


def renamed_overrides(raw: bytes, filename: str, *, old: str, new: str) -> bytes:
    """Return voicectl.yaml with the overrides of one voice under its new key; as it is where there are none."""
    value = parse(raw, filename)
    text = _Text(raw.decode())
    environments = value.get("environments") if isinstance(value, dict) else None
    for name, environment in (environments or {}).items():
        if isinstance(environment, dict) and old in (environment.get("overrides") or {}):
            text.rename_key(("environments", name, "overrides"), old, new)
            environment["overrides"] = {new if key == old else key: of for key, of in environment["overrides"].items()}
    return _checked(text.content, value, filename)


def _checked(content: str, wanted: object, filename: str) -> bytes:
    raw = content.encode()
    if json.dumps(parse(raw, filename), sort_keys=True) != json.dumps(wanted, sort_keys=True):
        raise VoicectlError(
            "The file is written so that it cannot be changed here",
            where=filename,
            fix=f"bring it into canonical form first: `voicectl fmt {filename}`",
        )
    return raw


class _Text:
    """A text that is changed at one place after the other."""

    def __init__(self, content: str) -> None:
        self.content = content

    def replace(self, path: Sequence[str | int], value: str) -> None:
        """Write another text in the place of the one at `path`."""
        node = self._find(path)
        if node is not None and node.kind == "scalar" and node.text != value:
            self._put(node, _inline(value))

    def rename_key(self, path: Sequence[str | int], old: str, new: str) -> None:
        """Write another key in the mapping at `path`."""
        node = self._find(path)
        for key in node.keys if node is not None else ():
            if key.text == old:
                self._put(key, _inline(new))

    def set_list(self, name: str, values: Sequence[str]) -> None:
        """Let the list of texts at the top be these, of which the last one is new. Lines of others stay."""
        root, node = outline(self.content), self._find((name,))
        assert root is not None, "a text with fields"
        if node is None:
            self._add_field(root, f"{name}: {_flow(values)}")
        elif node.kind == "empty":
            key = next(key for key in root.keys if key.text == name)
            self._insert(key.end_line, key.end_column, f": {_flow(values)}", until=self._colon(key))
        elif node.kind != "sequence":
            self._put(node, _flow(values))
        else:
            self._change_entries(node, values)

    def _change_entries(self, node: Node, values: Sequence[str]) -> None:
        lines = self._lines()
        line = f"{' ' * node.indent}- {_inline(values[-1])}{_end_of(lines[node.end_line])}"
        gone = [item for item in node.items if item.text not in values[:-1]]
        lines.insert(node.end_line + 1, line)
        for item in reversed(gone):
            del lines[item.line : item.end_line + 1]
        self.content = "".join(lines)

    def _add_field(self, root: Node, field: str) -> None:
        """Put a field where the schema has it: behind the last of those that go before it."""
        if root.kind == "flow":
            self._insert(root.end_line, root.end_column - 1, f", {field}")
            return
        order = list(schema_of("voice.yaml")["properties"])
        before = set(order[: order.index(field.partition(":")[0])])
        entries = list(zip(root.keys, root.items, strict=True))
        known = [entry for entry in entries if entry[0].text in before] or entries
        last = max(known[-1][0].line, known[-1][1].end_line)
        lines = self._lines()
        end = _end_of(lines[last])
        lines[last] = lines[last].rstrip("\r\n") + end
        lines.insert(last + 1, f"{' ' * root.indent}{field}{end}")
        self.content = "".join(lines)

    def _find(self, path: Sequence[str | int]) -> Node | None:
        node = outline(self.content)
        for part in path:
            if node is None:
                return None
            if isinstance(part, int):
                node = node.items[part] if part < len(node.items) else None
            else:
                pairs: Iterator[tuple[Node, Node]] = zip(node.keys, node.items, strict=False)
                node = next((item for key, item in pairs if key.text == part), None)
        return node

    def _put(self, node: Node, written: str) -> None:
        start, end = self._index(node.line, node.column), self._index(node.end_line, node.end_column)
        self.content = self.content[:start] + written + self.content[end:]

    def _insert(self, line: int, column: int, written: str, *, until: int | None = None) -> None:
        start = self._index(line, column)
        self.content = self.content[:start] + written + self.content[start if until is None else until :]

    def _colon(self, key: Node) -> int:
        """Return the index behind the colon of a key."""
        return self.content.index(":", self._index(key.end_line, key.end_column)) + 1

    def _index(self, line: int, column: int) -> int:
        return sum(map(len, self._lines()[:line])) + column

    def _lines(self) -> list[str]:
        return re.split(r"(?<=\n)", self.content)


def _inline(text: str) -> str:
    """Return a text as a value that may stand in a flow collection too."""
    written = scalar(text)
    return json.dumps(text, ensure_ascii=False) if set(",[]{}") & set(written) else written


def _flow(values: Sequence[Any]) -> str:
    return f"[{', '.join(map(_inline, values))}]"


def _end_of(line: str) -> str:
    return "\r\n" if line.endswith("\r\n") else "\n"
