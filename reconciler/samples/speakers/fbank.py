"""Log mel energies as Kaldi computes them: what CAM++ was trained on."""

import math
from functools import cache

import numpy as np

from reconciler.samples.speakers.weights import Array

RATE = 16_000
"""Hz."""
FRAME, STEP, SIZE = 400, 160, 512
"""Samples: length of a frame (25 ms), from frame to frame (10 ms), and of its Fourier transform."""
BANDS = 80


def log_mel(frames: Array) -> Array:
    """Return (..., 80) for (..., 400): frames of mono sound of 16 kHz in -1..1."""
    frames = frames - frames.mean(axis=-1, keepdims=True)
    frames[..., 1:] -= 0.97 * frames[..., :-1]  # the right side is computed before the left is written
    frames[..., 0] *= 1 - 0.97
    frames *= _window()
    spectrum = np.fft.rfft(frames, SIZE, axis=-1)
    power = spectrum.real**2 + spectrum.imag**2
    energy: Array = (power @ _filters()).astype(np.float32, copy=False)
    return np.log(np.maximum(energy, np.finfo(np.float32).eps, out=energy), out=energy)


@cache
def _window() -> Array:
    """Kaldi's own window, "povey": a Hann window to the power of 0.85."""
    return (np.hanning(FRAME) ** 0.85).astype(np.float32)


def _mel(hertz: float) -> float:
    return 1127 * math.log1p(hertz / 700)


@cache
def _filters() -> Array:
    """80 triangles, equally wide in mel, from 20 Hz to half the rate: (frequencies, bands)."""
    edges = np.linspace(_mel(20), _mel(RATE / 2), BANDS + 2)
    bins = np.array([_mel(index * RATE / SIZE) for index in range(SIZE // 2 + 1)])[:, None]
    left, centre, right = edges[:-2], edges[1:-1], edges[2:]
    triangles = np.minimum((bins - left) / (centre - left), (right - bins) / (right - centre))
    triangles[-1] = 0  # Kaldi leaves out the highest frequency
    filters: Array = np.maximum(triangles, 0).astype(np.float32)
    return filters
