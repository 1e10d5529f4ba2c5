"""What the Palabra API states about a sample, checked on a probe before anything is sent.

Limits are from section 9 of the API notes: the cloning guide, and the policy of its upload form.
"""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.errors import Severity
from reconciler.samples.container import KINDS
from reconciler.samples.probe import CEILING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.samples.probe import Probe

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
TRUNCATED_SECONDS = 1.0
"""A header may round; more than this is missing audio."""
MAX_FILENAME = 255
"""Characters."""

_NOT_IN_FILENAME = re.compile(r"""[^\w\-. '"()]""")
_MEDIA_SUFFIX = re.compile(r"\.(mp3|mp2|wav|wave|flac|webm|mp4|mpeg|mpg|m4a)\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to know about a sample."""

    rule: str
    """A stable id, such as `sample.duration`."""
    severity: Severity
    message: str
    """What is wrong, on one line."""
    advice: str
    """What to do about it."""
    value: float | None = None
    """What was measured."""
    threshold: float | None = None
    """What it was measured against."""
    unit: str | None = None
    """Of both: `B` or `s`."""
    start: float | None = None
    """Seconds; where in the sample it begins, if it has a place."""
    end: float | None = None
    """Seconds."""


def hard_rules(probe: Probe) -> tuple[Finding, ...]:
    """Return what the API would refuse (errors), and what it may stumble over (warnings)."""
    return (*_format(probe), *_size(probe), *_duration(probe), *_truncated(probe), *_streams(probe))


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


def _size(probe: Probe) -> Iterator[Finding]:
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
    elif size > SAFE_MAX_BYTES:
        refused = size > MAX_BYTES
        yield Finding(
            "sample.size",
            Severity.ERROR if refused else Severity.WARNING,
            f"the sample has {size:,} bytes, more than {MAX_BYTES if refused else SAFE_MAX_BYTES:,}",
            "cut it, or convert it: ffmpeg -i IN -vn -ac 1 -b:a 192k OUT.mp3",
            value=size,
            threshold=MAX_BYTES if refused else SAFE_MAX_BYTES,
            unit="B",
        )


def _duration(probe: Probe) -> Iterator[Finding]:
    if probe.duration < MIN_SECONDS:
        yield Finding(
            "sample.duration",
            Severity.ERROR,
            f"the sample lasts {_seconds(probe.duration)}, less than {MIN_SECONDS:.0f} s",
            "use a longer recording of the same voice; about a minute works well",
            value=probe.duration,
            threshold=MIN_SECONDS,
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
        yield Finding(
            "sample.truncated",
            Severity.WARNING,
            f"the header says {_seconds(claimed)}, but only {_seconds(probe.duration)} can be decoded",
            advice,
            value=probe.duration,
            threshold=claimed,
            unit="s",
        )
    elif probe.packet_errors:
        plural = "s" if probe.packet_errors != 1 else ""
        yield Finding(
            "sample.truncated",
            Severity.WARNING,
            f"{probe.packet_errors} packet{plural} of the audio cannot be decoded",
            advice,
            value=probe.packet_errors,
            threshold=0,
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


def acceptable_filename(name: str, suffix: str) -> str:
    r"""Return `name` as the API accepts it: 3 to 255 characters, ^[\w\-. '"()]+$, NFC, ending in `suffix`.

    `suffix` is the content's, with its dot; a media ending in `name` gives way to it. A name that is
    acceptable and ends in `suffix` already is returned as it is.
    """
    stem = _NOT_IN_FILENAME.sub("_", unicodedata.normalize("NFC", name))
    stem = _MEDIA_SUFFIX.sub("", stem)[: MAX_FILENAME - len(suffix)]
    return (stem or "sample") + suffix
