"""Who of up to three people speaks when, within ten seconds: pyannote segmentation-3.0 in numpy.

Sinc filters and two convolutions make a frame of every 16.9 ms, four bidirectional LSTMs look at the whole window,
and seven classes say which people speak: nobody, one of three, or two of the three. Who is "the first" is decided
anew in each window.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from reconciler.samples.speakers.weights import Array, Weights, load_weights

WINDOW = 160_000
"""Samples: ten seconds at 16 kHz, what the model was trained on."""
FRAME_STEP = 270 / 16_000
"""Seconds from frame to frame."""
FRAME_CENTRE = 495 / 16_000
"""Seconds from the start of the window to the middle of its first frame."""
TOGETHER = 12
"""Windows that are computed at a time; bounds the memory to about 60 MB."""
CLASSES = ((), (0,), (1,), (2,), (0, 1), (0, 2), (1, 2))
"""Which of the three people speak."""

_FILTER_STEP = 10
_ROWS = 600
"""Rows of sound that are filtered at a time: what fits in the cache. Divisible by three."""
_LEAK = 0.01
_HIDDEN = 128


def classify(windows: Array) -> Array:
    """Return (windows, 589, 7) of log probabilities of the CLASSES for (windows, 160000) of sound."""
    weights = load_weights("segmentation-3.0")
    groups = [_classify(windows[start : start + TOGETHER], weights) for start in range(0, len(windows), TOGETHER)]
    return np.concatenate(groups)


def _classify(windows: Array, weights: Weights) -> Array:
    state = np.stack([_frames(window, weights) for window in windows], axis=1)  # time, window, feature
    for layer in range(4):
        state = _lstm(state, weights, f"lstm{layer}")
    for linear in ("linear0", "linear1"):
        state = state @ weights[linear]
        state += weights[f"{linear}_bias"]
        _leaky_relu(state)
    scores = state @ weights["classes"]
    scores += weights["classes_bias"]
    scores -= np.logaddexp.reduce(scores, axis=2, keepdims=True)
    return scores.transpose(1, 0, 2)


def _frames(window: Array, weights: Weights) -> Array:
    """(160000,) -> (589, 60)."""
    wave = (window - window.mean()) * (weights["wave_scale"] / np.sqrt(window.var() + 1e-5)) + weights["wave_shift"]
    steps = sliding_window_view(wave, len(weights["filters"]))[::_FILTER_STEP]
    pooled = []
    for start in range(0, len(steps), _ROWS):
        filtered = np.ascontiguousarray(steps[start : start + _ROWS]) @ weights["filters"]
        pooled.append(_strongest_of_three(np.abs(filtered, out=filtered)))
    features = _normalised(np.concatenate(pooled), weights, "norm0")
    for layer in ("1", "2"):
        rows = sliding_window_view(features, 5, axis=0).transpose(0, 2, 1)
        features = rows.reshape(len(rows), -1) @ weights[f"conv{layer}"]
        features += weights[f"conv{layer}_bias"]
        features = _normalised(_strongest_of_three(features), weights, f"norm{layer}")
    return features


def _strongest_of_three(rows: Array) -> Array:
    threes = rows[: len(rows) // 3 * 3].reshape(-1, 3, rows.shape[1])
    strongest: Array = np.maximum(threes[:, 0], threes[:, 1])
    np.maximum(strongest, threes[:, 2], out=strongest)
    return strongest


def _normalised(features: Array, weights: Weights, name: str) -> Array:
    scale = weights[f"{name}_scale"] / np.sqrt(features.var(axis=0) + 1e-5)
    shift = weights[f"{name}_shift"] - scale * features.mean(axis=0)
    features *= scale
    features += shift
    return _leaky_relu(features)


def _leaky_relu(state: Array) -> Array:
    np.maximum(state, _LEAK * state, out=state)
    return state


def _lstm(entry: Array, weights: Weights, name: str) -> Array:
    """(time, windows, features) -> (time, windows, 256): both directions step by step side by side.

    The three sigmoid gates were halved by make_speaker_weights.py, so one tanh serves all four.
    """
    times, count, features = entry.shape
    flat = entry.reshape(-1, features)
    gates = np.empty((times, 2, count, 4 * _HIDDEN), np.float32)
    bias = weights[f"{name}_bias"].reshape(2, -1)
    for way in (0, 1):
        projected = flat @ weights[f"{name}_input"][way]
        projected += bias[way]
        projected = projected.reshape(times, count, -1)
        gates[:, way] = projected[::-1] if way else projected
    hidden_weights = weights[f"{name}_hidden"]
    result = np.empty((times, 2, count, _HIDDEN), np.float32)
    hidden = np.zeros((2, count, _HIDDEN), np.float32)
    cell = np.zeros_like(hidden)
    product = np.empty((2, count, 4 * _HIDDEN), np.float32)
    three = 3 * _HIDDEN
    for now in range(times):
        gate = gates[now]
        gate += np.matmul(hidden, hidden_weights, out=product)
        np.tanh(gate, out=gate)
        open_ = gate[..., :three]
        open_ *= 0.5
        open_ += 0.5
        cell *= gate[..., _HIDDEN : 2 * _HIDDEN]
        cell += gate[..., :_HIDDEN] * gate[..., three:]
        hidden = result[now]
        np.multiply(np.tanh(cell), gate[..., 2 * _HIDDEN : three], out=hidden)
    both = np.empty((times, count, 2 * _HIDDEN), np.float32)
    both[..., :_HIDDEN] = result[:, 0]
    both[..., _HIDDEN:] = result[::-1, 1]
    return both
