"""docs/behaviour.md names a test in each row; the test has to exist."""

from __future__ import annotations

import re
from pathlib import Path

REPOSITORY = Path(__file__).parents[3]


def test_every_row_of_the_behaviour_page_names_a_test_that_exists() -> None:
    page = (REPOSITORY / "docs/behaviour.md").read_text(encoding="utf-8")
    sources = "".join(path.read_text(encoding="utf-8") for path in (REPOSITORY / "tests").rglob("test_*.py"))
    known = set(re.findall(r"^def (test_\w+)\(", sources, re.MULTILINE))

    rows = [line for line in page.splitlines() if line.startswith("| ") and "| --- |" not in line]
    named = [re.findall(r"`(test_\w+)` \|$", row) for row in rows]
    heads = [row for row, names in zip(rows, named, strict=True) if not names]

    assert all(row.endswith("| test |") for row in heads), "a row without a test"
    assert {name for names in named for name in names} - known == set()
    assert len(rows) > 60
