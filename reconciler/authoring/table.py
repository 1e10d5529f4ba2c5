"""Many voices from one table: a CSV file with a row for each. All problems of all rows are told at once."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from reconciler.errors import Diagnostic, Position, Range, RepositoryError, Severity
from reconciler.suggest import suggest

KEY, SAMPLE = "key", "sample"
FIELDS: Final = ("name", "lang_code", "description", "gender", "age_group", "mood", "denoise")
"""Columns that may be left out, or be empty; each is an option of `voicectl new` too."""
_COLUMNS: Final = (KEY, SAMPLE, *FIELDS)
_ALSO: Final[Mapping[str, str]] = MappingProxyType({"file": SAMPLE, "lang": "lang_code", "language": "lang_code"})
"""What the voice file and the options call some of them."""
_SEPARATORS: Final = ",;\t"
_BOOLEANS: Final[Mapping[str, bool]] = MappingProxyType(
    {**dict.fromkeys(("true", "yes", "1"), True), **dict.fromkeys(("false", "no", "0"), False)}
)


@dataclass(frozen=True, slots=True)
class Row:
    """One voice."""

    where: Range
    key: str
    sample: Path
    """Absolute: a table names recordings relative to itself."""
    values: Mapping[str, str]
    """By column of FIELDS; only what is written."""


@dataclass(frozen=True, slots=True)
class Table:
    """What was read."""

    rows: tuple[Row, ...]
    """Those that name a key and a sample, with keys that are named once."""
    problems: tuple[Diagnostic, ...]
    """With the other rows."""


def read_table(path: Path, filename: str) -> Table:
    """Return the rows of a table, which messages call `filename`. Raises RepositoryError for what is no table.

    UTF-8, with a byte order mark or not; separated by commas, semicolons or tabs, as spreadsheets write them.
    """
    text = _text(path, filename)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text), strict=True)
    try:
        named = [name.strip().lower() for name in next(lines, [])]
        columns = [_ALSO.get(name, name) for name in named]
        if wrong := tuple(_about_columns(columns, filename)):
            raise RepositoryError(wrong)
        numbered = list(_numbered(lines))
    except csv.Error as error:
        where = Range(filename, Position(max(lines.line_num, 1), 1))
        found = problem(where, f"this is not CSV: {error}", "Look for a quote that is not closed.")
        raise RepositoryError((found,)) from error
    rows: dict[str, Row] = {}
    problems: list[Diagnostic] = []
    for line, cells in numbered:
        where = Range(filename, Position(line, 1))
        values = {name: cell for name, cell in zip(columns, cells, strict=False) if cell}
        key, sample = values.pop(KEY, ""), values.pop(SAMPLE, "")
        wrong = tuple(_about_row(where, len(cells) - len(columns), key, sample, rows))
        problems += wrong
        if not wrong:
            rows[key] = Row(where, key, path.parent / sample, MappingProxyType(values))
    if not numbered:
        problems.append(problem(Range(filename, Position(2, 1)), "there is no row", "Write one for each voice."))
    return Table(tuple(rows.values()), tuple(problems))


def _numbered(lines: Any) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that hold something, with the line that each begins in."""
    start = lines.line_num + 1
    for cells in lines:
        stripped = [cell.strip() for cell in cells]
        if any(stripped):
            yield start, stripped
        start = lines.line_num + 1


def _about_row(where: Range, too_many: int, key: str, sample: str, rows: Mapping[str, Row]) -> Iterator[Diagnostic]:
    if too_many > 0:
        yield problem(where, "more values than columns", "Put a value with the separator in double quotes.")
    for name, value in ((KEY, key), (SAMPLE, sample)):
        if not value:
            yield problem(where, f"`{name}` is missing", "Every voice needs one.")
    if key in rows:
        yield problem(where, f"the key `{key}` is given twice", f"First given at {rows[key].where}.")


def boolean(value: str) -> bool | None:
    """Return what a cell means; None for what is neither true nor false."""
    return _BOOLEANS.get(value.lower())


def problem(where: Range, summary: str, detail: str) -> Diagnostic:
    """Return what is wrong with a row."""
    return Diagnostic(Severity.ERROR, "new.table", summary, detail, range=where)


def _text(path: Path, filename: str) -> str:
    try:
        raw = path.read_bytes()
    except OSError as error:
        summary = f"cannot be read: {(error.strerror or str(error)).lower()}"
        found = problem(Range(filename, Position(1, 1)), summary, "Check that it is there and readable.")
        raise RepositoryError((found,)) from error
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        found = problem(Range(filename, Position(line, 1)), "this is not UTF-8", "Save it as CSV in UTF-8.")
        raise RepositoryError((found,)) from error
    if "\0" in text:  # no key and no file can have one in its name, and no text does
        line = text.partition("\0")[0].count("\n") + 1
        found = problem(Range(filename, Position(line, 1)), "there is a NUL character", "Save it as CSV in UTF-8.")
        raise RepositoryError((found,))
    return text


def _separator(text: str) -> str:
    """Return what separates the columns' names, which hold none of the candidates themselves."""
    head = text.partition("\n")[0]
    return max(_SEPARATORS, key=head.count)


def _about_columns(columns: list[str], filename: str) -> Iterator[Diagnostic]:
    where = Range(filename, Position(1, 1))
    known = f"Columns: {', '.join(_COLUMNS)}."
    for index, name in enumerate(columns):
        if name not in _COLUMNS:
            near = suggest(name, _COLUMNS)
            said = f"there is no column `{name}`" + (f": did you mean `{near}`?" if near else "")
            yield problem(where, said, known)
        elif name in columns[:index]:
            yield problem(where, f"the column `{name}` is given twice", "Remove one of the two.")
    for name in (KEY, SAMPLE):
        if name not in columns:
            yield problem(where, f"there is no column `{name}`", known)
