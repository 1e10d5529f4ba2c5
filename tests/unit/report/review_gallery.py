"""Voices and samples of every kind, as the review page will meet them. Numbers are made up, shapes are real."""

from __future__ import annotations

import dataclasses
import math
import random
import struct
import zlib
from dataclasses import replace
from typing import Any

from plan_gallery import DELETE, DIAGNOSTICS, DRIFT, MOVE, REPLACE, UPDATE, plan

from reconciler.errors import Diagnostic, Position, Range, Severity
from reconciler.plan.change import Action
from reconciler.report.html.review import Page, SampleReview, VoiceReview
from reconciler.samples.finding import Finding, NotChecked
from reconciler.samples.measurement import Measurement, Span, Speakers, Waveform
from reconciler.samples.probe import Probe
from reconciler.samples.settings import CheckSetting

MUSIC = NotChecked("audio.music", "needs the extra 'noise'")
CLIPPING = Finding(
    "audio.clipping",
    Severity.ERROR,
    "1.20% of the samples are clipped, within 2.7 s, first at 00:12",
    "lower the gain by 6 dB and record again; clipping cannot be undone",
    1.2,
    1.0,
    "%",
    12.0,
    14.1,
)
SECOND_VOICE = Finding(
    "audio.speakers", Severity.WARNING, "a second voice seems to speak for 7.0 s", "cut it out", 0.61, 0.5, None, 24, 31
)
NOISE = Finding("audio.noise", Severity.ERROR, "the noise is only 9.8 dB below the voice", "go inside", 9.8, 12, "dB")


def waveform(columns: int = 400) -> Waveform:
    """Return syllables that rise and fall."""
    peaks = [int(12 + 70 * abs(math.sin(index / 5)) * abs(math.sin(index / 31))) for index in range(columns)]
    return Waveform(tuple(-peak for peak in peaks), tuple(peaks))


def measurement(**fields: Any) -> Measurement:
    usual: dict[str, Any] = {
        "probe": Probe(
            480_123,
            "mp3",
            "audio/mpeg",
            ".mp3",
            "mp3",
            1,
            44_100,
            96_000,
            45.75,
            45.75,
            1,
            0,
            0,
            45.75,
            ends_early=False,
            varies=False,
        ),
        "loudness_lufs": -18.2,
        "peak_dbfs": -2.9,
        "clipping": 0.0,
        "clipped": (),
        "dc_offset": -0.0004,
        "speech_seconds": 41.0,
        "speech": (Span(0.4, 30.0), Span(31.1, 45.4)),
        "snr_db": 41.3,
        "noise_dbfs": -60.1,
        "clicks_db": None,
        "hum_db": None,
        "music": None,
        "background": None,
        "speakers": Speakers(0.04, 0.91, 0.0, ()),
        "waveform": waveform(),
    }
    not_shown = dict.fromkeys((field.name for field in dataclasses.fields(Measurement)), 0.0)
    return Measurement(**not_shown | usual | fields)


def sample(file: str, *findings: Finding, measured: Measurement | None = None, **fields: Any) -> SampleReview:
    usual: dict[str, Any] = {"sha256": "0123456789abcdef" * 4, "not_checked": (MUSIC,)}
    return SampleReview(file=file, measurement=measured or measurement(), findings=findings, **usual | fields)


def png(size: int) -> bytes:
    """Return a real picture of about so many bytes."""
    noise = random.Random(0).randbytes(size)
    chunks = ((b"IHDR", struct.pack(">IIBBBBB", size, 1, 8, 0, 0, 0, 0)), (b"IDAT", zlib.compress(b"\0" + noise)))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in (*chunks, (b"IEND", b""))
    )


CLIPPED = measurement(clipping=0.012, clipped=(Span(12.0, 14.1), Span(31.0, 31.6)))
SHARED = measurement(speakers=Speakers(0.61, 0.4, 0.0, (Span(24.0, 31.0),)))
NOISY = measurement(snr_db=9.8, noise_dbfs=-28.0)

CREATED = VoiceReview("anna", "Anna", Action.CREATE, "new voice", sample("voices/anna.mp3", CLIPPING, measured=CLIPPED))
UPDATED = VoiceReview(
    "bella",
    "Bella",
    Action.UPDATE,
    "name, labels.mood changed",
    sample("voices/bella.mp3", SECOND_VOICE, measured=SHARED, settings={"audio.level": CheckSetting(off=True)}),
)
REPLACED = VoiceReview(
    "clara",
    "Clara",
    Action.REPLACE,
    "sample changed",
    sample("voices/clara-2.mp3", NOISE, measured=NOISY),
    sample("voices/clara.mp3"),
    (Diagnostic(Severity.WARNING, "sample.m4a", "odd", "Convert it.", "clara", Range("v/c.yaml", Position(4, 3))),),
)
DELETED = VoiceReview("flora", "Flora", Action.DELETE, "the voice file is gone", None, sample("voices/flora.mp3"))
UNREADABLE = VoiceReview(
    "gina", "Gina", Action.UNCHANGED, "", diagnostics=(Diagnostic(Severity.ERROR, "sample.unreadable", "no audio"),)
)
UNCHANGED = VoiceReview("hanna", "Hanna", Action.UNCHANGED, "", sample("voices/hanna.mp3"))

PLAN = plan(UPDATE, REPLACE, DELETE, MOVE, unchanged=2, unmanaged=1, drift=(DRIFT,), diagnostics=DIAGNOSTICS)
PAGE = Page(
    title="Review of my-voices",
    project="my-voices",
    environment="production",
    made_from="8ca8411c0ffee123",
    plan=PLAN,
    declared=6,
    voices=(CREATED, UPDATED, REPLACED, DELETED, UNREADABLE, UNCHANGED),
)


def many(voice: VoiceReview, count: int, **fields: Any) -> Page:
    """Return a page of so many voices like this one."""
    voices = tuple(replace(voice, key=f"{voice.key}-{index:03}") for index in range(count))
    return replace(PAGE, voices=voices, **fields)
