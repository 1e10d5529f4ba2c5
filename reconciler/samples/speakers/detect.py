"""Does one voice speak in a sample, or more? Two ways of looking, one answer.

What voices sound like: windows of two seconds of speech, evenly spread, are compared by CAM++; then it looks more
closely around the window that is least like the others. Two groups of windows that are far apart are two voices.
Who speaks at once: segmentation-3.0 hears overlapping voices, also one in the background, in windows of ten seconds.

The cost is bounded: a sample with a minute of speech is heard in ten windows and four of the longer ones; a longer
sample in more, evenly spread, up to 28 and 12, about two minutes of it in all. Memory does not grow with the sample.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from reconciler.samples.listener import Sound, floats
from reconciler.samples.measurement import Span, Speakers
from reconciler.samples.speakers.embedding import embed
from reconciler.samples.speakers.fbank import FRAME, RATE, STEP, log_mel
from reconciler.samples.speakers.groups import split_in_two
from reconciler.samples.speakers.overlap import find_overlap
from reconciler.samples.speakers.weights import Array

WINDOW = 200
"""Frames of 10 ms that are compared: two seconds of speech, pauses taken out."""
NEXT = 100
"""Frames from a window to the next that is looked at more closely."""
FEWEST, MOST = 9, 24
"""Windows in the first look."""
APART = 600
"""Frames of speech between windows, if that makes neither too few nor too many."""
ENOUGH = 4
"""Windows. With less there is no telling."""
SLIVER = 0.5
"""Seconds. Nobody says a word in less."""
DOUBTFUL = 0.89
"""What is likely, and not clear."""
SUREST = 0.999
"""Nothing that a model says is certain."""

Frames = NDArray[np.intp]


def find_speakers(sound: Sound, speech: Sequence[Span], *, telephone: bool = False) -> Speakers:
    """Return whether a second voice speaks in `sound`, where `speech` says that anyone does.

    `second_voice` is calibrated on splices of voices that are not part of any published figure: 0.5 is likely,
    0.9 is clear. Either way of looking suffices. But in the band of a `telephone`, without the pitch below 300 Hz,
    segmentation-3.0 hears a second person with one voice in four; there it makes nothing clear.
    """
    overlap = find_overlap(sound, speech)
    similarity, second = _compare_voices(sound, _spoken_frames(len(sound), speech))
    by_voice = 0.0 if similarity is None else _sure((0.385 - similarity) / 0.05)
    by_overlap = _sure((overlap.share - 0.035) / 0.01) if overlap.share else 0.0
    sure = min(SUREST, 1 - (1 - by_voice) * (1 - by_overlap))
    if telephone:
        sure = max(min(SUREST, by_voice), min(DOUBTFUL, sure))
    # Where both ways are in doubt, and sure together, both say where.
    doubt = 0.5 if max(by_voice, by_overlap) >= 0.5 else 0.1 if sure >= 0.5 else 1.0
    return Speakers(
        second_voice=round(sure, 4),
        similarity=None if similarity is None else round(similarity, 4),
        overlap=round(overlap.share, 4),
        second=_merge([*(second if by_voice >= doubt else ()), *(overlap.spans if by_overlap >= doubt else ())]),
    )


def _sure(logit: float) -> float:
    return float(1 / (1 + np.exp(-np.clip(logit, -30, 30))))


def _spoken_frames(size: int, speech: Sequence[Span]) -> Frames:
    """Return the numbers of the frames that are speech: the time line from which windows are cut."""
    count = max(0, (size - FRAME) // STEP + 1)
    spoken = np.zeros(count, np.bool_)
    for span in speech:
        spoken[round(span.start * RATE) // STEP : round(span.end * RATE) // STEP] = True
    return np.flatnonzero(spoken)


def _compare_voices(sound: Sound, frames: Frames) -> tuple[float | None, list[Span]]:
    """Return the similarity of the two most different groups of windows, and where the smaller group is."""
    last = len(frames) - WINDOW
    count = min(max(FEWEST, min(MOST, len(frames) // APART)), last // NEXT + 1)
    if count < ENOUGH:
        return None, []
    starts = np.linspace(0, last, count).astype(int).tolist()
    vectors = _hear(sound, frames, starts)
    cosines = vectors @ vectors.T
    oddest = starts[int(np.median(cosines, axis=1).argmin())]
    closer = [oddest + shift * NEXT for shift in (-2, -1, 1, 2)]
    closer = [start for start in closer if 0 <= start <= last and start not in starts]
    if closer:
        vectors = np.concatenate([vectors, _hear(sound, frames, closer)])
    order = np.argsort([*starts, *closer])
    starts = np.array([*starts, *closer])[order]
    similarity, smaller = split_in_two(vectors[order])
    return similarity, _owned(starts, smaller, frames)


def _hear(sound: Sound, frames: Frames, starts: list[int]) -> Array:
    cut = np.lib.stride_tricks.sliding_window_view(sound, FRAME)[::STEP]
    return embed(np.array([log_mel(floats(cut[frames[start : start + WINDOW]])) for start in starts]))


def _owned(starts: NDArray[np.intp], chosen: NDArray[np.bool_], frames: Frames) -> list[Span]:
    """Return the time of the chosen windows; each reaches half-way to its neighbours."""
    middles = starts + WINDOW // 2
    edges = [0, *((middles[1:] + middles[:-1]) // 2).tolist(), len(frames)]
    return [
        Span(float(frames[edges[index]]) * STEP / RATE, float(frames[edges[index + 1] - 1] + 1) * STEP / RATE)
        for index in np.flatnonzero(chosen)
    ]


def _merge(spans: list[Span]) -> tuple[Span, ...]:
    """In order of time, what is less than a second apart as one, and without slivers unless there is nothing else."""
    merged: list[Span] = []
    for span in sorted(spans, key=lambda span: span.start):
        start, end = span.start, span.end
        if merged and start - merged[-1].end < 1:
            before = merged.pop()
            start, end = before.start, max(before.end, end)
        merged.append(Span(round(start, 2), round(end, 2)))
    longest = max((span.end - span.start for span in merged), default=0.0)
    return tuple(span for span in merged if span.end - span.start >= min(SLIVER, longest))
