"""Sounds that nobody speaks: a wrong guess about them must not keep anybody from uploading."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from mixing import RATE, Samples, babble, coloured, mixed, voice, write

from reconciler.errors import Severity
from reconciler.samples.measure import measure
from reconciler.samples.rules import judge

TIME = np.arange(31 * RATE) / RATE


def swelling(samples: Samples, times: float) -> Samples:
    """Return the sound louder and softer again, so many times a second."""
    return samples * (0.5 + 0.5 * np.sin(2 * np.pi * times * TIME))


def vowel(pitch: float, formant: float) -> Samples:
    overtones = np.arange(pitch, RATE / 2, pitch)[:, None]
    sound: Samples = (np.sin(2 * np.pi * overtones * TIME) * np.exp(-(((overtones - formant) / 300) ** 2))).sum(axis=0)
    return sound


def sine(hertz: float) -> Samples:
    return np.sin(2 * np.pi * hertz * TIME)


SOUNDS: dict[str, Samples] = {
    "sine": 0.3 * sine(440),
    "sine at full scale": sine(220),
    "chord": 0.2 * (sine(220) + sine(277) + sine(330)),
    "saw": 0.5 * (2 * (TIME * 120 % 1) - 1),
    "sweep": 0.4 * np.sin(2 * np.pi * (100 + 20 * TIME) * TIME),
    "frequency modulation": 0.5 * np.sin(2 * np.pi * 200 * TIME + 5 * sine(3)),
    "white noise": 0.2 * coloured(len(TIME), 0) / 3,
    "uniform noise": np.random.default_rng(1).uniform(-1, 1, len(TIME)),
    "bursts of noise": swelling(0.3 * coloured(len(TIME), 1) / 3, 2),
    "sine in noise": 0.3 * sine(440) + 0.05 * coloured(len(TIME), 0),
    "pulses": swelling(np.where(TIME * 130 % 1 < 0.1, 0.5, 0.0), 4),
    "vowel": swelling(0.3 * vowel(130, 700), 3),
    "two vowels": 0.2 * np.where(TIME % 10 < 5, vowel(110, 600), vowel(220, 900)),
    "melody": 0.4 * np.sin(2 * np.pi * np.repeat(np.arange(62) * 37 % 700 + 100, RATE // 2) * TIME),
    "hum and hiss": swelling(0.4 * sine(150), 2) + 0.02 * coloured(len(TIME), 0),
}


@pytest.mark.parametrize("sound", SOUNDS)
def test_a_sound_that_nobody_speaks_is_no_error(tmp_path: Path, sound: str) -> None:
    found = judge(measure(write(tmp_path / "a", np.clip(SOUNDS[sound], -1, 1)), speakers=False), {})

    assert [finding for finding in found if finding.severity is Severity.ERROR] == []


@pytest.mark.parametrize("sound", ["sine", "chord", "saw", "uniform noise", "two vowels"])
def test_a_steady_sound_is_said_to_have_no_voice_that_stands_out(tmp_path: Path, sound: str) -> None:
    found = judge(measure(write(tmp_path / "a", np.clip(SOUNDS[sound], -1, 1)), speakers=False), {})

    assert "no voice stands out of a steady sound" in {finding.message for finding in found}


@pytest.mark.parametrize("snr", [0, 5, 10])
@pytest.mark.parametrize("kind", ["white", "pink", "babble"])
def test_a_voice_in_noise_of_its_own_strength_is_flagged_all_the_same(tmp_path: Path, kind: str, snr: float) -> None:
    count = len(voice())
    noise = babble(count) if kind == "babble" else coloured(count, 1 if kind == "pink" else 0)

    found = judge(measure(write(tmp_path / "a", 0.3 * mixed(voice(), noise, snr)), speakers=False), {})

    assert {"audio.noise", "audio.silence"} & {finding.rule for finding in found}


@pytest.mark.parametrize("heard", [0.0, 0.2], ids=["all along", "but for a moment"])
def test_digital_silence_is_clear(tmp_path: Path, heard: float) -> None:
    """A copy that was cut and filled with zeros has sound for a moment."""
    sound = np.where(heard > TIME, 0.3 * sine(440), 0.0)

    found = judge(measure(write(tmp_path / "silence.wav", sound), speakers=False), {})

    assert [(f.rule, f.severity, f.message) for f in found if f.rule == "audio.silence"] == [
        ("audio.silence", Severity.ERROR, "the sample is silent")
    ]
