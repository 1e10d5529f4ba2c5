"""What the Palabra API states about a sample, checked on a probe before anything is sent.

Limits are from section 9 of the API notes: the cloning guide, and the policy of its upload form.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from reconciler.errors import Severity
from reconciler.samples.container import KINDS
from reconciler.samples.finding import Finding
from reconciler.samples.probe import CEILING, Probe
from reconciler.samples.settings import AS_BUILT_IN, Rule, Settings, limits_of, severity_of

MIN_BYTES = 10_485
"""The upload form refuses less (0.01 MiB)."""
MAX_BYTES = 10 * 1024 * 1024
"""The guide's 10 MB, read generously."""
SAFE_MIN_BYTES = 104_858
"""The blob API asks for more than 0.1 MB."""
SAFE_MAX_BYTES = 10_000_000
"""The guide's 10 MB, read strictly."""
MIN_SECONDS = 30.0
"""The guide asks for at least this much speech."""
TRUNCATED_SECONDS = 0.25
"""A header may round, and a decoder drops what an encoder put before the sound; more than this is missing audio."""
LYING_SECONDS = 1.0
"""More than this beyond what the header claims, and the header is of another file."""
MANY_ERRORS = 3
"""Packets. One may be lost where an editor has cut between two; so many are damage."""

_FORMAT: Final = Rule("sample.format", "the format is one that the API accepts, told by the file's content")
_SIZE: Final = Rule(
    "sample.size", "the file's size; the limits are those of a large file", "B", "above", SAFE_MAX_BYTES, MAX_BYTES
)
_DURATION: Final = Rule("sample.duration", "the length of the sound, by decoding it", "s", "below", error=MIN_SECONDS)
_TRUNCATED: Final = Rule("sample.truncated", "all the sound that the header claims is there, and can be decoded")
_HEADER: Final = Rule(
    "sample.header", "the header claims the length that the sound has, and an index where one is needed"
)
_STREAMS: Final = Rule("sample.streams", "there is one audio stream")

HARD_RULES: Final[Mapping[str, Rule]] = MappingProxyType(
    {rule.id: rule for rule in (_FORMAT, _SIZE, _DURATION, _TRUNCATED, _HEADER, _STREAMS)}
)


def hard_rules(probe: Probe, settings: Settings = MappingProxyType({})) -> tuple[Finding, ...]:
    """Return what the API would refuse (errors), and what it may stumble over (warnings)."""
    found = (
        *_format(probe),
        *_size(probe, settings),
        *_duration(probe, settings),
        *_truncated(probe),
        *_header(probe),
        *_streams(probe),
    )
    wanted = ((finding, severity_of(finding.severity, settings.get(finding.rule, AS_BUILT_IN))) for finding in found)
    return tuple(replace(finding, severity=severity) for finding, severity in wanted if severity is not None)


def _format(probe: Probe) -> Iterator[Finding]:
    if probe.container not in KINDS:
        yield Finding(
            "sample.format",
            Severity.ERROR,
            f"the sample is {probe.container}, which Palabra does not accept",
            "use MP3, WAV, FLAC, WEBM, MP4, MPEG or MPG",
        )
    elif probe.container == "m4a":
        yield Finding(
            "sample.format",
            Severity.WARNING,
            "the sample is M4A: the API lists its type, the cloning guide does not",
            "if the clone fails, convert it: ffmpeg -i IN.m4a -vn OUT.flac",
        )


def _size(probe: Probe, settings: Settings) -> Iterator[Finding]:
    size = probe.size
    if size < SAFE_MIN_BYTES:
        refused = size < MIN_BYTES
        yield Finding(
            "sample.size",
            Severity.ERROR if refused else Severity.WARNING,
            f"the sample has {size:,} bytes, fewer than {MIN_BYTES if refused else SAFE_MIN_BYTES:,}",
            "use a longer recording or a higher bit rate",
            value=size,
            threshold=MIN_BYTES if refused else SAFE_MIN_BYTES,
            unit="B",
        )
    elif passed := limits_of(_SIZE, settings.get("sample.size", AS_BUILT_IN)).passed_by(size):
        severity, limit = passed
        yield Finding(
            "sample.size",
            severity,
            f"the sample has {size:,} bytes, more than {limit:,.0f}",
            "cut it, or convert it: ffmpeg -i IN -vn -ac 1 -b:a 192k OUT.mp3",
            value=size,
            threshold=limit,
            unit="B",
        )


def _duration(probe: Probe, settings: Settings) -> Iterator[Finding]:
    if passed := limits_of(_DURATION, settings.get("sample.duration", AS_BUILT_IN)).passed_by(probe.duration):
        severity, limit = passed
        yield Finding(
            "sample.duration",
            severity,
            f"the sample lasts {_seconds(probe.duration)}, less than {limit:g} s",
            "use a longer recording of the same voice; about a minute works well",
            value=probe.duration,
            threshold=limit,
            unit="s",
        )
    elif probe.duration >= CEILING:
        yield Finding(
            "sample.duration",
            Severity.WARNING,
            f"the sample lasts more than {CEILING / 60:.0f} min; the rest was not looked at",
            "cut it to the best minute of the voice",
            value=probe.duration,
            threshold=CEILING,
            unit="s",
        )


def _truncated(probe: Probe) -> Iterator[Finding]:
    claimed = probe.header_duration
    advice = "export it again, or fetch it again: it may have been cut short on its way"
    if claimed is not None and probe.duration < CEILING and claimed - probe.duration > TRUNCATED_SECONDS:
        # Opus leaves silence out (RFC 7587, DTX): then the time stamps go on to the end.
        left_out = probe.codec == "opus" and claimed - probe.reaches <= TRUNCATED_SECONDS
        yield Finding(
            "sample.truncated",
            Severity.WARNING if left_out else Severity.ERROR,
            f"the header says {_seconds(claimed)}, but only {_seconds(probe.duration)} can be decoded",
            advice,
            value=probe.duration,
            threshold=claimed,
            unit="s",
        )
    elif probe.ends_early:
        yield Finding(
            "sample.truncated",
            Severity.ERROR,
            f"the file breaks off after {_seconds(probe.duration)}, in the middle of what it announces",
            advice,
            value=probe.duration,
            unit="s",
        )
    elif probe.packet_errors:
        plural = "s" if probe.packet_errors != 1 else ""
        yield Finding(
            "sample.truncated",
            Severity.ERROR if probe.packet_errors >= MANY_ERRORS else Severity.WARNING,
            f"{probe.packet_errors} packet{plural} of the audio cannot be decoded",
            advice,
            value=probe.packet_errors,
            threshold=0,
        )


def _header(probe: Probe) -> Iterator[Finding]:
    """What others who believe the header would get wrong; the sound itself is good."""
    claimed = probe.header_duration
    advice = "write the header anew: ffmpeg -i IN -c copy OUT"
    if claimed is not None and probe.duration - claimed > LYING_SECONDS:
        yield Finding(
            "sample.header",
            Severity.WARNING,
            f"the header says {_seconds(claimed)}, but {_seconds(probe.duration)} can be decoded",
            advice,
            value=probe.duration,
            threshold=claimed,
            unit="s",
        )
    elif claimed is None and probe.container == "mp3" and probe.varies:
        yield Finding(
            "sample.header",
            Severity.WARNING,
            "the bit rate varies, and there is no index: players and services can only guess how long it is",
            advice,
        )


def _streams(probe: Probe) -> Iterator[Finding]:
    if probe.audio_streams > 1:
        yield Finding(
            "sample.streams",
            Severity.WARNING,
            f"the sample has {probe.audio_streams} audio streams; which one is cloned is not documented",
            "keep the one with the voice: ffmpeg -i IN -map 0:a:0 -c copy OUT",
            value=probe.audio_streams,
            threshold=1,
        )


def _seconds(value: float) -> str:
    """Round down, so that 29.999 s never reads as 30 s."""
    return f"{math.floor(value * 100) / 100:.2f} s"
