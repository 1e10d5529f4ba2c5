"""What the extra `noise` adds, and what is said without it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from mixing import RATE, VOICES, coloured, mixed, pcm, voice

from reconciler.errors import Severity
from reconciler.samples.extras import has_noise
from reconciler.samples.measure import measure
from reconciler.samples.noise_extra import hear_background
from reconciler.samples.rules import judge, not_checked

GOOD = replace(measure(VOICES / "announcer.wav", speakers=False), music=0.0, background=4.0)

with_extra = pytest.mark.skipif(not has_noise(), reason="the extra `noise` is not installed")


def test_without_the_extra_its_rules_are_not_checked() -> None:
    bare = replace(GOOD, music=None, background=None)

    assert {skipped.rule for skipped in not_checked(bare, {})} >= {"audio.music", "audio.background"}
    assert judge(bare, {}) == ()


@pytest.mark.parametrize(
    ("music", "expected"), [(0.05, None), (0.06, Severity.WARNING), (0.2, Severity.WARNING), (0.21, Severity.ERROR)]
)
def test_music_is_judged_by_its_share(music: float, expected: Severity | None) -> None:
    found = {finding.rule: finding.severity for finding in judge(replace(GOOD, music=music), {})}

    assert found.get("audio.music") is expected


@pytest.mark.parametrize(("background", "expected"), [(3.0, None), (2.9, Severity.WARNING), (1.0, Severity.WARNING)])
def test_a_bad_background_is_no_more_than_a_warning(background: float, expected: Severity | None) -> None:
    found = {finding.rule: finding.severity for finding in judge(replace(GOOD, background=background), {})}

    assert found.get("audio.background") is expected


@with_extra
def test_noise_makes_the_background_worse_and_a_melody_is_music() -> None:
    speech = voice()[: 15 * RATE]
    time = np.arange(len(speech)) / RATE
    pitches = np.array([[220], [277], [330]]) * 2 ** (np.floor(time * 2) % 5 / 12)
    chords = np.sin(2 * np.pi * pitches * time).sum(axis=0)

    clean = hear_background(pcm(speech))
    noisy = hear_background(pcm(mixed(speech, coloured(len(speech), 0), 10)))
    musical = hear_background(pcm(0.5 * mixed(speech, chords, 5)))

    assert clean is not None
    assert noisy is not None
    assert musical is not None
    assert noisy.quality < 2.8 < clean.quality
    assert clean.music < 0.05 < musical.music


@with_extra
@pytest.mark.parametrize("seconds", [0, 0.001, 1, 9.01, 9.02])
def test_a_sound_of_any_length_is_heard(seconds: float) -> None:
    found = hear_background(pcm(voice()[: int(seconds * RATE)]))

    assert found is None if seconds == 0 else found is not None
