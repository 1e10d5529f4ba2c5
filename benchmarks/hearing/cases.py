"""The cases of the set: what is done to which voice, and which rules should speak up."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final, TypeVar

import numpy as np

from benchmarks.hearing import damage, files
from benchmarks.hearing.catalogue import Split, Voice
from benchmarks.hearing.sounds import COLOURS, babble, noise
from benchmarks.hearing.speech import Sound

_T = TypeVar("_T")

SNRS: Final = (30, 20, 15, 10, 5)
"""dB, of noise under active speech."""
MUSIC: Final = (20, 10, 5, 0)
"""dB, of music under active speech."""
CLIPPED: Final = (0.02, 0.1, 0.5, 1.0, 5.0)
"""Per cent of all samples."""
CEILINGS: Final = (
    (0.98, files.FLAC),
    (0.98, files.MP3),
    (0.4, files.FLAC),
    (0.7, files.M4A),
    (0.7, files.OPUS),
)
"""Where a clipped recording's ceiling is after a later gain, as a share of full scale, and how it is then encoded."""
QUIET: Final = -30.0
"""dB: a voice recorded with more noise of its own is no clean one, and gets none added."""

NOISE_RULES: Final = ("audio.noise", "audio.hum", "audio.clicks")
MUSIC_RULES: Final = ("audio.music", "audio.noise")


@dataclass(frozen=True, slots=True)
class Person:
    """A voice with its recordings."""

    voice: Voice
    recordings: tuple[Sound, ...]
    floor: float
    """dB: the noise of the recordings, below active speech."""


@dataclass(frozen=True, slots=True)
class Case:
    """One file of the set."""

    name: str
    """Of the file, without its suffix; unique."""
    group: str
    """clean, encoding, home, change, noise, music, clipping, speakers or broken."""
    kind: str
    """What exactly: `pink`, `turns of 5 s`, `mp3 mp3lame 64 kbit/s`."""
    level: str
    """How much, as the tables say it; empty where there are no degrees."""
    speakers: tuple[str, ...]
    relation: str
    """`same sex`, `other sex` or `unknown` for two speakers; empty for one."""
    expected: tuple[str, ...]
    """Rules of which at least one should be broken; empty for a good recording."""


@dataclass(frozen=True, slots=True)
class Job:
    """A case, and how its file is made."""

    case: Case
    make: Callable[[], Sound]
    encoding: files.Encoding = files.FLAC


def single_voice_jobs(people: Sequence[Person], music: Sequence[Sound]) -> Iterator[Job]:
    """Yield all cases with one speaker."""
    for turn, person in enumerate(people):
        yield from _clean(person, turn)
        yield from _changed(person)
        yield from _clipped(person, turn)
    for turn, person in enumerate(person for person in people if person.floor <= QUIET):
        yield from _noisy(person, people, turn)
        yield from _with_music(person, music[turn % len(music)], turn)


def two_voice_jobs(people: Sequence[Person]) -> Iterator[Job]:
    """Yield all cases with two speakers, of the pairs that surely are two people."""
    for one, other in _pairs(people):
        first, second = one.recordings[0], other.recordings[-1]
        ways: tuple[tuple[str, str, Callable[[], Sound]], ...] = (
            ("turns of 5 s", "", lambda a=first, b=second: damage.take_turns(a, b, 5)),
            ("insert", "10 s", lambda a=first, b=second: damage.insert(a, b, 10, 17)),
            ("insert", "5 s", lambda a=first, b=second: damage.insert(a, b, 5, 24)),
            *(
                ("overlap", f"{-snr} dB", lambda a=first, b=second, snr=snr: damage.add(a, babble([b], len(a)), snr))
                for snr in (5, 10, 15)
            ),
        )
        for kind, level, make in ways:
            yield _job("speakers", kind, level, (one, other), make, ("audio.speakers",))


def _clean(person: Person, turn: int) -> Iterator[Job]:
    group = "clean" if person.floor <= QUIET else "home"
    for number, sound in enumerate(person.recordings):
        yield _job(group, f"recording {number + 1}", "", (person,), lambda a=sound: a)
    group = "encoding" if person.floor <= QUIET else "home"
    for number, encoding in enumerate(_some(files.FORMATS, 3, turn)):
        sound = person.recordings[number % len(person.recordings)]
        yield _job(group, encoding.name, "", (person,), lambda a=sound: a, encoding=encoding)


def _changed(person: Person) -> Iterator[Job]:
    """Yield what is no fault by itself: one voice stays one voice."""
    first, last = person.recordings[0], person.recordings[-1]
    for hertz in (8000, 4000):
        make = lambda a=first, hertz=hertz: damage.limit_band(a, hertz)  # noqa: E731
        yield _job("change", "band-limited", f"{hertz // 1000} kHz", (person,), make)
    make = lambda a=last: damage.drop_level(a, 12)  # noqa: E731
    yield _job("change", "level drop", "12 dB", (person,), make)
    make = lambda a=first: damage.reverberate(a, 0.4, _rng("room"))  # noqa: E731
    yield _job("change", "reverberation", "0.4 s", (person,), make)


def _clipped(person: Person, turn: int) -> Iterator[Job]:
    for number, percent in enumerate(CLIPPED):
        sound = person.recordings[number % len(person.recordings)]
        for ceiling, encoding in _some(CEILINGS, 1, turn + number):
            kind = f"{encoding.suffix}" + (", gain lowered later" if ceiling == 0.4 else "")
            make = lambda a=sound, share=percent / 100, top=ceiling: damage.clip(a, share, top)  # noqa: E731
            yield _job("clipping", kind, f"{percent} %", (person,), make, ("audio.clipping",), encoding)


def _noisy(person: Person, people: Sequence[Person], turn: int) -> Iterator[Job]:
    crowd = [other.recordings[-1] for other in people if other is not person]
    for number, snr in enumerate(SNRS):
        sound = person.recordings[number % len(person.recordings)]
        for kind in _some((*COLOURS, "babble"), 4, turn + number):

            def make(sound: Sound = sound, kind: str = kind, snr: int = snr) -> Sound:
                rng = _rng(f"{person.voice.speaker} {kind} {snr}")
                if kind == "babble":
                    chosen = [crowd[index] for index in rng.permutation(len(crowd))[:6]]
                    return damage.add(sound, babble(chosen, len(sound)), snr)
                return damage.add(sound, noise(kind, len(sound), rng), snr)

            yield _job("noise", kind, f"{snr} dB", (person,), make, NOISE_RULES)


def _with_music(person: Person, music: Sound, turn: int) -> Iterator[Job]:
    for number, snr in enumerate(_some(MUSIC, 2, turn)):
        sound = person.recordings[number % len(person.recordings)]
        make = lambda a=sound, snr=snr: damage.add(a, babble([music], len(a)), snr)  # noqa: E731
        yield _job("music", "music", f"{snr} dB", (person,), make, MUSIC_RULES)


def _pairs(people: Sequence[Person]) -> list[tuple[Person, Person]]:
    """Return about two pairs a person: not of volunteers with one language, who may be one person."""
    sure = [
        (one, other)
        for one, other in combinations(people, 2)
        if not ({"tuxpaint-stamps-default", "ktuberling-data"} & set(one.voice.packages))
        or not set(one.voice.languages) & set(other.voice.languages)
    ]
    chosen = _rng("pairs").permutation(len(sure))[: 2 * len(people)]
    return [sure[index] if index % 2 else sure[index][::-1] for index in chosen]


def _job(
    group: str,
    kind: str,
    level: str,
    people: tuple[Person, ...],
    make: Callable[[], Sound],
    expected: tuple[str, ...] = (),
    encoding: files.Encoding = files.FLAC,
) -> Job:
    speakers = tuple(person.voice.speaker for person in people)
    sexes = {person.voice.sex for person in people}
    relation = ""
    if len(people) == 2:
        relation = "unknown" if "?" in sexes else "same sex" if len(sexes) == 1 else "other sex"
    words = "-".join((group, kind, level, *speakers))
    name = "".join(letter if letter.isalnum() else "-" for letter in words)
    return Job(Case(name, group, kind, level, speakers, relation, expected), make, encoding)


def _some(choice: Sequence[_T], count: int, turn: int) -> list[_T]:
    """Return so many of them, others at each turn, all of them equally often."""
    return [choice[(turn * count + number) % len(choice)] for number in range(count)]


def _rng(seed: str) -> np.random.Generator:
    return np.random.default_rng(zlib.crc32(seed.encode()))


def split_of(voices: Sequence[Voice], split: Split) -> tuple[Voice, ...]:
    """Return the voices of one part."""
    return tuple(voice for voice in voices if voice.split == split)
