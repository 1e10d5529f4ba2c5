"""How far a voice stands above the noise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from mixing import RATE, Samples, babble, coloured, level, mixed, voice, write

from reconciler.errors import Severity
from reconciler.samples.measure import measure
from reconciler.samples.measurement import Measurement
from reconciler.samples.rules import judge


def measured(path: Path, samples: Samples) -> Measurement:
    return measure(write(path, samples), speakers=False)


def noise_findings(found: Measurement) -> list[Severity]:
    return [finding.severity for finding in judge(found, {}) if finding.rule == "audio.noise"]


@pytest.mark.parametrize("slope", [0, 1], ids=["white", "pink"])
@pytest.mark.parametrize("snr", [5, 10, 15, 20])
def test_steady_noise_is_measured_within_2_db(tmp_path: Path, slope: float, snr: float) -> None:
    found = measured(tmp_path / "a", mixed(voice(), coloured(len(voice()), slope), snr))

    assert found.snr_db == pytest.approx(snr, abs=2)
    assert noise_findings(found)


@pytest.mark.parametrize("codec", ["libmp3lame", "aac", "libopus"])
def test_noise_is_heard_through_an_encoder(tmp_path: Path, codec: str) -> None:
    path = write(tmp_path / "a", mixed(voice(), coloured(len(voice()), 1), 20), codec=codec, bit_rate=32_000)

    assert noise_findings(measure(path, speakers=False)) == [Severity.WARNING]


@pytest.mark.parametrize("snr", [10, 20])
def test_other_people_talking_are_noise_though_no_pause_is_left(tmp_path: Path, snr: float) -> None:
    assert noise_findings(measured(tmp_path / "a", mixed(voice(), babble(len(voice())), snr)))


@pytest.mark.parametrize(("start", "end"), [(0.5, 1.0), (0.4, 0.65), (0.0, 0.3)], ids=["on", "passing", "off"])
def test_noise_that_comes_and_goes_is_heard_and_its_place_is_told(tmp_path: Path, start: float, end: float) -> None:
    """A fan that is switched on, a car that passes: the rest of the sample is clean."""
    noisy = mixed(voice(), coloured(len(voice()), 1), 10)
    there = np.arange(len(noisy)) / len(noisy)
    seconds = len(noisy) / RATE

    found = measured(tmp_path / "a", np.where((start <= there) & (there < end), noisy, voice()))

    assert noise_findings(found)
    assert found.noisy is not None
    assert found.noisy.start == pytest.approx(start * seconds, abs=5)
    assert found.noisy.end == pytest.approx(end * seconds, abs=5)


def test_steady_noise_has_no_place(tmp_path: Path) -> None:
    assert measured(tmp_path / "a", mixed(voice(), coloured(len(voice()), 1), 15)).noisy is None


def test_noise_cannot_hide_behind_a_gate(tmp_path: Path) -> None:
    """A gate puts digital silence where the noise would be heard best."""
    noisy = mixed(voice(), coloured(len(voice()), 1), 10)
    loud = np.convolve(np.square(voice()) > level(voice()) / 300, np.ones(800), mode="same") > 0.5

    assert noise_findings(measured(tmp_path / "a", noisy * loud)) == [Severity.ERROR]


@pytest.mark.parametrize("name", ["announcer.wav", "support/spanish.webm", "tour-guide/tour-guide.mp4"])
def test_a_voice_cut_together_without_any_pause_is_warned_of_at_most(tmp_path: Path, name: str) -> None:
    samples = voice(name)[: len(voice(name)) // 320 * 320].reshape(-1, 320)
    kept = np.square(samples).mean(axis=1) > level(voice(name)) / 1000

    assert Severity.ERROR not in noise_findings(measured(tmp_path / "a", samples[kept].ravel()))


def test_a_very_quiet_voice_is_measured_as_well(tmp_path: Path) -> None:
    found = measured(tmp_path / "a", 0.01 * mixed(voice(), coloured(len(voice()), 0), 15))

    assert found.snr_db == pytest.approx(15, abs=2)
    assert "audio.level" in {finding.rule for finding in judge(found, {})}


def test_a_mains_hum_stands_out(tmp_path: Path) -> None:
    time = np.arange(len(voice())) / RATE
    hum = sum(np.sin(2 * np.pi * 50 * harmonic * time) / harmonic for harmonic in (1, 2, 3, 5))

    clean, humming = measured(tmp_path / "a", voice()), measured(tmp_path / "b", voice() + 0.01 * hum)

    assert clean.hum_db is None or clean.hum_db < 6
    assert humming.hum_db is not None
    assert humming.hum_db > 20
    assert "audio.hum" in {finding.rule for finding in judge(humming, {})}
