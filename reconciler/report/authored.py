"""What `new` made: the files, what their recordings are like, and what to do next."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from reconciler.apply.inspection import Inspected
from reconciler.authoring.new_voice import NewVoice
from reconciler.desired.voice import LANG_CODES
from reconciler.errors import SampleError, Severity
from reconciler.report.marks import clock
from reconciler.report.paint import Paint, printable

_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}


def made_text(
    voices: Sequence[NewVoice], root: Path, paint: Paint, *, dry_run: bool, next_steps: bool, heard: bool = False
) -> str:
    """Return a line for each file, what was found in the recordings, and the steps that are left.

    `heard`: what the one recording is like was shown already.
    """
    lines = [line for voice in voices for line in _files(voice, root, paint, dry_run=dry_run)]
    if len(voices) > 1:
        lines += [line for voice in voices for line in _findings(voice, paint)]
        lines += ["", f"{len(voices)} voices {'would be made' if dry_run else 'made'}{_troubled(voices)}."]
    elif not heard:
        lines += ["", *_sample(voices[0], paint)]
    if next_steps and not dry_run:
        lines += ["", "Next:", *(f"  - {step}" for step in _steps(voices, root))]
    return "".join(f"{line}\n" for line in lines)


def sample_text(inspected: Inspected, name: str, paint: Paint) -> str:
    """Return what a recording is like, in a few lines."""
    return "".join(f"{line}\n" for line in _verdict(inspected, name, paint))


def _files(voice: NewVoice, root: Path, paint: Paint, *, dry_run: bool) -> Iterator[str]:
    place = voice.place
    would = "would be " if dry_run else ""
    yield f"{paint(f'{would}created', 'green')}  {printable(_relative(place.voice_file, root))}"
    if place.copies:
        yield f"{paint(f'{would}copied', 'green')}   {printable(_relative(place.sample, root))}"


def _sample(voice: NewVoice, paint: Paint) -> Iterator[str]:
    yield from _verdict(voice.inspected, voice.place.sample.name, paint)
    yield from _about_language(voice, paint)


def _verdict(inspected: Inspected, name: str, paint: Paint) -> Iterator[str]:
    measured = inspected.checked.result
    assert not isinstance(measured, SampleError)
    probe = measured.probe
    channels = {1: "mono", 2: "stereo"}.get(probe.channels, f"{probe.channels} channels")
    facts = f"{probe.container}, {channels}, {probe.sample_rate / 1000:g} kHz, {clock(probe.duration)}"
    well = "" if inspected.findings else f": {paint('ok', 'green', 'bold')}, nothing is wrong with what was checked"
    yield f"{paint(printable(name), 'bold')}: {facts}{well}"
    for finding in inspected.findings:
        word = paint(finding.severity.value, _COLOURS[finding.severity], "bold")
        yield f"  {word}: {printable(finding.message)} [{finding.rule}]"
        if finding.advice:
            yield f"      {printable(finding.advice)}"


def _findings(voice: NewVoice, paint: Paint) -> Iterator[str]:
    """Return what is wrong with one recording of many, on one line each."""
    for finding in voice.inspected.findings:
        word = paint(finding.severity.value, _COLOURS[finding.severity], "bold")
        yield f"{word}: {printable(voice.place.key)}: {printable(finding.message)} [{finding.rule}]"
    yield from _about_language(voice, paint)


def _about_language(voice: NewVoice, paint: Paint) -> Iterator[str]:
    code, said_by = voice.language.code, voice.language.said_by
    if said_by:
        yield f"{paint('language', 'bold')} of {printable(voice.place.key)}: {code}, as {said_by} says"
    word = paint("warning", "yellow", "bold")
    if voice.language.assumed:
        said = f'the language is assumed to be "{code}": neither the name nor the tags of the recording say'
        yield f"{word}: {printable(voice.place.key)}: {said}"
    if code not in LANG_CODES:
        yield f'{word}: {printable(voice.place.key)}: Palabra\'s documentation names no language "{printable(code)}"'


def _troubled(voices: Sequence[NewVoice]) -> str:
    counts = []
    for severity, word in ((Severity.ERROR, "error"), (Severity.WARNING, "warning")):
        count = sum(any(f.severity is severity for f in voice.inspected.findings) for voice in voices)
        if count:
            counts.append(f"{count} with {'an' if word[0] == 'e' else 'a'} {word} in the recording")
    return f", {', '.join(counts)}" if counts else ""


def _steps(voices: Sequence[NewVoice], root: Path) -> Iterator[str]:
    first = voices[0]
    if any(f.severity is Severity.ERROR for voice in voices for f in voice.inspected.findings):
        yield "an error keeps its recording from being uploaded: replace the file, and ask `voicectl validate`"
    if any(voice.language.assumed for voice in voices):
        yield "where another language is spoken, correct `lang_code` in the voice file; --lang says it from the start"
    if not (root / "voicectl.yaml").exists():
        yield "`voicectl init` adds what a repository of voices has: settings, schemas for editors, workflows"
    yield "try it, without an account: `voicectl --env local apply --yes`"
    yield f"its id, once it is ready: `voicectl --env local get {first.place.key}`"


def _relative(path: Path, root: Path) -> str:
    return Path(os.path.relpath(path, os.path.realpath(root))).as_posix()
