"""A table of voices: as spreadsheets write it, with all that is wrong in it told at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.authoring.table import Table, read_table
from reconciler.errors import RepositoryError


def read(tmp_path: Path, content: str | bytes) -> Table:
    path = tmp_path / "voices.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_table(path, "voices.csv")


def problems(found: Table | RepositoryError) -> list[str]:
    return [f"{d.range}: {d.summary}" for d in (found.problems if isinstance(found, Table) else found.diagnostics)]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("start", ["", "\ufeff"], ids=["plain", "bom"])
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_it_is_read_as_spreadsheets_write_it(tmp_path: Path, separator: str, start: str, end: str) -> None:
    lines = [["Key", " sample ", "lang_code"], ["anna", "a/b.mp3", "en"], ["", "", ""], ["bea", "c.mp3", ""]]
    table = read(tmp_path, start + "".join(separator.join(line) + end for line in lines))

    assert problems(table) == []
    assert [(row.key, row.sample, dict(row.values), row.where.start.line) for row in table.rows] == [
        ("anna", tmp_path / "a/b.mp3", {"lang_code": "en"}, 2),
        ("bea", tmp_path / "c.mp3", {}, 4),
    ]


def test_columns_may_be_named_as_in_the_voice_file_and_as_the_options(tmp_path: Path) -> None:
    table = read(tmp_path, "key,file,lang\nanna,a.mp3,en\n")

    assert problems(table) == []
    assert [(row.sample, dict(row.values)) for row in table.rows] == [(tmp_path / "a.mp3", {"lang_code": "en"})]


def test_a_row_of_several_lines_is_named_by_its_first(tmp_path: Path) -> None:
    table = read(tmp_path, 'key,sample,description\na,a.mp3,"two\nlines"\na,b.mp3,\n')

    assert [row.where.start.line for row in table.rows] == [2]
    assert problems(table) == ["voices.csv:4:1: the key `a` is given twice"]


def test_every_row_that_is_wrong_is_named_and_the_others_are_kept(tmp_path: Path) -> None:
    table = read(tmp_path, "key,sample\n,a.mp3\nb,\nc,c.mp3,more\nd,d.mp3\nd,e.mp3\nf\n")

    assert problems(table) == [
        "voices.csv:2:1: `key` is missing",
        "voices.csv:3:1: `sample` is missing",
        "voices.csv:4:1: more values than columns",
        "voices.csv:6:1: the key `d` is given twice",
        "voices.csv:7:1: `sample` is missing",
    ]
    assert [row.key for row in table.rows] == ["d"]


def test_a_table_without_rows_is_one_problem(tmp_path: Path) -> None:
    assert problems(read(tmp_path, "key,sample\n\n")) == ["voices.csv:2:1: there is no row"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            "key,smple\n",
            ["1:1: there is no column `smple`: did you mean `sample`?", "1:1: there is no column `sample`"],
        ),
        ("key,sample,key\n", ["1:1: the column `key` is given twice"]),
        ("", ["1:1: there is no column `key`", "1:1: there is no column `sample`"]),
        ('key,sample\na,"b', ["2:1: this is not CSV: unexpected end of data"]),
        (b"key,sample\na,\xff\n", ["2:1: this is not UTF-8"]),
        (b"\xff\xfek\x00", ["1:1: this is not UTF-8"]),
        ("key,sample\na,b\0.mp3\n", ["2:1: there is a NUL character"]),
    ],
)
def test_what_is_no_table_is_refused_with_the_reason(tmp_path: Path, content: str | bytes, said: list[str]) -> None:
    with pytest.raises(RepositoryError) as caught:
        read(tmp_path, content)

    assert problems(caught.value) == [f"voices.csv:{line}" for line in said]


def test_a_table_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(RepositoryError) as caught:
        read_table(tmp_path / "no.csv", "no.csv")

    assert problems(caught.value) == ["no.csv:1:1: cannot be read: no such file or directory"]
