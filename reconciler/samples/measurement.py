"""Everything that is measured on a sample: plain numbers, kept by the sample's sha256, judged elsewhere."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, is_dataclass
from functools import cache
from types import NoneType
from typing import Any, Final, cast, get_args, get_origin, get_type_hints

from reconciler.samples.probe import Probe

VERSION: Final = 3
"""Of the checks: raised when the same bytes would be measured differently, so that what was kept is not believed."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the sample."""

    start: float
    """Seconds."""
    end: float
    """Seconds."""


@dataclass(frozen=True, slots=True)
class Speakers:
    """Whether one voice speaks, or more."""

    second_voice: float
    """0 to 1: how sure it is that a second voice speaks, by both ways of looking."""
    similarity: float | None
    """Cosine of the two most different groups of windows; None where there is too little speech to tell."""
    overlap: float
    """Share of the speech in which two voices speak at once, 0 to 1."""
    second: tuple[Span, ...]
    """Where the second voice would be."""


@dataclass(frozen=True, slots=True)
class Waveform:
    """The sample as a picture of one row: its loudest and its lowest value in each of equal stretches."""

    low: tuple[int, ...]
    """-127 to 127, full scale."""
    high: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Measurement:
    """What one pass over a sample found."""

    probe: Probe
    loudness_lufs: float | None
    """Integrated, ITU-R BS.1770; None for silence."""
    peak_dbfs: float | None
    """Of the highest sample; None for digital silence."""
    clipping: float
    """Share of samples in runs at the peak, 0 to 1."""
    piled: float
    """Share of samples in tops that pile up at one level, as clipping does after an encoder, 0 to 1."""
    clipped: tuple[Span, ...]
    """Where the runs are; where there are none, the tops."""
    dc_offset: float
    """Share of full scale, -1 to 1."""
    speech_seconds: float
    speech: tuple[Span, ...]
    snr_db: float | None
    """Speech over the noise around it; None where there is no speech."""
    noise_dbfs: float | None
    noisy: Span | None
    """Where the noise first rises, and until when; None: it is there all along, or nowhere."""
    clicks_db: float | None
    """Speech over the mean power of clicks and knocks; None where there are none."""
    hum_db: float | None
    """How far a mains hum (50 or 60 Hz and harmonics) stands out of the noise; None where there is none to hear."""
    music: float | None
    """Share of the sample with music, 0 to 1; None: not measured."""
    background: float | None
    """How clean what is beside the voice is, 1 to 5 (BAK of ITU-T P.835, by DNSMOS); None: not measured."""
    speakers: Speakers | None
    """None: not measured."""
    waveform: Waveform


def to_json(measurement: Measurement) -> dict[str, Any]:
    """Return what json.dumps can write and `from_json` reads."""
    return asdict(measurement)


def from_json(content: dict[str, Any]) -> Measurement:
    """Return the measurement that `to_json` was given. Raises ValueError for anything else."""
    return cast("Measurement", _reader(Measurement)(content, "measurement"))


_Reader = Callable[[object, str], object]
"""Returns what was read of a value, or raises ValueError with its name."""


@cache
def _reader(wanted: Any) -> _Reader:
    """Return what reads values of a type. Made once for each: a plan of a thousand uploads reads a million values."""
    options = get_args(wanted)
    if NoneType in options:
        return _optional(_reader(options[0]))
    if get_origin(wanted) is tuple:
        return _items(options[0])
    if is_dataclass(wanted):
        return _fields(cast("type", wanted))
    return _finite if wanted is float else _plain(wanted)


def _optional(read: _Reader) -> _Reader:
    return lambda value, name: None if value is None else read(value, name)


def _items(wanted: Any) -> _Reader:
    read = _reader(wanted)

    def items(value: object, name: str) -> object:
        if not isinstance(value, list | tuple):
            raise _bad(value, name)
        if wanted is int and {int}.issuperset(map(type, value)):
            return tuple(value)
        return tuple(read(item, name) for item in value)

    return items


def _fields(wanted: type) -> _Reader:
    readers = {name: _reader(kind) for name, kind in get_type_hints(wanted).items()}

    def read(value: object, name: str) -> object:
        if not isinstance(value, dict):
            raise _bad(value, name)
        if value.keys() != readers.keys():
            raise ValueError(f"{name} has other fields: {', '.join(sorted(map(str, value.keys() ^ readers.keys())))}")
        return wanted(**{field: reader(value[field], field) for field, reader in readers.items()})

    return read


def _finite(value: object, name: str) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    raise _bad(value, name)


def _plain(wanted: type) -> _Reader:
    def read(value: object, name: str) -> object:
        if type(value) is wanted:
            return value
        raise _bad(value, name)

    return read


def _bad(value: object, name: str) -> ValueError:
    return ValueError(f"{name} is {value!r:.80}")
