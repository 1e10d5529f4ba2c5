"""Clips of one person, cleaned and joined to a recording in which that person alone speaks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import av
import numpy as np
from numpy.typing import NDArray

from benchmarks.hearing.catalogue import Voice

Sound = NDArray[np.float32]
"""Mono, RATE samples a second, full scale is -1 to 1."""

RATE: Final = 24_000
LEVEL: Final = 10 ** (-23 / 20)
"""RMS of active speech in all that is joined."""
PEAK: Final = 0.7
"""Highest peak of what is joined: 3 dB below full scale."""

_FRAME: Final = RATE // 50
_ACTIVE: Final = 10 ** (-32 / 20)
"""A frame this far below the loudest ones is a pause."""
_MARGIN: Final = 3
"""Frames that are left around the speech of a clip."""
_RAW: Final = {".g722": "g722", ".gsm": "gsm"}
_CLIPPED: Final = 2e-4
"""Share of samples in flat runs at the peak from which on a clip was recorded too loud, and is not used."""


@dataclass(frozen=True, slots=True)
class Clip:
    """One utterance, at LEVEL, with the pauses around it taken off."""

    sound: Sound
    floor: float
    """RMS of its quietest frames, as a share of its active speech."""


def read_clip(path: Path) -> Clip | None:
    """Decode a clip; None if it is too short, recorded too loud, or cannot be read."""
    try:
        native = decode(path)
    except (av.FFmpegError, UnicodeDecodeError):
        return None
    energies = frame_levels(native)
    if not len(energies) or energies.max() < 1e-3 or _flat_share(native) > _CLIPPED:
        return None
    active = np.flatnonzero(energies > loud_level(energies) * _ACTIVE)
    if len(active) < 20:
        return None
    floor = float(np.sort(energies)[: max(2, len(energies) // 20)].mean())
    first, last = max(0, active[0] - _MARGIN), active[-1] + 1 + _MARGIN
    sound = native[first * _FRAME : last * _FRAME]
    level = active_rms(sound)
    gain = min(LEVEL / level, PEAK / float(np.abs(sound).max()))
    return Clip((sound * gain).astype(np.float32), floor / level)


def decode(path: Path) -> Sound:
    """Return the first minutes of a file as mono at RATE; the channels are averaged. Raises av.FFmpegError."""
    blocks: list[Sound] = []
    seconds = 0.0
    with av.open(path, format=_RAW.get(path.suffix), metadata_errors="ignore") as container:
        resampler = av.AudioResampler("fltp", rate=RATE)
        for frame in container.decode(container.streams.audio[0]):
            seconds += frame.samples / frame.sample_rate
            blocks += [block.to_ndarray().mean(axis=0) for block in resampler.resample(frame)]
            if seconds > 240:
                break
        blocks += [block.to_ndarray().mean(axis=0) for block in resampler.resample(None)]
    return np.concatenate(blocks) if blocks else np.zeros(0, np.float32)


def recordings(voice: Voice, seconds: float, count: int) -> tuple[list[Sound], float]:
    """Return up to `count` recordings of one voice, no clip in two of them, and the voice's own noise in dB.

    Clips are taken in the order of their names, which keeps what was recorded in one session together.
    The noise is what is left in the quietest pauses of the clips, below active speech.
    """
    rng = np.random.default_rng(sum(voice.speaker.encode()))
    wanted = round(seconds * RATE)
    many = len(voice.clips) >= 20 * count
    groups = _read_parts(voice, wanted, count) if many else _cut(voice, wanted, count)
    floors = [clip.floor for clips in groups for clip in clips]
    floor = max(float(np.percentile(floors, 20)) if floors else 0.0, 10 ** (-75 / 20))
    joined = [join(clips, floor, rng)[:wanted] for clips in groups]
    return [sound for sound in joined if len(sound) == wanted], 20 * float(np.log10(floor))


def join(clips: list[Clip], floor: float, rng: np.random.Generator) -> Sound:
    """Put pauses with the noise of the room between the clips."""
    pieces: list[Sound] = []
    for clip in clips:
        pause = rng.standard_normal(round(rng.uniform(0.2, 0.5) * RATE)) * floor * LEVEL
        pieces += [clip.sound, pause.astype(np.float32)]
    return np.concatenate(pieces) if pieces else np.zeros(0, np.float32)


def active_rms(sound: Sound) -> float:
    """Return the RMS of the frames in which there is speech."""
    energies = frame_levels(sound)
    active = energies[energies > loud_level(energies) * _ACTIVE]
    return float(np.sqrt(np.mean(active**2)))


def frame_levels(sound: Sound) -> Sound:
    """Return the RMS of each 20 ms."""
    whole = sound[: len(sound) // _FRAME * _FRAME].reshape(-1, _FRAME)
    levels: Sound = np.sqrt(np.mean(whole**2, axis=1))
    return levels


def loud_level(levels: Sound) -> float:
    """Return the level that a twentieth of the frames reach."""
    return float(np.percentile(levels, 95))


def _read_parts(voice: Voice, wanted: int, count: int) -> list[list[Clip]]:
    """Many clips: divide them by their order, and read as many of each part as are needed."""
    groups: list[list[Clip]] = []
    unread = list(reversed(voice.clips))
    for number in range(count):
        # What a part leaves over is skipped, so that the recordings come from places far apart.
        del unread[len(voice.clips) - len(voice.clips) * number // count :]
        clips: list[Clip] = []
        length = 0
        while unread and length < wanted * 1.05:
            clip = read_clip(unread.pop())
            if clip is not None:
                clips.append(clip)
                length += len(clip.sound) + RATE // 5
        groups.append(clips)
    return groups


def _cut(voice: Voice, wanted: int, count: int) -> list[list[Clip]]:
    """Few or long clips: fill one recording after the other."""
    groups: list[list[Clip]] = [[]]
    length = 0
    for path in voice.clips:
        clip = read_clip(path)
        if clip is None:
            continue
        for start in range(0, len(clip.sound), wanted):
            if length >= wanted * 1.05:
                groups.append([])
                length = 0
            piece = clip.sound[start : start + wanted]
            groups[-1].append(Clip(piece, clip.floor))
            length += len(piece) + RATE // 5
    return groups[:count]


def _flat_share(sound: Sound) -> float:
    """Share of samples in runs of four and more within 0.1 % of the peak."""
    at_peak = np.abs(sound) >= 0.999 * np.abs(sound).max()
    edges = np.flatnonzero(np.diff(at_peak, prepend=False, append=False))
    lengths = np.diff(edges)[::2]
    return float(lengths[lengths >= 4].sum() / len(sound))
