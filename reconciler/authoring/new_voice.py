"""Making voices from recordings: looked at first, and then written all or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from reconciler.apply.inspection import Inspected, inspect
from reconciler.apply.sample_checks import OnChecked
from reconciler.apply.workspace import Workspace
from reconciler.authoring.draft import Draft, check, propose_name, render
from reconciler.authoring.language import ASSUMED, Language, of_recording
from reconciler.authoring.place import Place, Places
from reconciler.desired.identity import read_identity
from reconciler.errors import SampleError, UsageError, VoicectlError


@dataclass(frozen=True, slots=True)
class Wanted:
    """A voice that somebody wants to have."""

    key: str
    sample: Path
    """Absolute."""


@dataclass(frozen=True, slots=True)
class Looked:
    """A recording that can become a voice, and where."""

    place: Place
    inspected: Inspected


@dataclass(frozen=True, slots=True)
class NewVoice:
    """A voice that is ready to be written."""

    place: Place
    inspected: Inspected
    text: str
    """Of the voice file."""
    language: Language


def look(
    workspace: Workspace, wanted: Sequence[Wanted], on_checked: OnChecked | None = None
) -> list[Looked | VoicectlError]:
    """Say for each voice where it goes and what its recording is like, or why it cannot be made.

    Findings about the sound are no reason; a file that is missing, no audio, or of no format that is accepted is one.
    """
    places = Places(workspace.project)
    found: list[Place | VoicectlError] = []
    for each in wanted:
        try:
            found.append(places.find(each.key, each.sample))
        except VoicectlError as error:
            found.append(error)
    files = list(dict.fromkeys(str(place.source) for place in found if isinstance(place, Place)))
    inspection = inspect(workspace, files, workspace.root, on_checked)
    samples = {each.file: each for each in inspection.samples}
    missing = {error.where: error for error in inspection.missing}
    return [each if isinstance(each, VoicectlError) else _looked(each, samples, missing) for each in found]


def _looked(place: Place, samples: dict[str, Inspected], missing: dict[str, SampleError]) -> Looked | VoicectlError:
    file = str(place.source)
    if file in missing:
        return missing[file]
    error = samples[file].checked.result
    return error if isinstance(error, SampleError) else Looked(place, samples[file])


def drafted(root: Path, looked: Looked, draft: Draft) -> NewVoice:
    """Return the voice with the text of its file; the key proposes its name, the recording its language.

    Raises UsageError where a recording says two languages, and for a value that no voice file may have.
    """
    place = looked.place
    said = Language(draft.lang_code.lower(), "") if draft.lang_code is not None else None
    language = said or of_recording(place.source) or ASSUMED
    name = draft.name if draft.name is not None else propose_name(place.key)
    complete = replace(draft, name=name, lang_code=language.code)
    text = render(complete, file=place.file, schema=place.schema(root))
    for wrong in check(text):
        raise UsageError(wrong.summary, fix=wrong.detail)
    return NewVoice(place, looked.inspected, text, language)


def write_voices(voices: Sequence[NewVoice]) -> None:
    """Write voice files, and copy recordings beside them: all, or none.

    Nothing is overwritten. Raises VoicectlError where the disk refuses, or a recording changes on the way.
    """
    with _undone_on_error() as made:
        for voice in voices:
            _make_folders(voice.place.voice_file.parent, made)
            if voice.place.copies:
                _copy(voice, made)
            with voice.place.voice_file.open("x", encoding="utf-8", newline="\n") as file:
                made.append(voice.place.voice_file)
                file.write(voice.text)


@contextmanager
def _undone_on_error() -> Iterator[list[Path]]:
    """Remove what was made, newest first, when it cannot be completed; a Ctrl-C is such a case."""
    made: list[Path] = []
    try:
        yield made
    except BaseException as error:
        for path in reversed(made):
            with suppress(OSError):
                path.rmdir() if path.is_dir() else path.unlink()
        if isinstance(error, OSError):
            why, where = error.strerror or str(error), str(error.filename or "")
            raise VoicectlError("Cannot write the voice", where=where, why=why, fix="nothing was written") from error
        raise


def _make_folders(folder: Path, made: list[Path]) -> None:
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    for each in reversed(missing):
        each.mkdir()
        made.append(each)


def _copy(voice: NewVoice, made: list[Path]) -> None:
    with voice.place.source.open("rb") as source, voice.place.sample.open("xb") as target:
        made.append(voice.place.sample)
        shutil.copyfileobj(source, target, 1 << 20)
    if read_identity(voice.place.sample).sha256 != voice.inspected.identity.sha256:
        raise SampleError(
            "sample.changing",
            f"{voice.place.source.name} is being written to",
            where=str(voice.place.source),
            why="it changed while it was copied",
            fix="run again when it is complete",
        )
