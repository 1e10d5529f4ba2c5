"""Makes the files of one part of the set; the same ones each time."""

from __future__ import annotations

import csv
import multiprocessing
import shutil
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

from benchmarks.hearing.cases import Case, Job, Person, single_voice_jobs, split_of, two_voice_jobs
from benchmarks.hearing.catalogue import Split, read_voices
from benchmarks.hearing.fetch import MUSIC_PACKAGE
from benchmarks.hearing.files import write, write_broken
from benchmarks.hearing.speech import Sound, decode, recordings

SECONDS = 40
"""Of each recording."""
RECORDINGS = 3
"""Of each voice, where there is enough of it."""

_jobs: list[Job] = []
"""What the forked workers take their work from."""


def build(data: Path, split: Split, workers: int) -> int:
    """Make the files of one part and their list; return how many there are."""
    folder = data / "set" / split
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    packages = data / "packages"
    people = gather(packages, split)
    music = [decode(path)[: SECONDS * 24_000] for path in sorted((packages / MUSIC_PACKAGE).glob("**/*.g722"))]
    _jobs[:] = [*single_voice_jobs(people, music), *two_voice_jobs(people)]
    with multiprocessing.get_context("fork").Pool(workers) as pool:
        paths = pool.starmap(_make, ((number, folder) for number in range(len(_jobs))), chunksize=8)
    rows = [(path, job.case) for path, job in zip(paths, _jobs, strict=True)]
    (folder / "broken").mkdir()
    for path, fault in write_broken(people[0].recordings[0], folder / "broken").items():
        rows.append((path, Case(path.name, "broken", fault, "", (), "", ("any error",))))
    _write_list(folder, rows)
    return len(rows)


def gather(packages: Path, split: Split) -> list[Person]:
    """Return the people of one part who speak long enough."""
    people = []
    for voice in split_of(read_voices(packages), split):
        sounds, floor = recordings(voice, SECONDS, RECORDINGS)
        if sounds:
            people.append(Person(voice, tuple(sounds), floor))
        print(f"{voice.speaker:18} {len(sounds)} recordings, own noise {floor:.0f} dB")
    return people


def read_list(data: Path, split: Split) -> list[tuple[Path, Case]]:
    """Return the files that were built, with their labels."""
    folder = data / "set" / split
    with (folder / "list.tsv").open(encoding="utf-8", newline="") as file:
        return [(folder / row.pop("file"), _case(row)) for row in csv.DictReader(file, delimiter="\t")]


def _make(number: int, folder: Path) -> Path:
    job = _jobs[number]
    path = folder / job.case.group / f"{job.case.name}.{job.encoding.suffix}"
    path.parent.mkdir(exist_ok=True)
    sound: Sound = job.make()
    write(sound, path, job.encoding)
    return path


def _write_list(folder: Path, rows: Sequence[tuple[Path, Case]]) -> None:
    names = [field.name for field in fields(Case)]
    with (folder / "list.tsv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter="\t", lineterminator="\n")
        writer.writerow(["file", *names])
        for path, case in rows:
            values = [getattr(case, name) for name in names]
            cells = [" ".join(value) if isinstance(value, tuple) else value for value in values]
            writer.writerow([path.relative_to(folder).as_posix(), *cells])


def _case(row: dict[str, str]) -> Case:
    expected = ("any error",) if row["expected"] == "any error" else tuple(row["expected"].split())
    return Case(
        row["name"], row["group"], row["kind"], row["level"], tuple(row["speakers"].split()), row["relation"], expected
    )
