"""How far the voice stands above the noise, looked for inside the speech.

Noise goes on while somebody speaks, and fills the gaps between sounds that a clean voice leaves. So the quietest
moments of the speech tell it, and no pause is needed: the voice detector takes babble for speech, and gates, editors
and encoders put digital silence where the noise was. Two ways to look bound it from both sides:

- all pitches at once, in all the file's bandwidth: exact for steady noise, too low for a voice that never pauses,
- each band of pitch by itself: a voice is never in all bands at once, but babble and music leave gaps as well.

Noise may also come and go: a fan that is switched on, a car that passes. So the quietest moments are sought in each
stretch of some seconds, and the noise is the mean of them; its place is where they are louder than that.

Only a sample that is clear by both is measured in its pauses, where the rest of the noise can be told exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reconciler.samples.level import FRAME, decibels
from reconciler.samples.measurement import Span
from reconciler.samples.spectrum import Bands

Frames = NDArray[np.bool_]
Energies = NDArray[np.float32]

_QUIETEST: Final = 5
"""Percent of the moments that tell the noise. More would reach into the voice, fewer into single odd frames."""
_STRETCH: Final = 188
"""Frames of 32 ms in which the quietest moments are sought, 6 s. In longer ones a noise of 10 s may be missed; in
shorter ones, more people speak without a pause."""
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
    place: Span | None = None
    """Where the noise first rises, and until when; None: it is there all along, or nowhere."""


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
    floors = _floors(energies[:, None], level, smooth=3, length=2 * _STRETCH)
    snr = decibels(level) - decibels(_mean(floors))
    band_level = float(bands[speech[: 2 * len(bands) : 2]].sum(axis=1).mean()) if len(bands) else 0.0
    if band_level > 0:
        split_floors = _floors(bands, band_level, smooth=2, length=_STRETCH)
        split = decibels(band_level) - decibels(_mean(split_floors)) - _BANDS_ARE_LOW
        if split > snr:
            snr, floors = split, split_floors
    place = _rise(floors, count * FRAME)
    pauses = energies[~widen(speech, _GUARD) & (energies > _DIGITAL_SILENCE)]
    if snr > _CLEAR and len(pauses) >= _FEW:
        in_pauses = decibels(level) - decibels(float(np.median(pauses)))
        if in_pauses > snr:
            snr, place = in_pauses, None
    return Noise(snr, decibels(level) - snr, place)


def _floors(energies: NDArray[np.float32], level: float, smooth: int, length: int) -> NDArray[np.float64]:
    """Return the energy of the quietest moments of each stretch, which begins in the middle of the one before.

    Bands by themselves, then summed; not a number for a stretch of silence.
    """
    kernel = np.ones(smooth) / smooth
    smoothed = np.stack([np.convolve(band, kernel, mode="same") for band in energies.T], axis=1)
    sounding = smoothed.sum(axis=1) > max(_DIGITAL_SILENCE, _GATED * level)
    latest = max(0, len(energies) - length)
    floors = []
    for start in np.linspace(0, latest, max(1, round(2 * latest / length) + 1)).astype(int):
        moments = smoothed[start : start + length][sounding[start : start + length]]
        floors.append(np.percentile(moments, _QUIETEST, axis=0).sum() if len(moments) else np.nan)
    return np.array(floors)


def _mean(floors: NDArray[np.float64]) -> float:
    return 0.0 if np.isnan(floors).all() else float(np.nanmean(floors))


def _rise(floors: NDArray[np.float64], seconds: float) -> Span | None:
    """Return the time of the first stretches whose quietest moments are above the mean of all, or nearly so."""
    loud = floors > _mean(floors) / 2
    if loud.all() or not loud.any():
        return None
    step = seconds / (len(floors) + 1)  # a stretch is two steps long
    first = int(loud.argmax())
    after = first + int((~loud[first:]).argmax()) if not loud[first:].all() else len(loud)
    start = 0.0 if first == 0 else (first - 0.5) * step  # the stretch before is quiet for a part at least
    end = seconds if after == len(loud) else (after + 1.5) * step
    return Span(round(start, 1), round(end, 1))


def widen(frames: Frames, by: int) -> Frames:
    """Return the frames, with so many more on each side of every stretch."""
    return np.convolve(frames, np.ones(2 * by + 1))[by : by + len(frames)] > 0.5
