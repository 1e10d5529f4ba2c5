"""The two models in numpy say what the originals say. The numbers come from torch and kaldi-native-fbank.

scripts/make_speaker_weights.py --prove compares more, where those are installed.
"""

from __future__ import annotations

import numpy as np
import pytest
from mixing import voice

from reconciler.samples.speakers.embedding import embed
from reconciler.samples.speakers.fbank import FRAME, STEP, log_mel
from reconciler.samples.speakers.segmentation import WINDOW, classify
from reconciler.samples.speakers.weights import Array

BAND_ENERGIES = [-7.75, 1.55, -3.174, -3.645, -4.179, 2.134, -1.521, -0.651]
"""Every tenth band of the hundredth frame."""
EMBEDDING = [
    *(-0.1253, -0.0200, -0.1259, 0.1156, 0.0950, 0.0790, -0.1120, -0.0073),
    *(-0.0133, 0.0631, 0.0077, -0.1341, 0.0818, -0.0354, -0.0274, -0.1306),
]
"""Every twelfth number."""
CLASSES_OF_TORCH = [
    [0.001, 0.003, 0.989, 0.003, 0.002, 0.000, 0.002],
    [0.000, 0.003, 0.991, 0.004, 0.001, 0.000, 0.001],
    [0.002, 0.005, 0.974, 0.013, 0.002, 0.000, 0.004],
    [0.000, 0.000, 0.043, 0.007, 0.063, 0.007, 0.879],
    [0.000, 0.000, 0.015, 0.018, 0.030, 0.015, 0.921],
    [0.001, 0.004, 0.084, 0.123, 0.047, 0.038, 0.702],
]
"""Every 96th frame."""


@pytest.fixture(scope="module")
def sound() -> Array:
    """Ten seconds of a person."""
    return voice("announcer.wav")[32_000:192_000].astype(np.float32)


@pytest.fixture(scope="module")
def mel(sound: Array) -> Array:
    """Two seconds as CAM++ hears them."""
    return log_mel(np.lib.stride_tricks.sliding_window_view(sound, FRAME)[::STEP][:200])


def test_energies_are_those_of_kaldi(mel: Array) -> None:
    assert mel[100, ::10] == pytest.approx(BAND_ENERGIES, abs=2e-3)


def test_embedding_is_that_of_torch(mel: Array) -> None:
    vector = embed(mel[None])[0]

    assert float(vector @ vector) == pytest.approx(1, abs=1e-5)
    assert vector[::12] == pytest.approx(EMBEDDING, abs=2e-3)


@pytest.mark.parametrize("frames", [100, 149, 200])
def test_a_window_is_heard_alike_alone_and_among_others(mel: Array, frames: int) -> None:
    others = np.stack([mel[:frames], mel[-frames:], *[mel[:frames] + 1] * 4])

    assert embed(others)[1] == pytest.approx(embed(mel[None, -frames:])[0], abs=1e-5)


def test_loudness_does_not_change_a_voice(mel: Array) -> None:
    """What is the same in all frames of a window is the microphone, not the voice."""
    louder, softer = embed(np.stack([mel + 3, mel]))

    assert louder == pytest.approx(softer, abs=1e-4)


def test_segmentation_is_that_of_torch(sound: Array) -> None:
    """A voice, and from the middle on itself backwards as a second one."""
    two = sound + 0.7 * sound[::-1] * (np.arange(WINDOW) > WINDOW // 2)

    found = np.exp(classify(two[None].astype(np.float32)))[0]

    assert found.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert found[24::96] == pytest.approx(np.array(CLASSES_OF_TORCH), abs=0.02)


def test_windows_are_classified_alike_alone_and_among_others(sound: Array) -> None:
    batch = np.stack([np.roll(sound, 16_000 * shift) for shift in range(13)])

    assert classify(batch)[12] == pytest.approx(classify(batch[12:])[0], abs=1e-3)
