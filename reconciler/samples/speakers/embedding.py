"""What a voice sounds like: CAM++ (zh-en common, advanced) in numpy.

The architecture is that of 3D-Speaker: a head of small two-dimensional convolutions, then 52 narrow layers, each of
which sees all that came before and is gated by the mean of its window. Normalisations are folded into the weights.
Layouts are chosen so that nearly all time is spent in matrix products of a size that BLAS likes.
"""

import numpy as np

from reconciler.samples.speakers.weights import Array, Weights, load_weights

LONGEST = 200
"""Frames. Up to two seconds the context of a layer is one mean over the window; beyond, CAM++ would take several."""
TOGETHER = 4
"""Windows that are computed at a time: enough for BLAS, few enough to stay in the cache."""
SIZE = 192
BLOCKS = ((12, 128, 1), (24, 256, 2), (16, 512, 2))
"""Layers, input channels and dilation of each dense block."""
GROWTH = 32


def embed(windows: Array) -> Array:
    """Return (windows, 192), each of length 1, for (windows, frames, 80) of log mel energies; at most 200 frames."""
    weights = load_weights("campplus")
    features = windows - windows.mean(axis=1, keepdims=True)
    vectors = np.empty((len(windows), SIZE), np.float32)
    for start in range(0, len(windows), TOGETHER):
        group = features[start : start + TOGETHER]
        vectors[start : start + TOGETHER] = _tail(_head(group, weights), weights)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def _head(features: Array, weights: Weights) -> Array:
    """(windows, frames, bands) -> (10 bands, 32 channels, windows, 1 + frames + 1), padded in time with zeros."""
    count, frames, bands = features.shape
    padded = np.zeros((bands + 2, 1, count, frames + 2), np.float32)
    padded[1:-1, 0, :, 1:-1] = features.transpose(2, 0, 1)
    plane = _convolve(padded, weights, "first")
    for level in ("1", "2"):
        for part, stride in (("0", 2), ("1", 1)):
            name = f"{level}.{part}"
            around = _skip(plane, weights, name) if stride == 2 else plane[1:-1]
            plane = _convolve(plane, weights, f"{name}.a", stride)
            plane = _convolve(plane, weights, f"{name}.b", around=around)
    return _convolve(plane, weights, "last", 2)[1:-1]


def _convolve(plane: Array, weights: Weights, name: str, stride: int = 1, around: Array | None = None) -> Array:
    """3 x 3 over (bands, channels, windows, time), plus what came `around` it, cut off at zero.

    The plane is padded in bands and in time, as is the result. Three neighbouring bands with their channels lie one
    behind the other in memory: a matrix without a copy. One product gives the contributions to the time before, now
    and after, which are then added, shifted. Band by band, because that much stays in the cache.
    """
    bands, channels, count, times = plane.shape
    rows, columns = (bands - 3) // stride + 1, count * times
    flat = plane.reshape(bands * channels, columns)
    kernel, bias = weights[name], weights[f"{name}_bias"][:, None]
    wide = kernel.shape[0] // 3
    parts = np.empty((3 * wide, columns), np.float32)
    result = np.zeros((rows + 2, wide, columns), np.float32)
    for row in range(rows):
        first = row * stride * channels
        np.matmul(kernel, flat[first : first + 3 * channels], out=parts)
        inner = result[row + 1, :, 1:-1]
        np.add(parts[:wide, :-2], parts[wide : 2 * wide, 1:-1], out=inner)
        inner += parts[2 * wide :, 2:]
        inner += bias
        if around is not None:
            inner += around[row].reshape(wide, columns)[:, 1:-1]
        np.maximum(inner, 0, out=inner)
    shaped = result.reshape(rows + 2, wide, count, times)
    shaped[..., 0] = 0
    shaped[..., -1] = 0
    return shaped


def _skip(plane: Array, weights: Weights, name: str) -> Array:
    """The way around a block that halves the bands: 1 x 1 over every second band."""
    bands, channels, count, times = plane.shape
    every_second = plane[1:-1:2].reshape((bands - 1) // 2, channels, count * times)
    around: Array = np.matmul(weights[f"{name}.skip"], every_second)
    around += weights[f"{name}.skip_bias"][:, None]
    return around.reshape(-1, channels, count, times)


def _tail(plane: Array, weights: Weights) -> Array:
    """(10 bands, 32 channels, windows, padded time) -> (windows, 192)."""
    bands, channels, count, times = plane.shape
    frames = times - 2
    halved = (frames + 1) // 2
    # Five steps of time around every second frame, zeros outside.
    around = np.zeros((5, bands * channels, count, halved), np.float32)
    flat = plane.reshape(bands * channels, count, times)
    for shift in range(5):
        first = max(0, (2 - shift + 1) // 2)
        taken = flat[:, :, 2 * first + shift - 1 : times - 1 : 2][:, :, : halved - first]
        around[shift, :, :, first : first + taken.shape[2]] = taken
    columns = count * halved
    state = weights["tdnn"] @ around.reshape(-1, columns)
    state += weights["tdnn_bias"][:, None]
    np.maximum(state, 0, out=state)
    scratch = np.empty((1024, columns), np.float32)
    for block, (layers, entry, dilation) in enumerate(BLOCKS, 1):
        grown = np.empty((entry + layers * GROWTH, columns), np.float32)
        grown[:entry] = state
        for layer in range(layers):
            upto = entry + layer * GROWTH
            name = f"block{block}.{layer}"
            narrow = _after_floor(grown[:upto], weights, f"{name}.narrow", scratch)
            np.maximum(narrow, 0, out=narrow)
            grown[upto : upto + GROWTH] = _gated(narrow, weights, name, count, dilation)
        state = _after_floor(grown, weights, f"transit{block}", scratch)
    state *= weights["out_scale"][:, None]
    state += weights["out_shift"][:, None]
    np.maximum(state, 0, out=state)
    by_window = state.reshape(-1, count, halved)
    pooled = np.concatenate([by_window.mean(axis=2), by_window.std(axis=2, ddof=1)])
    vectors: Array = (weights["dense"] @ pooled).T + weights["dense_bias"]
    return vectors


def _after_floor(state: Array, weights: Weights, name: str, scratch: Array) -> Array:
    """A linear layer behind a normalisation and a relu, of which only a floor (seldom a ceiling) is left."""
    floor = weights[f"{name}_floor"]
    raised = np.maximum(state, floor[:, None], out=scratch[: len(state)])
    falling = weights[f"{name}_falling"].astype(np.intp)
    if len(falling):
        raised[falling] = np.minimum(state[falling], floor[falling, None])
    result: Array = weights[name] @ raised
    result += weights[f"{name}_bias"][:, None]
    return result


def _gated(narrow: Array, weights: Weights, name: str, count: int, dilation: int) -> Array:
    """Three steps of time, `dilation` apart, gated by what the whole window is like."""
    frames = narrow.shape[1] // count
    parts: Array = (weights[f"{name}.local"] @ narrow).reshape(3, GROWTH, count, frames)
    local: Array = parts[1]
    local[:, :, dilation:] += parts[0, :, :, :-dilation]
    local[:, :, :-dilation] += parts[2, :, :, dilation:]
    # The mean over the window and the mean over its (only) segment: the same, twice.
    context = 2 * narrow.reshape(-1, count, frames).mean(axis=2)
    context = weights[f"{name}.context"] @ context + weights[f"{name}.context_bias"][:, None]
    gate = weights[f"{name}.gate"] @ np.maximum(context, 0) + weights[f"{name}.gate_bias"][:, None]
    local *= (0.5 * np.tanh(0.5 * gate) + 0.5)[:, :, None]
    return local.reshape(GROWTH, -1)
