"""How the columns of `watch` share a terminal."""

from __future__ import annotations

import pytest

from reconciler.watch.screen import COLUMNS, GAP, WORDS, widths


@pytest.mark.parametrize("terminal", [80, 100, 140, 250])
def test_single_words_are_whole_where_a_terminal_has_eighty_columns(terminal: int) -> None:
    found = dict(zip(COLUMNS, widths(terminal), strict=True))

    assert {name: found[name] for name in WORDS} == {"FILES": 8, "SAMPLE": 9, "SERVER": 9}
    assert sum(found.values()) + GAP * (len(found) - 1) <= terminal


@pytest.mark.parametrize("terminal", [0, 1, 10, 30, 60, 79])
def test_a_narrow_terminal_has_a_part_of_every_column(terminal: int) -> None:
    assert all(width >= 3 for width in widths(terminal))
