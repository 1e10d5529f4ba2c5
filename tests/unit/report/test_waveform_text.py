"""The waveform in the terminal."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from review_gallery import CLIPPED, CLIPPING, NOISE, SECOND_VOICE, measurement
from syrupy.assertion import SnapshotAssertion

from reconciler.errors import Severity
from reconciler.report.paint import Paint
from reconciler.report.waveform_text import render_waveform
from reconciler.samples.finding import Finding
from reconciler.samples.measurement import Measurement, Span, Waveform

PLAIN, COLOURED = Paint(on=False), Paint(on=True)
FINDINGS = (SECOND_VOICE, NOISE, CLIPPING)


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_a_sample_with_findings(encoding: str, snapshot: SnapshotAssertion) -> None:
    assert snapshot == render_waveform(CLIPPED, FINDINGS, paint=PLAIN, encoding=encoding)


def test_a_narrow_terminal(snapshot: SnapshotAssertion) -> None:
    many = tuple(Span(float(at), at + 0.2) for at in range(0, 40, 3))

    assert snapshot == render_waveform(measurement(clipped=many), (CLIPPING,), paint=PLAIN, width=48)


@given(
    st.integers(24, 200),
    st.sampled_from(["utf-8", "ascii", "latin-1"]),
    st.lists(st.tuples(st.floats(-5, 60), st.floats(-5, 60)), max_size=4),
)
def test_no_line_is_too_wide_and_none_ends_in_space(
    width: int, encoding: str, places: list[tuple[float, float]]
) -> None:
    findings = [Finding("audio.x", Severity.ERROR, "", "", start=a, end=b) for a, b in places]
    text = render_waveform(CLIPPED, findings, paint=PLAIN, width=width, encoding=encoding)

    text.encode(encoding)
    assert text.endswith("\n")
    pictures = [line for line in text.splitlines() if "audio.x" not in line]
    assert max(map(len, pictures)) <= width
    assert not any(line != line.rstrip() for line in text.splitlines())


def test_each_finding_that_has_a_place_is_marked_under_it() -> None:
    lines = render_waveform(CLIPPED, (CLIPPING,), paint=PLAIN, encoding="ascii").splitlines()
    (marks,) = (line for line in lines if "^" in line)
    columns = [index - 8 for index, sign in enumerate(marks) if sign == "^"]

    # 72 columns for 45.75 s: 12.0 to 14.1 s, and 31.0 to 31.6 s
    assert columns == [19, 20, 21, 49]
    assert lines[-1].strip() == "1 error audio.clipping 0:12.0-0:14.1, 0:31.0-0:31.6"


def test_colour_carries_no_meaning_that_the_text_has_not() -> None:
    coloured = render_waveform(CLIPPED, FINDINGS, paint=COLOURED)

    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[0-9;]+m", "", coloured) == render_waveform(CLIPPED, FINDINGS, paint=PLAIN)


def test_no_text_steers_the_terminal() -> None:
    hostile = Finding("audio.\x1b[2Jx\n", Severity.ERROR, "", "", start=1.0)

    assert "\x1b" not in render_waveform(CLIPPED, (hostile,), paint=PLAIN)


@pytest.mark.parametrize("form", [Waveform((), ()), Waveform((0,) * 400, (0,) * 400)])
def test_silence_is_a_line(form: Waveform) -> None:
    silent: Measurement = measurement(waveform=form, speech=(), loudness_lufs=None)
    lines = render_waveform(silent, (), paint=PLAIN, encoding="ascii").splitlines()

    assert [line.strip() for line in lines[:5]] == ["", "", "level " + "." * 72, "", ""] or (
        [line.strip() for line in lines[:5]] == ["", "", "level " + "'" * 72, "", ""]
    )


def test_full_scale_reaches_from_the_top_to_the_foot() -> None:
    loud = measurement(waveform=Waveform((-127,) * 400, (127,) * 400))
    lines = render_waveform(loud, (), paint=PLAIN, encoding="ascii").splitlines()

    assert all(line.endswith("|" * 72) for line in lines[:5])
