"""Where the findings of a sample are, in the order in which they are numbered: the same on a page and in a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.errors import Severity
from reconciler.samples.finding import Finding
from reconciler.samples.measurement import Measurement, Span

_RANK = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}


def clock(seconds: float) -> str:
    """Return a place in a sample: 0:41.3, as a player would show it and a tenth finer."""
    tenths = int(seconds * 10)
    return f"{tenths // 600}:{tenths // 10 % 60:02}.{tenths % 10}"


def spans_of(finding: Finding, measurement: Measurement) -> tuple[Span, ...]:
    """Return where a finding is: all of its stretches, where the measurement knows more than the first."""
    if finding.rule == "audio.clipping" and measurement.clipped:
        return measurement.clipped
    if finding.rule == "audio.speakers" and measurement.speakers is not None and measurement.speakers.second:
        return measurement.speakers.second
    if finding.start is None:
        return ()
    return (Span(finding.start, finding.start if finding.end is None else finding.end),)


def in_order(findings: Sequence[Finding]) -> list[Finding]:
    """Return findings as they are numbered: the worst first, then along the sample."""
    return sorted(findings, key=lambda f: (_RANK[f.severity], f.start if f.start is not None else -1.0, f.rule))
