"""What the API states about a sample, at the edges of each rule."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from audio import make_audio
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import Severity
from reconciler.samples.container import KINDS
from reconciler.samples.probe import Probe, probe
from reconciler.samples.rules import acceptable_filename, hard_rules

if TYPE_CHECKING:
    from pathlib import Path

GOOD = Probe(
    size=500_000,
    container="mp3",
    mime_type="audio/mpeg",
    suffix=".mp3",
    codec="mp3",
    channels=1,
    sample_rate=44100,
    bit_rate=128_000,
    duration=31.2,
    header_duration=31.2,
    audio_streams=1,
    video_streams=0,
    packet_errors=0,
    reaches=45.0,
    ends_early=False,
    varies=False,
)
"""A sample that nothing is wrong with."""

ERROR, WARNING = Severity.ERROR, Severity.WARNING


def verdicts(sample: Probe) -> list[tuple[str, Severity]]:
    return [(finding.rule, finding.severity) for finding in hard_rules(sample)]


@pytest.mark.parametrize("container", ["mp3", "wav", "flac", "webm", "mp4", "mpeg", "mpg"])
def test_a_real_recording_of_half_a_minute_passes(tmp_path: Path, container: str) -> None:
    assert hard_rules(probe(make_audio(tmp_path / "a", container=container, seconds=30))) == ()


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (10_484, [ERROR]),
        (10_485, [WARNING]),
        (104_857, [WARNING]),
        (104_858, []),
        (10_000_000, []),
        (10_000_001, [WARNING]),
        (10_485_760, [WARNING]),
        (10_485_761, [ERROR]),
    ],
)
def test_size_in_bytes(size: int, expected: list[Severity]) -> None:
    assert verdicts(replace(GOOD, size=size)) == [("sample.size", severity) for severity in expected]


@pytest.mark.parametrize(
    ("seconds", "expected"), [(0.0, [ERROR]), (29.999, [ERROR]), (30.0, []), (1799.0, []), (1800.0, [WARNING])]
)
def test_duration_in_seconds(seconds: float, expected: list[Severity]) -> None:
    found = verdicts(replace(GOOD, duration=seconds, header_duration=None))

    assert found == [("sample.duration", severity) for severity in expected]


def test_a_duration_just_too_short_never_reads_as_enough() -> None:
    (finding,) = hard_rules(replace(GOOD, duration=29.9999, header_duration=None))

    assert "29.99 s" in finding.message
    assert (finding.value, finding.threshold, finding.unit) == (29.9999, 30.0, "s")


@pytest.mark.parametrize(
    ("claimed", "expected"),
    [
        (None, []),
        (10.0, [("sample.header", WARNING)]),
        (30.3, []),
        (31.4, []),
        (31.5, [("sample.truncated", ERROR)]),
    ],
)
def test_a_header_that_claims_more_means_truncated_and_one_that_claims_much_less_lies(
    claimed: float | None, expected: list[tuple[str, Severity]]
) -> None:
    assert verdicts(replace(GOOD, duration=31.2, header_duration=claimed)) == expected


def test_a_file_that_breaks_off_is_truncated_whatever_its_header_says() -> None:
    assert verdicts(replace(GOOD, ends_early=True, header_duration=None)) == [("sample.truncated", ERROR)]


def test_silence_that_opus_leaves_out_is_no_error() -> None:
    left_out = replace(GOOD, codec="opus", duration=31.2, header_duration=40.0)

    assert verdicts(replace(left_out, reaches=40.0)) == [("sample.truncated", WARNING)]
    assert verdicts(replace(left_out, reaches=31.2)) == [("sample.truncated", ERROR)]


def test_a_variable_rate_without_an_index_is_a_warning() -> None:
    assert verdicts(replace(GOOD, header_duration=None, varies=True)) == [("sample.header", WARNING)]
    assert verdicts(replace(GOOD, varies=True)) == []


def test_bad_packets_mean_truncated_and_are_counted() -> None:
    (finding,) = hard_rules(replace(GOOD, packet_errors=3))

    assert (finding.rule, finding.severity, finding.value) == ("sample.truncated", ERROR, 3)
    assert "3 packets" in finding.message


def test_one_lost_packet_may_be_an_editors_cut() -> None:
    assert verdicts(replace(GOOD, packet_errors=1)) == [("sample.truncated", WARNING)]


def test_what_was_not_decoded_to_its_end_is_not_called_truncated() -> None:
    found = verdicts(replace(GOOD, duration=1800.1, header_duration=36_000.0))

    assert found == [("sample.duration", WARNING)]


def test_several_audio_streams_are_a_warning() -> None:
    assert verdicts(replace(GOOD, audio_streams=2)) == [("sample.streams", WARNING)]


def test_m4a_is_a_warning() -> None:
    assert verdicts(replace(GOOD, container="m4a")) == [("sample.format", WARNING)]


def test_an_unlisted_container_is_an_error() -> None:
    assert verdicts(replace(GOOD, container="ogg")) == [("sample.format", ERROR)]


def test_all_findings_come_at_once_and_with_advice() -> None:
    found = hard_rules(replace(GOOD, size=1, duration=1.0, audio_streams=2, container="ogg"))

    assert len(found) == 5
    assert all(finding.advice for finding in found)


# acceptable_filename

ACCEPTED = re.compile(r"""[\w\-. '"()]{3,255}""")
SUFFIXES = st.sampled_from(sorted({kind.suffix for kind in KINDS.values()}))


@pytest.mark.parametrize(
    ("name", "suffix", "expected"),
    [
        ("anna.mp3", ".mp3", "anna.mp3"),
        ('Anna\'s "best" (2).mp3', ".mp3", 'Anna\'s "best" (2).mp3'),
        ("anna.wav", ".mp3", "anna.mp3"),
        ("ANNA.MPG", ".mpeg", "ANNA.mpeg"),
        ("anna.smith", ".mp3", "anna.smith.mp3"),
        ("a/b\\c:d\n.mp3", ".mp3", "a_b_c_d_.mp3"),
        ("anna.mp3\n", ".mp3", "anna.mp3_.mp3"),
        ("голос.flac", ".flac", "голос.flac"),
        ("\N{GRINNING FACE}.wav", ".wav", "_.wav"),
        ("e\N{COMBINING ACUTE ACCENT}.wav", ".wav", "\N{LATIN SMALL LETTER E WITH ACUTE}.wav"),
        ("", ".wav", "sample.wav"),
        (".wav", ".wav", "sample.wav"),
        ("x" * 300 + ".wav", ".wav", "x" * 251 + ".wav"),
    ],
)
def test_a_filename_is_made_acceptable(name: str, suffix: str, expected: str) -> None:
    assert acceptable_filename(name, suffix) == expected


@given(name=st.text(max_size=400), suffix=SUFFIXES)
def test_any_filename_becomes_acceptable(name: str, suffix: str) -> None:
    made = acceptable_filename(name, suffix)

    assert ACCEPTED.fullmatch(made)
    assert made.endswith(suffix)
    assert unicodedata.is_normalized("NFC", made)


@given(stem=st.from_regex(r"""[\w\-. '"()]{1,200}""", fullmatch=True), suffix=SUFFIXES)
def test_an_acceptable_filename_stays_as_it_is(stem: str, suffix: str) -> None:
    name = unicodedata.normalize("NFC", stem) + suffix
    if ACCEPTED.fullmatch(name):
        assert acceptable_filename(name, suffix) == name
