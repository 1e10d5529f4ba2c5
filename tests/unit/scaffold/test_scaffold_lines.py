"""Lines are added to files of somebody else's, and nothing else about them changes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import VoicectlError
from reconciler.scaffold.lines import add_lines


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, "a\nb\n"),
        ("", "a\nb\n"),
        ("x\n", "x\na\nb\n"),
        ("x", "x\na\nb\n"),
        ("x\r\n", "x\r\na\r\nb\r\n"),
        ("  a \nx\n", "  a \nx\nb\n"),
        ("b\na\n", "b\na\n"),
        ("A\n", "A\n"),
    ],
)
def test_only_missing_lines_are_added(tmp_path: Path, before: str | None, after: str) -> None:
    path = tmp_path / "file"
    if before is not None:
        path.write_bytes(before.encode())

    add_lines(path, ["a", "b"], same=["A"])

    assert path.read_bytes().decode() == after
    assert add_lines(path, ["a", "b"], same=["A"]) == ()


@given(text=st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=40))
def test_what_is_there_stays_to_the_byte(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "lines"
    path.write_bytes(text.encode())

    add_lines(path, ["a"])

    assert path.read_bytes().startswith(text.encode())


def test_a_file_that_is_no_text_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / ".gitignore"
    path.write_bytes(b"\xff\xfe")

    with pytest.raises(VoicectlError, match="Cannot read"):
        add_lines(path, ["a"])

    assert path.read_bytes() == b"\xff\xfe"
