"""What was measured, each value on a scale that shows how far it is from its limits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from reconciler.errors import Severity
from reconciler.report.html.review import SampleReview
from reconciler.report.html.writing import number, percent, plain
from reconciler.samples.finding import Finding
from reconciler.samples.measurement import Measurement
from reconciler.samples.rules import RULES
from reconciler.samples.settings import AS_BUILT_IN, Limits, limits_of


class Verdict(StrEnum):
    """What became of a value."""

    OK = "ok"
    INFO = "note"
    WARNING = "warning"
    ERROR = "error"
    NOT_CHECKED = "not checked"
    NONE = "no limit"
    """No rule judges it: shown for comparison."""


_SAID = {Severity.ERROR: Verdict.ERROR, Severity.WARNING: Verdict.WARNING, Severity.INFO: Verdict.INFO}


@dataclass(frozen=True, slots=True)
class _Kind:
    """One thing that is measured."""

    label: str
    rule: str
    """Whose limits it is held against; empty: nobody's."""
    unit: str
    digits: int
    """Decimals that are worth reading."""
    low: float
    high: float
    """Ends of the scale; a value outside sits at the end."""
    value: Callable[[Measurement], float | None]
    nothing: str = "not measured"
    """What no value means."""
    per_limit: float = 1.0
    """What a limit of 1 in the rule's unit is in this unit."""


_KINDS = (
    _Kind("Duration", "sample.duration", "s", 1, 0, 120, lambda m: m.probe.duration),
    _Kind("Size", "sample.size", "MB", 2, 0, 12, lambda m: m.probe.size / 1e6, per_limit=1e-6),
    _Kind("Speech", "audio.silence", "s", 1, 0, 90, lambda m: m.speech_seconds),
    _Kind("Loudness", "audio.level", "LUFS", 1, -60, 0, lambda m: m.loudness_lufs, "silent"),
    _Kind("Peak", "", "dBFS", 1, -40, 0, lambda m: m.peak_dbfs, "silent"),
    _Kind("Clipping", "audio.clipping", "%", 2, 0, 2, lambda m: 100 * m.clipping),
    _Kind("DC offset", "audio.offset", "%", 1, 0, 5, lambda m: 100 * abs(m.dc_offset)),
    _Kind("Signal to noise", "audio.noise", "dB", 1, 0, 60, lambda m: m.snr_db, "no speech"),
    _Kind("Clicks", "audio.clicks", "dB", 1, 0, 60, lambda m: m.clicks_db, "none heard"),
    _Kind("Mains hum", "audio.hum", "dB", 1, 0, 40, lambda m: m.hum_db, "none heard"),
    _Kind("Music", "audio.music", "%", 0, 0, 40, lambda m: None if m.music is None else 100 * m.music),
    _Kind("Background", "audio.background", "", 1, 1, 5, lambda m: m.background),
    _Kind(
        "Second voice", "audio.speakers", "", 2, 0, 1, lambda m: None if m.speakers is None else m.speakers.second_voice
    ),
)


@dataclass(frozen=True, slots=True)
class Zone:
    """A stretch of the scale and what a value in it means."""

    verdict: Verdict
    x: str
    width: str


@dataclass(frozen=True, slots=True)
class Reading:
    """One value on the scale."""

    text: str
    """With its unit; why, where there is none."""
    x: str | None
    """Its place; None where there is no value."""
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Gauge:
    """One row of the measurements."""

    label: str
    about: str
    """What is measured, in the rule's words."""
    limits: str
    """In words."""
    zones: tuple[Zone, ...]
    now: Reading
    before: Reading | None


def gauges(now: SampleReview, before: SampleReview | None) -> Iterator[Gauge]:
    """Yield what was measured, in the order of the page."""
    for kind in _KINDS:
        limits = _limits(kind, now)
        yield Gauge(
            label=kind.label,
            about=RULES[kind.rule].about if kind.rule else "",
            limits=_in_words(kind, limits),
            zones=_zones(kind, limits),
            now=_reading(kind, now),
            before=None if before is None else _reading(kind, before),
        )


def _limits(kind: _Kind, sample: SampleReview) -> Limits | None:
    """Return the limits in the unit of the page; None where nothing is judged."""
    setting = sample.settings.get(kind.rule, AS_BUILT_IN)
    if not kind.rule or setting.off:
        return None
    limits = limits_of(RULES[kind.rule], setting)
    warning, error = (None if each is None else each * kind.per_limit for each in (limits.warning, limits.error))
    return Limits(limits.bad, warning, error)


def _reading(kind: _Kind, sample: SampleReview) -> Reading:
    found = [finding for finding in sample.findings if finding.rule == kind.rule]
    # What the rule held against its limits, where it tells; a rule may look at a sample in two ways.
    judged = next((finding.value for finding in found if finding.value is not None), None)
    value = kind.value(sample.measurement) if judged is None else judged * kind.per_limit
    if any(n.rule == kind.rule for n in sample.not_checked):
        return Reading("not checked", None, Verdict.NOT_CHECKED)
    if value is None:
        return Reading(kind.nothing, None, Verdict.NONE)
    text = f"{number(value, kind.digits)} {kind.unit}".strip()
    return Reading(text, percent(_place(kind, value)), _verdict(found, _limits(kind, sample), value))


def _verdict(found: Sequence[Finding], limits: Limits | None, value: float) -> Verdict:
    """Return what the rule said of the sample, so that the page has one opinion."""
    said = {finding.severity for finding in found}
    for severity, verdict in _SAID.items():
        if severity in said:
            return verdict
    # Past a limit and yet no finding: somebody allowed it, and it is still not fine.
    return Verdict.NONE if limits is None or limits.passed_by(value) else Verdict.OK


def _place(kind: _Kind, value: float) -> float:
    return min(max((value - kind.low) / (kind.high - kind.low), 0.0), 1.0)


def _zones(kind: _Kind, limits: Limits | None) -> tuple[Zone, ...]:
    """Return the scale from left to right: bad, doubtful and good, or the other way round."""
    if limits is None or (limits.warning is None and limits.error is None):
        return (Zone(Verdict.NONE, percent(0), percent(1)),)
    worst = 1.0 if limits.bad == "above" else 0.0
    error = worst if limits.error is None else _place(kind, limits.error)
    warning = error if limits.warning is None else _place(kind, limits.warning)
    if limits.bad == "above":
        edges = ((Verdict.OK, 0.0, warning), (Verdict.WARNING, warning, error), (Verdict.ERROR, error, 1.0))
    else:
        edges = ((Verdict.ERROR, 0.0, error), (Verdict.WARNING, error, warning), (Verdict.OK, warning, 1.0))
    return tuple(Zone(verdict, percent(a), percent(b - a)) for verdict, a, b in edges if b > a)


def _in_words(kind: _Kind, limits: Limits | None) -> str:
    if limits is None:
        return "no limit"
    sign = ">" if limits.bad == "above" else "<"
    named = (("warning", limits.warning), ("error", limits.error))
    parts = [f"{word} {sign} {plain(limit)}" for word, limit in named if limit is not None]
    return f"{', '.join(parts)} {kind.unit}".strip()
