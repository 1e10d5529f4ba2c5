"""Where a new voice goes: its file, and its recording."""

from __future__ import annotations

import os
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from reconciler.authoring.keys import ENDINGS
from reconciler.desired.load import find_voices
from reconciler.desired.project import Project
from reconciler.desired.root import find_repository
from reconciler.desired.voice import unfit_for_key
from reconciler.errors import UsageError, VoicectlError

SCHEMA: Final = "schemas/voice.schema.json"
"""Where `voicectl init` writes it, relative to the project's root."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where one voice goes."""

    key: str
    voice_file: Path
    """Absolute; nothing is there."""
    sample: Path
    """Absolute; where the recording will be."""
    source: Path
    """Absolute; where the recording is."""

    @property
    def copies(self) -> bool:
        """Whether the recording has to be copied."""
        return self.sample != self.source

    @property
    def file(self) -> str:
        """The recording as the voice file names it."""
        return Path(os.path.relpath(self.sample, self.voice_file.parent)).as_posix()

    def schema(self, root: Path) -> str:
        """Return the schema as the voice file names it."""
        return Path(os.path.relpath(root / SCHEMA, self.voice_file.parent)).as_posix()


def checked_key(key: str) -> str:
    """Return a key in the form in which it is compared. Raises UsageError for one that no file can have."""
    key = unicodedata.normalize("NFC", key)
    parts = key.split("/")
    wrong = unfit_for_key(key)
    if wrong is not None:
        what = f"it has the character U+{ord(wrong):04X}" if not wrong.isprintable() else f"it has `{wrong}`"
    elif not all(parts):
        what = "it has an empty part" if key else "it is empty"
    elif any(part.startswith(".") for part in parts):
        what = "a part that begins with a dot is a hidden file, which is not read"
    elif len(parts) > 1 and parts[-1] == "voice":
        what = f"a last part `voice` is dropped: its key would be `{'/'.join(parts[:-1])}`"
    elif key.lower().endswith(ENDINGS):
        what = f"it is not a file's name: write `{key.rpartition('.')[0]}`"
    else:
        return key
    fix = "a key is a path below the voices folder, such as `anna` or `support/anna`"
    raise UsageError(f"{key!r} cannot be a key", why=what, fix=fix)


class Places:
    """The voices folder of a project, with the voice files that are there already."""

    def __init__(self, project: Project) -> None:
        self._root = project.root
        self._folder = project.root / project.voices_dir
        self._voices_dir = project.voices_dir
        self._repository = find_repository(project.root)
        self._declared = {file.key: file.filename for file in find_voices(project).files}

    def find(self, key: str, sample: Path) -> Place:
        """Return where the voice `key` goes, made from the recording `sample`, an absolute path.

        A recording below the voices folder stays where it is; another one is copied beside the voice file.
        Raises UsageError for a key that cannot be one, VoicectlError where something is in the way.
        """
        key = checked_key(key)
        if key in self._declared:
            raise _taken(f"There is a voice `{key}` already", self._declared[key])
        source = Path(os.path.realpath(sample.parent)) / sample.name
        folder = Path(os.path.realpath(self._folder))
        if source.is_relative_to(folder) and source.resolve().is_relative_to(self._repository):
            in_folder = source.parent.relative_to(folder) / key.rpartition("/")[2]
            beside = in_folder.as_posix() == key
            voice_file = folder / (f"{key}.yaml" if beside else f"{key}/voice.yaml")
            target = source
        else:
            voice_file = folder / key / "voice.yaml"
            target = voice_file.parent / _fit(source.name)
            if os.path.lexists(target):
                raise _taken(f"There is a file {target.name} already", self._named(target))
        if os.path.lexists(voice_file):
            raise _taken("The voice file is there already", self._named(voice_file))
        if not voice_file.parent.resolve().is_relative_to(self._repository):
            raise VoicectlError(f"`{key}` would be outside of the repository", where=str(voice_file.parent.resolve()))
        return Place(key, voice_file, target, source)

    def _named(self, path: Path) -> str:
        below = path.relative_to(os.path.realpath(self._folder))
        return f"{self._voices_dir}/{below.as_posix()}"


def _fit(name: str) -> str:
    """Return a recording's name as it can stand in a voice file, with an ending that .gitattributes knows."""
    name = unicodedata.normalize("NFC", name)
    name = Path(name).stem + Path(name).suffix.lower() if Path(name).suffix else name
    plain = name.isprintable() and name == name.strip() and not name.startswith(".")
    return name if plain and not name.lower().endswith(ENDINGS) else f"recording{Path(name.strip()).suffix}"


def _taken(what: str, where: str) -> VoicectlError:
    return VoicectlError(what, where=where, why="nothing that is there is overwritten", fix="choose another key")
