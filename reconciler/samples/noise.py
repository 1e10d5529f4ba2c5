"""How far the voice stands above the noise, looked for inside the speech.

Noise goes on while somebody speaks, and fills the gaps between sounds that a clean voice leaves. So the quietest
moments of the speech tell it, and no pause is needed: the voice detector takes babble for speech, and gates, editors
and encoders put digital silence where the noise was. Two ways to look bound it from both sides:

- all pitches at once, in all the file's bandwidth: exact for steady noise, too low for a voice that never pauses,
- each band of pitch by itself: a voice is never in all bands at once, but babble and music leave gaps as well.

Only a sample that is clear by both is measured in its pauses, where the rest of the noise can be told exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reconciler.samples.level import decibels
from reconciler.samples.spectrum import Bands

Frames = NDArray[np.bool_]
Energies = NDArray[np.float32]

_QUIETEST: Final = 5
"""Percent of the moments that tell the noise. More would reach into the voice, fewer into single odd frames."""
_BANDS_ARE_LOW: Final = 5.0
"""dB by which the quietest moments of single bands lie below those of all: they are sought in more places."""
_CLEAR: Final = 25.0
"""dB from which on nothing is heard of the noise in the speech, and the pauses are asked."""
_GUARD: Final = 4
"""Frames next to speech that are no pause: a word's soft beginning, and its end in the room."""
_FEW: Final = 12
"""Frames (0.2 s); with fewer nothing is said."""
_DIGITAL_SILENCE: Final = 1e-9
"""Mean square (-90 dBFS) below which a frame was made by a gate, an editor or an encoder, and holds no room."""
_GATED: Final = 1e-5
"""The same as a share of the speech's (-50 dB): such a pause may be clean, or may have been cleaned."""


@dataclass(frozen=True, slots=True)
class Noise:
    """Both None where there is no speech to compare with."""

    snr_db: float | None
    """Speech over noise."""
    noise_dbfs: float | None


def measure_noise(energies: Energies, bands: Bands, speech: Frames) -> Noise:
    """Compare the quietest moments with the speech.

    `energies` are at the native rate, `bands` at half as many frames, and `speech` says which frames are.
    """
    count = min(len(energies), len(speech), 2 * len(bands))
    energies, speech, bands = energies[:count], speech[:count], bands[: count // 2]
    voiced = speech & (energies > _DIGITAL_SILENCE)
    if voiced.sum() < _FEW:
        return Noise(None, None)
    level = float(energies[voiced].mean())
    whole = decibels(level) - decibels(_floor(energies[:, None], level, 3))
    band_level = float(bands[speech[: 2 * len(bands) : 2]].sum(axis=1).mean()) if len(bands) else 0.0
    split = decibels(band_level) - decibels(_floor(bands, band_level, 2)) if band_level > 0 else whole
    snr = max(whole, split - _BANDS_ARE_LOW)
    pauses = energies[~widen(speech, _GUARD) & (energies > _DIGITAL_SILENCE)]
    if snr > _CLEAR and len(pauses) >= _FEW:
        snr = max(snr, decibels(level) - decibels(float(np.median(pauses))))
    return Noise(snr, decibels(level) - snr)


def _floor(energies: NDArray[np.float32], level: float, smooth: int) -> float:
    """Return the energy of the quietest moments: bands by themselves, then summed."""
    kernel = np.ones(smooth) / smooth
    smoothed = np.stack([np.convolve(band, kernel, mode="same") for band in energies.T], axis=1)
    sounding = smoothed.sum(axis=1) > max(_DIGITAL_SILENCE, _GATED * level)
    return float(np.percentile(smoothed[sounding], _QUIETEST, axis=0).sum()) if sounding.any() else 0.0


def widen(frames: Frames, by: int) -> Frames:
    """Return the frames, with so many more on each side of every stretch."""
    return np.convolve(frames, np.ones(2 * by + 1), mode="same") > 0.5
