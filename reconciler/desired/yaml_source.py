"""Safe YAML: the 1.2 core schema, no surprises, bounded work, and a place (line, column) for everything.

The text is read event by event, so depth is checked before it is used: composing a deep document ends the
whole process, as libyaml recurses on the C stack. Values are built in one pass without positions; positions
are collected by the same reader in a second pass, only when somebody asks for one.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import yaml

from reconciler.errors import Diagnostic, Position, Range, RepositoryError, Severity

if yaml.__with_libyaml__:
    from yaml import CSafeLoader as Loader
else:  # the same events, about six times slower
    from yaml import SafeLoader as Loader  # type: ignore[assignment]

MAX_BYTES: Final = 256 * 1024
MAX_DEPTH: Final = 20
MAX_NODES: Final = 10_000
"""Values in a document, aliases counted as what they stand for."""
MAX_ALIASES: Final = 100
MAX_DIGITS: Final = 40

Path = tuple[str | int, ...]
"""The way to a value: keys of mappings and indexes of lists."""

_CONSTANTS: Final[dict[str, bool | None]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INT: Final = re.compile(r"[-+]?[0-9]+")
_BASED_INT: Final = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_TAG: Final = "tag:yaml.org,2002:"
_KINDS: Final = {"null": type(None), "bool": bool, "int": int, "float": float}
_UNPRINTABLE: Final = re.compile(
    # YAML 1.2, production 1; without the line breaks of Unicode, which YAML 1.1 and 1.2 count differently
    "[^\t\n\r -~\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_SURROGATE: Final = re.compile("[\ud800-\udfff]")

_NESTED: Final = "exceeded maximum nesting depth"
"""What libyaml says from 0.2.6 on where it looks so far ahead that our own limit is not asked."""
_SYNTAX: Final = {
    "mapping values are not allowed in this context": (
        "`:` is not allowed here",
        "Put a text that holds `: ` in quotes; otherwise check the indentation of this line.",
    ),
    "could not find expected ':'": ("this line has no `:`", "Write `field: value`, or put a long text in quotes."),
    "did not find expected key": (
        "this line does not fit the lines above",
        "Check its indentation, and that no text follows a closing quote.",
    ),
    "did not find expected '-' indicator": (
        "this line does not fit the list above",
        "Start every entry with `- ` in the same column.",
    ),
    "did not find expected ',' or ']'": ("`[` is not closed", "Add `]`, or `,` between two entries."),
    "did not find expected ',' or '}'": ("`{` is not closed", "Add `}`, or `,` between two entries."),
    "found unexpected end of stream": ("a quote is not closed", "Close the quote that is opened here."),
    "did not find expected node content": (
        "a value is missing here",
        "Look for a `[`, `{` or `,` too many before this place.",
    ),
    "found undefined alias": ("this alias has no anchor", "Put a text that starts with `*` in quotes."),
}
"""What libyaml says, and what it means for somebody who writes a voice file."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where one value is."""

    key: Position
    """Its key in the mapping; the value itself in a list."""
    value: Position


class Spans:
    """Where the values of one document are."""

    def __init__(self, filename: str, places: dict[Path, Place]) -> None:
        self._filename = filename
        self._places = places

    def value(self, *path: str | int) -> Range:
        """Return the place of a value, or of the nearest thing around it that was written."""
        return Range(self._filename, self._nearest(path).value)

    def written(self, *path: str | int) -> Range | None:
        """Return the place of a value, or None when it was not written."""
        place = self._places.get(path)
        return Range(self._filename, place.value) if place else None

    def key(self, *path: str | int) -> Range:
        """Return the place of a value's key, or of the nearest thing around it that was written."""
        return Range(self._filename, self._nearest(path).key)

    def _nearest(self, path: Path) -> Place:
        for length in range(len(path), -1, -1):
            if place := self._places.get(path[:length]):
                return place
        return Place(Position(1, 1), Position(1, 1))


def parse(raw: bytes, filename: str) -> object:
    """Return the one document in `raw` as dicts, lists, str, int, float, bool and None; None when it is empty.

    Raises RepositoryError with every problem found (`yaml.syntax`, `yaml.encoding`, `yaml.duplicate-key`,
    `yaml.unsupported`, `yaml.limit`), and no other exception whatever the bytes are.
    """
    return _Reader(raw, filename, places=None).document()


def spans(raw: bytes, filename: str) -> Spans:
    """Return where the values of `raw` are. What cannot be read has the place 1:1."""
    places: dict[Path, Place] = {}
    # parse() told about problems; what stands before one has a place all the same
    with contextlib.suppress(RepositoryError):
        _Reader(raw, filename, places).document()
    return Spans(filename, places)


class _Reader:
    def __init__(self, raw: bytes, filename: str, places: dict[Path, Place] | None) -> None:
        self._raw = raw
        self._filename = filename
        self._places = places
        self._next: Callable[[], Any]
        """Returns the next event. The type stubs of PyYAML do not know what its kinds carry."""
        self._problems: list[Diagnostic] = []
        self._anchors: dict[str, tuple[object, int]] = {}
        """The value of each finished anchor, and how many values are in it."""
        self._nodes = 0
        self._aliases = 0

    def document(self) -> object:
        text = self._text()
        loader = Loader(text)
        self._next = loader.get_event
        try:
            value = self._single_document()
        except yaml.MarkedYAMLError as error:
            raise self._syntax(error, text) from error
        except yaml.YAMLError as error:
            raise self._failure("yaml.syntax", Position(1, 1), "this is not YAML", str(error)) from error
        finally:
            loader.dispose()
        if self._problems:
            raise RepositoryError(tuple(self._problems))
        return value

    def _text(self) -> str:
        raw, start = self._raw, Position(1, 1)
        if len(raw) > MAX_BYTES:
            summary = f"the file is larger than {MAX_BYTES // 1024} KiB"
            raise self._failure("yaml.limit", start, summary, "A file here holds a few dozen lines of settings.")
        if raw.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
            summary = "the file starts with a byte order mark"
            raise self._failure("yaml.encoding", start, summary, "Save it as UTF-8 without BOM.")
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            before = raw[: error.start].decode("utf-8")
            summary = f"the byte 0x{raw[error.start]:02x} is not UTF-8"
            raise self._failure("yaml.encoding", _end(before), summary, "Save the file as UTF-8.") from error
        if found := _UNPRINTABLE.search(text):
            summary = f"the invisible character U+{ord(found[0]):04X} is not allowed here"
            detail = 'Remove it, or write it as an escape such as "\\u2028" inside double quotes.'
            raise self._failure("yaml.encoding", _end(text[: found.start()]), summary, detail)
        return text

    def _single_document(self) -> object:
        self._next()  # the stream's start
        event = self._next()
        if isinstance(event, yaml.StreamEndEvent):
            return None
        value, _ = self._value(self._next(), (), 0)
        self._next()  # the document's end
        event = self._next()
        if not isinstance(event, yaml.StreamEndEvent):
            summary = "a second document starts here"
            detail = "A file holds one document: remove the `---`, or make it two files."
            raise self._failure("yaml.unsupported", _start(event), summary, detail)
        return value

    def _value(self, event: Any, path: Path, depth: int, key: Any = None) -> tuple[object, int]:
        """Return the value that starts with `event`, and how many values are in it. `key`: the event of its key."""
        if self._places is not None:
            start = _start(event)
            self._places[path] = Place(_start(key) if key else start, start)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        self._count(1, event)
        before = self._nodes
        value: object
        if isinstance(event, yaml.ScalarEvent):
            value = self._scalar(event)
        else:
            if depth == MAX_DEPTH:
                raise self._too_deep(_start(event))
            if isinstance(event, yaml.MappingStartEvent):
                value = self._mapping(event, path, depth + 1)
            else:
                value = self._list(event, path, depth + 1)
        size = 1 + self._nodes - before
        if event.anchor is not None:
            self._anchors[event.anchor] = value, size
        return value, size

    def _count(self, nodes: int, event: Any) -> None:
        self._nodes += nodes
        if self._nodes > MAX_NODES:
            raise self._failure("yaml.limit", _start(event), f"more than {MAX_NODES} values", "Split the file.")

    def _alias(self, event: Any) -> tuple[object, int]:
        self._aliases += 1
        if self._aliases > MAX_ALIASES:
            raise self._failure(
                "yaml.limit", _start(event), f"more than {MAX_ALIASES} aliases", "Write the values out."
            )
        if event.anchor not in self._anchors:
            summary = f"the alias `*{event.anchor}` stands for nothing that is complete here"
            detail = "Put a text that starts with `*` in quotes, or write the value out."
            raise self._failure("yaml.syntax", _start(event), summary, detail)
        value, size = self._anchors[event.anchor]
        self._count(size, event)
        return value, size

    def _mapping(self, event: Any, path: Path, depth: int) -> dict[str, object]:
        self._check_tag(event, "map")
        value: dict[str, object] = {}
        first: dict[str, Any] = {}
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            key, _ = self._value(event, (*path, "?"), depth)
            if not isinstance(key, str):
                summary = (
                    "a key must be text" if not isinstance(key, bool | int | float) else f"the key {key} is not text"
                )
                self._problem("yaml.unsupported", _start(event), summary, "Put the key in quotes.")
                key = "?"
            elif key == "<<":
                detail = "YAML 1.2 has no merge keys: write the fields out."
                self._problem("yaml.unsupported", _start(event), "the merge key `<<` is not supported", detail)
            elif key in first:
                detail = f"First given at {Range(self._filename, _start(first[key]))}. Remove one of the two."
                self._problem("yaml.duplicate-key", _start(event), f"`{key}` is given twice", detail)
            first.setdefault(key, event)
            value[key], _ = self._value(self._next(), (*path, key), depth, event)
        return value

    def _list(self, event: Any, path: Path, depth: int) -> list[object]:
        self._check_tag(event, "seq")
        value: list[object] = []
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            value.append(self._value(event, (*path, len(value)), depth)[0])
        return value

    def _scalar(self, event: Any) -> object:
        text: str = event.value
        if not text.isascii() and _SURROGATE.search(text):
            detail = "Write the character itself instead of two escapes."
            raise self._failure("yaml.encoding", _start(event), "half a character (a surrogate)", detail)
        if event.tag is None:
            return self._core(text, event) if event.implicit[0] else text
        return text if event.tag in {"!", _TAG + "str"} else self._tagged(text, event)

    def _tagged(self, text: str, event: Any) -> object:
        value = self._core(text, event)
        kind = event.tag.removeprefix(_TAG)
        if kind not in _KINDS:
            self._unknown_tag(event)
        elif kind == "float" and type(value) is int:
            return float(value)
        elif type(value) is not _KINDS[kind]:
            self._problem("yaml.syntax", _start(event), f"this is no {kind}", f"Remove the tag `!!{kind}`.")
        return value

    def _core(self, text: str, event: Any) -> object:
        """Return what a plain scalar means in YAML 1.2: `no`, `22:22`, `1_000` and dates are text."""
        if text in _CONSTANTS:
            return _CONSTANTS[text]
        if text[0] not in "+-.0123456789":
            return text
        if number := _INT.fullmatch(text) or _BASED_INT.fullmatch(text):
            if len(number[0]) > MAX_DIGITS:
                raise self._failure("yaml.limit", _start(event), "too many digits", "Put text in quotes.")
            return int(text, 0) if "o" in text or "x" in text else int(text)
        if _FLOAT.fullmatch(text):
            return float(text.replace(".inf", "inf").replace(".nan", "nan") if text[-1] in "fnFN" else text)
        return text

    def _check_tag(self, event: Any, kind: str) -> None:
        if event.tag not in {None, "!", _TAG + kind}:
            self._unknown_tag(event)

    def _unknown_tag(self, event: Any) -> None:
        tag = event.tag.replace(_TAG, "!!")
        detail = "Remove the tag; put a text that starts with `!` in quotes."
        self._problem("yaml.unsupported", _start(event), f"the tag `{tag}` is not supported", detail)

    def _problem(self, rule: str, start: Position, summary: str, detail: str) -> None:
        where = Range(self._filename, start)
        self._problems.append(Diagnostic(Severity.ERROR, rule, summary, detail, range=where))

    def _failure(self, rule: str, start: Position, summary: str, detail: str) -> RepositoryError:
        """Return the error that ends the reading, together with the problems found before it."""
        self._problem(rule, start, summary, detail)
        return RepositoryError(tuple(self._problems))

    def _too_deep(self, start: Position) -> RepositoryError:
        return self._failure("yaml.limit", start, f"more than {MAX_DEPTH} levels deep", "No file here needs that.")

    def _syntax(self, error: yaml.MarkedYAMLError, text: str) -> RepositoryError:
        problem = str(error.problem)
        mark, context = error.problem_mark, error.context_mark
        place = min(_at(mark), _end(text)) if mark else Position(1, 1)
        if problem == _NESTED:
            return self._too_deep(place)
        if problem == "found character that cannot start any token" and mark:
            character = text[mark.index : mark.index + 1]
            if character == "\t":
                summary, detail = "a tab is used for indentation", "YAML indents with spaces only."
            else:
                summary, detail = f"a value cannot start with `{character}`", "Put the text in quotes."
        elif problem in _SYNTAX:
            summary, detail = _SYNTAX[problem]
            if context and ("is not closed" in summary):
                place = _at(context)
        else:
            summary, detail = problem, str(error.context or "")
        return self._failure("yaml.syntax", place, summary, detail)


def _start(event: Any) -> Position:
    return _at(event.start_mark)


def _at(mark: Any) -> Position:
    return Position(mark.line + 1, mark.column + 1)


def _end(text: str) -> Position:
    """Return the position just after `text`."""
    line = text.count("\n")
    return Position(line + 1, len(text) - text.rfind("\n"))
