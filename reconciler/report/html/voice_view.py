"""One voice, prepared for its template: everything placed, counted and put in words."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from urllib.parse import quote

from reconciler.errors import Diagnostic, Severity
from reconciler.plan.change import Action
from reconciler.report.html.gauges import Gauge, gauges
from reconciler.report.html.plan_view import symbol_of
from reconciler.report.html.review import EmbeddedAudio, LinkedAudio, SampleReview, VoiceReview
from reconciler.report.html.timeline import Timeline, lay_out
from reconciler.report.html.writing import count, kilohertz, size
from reconciler.report.text import WORDS, worst_first
from reconciler.samples.probe import Probe

_CHANNELS = {1: "mono", 2: "stereo"}
_NOUNS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


@dataclass(frozen=True, slots=True)
class Detail:
    """How much of a voice is drawn; a page of hundreds of voices stays small by this."""

    scales: bool
    """The measurements."""
    columns: int
    """Of the waveform."""
    pictures: bool
    """The spectrograms, as far as there are any."""


@dataclass(frozen=True, slots=True)
class SampleView:
    """One sample."""

    review: SampleReview
    anchor: str
    side: str
    """Before, Now, or nothing where there is only one."""
    line: Timeline
    facts: str
    description: str
    """The picture in words."""
    picture: str
    """Base64 of a PNG; empty: none."""
    audio: str
    """A URL; empty: none."""


@dataclass(frozen=True, slots=True)
class VoiceView:
    """One voice."""

    review: VoiceReview
    anchor: str
    symbol: str
    words: str
    open: bool
    """Whether its samples are shown without a click."""
    diagnostics: tuple[Diagnostic, ...]
    tally: tuple[tuple[str, str], ...]
    """Class and text of each badge."""
    samples: tuple[SampleView, ...]
    gauges: tuple[Gauge, ...]
    compared: bool
    """Whether the measurements stand beside those of before."""

    @property
    def has_findings(self) -> bool:
        """Whether the filter for findings shows it."""
        return bool(self.diagnostics) or any(sample.review.findings for sample in self.samples)


def view_voice(voice: VoiceReview, anchor: str, detail: Detail) -> VoiceView:
    """Return the voice, ready for its template."""
    changed = voice.changed
    sides = [("Before", voice.before), ("Now", voice.now)]
    both = voice.before is not None and voice.now is not None
    is_open = changed or (voice.now is not None and bool(voice.now.findings))
    detail = detail if is_open else replace(detail, pictures=False)
    samples = tuple(
        _sample(review, side if both or side == "Before" else "", f"{anchor}-{side.lower()}", detail)
        for side, review in sides
        if review is not None
    )
    newest = voice.now or voice.before
    measured = tuple(gauges(newest, voice.before if both else None)) if newest is not None and detail.scales else ()
    return VoiceView(
        review=voice,
        anchor=anchor,
        symbol=symbol_of(voice.action) if changed and voice.action is not None else "",
        words=WORDS[voice.action] if changed and voice.action is not None else "",
        open=is_open,
        diagnostics=tuple(worst_first(voice.diagnostics)),
        tally=tuple(_tally(voice)),
        samples=samples,
        gauges=measured,
        compared=both,
    )


def urgency(voice: VoiceReview) -> tuple[int, int, int]:
    """Return what sorts voices by how much a reviewer has to look at them, the most first."""
    severities = [f.severity for f in voice.now.findings] if voice.now else []
    severities += [d.severity for d in voice.diagnostics]
    worst = Severity.ERROR in severities, Severity.WARNING in severities
    touched = voice.action in (Action.CREATE, Action.REPLACE)
    return -worst[0], -(touched or voice.before is not None), -worst[1]


def _tally(voice: VoiceReview) -> Iterable[tuple[str, str]]:
    found = Counter(f.severity for f in voice.now.findings) if voice.now else Counter[Severity]()
    found.update(d.severity for d in voice.diagnostics)
    for severity, noun in _NOUNS.items():
        if found[severity]:
            yield severity.value, count(found[severity], noun)
    if voice.now is not None and voice.now.not_checked:
        yield "unknown", f"{len(voice.now.not_checked)} not checked"


def _sample(review: SampleReview, side: str, anchor: str, detail: Detail) -> SampleView:
    line = lay_out(review.measurement, review.findings, detail.columns)
    picture = base64.b64encode(review.spectrogram_png).decode() if review.spectrogram_png and detail.pictures else ""
    return SampleView(
        review=review,
        anchor=anchor,
        side=side,
        line=line,
        facts=_facts(review.measurement.probe),
        description=_description(line),
        picture=picture,
        audio=_source(review.audio),
    )


def _facts(probe: Probe) -> str:
    parts = [f"{probe.duration:.1f} s", probe.container.upper()]
    if probe.codec != probe.container:
        parts.append(probe.codec)
    parts.append(_CHANNELS.get(probe.channels, f"{probe.channels} channels"))
    parts.append(kilohertz(probe.sample_rate))
    if probe.bit_rate:
        parts.append(f"{round(probe.bit_rate / 1000)} kbit/s")
    parts.append(size(probe.size))
    return ", ".join(parts)


def _description(line: Timeline) -> str:
    text = f"Waveform of {line.duration:.1f} seconds"
    placed = [mark for mark in line.marks if mark.bars]
    if not placed:
        return text
    marks = "; ".join(f"{mark.finding.rule} at {', '.join(bar.text for bar in mark.bars[:3])}" for mark in placed)
    return f"{text}. Marked: {marks}"


def _source(audio: EmbeddedAudio | LinkedAudio | None) -> str:
    match audio:
        case EmbeddedAudio(content, mime_type):
            return f"data:{mime_type};base64,{base64.b64encode(content).decode()}"
        case LinkedAudio(path):
            # The leading "./" keeps any first folder from being read as a scheme or a host.
            return quote(f"./{path}", errors="surrogateescape")
        case None:
            return ""
