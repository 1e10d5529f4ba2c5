"""Two groups of windows that are as unlike each other as can be: two-means over the angles between them."""

import numpy as np
from numpy.typing import NDArray

from reconciler.samples.speakers.weights import Array

SMALLEST = 2
"""Windows in a group: one alone may be a cough or a laugh."""
ROUNDS = 6


def split_in_two(vectors: Array) -> tuple[float, NDArray[np.bool_]]:
    """Return the mean cosine between the two groups, and which of the (windows, n) unit vectors are the smaller one.

    Tried from each window as a seed, with the window most like it. 1 and nobody where no split holds.
    """
    cosines = vectors @ vectors.T
    lowest, smaller = 1.0, np.zeros(len(vectors), np.bool_)
    for seed in range(len(vectors)):
        group = _grow(vectors, np.argsort(-cosines[seed])[:SMALLEST])
        if group is None:
            continue
        between = float(cosines[np.ix_(group, ~group)].mean())
        if between < lowest:
            lowest, smaller = between, group if 2 * group.sum() <= len(group) else ~group
    return lowest, smaller


def _grow(vectors: Array, seeds: NDArray[np.intp]) -> NDArray[np.bool_] | None:
    near, far = _direction(vectors[seeds]), _direction(vectors)
    group = np.zeros(len(vectors), np.bool_)
    for _ in range(ROUNDS):
        group = vectors @ near > vectors @ far
        if not SMALLEST <= group.sum() <= len(group) - SMALLEST:
            return None
        near, far = _direction(vectors[group]), _direction(vectors[~group])
    return group


def _direction(vectors: Array) -> Array:
    mean: Array = vectors.mean(axis=0)
    return mean / np.linalg.norm(mean)
