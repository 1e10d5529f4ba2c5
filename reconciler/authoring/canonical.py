"""The one canonical form of the files that people write. It says what the file said, or it is not used."""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import cache
from pathlib import PurePath

from reconciler.authoring.layout import UnusualError, lay_out
from reconciler.authoring.order import Schema, put_in_order
from reconciler.authoring.outline import outline
from reconciler.desired.root import FILENAME
from reconciler.desired.schema import project_schema, voice_schema
from reconciler.desired.yaml_source import parse
from reconciler.errors import Diagnostic, Position, Range, RepositoryError, Severity

_CHOMPING = re.compile(r"([|>])(?:[+-]?([0-9]?)[+-]?)")
_BOM = b"\xef\xbb\xbf"


def canonical(raw: bytes, filename: str) -> bytes:
    """Return a voice file, or voicectl.yaml, in canonical form.

    Raises RepositoryError for what is not YAML as the loader reads it, and for a text that cannot be brought into
    this form without a loss.
    """
    raw = raw.removeprefix(_BOM)
    value = parse(raw, filename)
    text = _closed(raw.decode().replace("\r\n", "\n").replace("\r", "\n"), value)
    try:
        formed = put_in_order(lay_out(text), schema_of(filename)) if text.strip() else text.strip()
    except UnusualError as unusual:
        where = Range(filename, Position(unusual.line + 1, 1))
        found = _left_alone(where, str(unusual), "Write `field: value` instead of `? field`.")
        raise RepositoryError((found,)) from unusual
    written = formed.encode()
    if not (_same(value, parse(written, filename)) and _letters(text) == _letters(formed)):
        where = Range(filename, Position(1, 1))
        said = "the file cannot be brought into canonical form without a loss"
        raise RepositoryError((_left_alone(where, said, "It is left as it is. This is a bug of voicectl's."),))
    return written


def _closed(text: str, value: object) -> str:
    """End the text with a line break, without one in the value of a block scalar that the file ends in."""
    if text.endswith("\n") or not text.strip():
        return text
    bare = text.rstrip(" \t")
    wanted = (bare if bare.endswith("\n") else f"{bare}\n", f"{text}\n", f"{_chomped(text)}\n")
    return next((each for each in wanted if _same(parse(each.encode(), ""), value)), text + "\n")


def _chomped(text: str) -> str:
    """Return the text with `|-` for the `|` of the block scalar that it ends in."""
    root, lines = outline(text), text.split("\n")
    for node in root.walk() if root is not None else ():
        if node.kind == "block scalar" and node.end_line == len(lines) - 1:
            head, header = lines[node.line][: node.column], lines[node.line][node.column :]
            lines[node.line] = head + _CHOMPING.sub(r"\1\2-", header, count=1)
    return "\n".join(lines)


def schema_of(filename: str) -> Schema:
    """Return the JSON Schema of a file, by its name: voicectl.yaml is that of a project, others are voices."""
    return _schema(of_project=PurePath(filename).name == FILENAME)


@cache
def _schema(*, of_project: bool) -> Schema:
    return project_schema() if of_project else voice_schema()


def _same(one: object, other: object) -> bool:
    """Compare what was read; as JSON, because 1, 1.0 and true are equal in Python."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _letters(text: str) -> Counter[str]:
    """Return all but white space: comments are in it too."""
    return Counter("".join(text.split()))


def _left_alone(where: Range, summary: str, detail: str) -> Diagnostic:
    return Diagnostic(Severity.ERROR, "fmt.left-alone", summary, detail, range=where)
