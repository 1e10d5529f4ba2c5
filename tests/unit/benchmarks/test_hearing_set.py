"""The labelled set says the truth: who speaks, in which part, how much noise there is, and what is broken."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import av
import numpy as np
import pytest

from benchmarks.hearing import damage, files
from benchmarks.hearing.cases import Person, single_voice_jobs, two_voice_jobs
from benchmarks.hearing.catalogue import LIST, Voice, packages_of, read_voices
from benchmarks.hearing.sounds import COLOURS, babble, noise
from benchmarks.hearing.speech import PEAK, RATE, Sound, active_rms

VOLUNTEERS = {"tuxpaint-stamps-default", "ktuberling-data"}
"""Packages whose speakers are not named in all languages, so that two of one language may be one person."""
SECONDS = 12


def chirps(seed: int, seconds: float = SECONDS) -> Sound:
    """Bursts and pauses, in place of speech."""
    rng = np.random.default_rng(seed)
    burst = rng.standard_normal(round(seconds * RATE)) * (np.arange(round(seconds * RATE)) // (RATE // 2) % 2)
    return (0.08 * burst).astype(np.float32)


def person(speaker: str, seed: int, *, sex: str = "f", floor: float = -50.0, language: str = "xx") -> Person:
    voice = Voice(speaker, sex, "tune", (language,), ("a-package",), ("MIT",), ())  # type: ignore[arg-type]
    return Person(voice, tuple(chirps(10 * seed + number) for number in range(2)), floor)


def test_nobody_speaks_in_both_parts() -> None:
    voices = read_voices(Path("nowhere"))

    assert {voice.split for voice in voices} == {"tune", "test"}
    assert len({voice.speaker for voice in voices}) == len(voices)
    for one, other in combinations(voices, 2):
        unnamed = VOLUNTEERS & set(one.packages) and VOLUNTEERS & set(other.packages)
        if unnamed and set(one.languages) & set(other.languages) and one.split != other.split:
            assert {one.sex, other.sex} == {"f", "m"}, f"{one.speaker} and {other.speaker} may be one person"


def test_both_parts_have_both_sexes_and_several_languages() -> None:
    for split in ("tune", "test"):
        some = [voice for voice in read_voices(Path("nowhere")) if voice.split == split]

        assert {"f", "m"} <= {voice.sex for voice in some}
        assert len({language for voice in some for language in voice.languages}) >= 5


def test_a_speaker_listed_in_both_parts_is_refused(tmp_path: Path) -> None:
    rows = LIST.read_text(encoding="utf-8").splitlines()
    bad = tmp_path / "voices.tsv"
    bad.write_text("\n".join([rows[0], rows[1], rows[1].replace("\ttune\t", "\ttest\t")]), encoding="utf-8")

    with pytest.raises(ValueError, match="allison is in two parts"):
        read_voices(tmp_path, bad)


def test_clips_are_found_by_their_patterns_and_tones_are_left_out(tmp_path: Path) -> None:
    folder = tmp_path / "asterisk-core-sounds-en-g722" / "usr"
    folder.mkdir(parents=True)
    for name in ("agent-pass.g722", "beep.g722", "zip-code.g722", "agent-pass.txt"):
        (folder / name).touch()

    allison = read_voices(tmp_path)[0]

    assert [clip.name for clip in allison.clips] == ["agent-pass.g722"]
    assert set(allison.packages) <= set(packages_of())


@pytest.mark.parametrize("kind", [*COLOURS, "babble"])
@pytest.mark.parametrize("snr", [5, 20])
def test_a_mixture_has_the_snr_it_says(kind: str, snr: int) -> None:
    speech = chirps(1)
    rng = np.random.default_rng(2)
    other = babble([chirps(3), chirps(4)], len(speech)) if kind == "babble" else noise(kind, len(speech), rng)

    mixed = damage.add(speech, other, snr).astype(np.float64)

    basis = np.stack([speech, other], axis=1).astype(np.float64)
    (voice_gain, noise_gain), *_ = np.linalg.lstsq(basis, mixed, rcond=None)
    level = 20 * np.log10(voice_gain * active_rms(speech) / (noise_gain * np.sqrt(np.mean(other**2))))
    assert level == pytest.approx(snr, abs=0.05)
    assert np.abs(mixed).max() <= PEAK + 1e-6


@pytest.mark.parametrize("percent", [0.1, 0.5, 5.0])
def test_as_many_samples_are_clipped_as_it_says(percent: float) -> None:
    clipped = damage.clip(chirps(1), percent / 100, ceiling=0.7)

    assert np.mean(np.abs(clipped) >= 0.7 - 1e-6) == pytest.approx(percent / 100, rel=0.02)


def test_the_second_speaker_is_where_the_label_says() -> None:
    one, other = np.full(SECONDS * RATE, 0.1, np.float32), np.full(SECONDS * RATE, -0.1, np.float32)

    turns = damage.take_turns(one, other, 5) < 0
    inserted = damage.insert(one, other, 2, at=7) < 0

    assert [bool(turns[round(second * RATE)]) for second in (2.5, 7.5, 11)] == [False, True, False]
    assert inserted.mean() * SECONDS == pytest.approx(2, abs=0.02)
    assert inserted[round(8 * RATE)]
    assert not inserted[round(6.9 * RATE)]
    assert not inserted[round(9.1 * RATE)]


def test_each_case_has_its_own_name_and_says_what_is_expected() -> None:
    people = [person("ann", 1), person("bob", 2, sex="m"), person("cy", 3, sex="?"), person("di", 4, floor=-20)]

    jobs = [*single_voice_jobs(people, [chirps(9)]), *two_voice_jobs(people)]
    cases = [job.case for job in jobs]

    assert len({case.name for case in cases}) == len(cases)
    assert all((len(case.speakers) == 2) == (case.group == "speakers") for case in cases)
    assert all(len(set(case.speakers)) == len(case.speakers) for case in cases)
    assert {case.group for case in cases if not case.expected} == {"clean", "encoding", "change", "home"}
    assert {case.relation for case in cases} == {"", "same sex", "other sex", "unknown"}
    noisy = [case for case in cases if case.group in ("noise", "music", "clean", "encoding")]
    assert "di" not in {speaker for case in noisy for speaker in case.speakers}
    assert len(jobs[0].make()) == SECONDS * RATE


def test_volunteers_of_one_language_are_never_paired() -> None:
    people = [person(f"p{number}", number, language="ca") for number in range(4)]
    volunteers = [
        Person(
            Voice(one.voice.speaker, "f", "tune", ("ca",), ("ktuberling-data",), ("GPL-2+",), ()), one.recordings, -50.0
        )
        for one in people
    ]

    assert list(two_voice_jobs(people))
    assert not list(two_voice_jobs(volunteers))


@pytest.mark.parametrize("encoding", files.FORMATS, ids=lambda encoding: encoding.name)
def test_an_encoding_keeps_the_length_and_is_what_it_says(encoding: files.Encoding, tmp_path: Path) -> None:
    path = tmp_path / f"x.{encoding.suffix}"
    files.write(chirps(1, 3), path, encoding)

    with av.open(path) as container:
        stream = container.streams.audio[0]
        seconds = sum(frame.samples / frame.sample_rate for frame in container.decode(stream))
        name = stream.codec_context.name
    assert seconds == pytest.approx(3, abs=0.15)
    assert name.removesuffix("float") in (
        encoding.codec.removeprefix("lib").removesuffix("lame"),
        "mp3",
        encoding.codec,
    )


def test_broken_files_are_all_different_and_named_for_their_fault(tmp_path: Path) -> None:
    broken = files.write_broken(chirps(1, 40), tmp_path)

    assert sorted(broken) == sorted(tmp_path.iterdir())
    assert len({path.read_bytes() for path in broken}) > len(broken) - 2
    assert all(broken.values())
