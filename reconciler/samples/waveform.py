"""A sample as a picture of one row."""

from __future__ import annotations

from typing import Final

import numpy as np

from reconciler.samples.listener import FULL_SCALE, Sound
from reconciler.samples.measurement import Waveform

COLUMNS: Final = 400


def draw_waveform(sound: Sound) -> Waveform:
    """Return the lowest and the highest value in each of COLUMNS equal stretches; fewer for a shorter sound."""
    columns = min(COLUMNS, len(sound))
    if columns == 0:
        return Waveform((), ())
    starts = np.arange(columns) * len(sound) // columns
    return Waveform(
        low=_scaled(np.minimum.reduceat(sound, starts)),
        high=_scaled(np.maximum.reduceat(sound, starts)),
    )


def _scaled(values: Sound) -> tuple[int, ...]:
    return tuple(int(value) for value in np.clip(np.round(values * (127 / FULL_SCALE)), -127, 127))
