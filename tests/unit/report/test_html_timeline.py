"""Where things are drawn along the time of a sample."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from review_gallery import CLIPPED, CLIPPING, NOISE, SECOND_VOICE, SHARED, measurement

from reconciler.errors import Severity
from reconciler.report.html.timeline import Bar, lay_out
from reconciler.report.marks import clock
from reconciler.samples.finding import Finding
from reconciler.samples.measurement import Span, Waveform

seconds = st.floats(-10, 100, allow_nan=False)


def percent(text: str) -> float:
    assert text.endswith("%")
    return float(text[:-1])


def path_points(outline: str) -> list[tuple[int, int]]:
    """Follow an SVG path of M, l, V, l, z."""
    match = re.fullmatch(r"M0 ?(-?\d+)l([-\d ]*)V(-?\d+)l([-\d ]*)z", outline)
    assert match
    points = [(0, int(match[1]))]

    def follow(steps: str) -> None:
        numbers = [int(n) for n in re.findall(r"-?\d+", steps)]
        for dx, dy in zip(numbers[::2], numbers[1::2], strict=True):
            points.append((points[-1][0] + dx, points[-1][1] + dy))

    follow(match[2])
    points.append((points[-1][0], int(match[3])))
    follow(match[4])
    return points


@given(
    st.lists(st.tuples(st.integers(-127, 127), st.integers(-127, 127)).map(sorted), min_size=2, max_size=60),
    st.integers(2, 80),
)
def test_the_outline_goes_along_the_highs_and_back_along_the_lows(pairs: list[list[int]], columns: int) -> None:
    form = Waveform(tuple(low for low, _ in pairs), tuple(high for _, high in pairs))
    line = lay_out(measurement(waveform=form), (), columns)
    points = path_points(line.outline)

    assert line.columns == min(columns, len(pairs))
    assert len(points) == 2 * line.columns
    assert [x for x, _ in points] == [*range(line.columns), *reversed(range(line.columns))]
    assert min(-y for _, y in points) == min(form.low)
    assert max(-y for _, y in points) == max(form.high)


@pytest.mark.parametrize("form", [Waveform((), ()), Waveform((0,), (0,))])
def test_a_sample_without_a_waveform_has_no_outline(form: Waveform) -> None:
    assert lay_out(measurement(waveform=form), (), 100).outline == ""


@given(st.lists(st.builds(Span, seconds, seconds), max_size=5))
def test_no_bar_leaves_the_picture(spans: list[Span]) -> None:
    for bar in lay_out(measurement(speech=tuple(spans)), (), 10).speech:
        assert 0 <= percent(bar.x) <= percent(bar.x) + percent(bar.width) <= 100.01


def test_findings_are_numbered_the_worst_first_and_then_along_the_sample() -> None:
    later = Finding("audio.x", Severity.ERROR, "", "", start=40.0, end=41.0)
    marks = lay_out(CLIPPED, (SECOND_VOICE, later, NOISE, CLIPPING), 10).marks

    assert [mark.finding for mark in marks] == [NOISE, CLIPPING, later, SECOND_VOICE]
    assert [mark.number for mark in marks] == [1, 2, 3, 4]


def test_a_finding_is_marked_in_all_of_its_places() -> None:
    (clipping,) = lay_out(CLIPPED, (CLIPPING,), 10).marks
    (voice,) = lay_out(SHARED, (SECOND_VOICE,), 10).marks
    (noise,) = lay_out(CLIPPED, (NOISE,), 10).marks

    assert [bar.text for bar in clipping.bars] == ["0:12.0-0:14.1", "0:31.0-0:31.6"]
    assert [(bar.x, bar.width) for bar in voice.bars] == [("52.46%", "15.3%")]
    assert noise.bars == ()


def test_a_finding_about_nearly_everything_is_told_from_one_in_a_place() -> None:
    whole = Finding("audio.x", Severity.ERROR, "", "", start=0.0, end=45.0)

    assert [mark.everywhere for mark in lay_out(CLIPPED, (whole, CLIPPING), 10).marks] == [True, False]


@given(st.floats(0.01, 1800))
def test_the_axis_has_few_labels_and_none_that_is_cut_off(duration: float) -> None:
    ticks = lay_out(measurement(probe=replace(measurement().probe, duration=duration)), (), 10).ticks

    assert 1 <= len(ticks) <= 7
    assert ticks[0].text == "0:00"
    assert all(percent(tick.x) <= 95 for tick in ticks)


def test_a_place_is_written_as_players_write_it() -> None:
    assert [clock(at) for at in (0, 9.96, 61.25, 3600)] == ["0:00.0", "0:09.9", "1:01.2", "60:00.0"]
    assert Bar(1.0, 1.04, "", "").text == "0:01.0"
