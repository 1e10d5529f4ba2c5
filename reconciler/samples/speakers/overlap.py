"""Where two people speak at once, as segmentation-3.0 hears it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reconciler.samples.listener import Sound, floats
from reconciler.samples.measurement import Span
from reconciler.samples.speakers.fbank import RATE
from reconciler.samples.speakers.segmentation import CLASSES, FRAME_CENTRE, FRAME_STEP, WINDOW, classify

FEWEST, MOST = 4, 12
"""Windows of ten seconds that are heard: all of a sample of 40 s, half of a longer one."""

_PEOPLE = np.array([len(people) for people in CLASSES])


@dataclass(frozen=True, slots=True)
class Overlap:
    """What was heard of two people speaking at once."""

    share: float
    """Of the time in which anyone speaks, 0 to 1."""
    spans: tuple[Span, ...]


def find_overlap(sound: Sound, speech: Sequence[Span]) -> Overlap:
    """Listen to stretches of ten seconds of `sound`, evenly spread over those with speech."""
    length = WINDOW / RATE
    spoken = [
        index
        for index in range(-(-len(sound) // WINDOW))
        if any(span.start < (index + 1) * length and span.end > index * length for span in speech)
    ]
    if not spoken:
        return Overlap(0.0, ())
    count = min(len(spoken), max(FEWEST, min(MOST, len(spoken) // 2)))
    # A last stretch that is shorter starts earlier, so that it is full of sound too.
    latest = max(0, len(sound) - WINDOW)
    starts = [min(spoken[int(at)] * WINDOW, latest) for at in np.linspace(0, len(spoken) - 1, count)]
    windows = np.zeros((count, WINDOW), np.float32)
    for window, start in zip(windows, starts, strict=True):
        piece = floats(sound[start : start + WINDOW])
        window[: len(piece)] = piece
    people = _PEOPLE[classify(windows).argmax(axis=2)]
    times = np.array(starts)[:, None] / RATE + FRAME_CENTRE + np.arange(people.shape[1]) * FRAME_STEP
    both = times[people > 1]
    return Overlap(
        share=float(len(both) / max(1, (people > 0).sum())),
        spans=tuple(Span(float(time) - FRAME_STEP / 2, float(time) + FRAME_STEP / 2) for time in both),
    )
