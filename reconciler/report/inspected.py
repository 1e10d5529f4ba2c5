"""What inspect found: as JSON (design/cli.md, "A sample as JSON"), and as text with a picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import groupby
from typing import Any

from reconciler.apply.inspection import Inspected
from reconciler.errors import SampleError, Severity
from reconciler.report.json_text import json_text
from reconciler.report.marks import clock, spans_of
from reconciler.report.paint import Paint, printable
from reconciler.report.waveform_text import render_waveform
from reconciler.samples.audio_rules import clipped_share
from reconciler.samples.finding import Finding, NotChecked
from reconciler.samples.measurement import Measurement
from reconciler.samples.rules import RULES, CheckSetting, limits_of

_MEASURED = ("bit_rate", "audio_streams", "packet_errors")
_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}


def inspected_json(samples: Sequence[Inspected]) -> str:
    """Return the samples as one array; what could not be measured is null."""
    return json_text([_plain(sample) for sample in samples], indent=2)


def _plain(sample: Inspected) -> dict[str, Any]:
    measured = sample.checked.result
    facts = _facts(None if isinstance(measured, SampleError) else measured)
    return {
        "file": sample.file,
        "sha256": sample.identity.sha256,
        "stream_sha256": sample.stream_sha256,
        "size": sample.identity.size,
        **facts,
        "findings": [_finding_plain(finding, measured) for finding in sample.findings],
        "not_checked": [asdict(skipped) for skipped in sample.checked.not_checked],
    }


def _finding_plain(finding: Finding, measured: Measurement | SampleError) -> dict[str, Any]:
    """Return a finding with every place where it is: `start` and `end` are those of the first."""
    spans = () if isinstance(measured, SampleError) else spans_of(finding, measured)
    return {**asdict(finding), "places": [asdict(span) for span in spans]}


def _facts(measured: Measurement | None) -> dict[str, Any]:
    probe = measured.probe if measured else None
    of_probe = ("container", "mime_type", "codec", "channels", "sample_rate", *_MEASURED, "duration", "header_duration")
    of_sound = ("loudness_lufs", "peak_dbfs", "dc_offset", "snr_db", "noise_dbfs", "hum_db", "speech_seconds", "music")
    return {
        **{name: _rounded(getattr(probe, name, None)) for name in of_probe},
        **{name: _rounded(getattr(measured, name, None)) for name in of_sound},
        "clipping_percent": _rounded(clipped_share(measured) * 100) if measured else None,
        "speakers": speakers(measured) if measured else None,
        "second_voice": _rounded(_second_voice(measured)) if measured else None,
    }


def speakers(measured: Measurement) -> int | None:
    """Return 1, or 2 where a second voice is likely; None where that was not looked at."""
    rule, second_voice = RULES["audio.speakers"], _second_voice(measured)
    if second_voice is None or rule.warning is None:
        return None
    return 2 if second_voice > rule.warning else 1


def _second_voice(measured: Measurement) -> float | None:
    """Return how sure it is that there are two; where nobody speaks, there are neither two nor one."""
    return measured.speakers.second_voice if measured.speakers and measured.speech else None


def _rounded(value: Any) -> Any:
    return round(value, 3) if isinstance(value, float) else value


def inspected_text(samples: Sequence[Inspected], *, paint: Paint, width: int, encoding: str) -> str:
    """Return a paragraph for each sample: what it is, what it looks like, how it measures, what is wrong."""
    parts = ["\n".join(_paragraph(s, paint=paint, width=width, encoding=encoding)) for s in samples]
    return "\n".join(f"{part}\n" for part in parts)


def _paragraph(sample: Inspected, *, paint: Paint, width: int, encoding: str) -> Iterator[str]:
    measured = sample.checked.result
    yield paint(printable(sample.file), "bold")
    if not isinstance(measured, SampleError):
        probe = measured.probe
        rate = f", {probe.bit_rate / 1000:.0f} kbit/s" if probe.bit_rate else ""
        channels = {1: "mono", 2: "stereo"}.get(probe.channels, f"{probe.channels} channels")
        claimed = probe.header_duration
        differs = claimed is not None and abs(claimed - probe.duration) > 1
        header = f" (its header says {claimed:.1f} s)" if differs else ""
        yield (
            f"  {probe.container}, {probe.codec}, {channels}, {probe.sample_rate / 1000:g} kHz{rate}, "
            f"{clock(probe.duration)}{header}, {sample.identity.size:,} bytes"
        )
        yield render_waveform(measured, sample.findings, paint=paint, width=width, encoding=encoding).rstrip("\n")
        for name, value in _measurements(sample, measured):
            yield f"  {name:<10} {value}"
    for finding in sample.findings:
        yield from _finding(finding, paint)
    for reason, skipped in groupby(sorted(sample.checked.not_checked, key=_reason), key=_reason):
        yield f"  {paint('not checked', 'dim')}: {', '.join(each.rule for each in skipped)}: {reason}"
    if not sample.findings:
        yield f"  {paint('ok', 'green', 'bold')}: nothing is wrong with what was checked"


def _measurements(sample: Inspected, measured: Measurement) -> Iterator[tuple[str, str]]:
    count = speakers(measured)
    yield "speech", f"{measured.speech_seconds:.1f} s of {measured.probe.duration:.1f} s"
    yield "speakers", "not checked" if count is None else f"{count}{_limit(sample, 'audio.speakers')}"
    skipped = {each.rule for each in sample.checked.not_checked}
    noise = _value(measured.snr_db, "dB below the voice") + _limit(sample, "audio.noise")
    yield "noise", "not checked" if "audio.noise" in skipped else noise
    yield "loudness", _value(measured.loudness_lufs, "LUFS") + _limit(sample, "audio.level")
    yield "peak", _value(measured.peak_dbfs, "dBFS")
    yield "clipping", f"{clipped_share(measured):.2%}{_limit(sample, 'audio.clipping')}"


def _reason(skipped: NotChecked) -> str:
    return skipped.reason


def _value(value: float | None, unit: str) -> str:
    return "none to measure" if value is None else f"{value:.1f} {unit}"


def _limit(sample: Inspected, rule: str) -> str:
    """Return the first limit of the rule, for the reader to compare with."""
    setting = sample.checked.settings.get(rule, CheckSetting())
    if setting.off:
        return " (check is off)"
    limits = limits_of(RULES[rule], setting)
    first = limits.error if limits.warning is None else limits.warning
    if first is None or rule == "audio.speakers":
        return ""
    word = "at most" if limits.bad == "above" else "at least"
    return f" ({word} {first:g} {RULES[rule].unit or ''}".rstrip() + " is wanted)"


def _finding(finding: Finding, paint: Paint) -> Iterator[str]:
    word = paint(finding.severity.value, _COLOURS[finding.severity], "bold")
    yield f"  {word}: {printable(finding.message)} [{finding.rule}]"
    if finding.advice:
        yield f"      {printable(finding.advice)}"
