"""One voice is one voice, two are two, and it says where."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from mixing import RATE, coloured, pcm, voice

from reconciler.samples.listener import Sound
from reconciler.samples.measurement import Span, Speakers
from reconciler.samples.speakers.detect import find_speakers
from reconciler.samples.speakers.groups import split_in_two
from reconciler.samples.speakers.weights import Array
from reconciler.samples.spectrum import lacks_bass, measure_bands
from reconciler.samples.voice_activity import spans_of, speech_frames

ENGLISH, RUSSIAN, FRENCH = "narrator/narrator.mp3", "announcer.wav", "support/french.flac"
SPANISH, ITALIAN = "support/spanish.webm", "tour-guide/tour-guide.mp4"


def person(name: str, start: float = 0, end: float = 60) -> Array:
    """Return seconds of a sample of the repository, each as loud as the others."""
    sound = voice(name)[int(start * RATE) : int(end * RATE)].astype(np.float32)
    return sound * np.float32(0.1 / np.sqrt(np.square(sound).mean()))


def heard(sound: Array) -> Speakers:
    samples = pcm(sound)
    return find_speakers(samples, spans_of(speech_frames(samples)))


@pytest.mark.parametrize("name", [ENGLISH, RUSSIAN, FRENCH, SPANISH, ITALIAN])
def test_one_voice_is_not_suspected(name: str) -> None:
    found = heard(person(name))

    assert found.second_voice < 0.2
    assert found.similarity is not None
    assert found.similarity > 0.45
    assert found.second == ()


def test_one_voice_stays_one_when_it_moves_away_from_the_microphone() -> None:
    sound = person(ENGLISH, 0, 40)
    sound[20 * RATE :] *= 0.25

    assert heard(sound).second_voice < 0.5


def test_one_voice_stays_one_in_noise() -> None:
    sound = person(RUSSIAN)
    noise = coloured(len(sound), 1).astype(np.float32)

    assert heard(sound + 0.01 * noise / noise.std()).second_voice < 0.5


@pytest.mark.parametrize(("host", "guest"), [(RUSSIAN, ITALIAN), (RUSSIAN, FRENCH), (ITALIAN, RUSSIAN)])
def test_five_seconds_of_another_voice_are_found(host: str, guest: str) -> None:
    sound = person(host)
    sound = np.concatenate([sound[: 15 * RATE], person(guest, 8, 13), sound[15 * RATE :]])

    found = heard(sound)

    assert found.second_voice > 0.9
    assert found.similarity is not None
    assert found.similarity < 0.3
    (span,) = found.second
    assert 13 < span.start < 17
    assert 18 < span.end < 22


def test_two_voices_in_turns_are_found() -> None:
    turns = [person(name, at, at + 5) for at in (0, 5, 10, 15) for name in (ENGLISH, ITALIAN)]

    found = heard(np.concatenate(turns))

    assert found.second_voice > 0.9
    heard_in = sum(span.end - span.start for span in found.second)
    assert 10 < heard_in < 25


def test_a_voice_in_the_background_is_found() -> None:
    """It never speaks alone, so only the overlap tells."""
    sound, behind = person(ENGLISH, 0, 30), person(ITALIAN, 0, 30)

    found = heard(sound + 0.4 * behind)

    assert found.overlap > 0.1
    assert found.second_voice > 0.9
    assert found.second


def test_the_same_sound_gives_the_same_answer() -> None:
    sound = person(FRENCH, 0, 20)

    assert heard(sound) == heard(sound.copy())


@pytest.mark.parametrize(
    ("sound", "speech"),
    [
        pytest.param(np.zeros(0, np.int16), (), id="nothing"),
        pytest.param(np.zeros(100, np.int16), (Span(0, 0.006),), id="shorter-than-a-frame"),
        pytest.param(np.zeros(30 * RATE, np.int16), (), id="silence"),
        pytest.param(pcm(coloured(30 * RATE, 0) * 0.1), (), id="noise"),
    ],
)
def test_without_speech_there_is_nobody(sound: Sound, speech: tuple[Span, ...]) -> None:
    found = find_speakers(sound, speech)

    assert found.similarity is None
    assert found.second_voice == 0
    assert found.second == ()


@pytest.mark.parametrize("seconds", [0.3, 2, 4.5])
def test_too_little_speech_is_not_judged(seconds: float) -> None:
    sound = pcm(person(ENGLISH, 1, 1 + seconds))

    assert find_speakers(sound, [Span(0, seconds)]).similarity is None


def test_speech_all_alike_does_not_break_it() -> None:
    """Digital silence that is called speech: every window is the same."""
    found = find_speakers(np.zeros(30 * RATE, np.int16), [Span(0, 30)])

    assert found.second_voice < 0.5


def test_half_an_hour_costs_no_more_memory_than_some_minutes() -> None:
    sound = np.resize(pcm(person(ITALIAN)), 30 * 60 * RATE)
    tracemalloc.start()

    found = find_speakers(sound, [Span(0, 30 * 60)])

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found.similarity is not None
    assert peak < 120e6


def test_two_bundles_are_split_whatever_their_order() -> None:
    chance = np.random.default_rng(3)
    centres = np.eye(2, 24)[[0] * 7 + [1] * 3]
    vectors = centres + 0.05 * chance.standard_normal((10, 24))
    vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    order = chance.permutation(10)

    similarity, smaller = split_in_two(vectors[order].astype(np.float32))

    assert abs(similarity) < 0.15
    assert sorted(order[smaller]) == [7, 8, 9]


def test_what_cannot_be_split_is_one() -> None:
    similarity, smaller = split_in_two(np.full((3, 4), 0.5, np.float32))

    assert similarity == 1
    assert not smaller.any()


def telephone(sound: Array) -> Array:
    spectrum = np.fft.rfft(sound)
    hertz = np.fft.rfftfreq(len(sound), 1 / RATE)
    spectrum[(hertz < 300) | (hertz > 3400)] = 0
    return np.fft.irfft(spectrum, len(sound)).astype(np.float32)


def test_in_the_band_of_a_telephone_two_at_once_are_likely_at_most() -> None:
    """There, the model hears a second person in many a voice that speaks alone."""
    sound = person(RUSSIAN)[: 30 * RATE]
    both = sound + 0.4 * np.resize(person(ITALIAN), len(sound))
    wide, narrow = pcm(both), pcm(telephone(both))
    is_narrow = [lacks_bass(measure_bands(samples), speech_frames(samples)) for samples in (wide, narrow)]

    found = find_speakers(narrow, spans_of(speech_frames(narrow)), telephone=True)

    assert is_narrow == [False, True]
    assert 0.5 < found.second_voice < 0.9
    assert found.second
