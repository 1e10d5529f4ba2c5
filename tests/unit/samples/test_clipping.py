"""Clipping: how much of it, and where."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from mixing import RATE, Samples, voice, write

from reconciler.errors import Severity
from reconciler.samples.finding import Finding
from reconciler.samples.measure import measure
from reconciler.samples.measurement import Measurement
from reconciler.samples.rules import judge


def clipped(share: float, start: int = 0, end: int | None = None) -> Samples:
    """Return the voice with so much of a stretch of it cut off, as a whole at -1 dB."""
    samples = voice().copy()
    ceiling = np.quantile(np.abs(samples[start:end]), 1 - share)
    samples[start:end] = np.clip(samples[start:end], -ceiling, ceiling)
    return samples * (0.89 / float(np.abs(samples).max()))


def clipping_findings(found: Measurement) -> list[Finding]:
    return [finding for finding in judge(found, {}) if finding.rule == "audio.clipping"]


def measured(path: Path, samples: Samples, **encoding: str | int) -> Measurement:
    return measure(write(path, samples, **encoding), speakers=False)  # type: ignore[arg-type] # options of one call


@pytest.mark.parametrize("gain", [1.0, 0.1])
@pytest.mark.parametrize("share", [0.005, 0.02])
def test_clipping_is_measured_whatever_gain_came_after(tmp_path: Path, share: float, gain: float) -> None:
    found = measured(tmp_path / "a", gain * clipped(share))

    assert found.clipping == pytest.approx(share, rel=0.35)  # tops of less than four samples are not counted
    assert [finding.severity for finding in clipping_findings(found)] == [
        Severity.ERROR if share > 0.01 else Severity.WARNING
    ]


@pytest.mark.parametrize("codec", ["libmp3lame", "aac", "libopus"])
def test_clipping_is_seen_through_an_encoder(tmp_path: Path, codec: str) -> None:
    found = measured(tmp_path / "a", clipped(0.005), codec=codec, bit_rate=48_000)

    assert [finding.severity for finding in clipping_findings(found)] == [Severity.WARNING]


def test_a_finding_says_where(tmp_path: Path) -> None:
    start, end = 12 * RATE, 14 * RATE
    samples = voice().copy()
    samples[start:end] = np.clip(8 * samples[start:end], -1, 1)

    (finding,) = clipping_findings(measured(tmp_path / "a", samples))

    assert finding.start is not None
    assert finding.end is not None
    assert 12 <= finding.start < finding.end <= 14.02
    assert "first at 00:12" in finding.message


def test_one_clipped_channel_of_two_is_found(tmp_path: Path) -> None:
    found = measured(tmp_path / "a", np.stack([0.5 * voice(), clipped(0.02)]))

    assert found.probe.channels == 2
    assert found.clipping == pytest.approx(0.01, rel=0.35)


def test_a_loud_voice_is_not_clipped(tmp_path: Path) -> None:
    found = measured(tmp_path / "a", voice() / np.abs(voice()).max())

    assert found.clipping == pytest.approx(0, abs=1e-4)
    assert found.piled == 0


@pytest.mark.parametrize("offset", [0.0, 0.05, -0.05])
def test_an_offset_is_measured_with_its_sign(tmp_path: Path, offset: float) -> None:
    found = measured(tmp_path / "a", 0.8 * voice() + offset)

    assert found.dc_offset == pytest.approx(offset, abs=1e-3)
    assert ("audio.offset" in {finding.rule for finding in judge(found, {})}) == (offset != 0)


@pytest.mark.parametrize("gain", [-20.0, -6.0, 3.0])
def test_loudness_and_peak_move_with_the_gain(tmp_path: Path, gain: float) -> None:
    plain = measured(tmp_path / "a", voice())
    moved = measured(tmp_path / "b", 10 ** (gain / 20) * voice())

    assert plain.loudness_lufs is not None
    assert plain.peak_dbfs is not None
    assert moved.loudness_lufs == pytest.approx(plain.loudness_lufs + gain, abs=0.05)
    assert moved.peak_dbfs == pytest.approx(plain.peak_dbfs + gain, abs=0.05)


def test_loudness_is_that_of_the_standard(tmp_path: Path) -> None:
    """EBU Tech 3341, case 1: 1 kHz at -23 dBFS in both channels is -23 LUFS."""
    tone = 10 ** (-23 / 20) * np.sin(2 * np.pi * 1000 * np.arange(20 * 48_000) / 48_000)

    found = measured(tmp_path / "a", np.stack([tone, tone]), rate=48_000)

    assert found.loudness_lufs == pytest.approx(-23, abs=0.1)


def test_silence_has_no_level_and_is_an_error(tmp_path: Path) -> None:
    found = measured(tmp_path / "a", np.zeros(31 * RATE))

    assert (found.loudness_lufs, found.peak_dbfs, found.snr_db, found.speech) == (None, None, None, ())
    assert [(finding.rule, finding.severity) for finding in judge(found, {})] == [("audio.silence", Severity.ERROR)]


def test_a_sound_without_speech_is_a_warning(tmp_path: Path) -> None:
    crackle = np.where(np.arange(31 * RATE) % 20_000 == 0, 0.5, 0.0)

    found = {finding.rule: finding.severity for finding in judge(measured(tmp_path / "a", crackle), {})}

    assert found["audio.silence"] is Severity.WARNING
    assert Severity.ERROR not in found.values()


@pytest.mark.parametrize("frequency", [20, 440, 7900])
def test_a_tone_is_judged_like_any_sound(tmp_path: Path, frequency: float) -> None:
    tone = 0.3 * np.sin(2 * np.pi * frequency * np.arange(31 * RATE) / RATE)

    assert "audio.silence" in {finding.rule for finding in judge(measured(tmp_path / "a", tone), {})}
