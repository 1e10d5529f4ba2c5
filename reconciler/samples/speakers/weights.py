"""The weights of the two models, as scripts/make_speaker_weights.py wrote them into this package."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Weights = Mapping[str, Array]


@cache
def load_weights(name: str) -> Weights:
    """Return the arrays of weights/NAME.npz by name, as float32. They are read once a process."""
    with (files(__package__) / "weights" / f"{name}.npz").open("rb") as file, np.load(file) as arrays:
        return MappingProxyType({key: value.astype(np.float32) for key, value in arrays.items()})
