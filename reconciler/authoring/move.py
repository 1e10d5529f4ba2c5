"""Moving a voice to another key: which files go where, and what is written into them. Nothing is changed here."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reconciler.authoring.edit import moved_voice, renamed_overrides
from reconciler.authoring.place import checked_key
from reconciler.desired.load import find_voices, load_voices
from reconciler.desired.project import Project
from reconciler.desired.root import FILENAME
from reconciler.desired.voice import VoiceSpec
from reconciler.desired.yaml_source import parse
from reconciler.errors import VoicectlError
from reconciler.suggest import suggest


@dataclass(frozen=True, slots=True)
class Rename:
    """A file or a folder that gets another path. Both are absolute."""

    source: Path
    target: Path


@dataclass(frozen=True, slots=True)
class Move:
    """What is to be done."""

    old: str
    new: str
    renames: tuple[Rename, ...]
    texts: Mapping[Path, bytes]
    """What files hold afterwards, by their path then."""
    samples: Mapping[str, str]
    """Recordings as state documents name them, relative to the root: from where to where."""


def plan_move(project: Project, old: str, new: str) -> Move:
    """Return how the voice `old` gets the key `new`.

    Raises UsageError for a key that cannot be one, VoicectlError for a voice that is not there, and where something
    is in the way.
    """
    new = checked_key(new)
    return _Planner(project, old, new).move()


class _Planner:
    def __init__(self, project: Project, old: str, new: str) -> None:
        self._project = project
        self._folder = project.root / project.voices_dir
        self._old, self._new = old, new
        self._files = {file.key: Path(file.path) for file in find_voices(project).files}
        self._voices = [load_voices(project, name) for name in project.environments]
        self._file = self._checked()
        self._base = self._file.parent
        self._has_folder = self._file.stem == "voice" and self._base != self._folder
        """Its file is `KEY/voice.yaml`, and not `KEY.yaml`."""

    def _checked(self) -> Path:
        broken = set().union(*(voices.broken for voices in self._voices))
        if self._old in broken:
            fix = "`voicectl validate` says what is wrong with it"
            raise VoicectlError(f"The voice file of `{self._old}` is broken", where=self._shown_old(), fix=fix)
        if not any(self._old in voices.specs for voices in self._voices):
            near = suggest(self._old, self._files)
            fix = f"did you mean `{near}`?" if near else "a voice is named by its path below the voices folder"
            raise VoicectlError(f"There is no voice `{self._old}`", fix=fix)
        if self._new in self._files:
            raise VoicectlError(f"There is a voice `{self._new}` already", where=self._shown(self._files[self._new]))
        claimed = next((s for s in self._specs() if self._new in s.previously and s.key != self._old), None)
        if claimed is not None:
            why = f"`{claimed.key}` says that it was declared under that key, which would be declared again"
            fix = "take the key out of its `previously` once every environment is applied"
            raise VoicectlError(
                f"`{self._new}` is an old key of another voice", where=claimed.source.filename, why=why, fix=fix
            )
        return Path(next(v.specs[self._old] for v in self._voices if self._old in v.specs).source.path)

    def move(self) -> Move:
        renames = self._folder_rename() or self._file_renames()
        for rename in renames:
            if os.path.lexists(rename.target):
                raise VoicectlError(
                    "Something is in the way", where=self._shown(rename.target), fix="choose another key"
                )
        target = _after(renames, self._file)
        texts = {target: self._text(renames, target)}
        settings = self._project.root / FILENAME
        if settings.exists():
            raw = settings.read_bytes()
            changed = renamed_overrides(raw, FILENAME, old=self._old, new=self._new)
            texts |= {settings: changed} if changed != raw else {}
        samples = {self._shown(path): self._shown(_after(renames, path)) for path in self._own_samples()}
        return Move(self._old, self._new, tuple(renames), texts, samples)

    def _folder_rename(self) -> list[Rename]:
        """Rename the whole folder of a voice, where nothing in it belongs to another voice."""
        if not self._has_folder:
            return []
        target = self._folder / self._new
        below = [path for path in self._files.values() if path != self._file and path.is_relative_to(self._base)]
        used = [path for path in self._other_samples() if path.is_relative_to(self._base)]
        if below or used or os.path.lexists(target) or target.is_relative_to(self._base):
            return []
        return [Rename(self._base, target)]

    def _file_renames(self) -> list[Rename]:
        """Rename the voice file, and its recordings beside it that no other voice uses."""
        name = f"{self._new}/voice{self._file.suffix}" if self._has_folder else f"{self._new}{self._file.suffix}"
        target = self._folder / name
        others = set(self._other_samples())
        own = [path for path in self._own_samples() if path.parent == self._base and path not in others]
        moved = [Rename(path, target.parent / path.name) for path in own if target.parent != self._base]
        return [Rename(self._file, target), *moved]

    def _text(self, renames: list[Rename], target: Path) -> bytes:
        def relocate(written: str) -> str:
            if os.path.isabs(written) or "://" in written:  # noqa: PTH117 - text, not a path of this machine
                return written
            led_to = Path(os.path.normpath(self._base / written))
            found = Path(os.path.relpath(_after(renames, led_to), target.parent)).as_posix()
            return written if found == os.path.normpath(written) else found

        raw, shown = self._file.read_bytes(), self._shown(self._file)
        for file in self._overriding(raw, shown):
            if relocate(file) != file:
                raise VoicectlError(
                    f"An override names the recording {file} relative to the voice file",
                    where=FILENAME,
                    fix="take it out of `overrides`, move the voice, and write it again",
                )
        return moved_voice(raw, shown, old=self._old, new=self._new, sample=relocate, schema=relocate)

    def _overriding(self, raw: bytes, filename: str) -> set[str]:
        """Return the recordings that environments have in the place of the one that the voice file names."""
        written: Any = parse(raw, filename)
        own = {entry.get("file") for entry in written.get("samples") or [] if isinstance(entry, dict)}
        files = {spec.sample.file for spec in self._specs() if spec.key == self._old}
        return {file for file in files if file and file not in own}

    def _specs(self) -> Iterator[VoiceSpec]:
        return (spec for voices in self._voices for spec in voices.specs.values())

    def _own_samples(self) -> list[Path]:
        found = (_sample(spec) for spec in self._specs() if spec.key == self._old)
        return list(dict.fromkeys(path for path in found if path is not None and path.is_file()))

    def _other_samples(self) -> list[Path]:
        found = (_sample(spec) for spec in self._specs() if spec.key != self._old)
        return [path for path in found if path is not None]

    def _shown(self, path: Path) -> str:
        return Path(os.path.relpath(path, self._project.root)).as_posix()

    def _shown_old(self) -> str:
        return self._shown(self._files[self._old]) if self._old in self._files else ""


def _sample(spec: VoiceSpec) -> Path | None:
    """Return where the recording of a voice is, by what is written: links are followed by nobody here."""
    return Path(os.path.normpath(spec.source.path.parent / spec.sample.file)) if spec.sample.file else None


def _after(renames: list[Rename], path: Path) -> Path:
    """Return where a path is after the renames."""
    for rename in renames:
        if path == rename.source:
            return rename.target
        if path.is_relative_to(rename.source):
            return rename.target / path.relative_to(rename.source)
    return path
