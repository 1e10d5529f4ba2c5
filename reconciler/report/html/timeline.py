"""One sample along its time: where the ink of the waveform goes, and where its findings are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from reconciler.report.html.writing import percent
from reconciler.report.marks import clock, in_order, spans_of
from reconciler.samples.finding import Finding
from reconciler.samples.measurement import Measurement, Span, Waveform

_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600)
"""Seconds between two labels of the axis."""
_LABELS = 6
"""Labels on the axis at most: they fit on a phone."""
_BARS = 100
"""Spans of one finding that are drawn; more could not be told apart."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch of the sample, placed."""

    start: float
    """Seconds."""
    end: float
    x: str
    """From the left edge, in percent."""
    width: str

    @property
    def text(self) -> str:
        """The stretch in words."""
        return clock(self.start) if clock(self.start) == clock(self.end) else f"{clock(self.start)}-{clock(self.end)}"


@dataclass(frozen=True, slots=True)
class Mark:
    """A finding, with its places."""

    number: int
    """What ties the list to the picture."""
    finding: Finding
    bars: tuple[Bar, ...]
    everywhere: bool
    """It is about nearly the whole sample: a band over all of it would tell nothing."""


@dataclass(frozen=True, slots=True)
class Tick:
    """A label of the axis."""

    x: str
    text: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """What is drawn of a sample."""

    duration: float
    """Seconds."""
    outline: str
    """The waveform as an SVG path, 1 unit a column, -127 to 127 upside down."""
    columns: int
    speech: tuple[Bar, ...]
    marks: tuple[Mark, ...]
    ticks: tuple[Tick, ...]


def lay_out(measurement: Measurement, findings: Sequence[Finding], columns: int) -> Timeline:
    """Return everything in its place; the waveform in at most so many columns."""
    duration = max(measurement.probe.duration, 0.001)
    low, high = _thinned(measurement.waveform, columns)
    return Timeline(
        duration=duration,
        outline=_outline(low, high),
        columns=len(low),
        speech=_bars(measurement.speech, duration),
        marks=_marks(measurement, findings, duration),
        ticks=_ticks(duration),
    )


def _marks(measurement: Measurement, findings: Sequence[Finding], duration: float) -> tuple[Mark, ...]:
    marks = []
    for number, finding in enumerate(in_order(findings), 1):
        bars = _bars(spans_of(finding, measurement), duration)
        covered = sum(bar.end - bar.start for bar in bars)
        marks.append(Mark(number, finding, bars, everywhere=covered > 0.8 * duration))
    return tuple(marks)


def _bars(spans: Sequence[Span], duration: float) -> tuple[Bar, ...]:
    bars = []
    for span in spans[:_BARS]:
        start = min(max(span.start, 0.0), duration)
        end = min(max(span.end, start), duration)
        bars.append(Bar(start, end, percent(start / duration), percent((end - start) / duration)))
    return tuple(bars)


def _ticks(duration: float) -> tuple[Tick, ...]:
    step = next((s for s in _STEPS if duration / s <= _LABELS), _STEPS[-1])
    places = range(0, int(duration) + 1, step)
    # A label at the very end would be cut off.
    return tuple(Tick(percent(at / duration), clock(at)[:-2]) for at in places if at / duration < 0.95)


def _thinned(waveform: Waveform, columns: int) -> tuple[list[int], list[int]]:
    """Return the same envelope in at most so many columns: extremes are kept, never averaged away."""
    given = len(waveform.low)
    kept = min(columns, given)
    edges = [given * index // kept for index in range(kept + 1)] if kept else []
    stretches = [slice(a, b) for a, b in pairwise(edges)]
    return [min(waveform.low[s]) for s in stretches], [max(waveform.high[s]) for s in stretches]


def _outline(low: Sequence[int], high: Sequence[int]) -> str:
    """Return the way there along the highs and back along the lows, in relative steps, which are short to write."""
    if len(low) < 2:
        return ""
    there = [-value for value in high]
    back = [-value for value in reversed(low)]
    steps = " ".join(f"1 {b - a}" for a, b in pairwise(there))
    steps_back = " ".join(f"-1 {b - a}" for a, b in pairwise(back))
    return f"M0 {there[0]}l{steps}V{back[0]}l{steps_back}z".replace(" -", "-")
