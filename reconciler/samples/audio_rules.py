"""What makes a voice hard to clone, judged on a measurement: clear cases are errors, likely ones warnings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import or_
from types import MappingProxyType
from typing import Final

from reconciler.errors import Severity
from reconciler.samples.finding import Finding, NotChecked
from reconciler.samples.measurement import Measurement, Span
from reconciler.samples.settings import AS_BUILT_IN, Rule, Settings, limits_of, severity_of


@dataclass(frozen=True, slots=True)
class Seen:
    """What a rule sees in a measurement: a value to hold against its limits, and the words if it is bad."""

    value: float
    message: str
    advice: str
    span: Span | None = None
    """Where; None: everywhere."""
    sure: bool = True
    """False: it is likely at most, and so an error only for who asks for errors."""


_SURELY_CLIPPED: Final = 0.001
"""Share of samples in runs at the peak from which nothing else needs to be told of clipping."""

_STEADY: Final = 3.0
"""dB of speech over noise. What rises no higher is one steady sound, be it a tone, an engine, or a voice under noise
of its own strength: which of them, no detector tells for sure."""

Look = Callable[[Measurement], Seen | NotChecked | None]
"""None: the rule does not apply to this sample."""


_NO_SPEECH: Final = "no speech was found"


def _noise(measured: Measurement) -> Seen | NotChecked:
    if not measured.speech:
        return NotChecked("audio.noise", _NO_SPEECH)
    if measured.snr_db is None:
        return NotChecked("audio.noise", "there is no pause in the speech to hear the noise in")
    span = measured.noisy
    place = f", most of it from {clock(span.start)} to {clock(span.end)}" if span else ""
    return Seen(
        measured.snr_db,
        f"the background noise is only {measured.snr_db:.1f} dB below the voice{place}",
        "record in a quieter place, closer to the microphone; or set denoise: true",
        span,
        sure=not _is_steady(measured),
    )


def _clipping(measured: Measurement) -> Seen:
    seconds = sum(span.end - span.start for span in measured.clipped)
    first = measured.clipped[0] if measured.clipped else None
    place = f", within {seconds:.1f} s, first at {clock(first.start)}" if first else ""
    advice = "lower the gain by 6 dB and record again; clipping cannot be undone"
    if clipped_share(measured) > measured.clipping:
        return Seen(
            measured.piled * 100,
            f"{measured.piled:.1%} of the samples pile up at one level, as after clipping or a hard limiter{place}",
            advice,
            first,
            sure=False,
        )
    return Seen(measured.clipping * 100, f"{measured.clipping:.2%} of the samples are clipped{place}", advice, first)


def clipped_share(measured: Measurement) -> float:
    """Return the share of samples, 0 to 1, that the rule of clipping looks at: cut off, or piled up by an encoder."""
    surely = measured.clipping >= _SURELY_CLIPPED
    return measured.clipping if surely else max(measured.clipping, measured.piled)


def _level(measured: Measurement) -> Seen | NotChecked | None:
    if not measured.speech:
        return NotChecked("audio.level", _NO_SPEECH)
    if measured.loudness_lufs is None:
        return None
    return Seen(
        measured.loudness_lufs,
        f"the sample is very quiet, {measured.loudness_lufs:.1f} LUFS",
        "record closer to the microphone or with more gain; or set speech_normalization: true",
    )


def _offset(measured: Measurement) -> Seen:
    return Seen(
        abs(measured.dc_offset) * 100,
        f"the waveform is shifted by {abs(measured.dc_offset):.1%} of full scale",
        "remove the DC offset: ffmpeg -i IN -af highpass=f=20 OUT",
    )


def _clicks(measured: Measurement) -> Seen | NotChecked | None:
    if not measured.speech:
        return NotChecked("audio.clicks", _NO_SPEECH)
    if measured.clicks_db is None:
        return None
    return Seen(
        measured.clicks_db,
        f"clicks or knocks are only {measured.clicks_db:.1f} dB below the voice",
        "cut them out, or record again without touching desk, keys and microphone; or set denoise: true",
    )


def _hum(measured: Measurement) -> Seen | None:
    if measured.hum_db is None:
        return None
    return Seen(
        measured.hum_db,
        f"a mains hum stands {measured.hum_db:.0f} dB out of the noise",
        "find the ground loop or the bad cable and record again; or set denoise: true",
    )


def _silence(measured: Measurement) -> Seen | None:
    if not measured.speech or _is_steady(measured) or _is_silent(measured):
        return None  # said by its own finding
    return Seen(
        measured.speech_seconds,
        f"only {measured.speech_seconds:.1f} s of {measured.probe.duration:.1f} s are speech",
        "use a recording in which the voice speaks for at least 30 s",
    )


def _music(measured: Measurement) -> Seen | NotChecked:
    if measured.music is None:
        return NotChecked("audio.music", "needs the extra 'noise'")
    return Seen(
        measured.music * 100,
        f"there is music in {measured.music:.0%} of the sample",
        "use a recording of the voice alone",
    )


def _background(measured: Measurement) -> Seen | NotChecked:
    if measured.background is None:
        return NotChecked("audio.background", "needs the extra 'noise'")
    return Seen(
        measured.background,
        f"listeners would rate the background {measured.background:.1f} of 5",
        "record in a quieter place with soft walls, closer to the microphone; or set denoise: true",
    )


def _speakers(measured: Measurement) -> Seen | NotChecked:
    if not measured.speech:
        return NotChecked("audio.speakers", _NO_SPEECH)
    if measured.speakers is None:
        return NotChecked("audio.speakers", "voices were not compared")
    second = measured.speakers.second
    place = f", first at {clock(second[0].start)}" if second else ""
    return Seen(
        measured.speakers.second_voice,
        f"a second voice seems to speak for {sum(s.end - s.start for s in second):.1f} s{place}",
        "cut the other voice out, or use a recording in which one person speaks alone",
        second[0] if second else None,
        sure=not _is_steady(measured),
    )


_LOOKS: Final[tuple[tuple[Rule, Look], ...]] = (
    (Rule("audio.noise", "the voice's level over the noise around it", "dB", "below", 26.0, 12.0), _noise),
    (Rule("audio.clipping", "samples that are cut off at a ceiling", "%", "above", 0.1, 1.0), _clipping),
    (Rule("audio.silence", "how long there is speech, by voice activity", "s", "below", 15.0), _silence),
    (Rule("audio.level", "integrated loudness (ITU-R BS.1770)", "LUFS", "below", -40.0), _level),
    (Rule("audio.offset", "the mean of the waveform, which should be 0", "%", "above", 2.0), _offset),
    (Rule("audio.clicks", "the voice's level over that of clicks and knocks", "dB", "below", 27.0), _clicks),
    (Rule("audio.hum", "mains hum over the noise beside it", "dB", "above", 15.0), _hum),
    (Rule("audio.music", "how much of the sample has music", "%", "above", 5.0, 20.0), _music),
    (
        Rule("audio.background", "how clean listeners would rate the background, 1 to 5", None, "below", 3.0),
        _background,
    ),
    (Rule("audio.speakers", "how sure it is that a second voice speaks, 0 to 1", None, "above", 0.5, 0.9), _speakers),
)

AUDIO_RULES: Final[Mapping[str, Rule]] = MappingProxyType({rule.id: rule for rule, _ in _LOOKS})

_SILENT_DBFS: Final = -60.0
"""A sample whose highest peak is below this is near digital silence: the recording failed."""
_MOMENT: Final = 0.05
"""Of a sample: with sound in no more of it than this, it is silent too."""


def audio_rules(measured: Measurement, settings: Settings) -> tuple[Finding, ...]:
    """Return what is wrong with the sound, in the order of the rules."""
    found = []
    for rule, look in _LOOKS:
        setting = settings.get(rule.id, AS_BUILT_IN)
        seen = look(measured)
        if setting.off or not isinstance(seen, Seen):
            continue
        if passed := limits_of(rule, setting).passed_by(seen.value):
            severity, limit = passed
            if not seen.sure and setting == AS_BUILT_IN:
                severity = Severity.WARNING
            start, end = (seen.span.start, seen.span.end) if seen.span else (None, None)
            found.append(
                Finding(rule.id, severity, seen.message, seen.advice, seen.value, limit, rule.unit, start, end)
            )
    return (*_no_voice(measured, settings), *found)


def not_checked(measured: Measurement, settings: Settings) -> tuple[NotChecked, ...]:
    """Return the rules that could not be applied to this sample, and why; without those that are off."""
    looked = (look(measured) for rule, look in _LOOKS if not settings.get(rule.id, AS_BUILT_IN).off)
    return tuple(seen for seen in looked if isinstance(seen, NotChecked))


def unheard(settings: Settings) -> tuple[NotChecked, ...]:
    """Return the rules that a file without any sound to measure was not held against; without those that are off."""
    reason = "no audio could be read"
    return tuple(NotChecked(rule, reason) for rule in AUDIO_RULES if not settings.get(rule, AS_BUILT_IN).off)


def _no_voice(measured: Measurement, settings: Settings) -> tuple[Finding, ...]:
    """Nobody to hear: clear for digital silence, likely for anything else, as the detector may be wrong."""
    if measured.speech and not _is_steady(measured) and not _is_silent(measured):
        return ()
    built_in = Severity.WARNING
    message, advice = "no speech was found in the sample", "listen to it: there may be no voice in it to clone"
    if _is_silent(measured):
        built_in, message = Severity.ERROR, "the sample is silent"
        advice = "check the microphone and the file: there is no voice in it to clone"
    elif measured.speech:
        message = "no voice stands out of a steady sound"
        advice = "listen to it: there may be no voice in it to clone, or the noise is as loud as the voice"
    severity = severity_of(built_in, settings.get("audio.silence", AS_BUILT_IN))
    if severity is None:
        return ()
    return (Finding("audio.silence", severity, message, advice, 0.0, AUDIO_RULES["audio.silence"].warning, "s"),)


def _is_silent(measured: Measurement) -> bool:
    """Digital silence, all along or but for a moment, as a copy that was cut and filled with zeros has it."""
    if measured.peak_dbfs is None or measured.peak_dbfs < _SILENT_DBFS:
        return True
    columns = list(map(or_, measured.waveform.low, measured.waveform.high))
    return len(columns) - columns.count(0) <= len(columns) * _MOMENT


def _is_steady(measured: Measurement) -> bool:
    return measured.snr_db is not None and measured.snr_db < _STEADY


def clock(seconds: float) -> str:
    """Return a place in the sample as players show it, mm:ss."""
    return f"{int(seconds) // 60:02}:{int(seconds) % 60:02}"
