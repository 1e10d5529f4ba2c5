"""The figures are counted right, and the page has a place for each table."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.hearing import tables
from benchmarks.hearing.cases import Case
from benchmarks.hearing.evaluate import Verdict
from benchmarks.hearing.page import PAGE, PLACES, PageError, check_page, put_tables
from reconciler.errors import Severity

ERROR, WARNING = Severity.ERROR, Severity.WARNING


def verdict(group: str, level: str, expected: tuple[str, ...], **found: Severity) -> Verdict:
    severities = {name.replace("_", ".", 1): severity for name, severity in found.items()}
    return Verdict(Case("x", group, "kind", level, ("ann",), "", expected), severities, {}, None)


@pytest.mark.parametrize(
    ("hits", "count", "low", "high"), [(0, 10, 0.0, 0.2775), (50, 100, 0.4038, 0.5962), (99, 100, 0.9455, 0.9982)]
)
def test_intervals_are_those_of_wilson(hits: int, count: int, low: float, high: float) -> None:
    """Values from the formula in Brown, Cai and DasGupta 2001."""
    assert tables.wilson(hits, count) == pytest.approx((low, high), abs=1e-3)


def test_goals_count_what_they_name() -> None:
    noise = ("audio.noise", "audio.hum")
    verdicts = [
        *[verdict("clean", "", ())] * 99,
        verdict("clean", "", (), audio_speakers=ERROR),
        verdict("encoding", "", (), audio_speakers=WARNING),
        verdict("noise", "10 dB", noise, audio_hum=WARNING),
        verdict("noise", "5 dB", noise),
        verdict("noise", "20 dB", noise, audio_noise=ERROR),
        verdict("speakers", "5 s", ("audio.speakers",), audio_speakers=WARNING),
        verdict("clipping", "0.1 %", ("audio.clipping",)),
        verdict("clipping", "0.5 %", ("audio.clipping",), audio_clipping=WARNING),
        verdict("broken", "", ("any error",), sample_unreadable=ERROR),
        verdict("broken", "", ("any error",), sample_truncated=WARNING),
    ]

    reached = [(row[2].split(";")[0], row[3]) for row in tables.goals(verdicts)]

    assert reached == [
        ("1.0 % (1/101", "yes"),
        ("50.0 % (1/2", "**no**"),
        ("100.0 % (1/1", "yes"),
        ("100.0 % (1/1", "yes"),
        ("100.0 % (1/1", "yes"),
        ("50.0 % (1/2", "**no**"),
    ]


def test_what_breaks_a_goal_is_named() -> None:
    verdicts = [
        verdict("clean", "", (), audio_noise=WARNING),
        verdict("home", "", (), audio_noise=ERROR),
        verdict("clipping", "1.0 %", ("audio.clipping",), audio_noise=WARNING),
        verdict("music", "5 dB", ("audio.music",)),
        verdict("noise", "30 dB", ("audio.noise",)),
    ]

    assert [row[1:] for row in tables.misses(verdicts)] == [["false error", "audio.noise"], ["missed", "audio.noise"]]


def test_the_confusion_table_has_a_cell_for_each_rule() -> None:
    rows = tables.confusion([verdict("noise", "5 dB", (), audio_noise=ERROR), verdict("noise", "5 dB", ())])

    assert rows == [["noise 5 dB", "2", "50/50", *["."] * 9]]


def test_the_page_has_one_place_for_each_table() -> None:
    check_page(PAGE)


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text.replace("<!-- end: goals -->", ""),
        lambda text: text.replace("<!-- table: noise -->", "<!-- table: music -->"),
        lambda text: text + "\n<!-- table: goals -->\n<!-- end: goals -->\n",
    ],
)
def test_a_damaged_place_is_told(damage: object, tmp_path: Path) -> None:
    assert callable(damage)
    page = tmp_path / "hearing.md"
    page.write_text(damage(PAGE.read_text(encoding="utf-8")), encoding="utf-8")

    with pytest.raises(PageError, match="the markers are"):
        check_page(page)


def test_tables_are_replaced_and_all_else_is_kept(tmp_path: Path) -> None:
    page = tmp_path / "hearing.md"
    page.write_text(
        "Before.\n" + "".join(f"<!-- table: {name} -->\nold\n<!-- end: {name} -->\nAfter {name}.\n" for name in PLACES),
        encoding="utf-8",
    )

    put_tables(page, {name: f"new {name}" for name in PLACES})
    put_tables(page, {name: f"newer {name}" for name in PLACES})

    text = page.read_text(encoding="utf-8")
    assert text.startswith("Before.\n<!-- table: goals -->\n\nnewer goals\n\n<!-- end: goals -->\nAfter goals.\n")
    assert "old" not in text
    assert "new " not in text
