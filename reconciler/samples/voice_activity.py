"""When somebody speaks, by the voice detector earshot."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reconciler.samples.listener import RATE, Sound
from reconciler.samples.measurement import Span

FRAME = 256
"""Samples at RATE: what earshot looks at at once."""

_VOICE = 0.5
"""The detector's score from which a frame is speech, by its own documentation."""
_BRIDGE = 0.3
"""Seconds; speech with a shorter break is told as one stretch."""


def speech_frames(sound: Sound) -> NDArray[np.bool_]:
    """Return for each whole frame of the sound whether it is speech."""
    from earshot import Detector  # noqa: PLC0415 - needed by who asks for speech alone

    detector = Detector()
    frames = sound[: len(sound) // FRAME * FRAME].reshape(-1, FRAME)
    scores = [detector.predict_i16(frame) for frame in frames]
    return np.array(scores, dtype=np.float32) > _VOICE


def spans_of(frames: NDArray[np.bool_]) -> tuple[Span, ...]:
    """Return the stretches of frames that are true, with short breaks bridged."""
    edges = np.flatnonzero(np.diff(frames, prepend=False, append=False)).astype(float) * FRAME / RATE
    spans: list[Span] = []
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        if spans and start - spans[-1].end < _BRIDGE:
            start = spans.pop().start  # noqa: PLW2901 - the stretch goes on
        spans.append(Span(round(float(start), 3), round(float(end), 3)))
    return tuple(spans)
