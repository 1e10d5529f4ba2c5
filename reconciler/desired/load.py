"""Find the files of a repository and read them. Every problem of every file comes back at once."""

from __future__ import annotations

import errno
import os
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from reconciler.desired.overlay import Override, Overrides
from reconciler.desired.project import Project
from reconciler.desired.root import DEFAULT, find_repository
from reconciler.desired.voice import VoiceSpec
from reconciler.desired.voice_cache import VoiceCache
from reconciler.errors import Diagnostic, Position, Range, RepositoryError, Severity

_ENDINGS: Final = (".yaml", ".yml")
FIRST: Final = Position(1, 1)
"""Where a file begins: the place of what is said of all of it."""
ReadVoice = tuple[VoiceSpec | None, list[Diagnostic]]
"""What a voice file declares (None: nothing that could be acted on), and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Voices:
    """The declared voices, and what is wrong with the files that declare them."""

    specs: Mapping[str, VoiceSpec]
    """By key, sorted."""
    broken: frozenset[str]
    """Keys that are declared, but not in a way that could be acted on. They are not removed voices."""
    diagnostics: tuple[Diagnostic, ...]


class VoicePath(Struct, frozen=True, gc=False):
    """A voice file that was found, and not read yet."""

    key: str
    filename: str
    """Relative to the root."""
    path: str
    """Absolute."""
    overrides: tuple[Override, ...] = ()
    """What the environment writes over it."""


@dataclass(frozen=True, slots=True)
class Found:
    """What is in the voices folder."""

    files: tuple[VoicePath, ...]
    """Sorted."""
    outside: frozenset[str]
    """Keys whose file is a link that leaves the repository."""
    diagnostics: tuple[Diagnostic, ...]
    unreadable_folder: bool
    """The voices in such a folder would look like removed ones."""


def load_voices(project: Project, environment: str = DEFAULT, cache: VoiceCache | None = None) -> Voices:
    """Return the voices below the project's voices folder, as they are in an environment.

    With a cache, files that have not changed are not read. Raises RepositoryError when a folder cannot be listed: the
    voices in it would look like removed ones.
    """
    found = find_voices(project, environment)
    if cache is None:
        return combine(found, [read_voice(file) for file in found.files])
    read = [cache.read(file, read_voice) for file in found.files]
    cache.save()
    return combine(found, read)


def load_project(root: Path) -> tuple[Project, tuple[Diagnostic, ...]]:
    """Return the settings of the project at `root`, and what is wrong with them, see `read_project`."""
    from reconciler.desired.read_project_file import read_project  # noqa: PLC0415 - as in read_voice

    return read_project(root)


def read_voice(file: VoicePath) -> ReadVoice:
    """Read one voice file: what it declares, None for a broken one, and what there is to say about it."""
    from reconciler.desired import read_voice_file  # noqa: PLC0415 - pydantic takes 100 ms: only to read a file

    return read_voice_file.read_voice(file)


def find_voices(project: Project, environment: str = DEFAULT) -> Found:
    """Look for voice files without reading them, and for what the environment overrides in them."""
    walk = _Walk(project)
    overrides = Overrides(environment, project.environments[environment].overrides, project.source)
    files = tuple(VoicePath(*file, overrides.of(file[0])) for file in sorted(walk.voice_files()))
    used = (override for file in files for override in file.overrides)
    idle = overrides.idle(used, [file.key for file in files]) if overrides.written else ()
    return Found(files, frozenset(walk.outside), (*walk.diagnostics, *idle), walk.unreadable_folder)


def combine(found: Found, read: Sequence[ReadVoice]) -> Voices:
    """Return the voices of all files, each of `found` with what was read in it. Raises RepositoryError as above."""
    specs: dict[str, VoiceSpec] = {}
    broken = set(found.outside)
    diagnostics = list(found.diagnostics)
    filenames: dict[str, str] = {}
    for file, (spec, said) in zip(found.files, read, strict=True):
        key, filename = file.key, file.filename
        diagnostics += said
        if key in filenames:
            summary = f"the key `{key}` is declared twice: in {filenames[key]} and in {filename}"
            detail = "Rename or remove one of the two files."
            diagnostics.append(error_at("voice.duplicate-key", summary, detail, key, Range(filename, FIRST)))
            broken.add(key)
        filenames.setdefault(key, filename)
        if spec is None:
            broken.add(key)
        else:
            specs[key] = spec
    diagnostics += _alike(filenames)
    for diagnostic in (*_imports(specs), *_previous_keys(specs, filenames)):
        diagnostics.append(diagnostic)
        if diagnostic.key:
            broken.add(diagnostic.key)
    if found.unreadable_folder:
        raise RepositoryError(tuple(diagnostics))
    usable = {key: spec for key, spec in specs.items() if key not in broken}
    return Voices(MappingProxyType(usable), frozenset(broken), tuple(diagnostics))


class _Walk:
    """The search for voice files: hidden ones are skipped, links that leave the repository are not followed."""

    def __init__(self, project: Project) -> None:
        self.diagnostics: list[Diagnostic] = []
        self.outside: set[str] = set()
        """Keys whose file is a link that leaves the repository."""
        self.unreadable_folder = False
        self._project = project
        self._repository = os.path.realpath(find_repository(project.root))

    def voice_files(self) -> Iterator[tuple[str, str, str]]:
        """Yield key, filename relative to the root, and absolute path of each voice file."""
        folder = self._project.root / self._project.voices_dir
        real = os.path.realpath(folder)
        if not self._is_inside(real):
            detail = "Keep the voice files in the repository."
            self._note(Severity.ERROR, "voice.symlink", "the voices folder leaves the repository", detail, "")
        elif os.path.lexists(folder):
            yield from self._below(str(folder), "", (real,))
        else:
            detail = "Create it, or name another one under `voices` in voicectl.yaml."
            self._note(Severity.WARNING, "project.no-voices", "there is no voices folder", detail, "")

    def _below(self, folder: str, inside: str, above: tuple[str, ...]) -> Iterator[tuple[str, str, str]]:
        try:
            with os.scandir(folder) as listing:
                entries = [entry for entry in listing if not entry.name.startswith(".")]
        except OSError as error:
            self.unreadable_folder = True
            filename = self._filename(inside).rstrip("/")
            self.diagnostics.append(unreadable("voice.unreadable", filename, error))
            return
        for entry in entries:
            path = inside + entry.name
            if entry.is_symlink() and not self._stays(entry, path):
                continue
            if _is_folder(entry):
                real = os.path.realpath(entry.path) if entry.is_symlink() else f"{above[-1]}/{entry.name}"
                if real not in above:  # a link to a folder around it has no end
                    yield from self._below(entry.path, path + "/", (*above, real))
            elif entry.name.lower().endswith(_ENDINGS):
                yield _key(path), self._filename(path), entry.path

    def _stays(self, entry: os.DirEntry[str], path: str) -> bool:
        if self._is_inside(os.path.realpath(entry.path)):
            return True
        is_folder = _is_folder(entry)
        is_voice = not is_folder and entry.name.lower().endswith(_ENDINGS)
        if is_folder or is_voice:
            severity = Severity.WARNING if is_folder else Severity.ERROR
            detail = "It is not read: everybody else's checkout has something else there, or nothing."
            self._note(severity, "voice.symlink", "the link leaves the repository", detail, path)
        if is_voice:
            self.outside.add(_key(path))
        return False

    def _is_inside(self, real: str) -> bool:
        return real == self._repository or real.startswith(self._repository.rstrip("/") + "/")

    def _note(self, severity: Severity, rule: str, summary: str, detail: str, path: str) -> None:
        where = Range(self._filename(path).rstrip("/"), FIRST)
        self.diagnostics.append(Diagnostic(severity, rule, summary, detail, range=where))

    def _filename(self, path: str) -> str:
        return f"{self._project.voices_dir}/{path}"


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError as error:
        # A folder that is closed to us is a folder, and listing it tells so; a link to itself is not one.
        return error.errno != errno.ELOOP


def _key(path: str) -> str:
    """Return the key in NFC: macOS hands out file names in another form than git and Linux."""
    key = unicodedata.normalize("NFC", path.rpartition(".")[0])
    folder, _, last = key.rpartition("/")
    return folder if folder and last == "voice" else key


def _alike(filenames: Mapping[str, str]) -> Iterator[Diagnostic]:
    """Warn of keys that are one file on a disk that folds case, as on macOS and Windows."""
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for key in filenames:
        groups[key.casefold()].append(key)
    for first, *others in groups.values():
        for key in others:
            summary = f"{filenames[first]} and {filenames[key]} differ only in case"
            detail = "They are one file on macOS and Windows: rename one of the two."
            where = Range(filenames[key], FIRST)
            yield Diagnostic(Severity.WARNING, "voice.similar-key", summary, detail, key, where)


def _imports(specs: Mapping[str, VoiceSpec]) -> Iterator[Diagnostic]:
    claims: defaultdict[str, list[VoiceSpec]] = defaultdict(list)
    for spec in specs.values():
        if spec.import_id is not None:
            claims[spec.import_id].append(spec)
    for voice_id, claimants in claims.items():
        for spec in claimants if len(claimants) > 1 else ():
            others = ", ".join(f"`{other.key}`" for other in claimants if other is not spec)
            summary = f"`import` is {voice_id}, which {others} imports too"
            detail = "A voice has one owner: remove `import` from the others."
            yield error_at("voice.import", summary, detail, spec.key, spec.source.at("import"))


def _previous_keys(specs: Mapping[str, VoiceSpec], declared: Mapping[str, str]) -> Iterator[Diagnostic]:
    claims: defaultdict[str, list[tuple[VoiceSpec, int]]] = defaultdict(list)
    for spec in specs.values():
        for index, previous in enumerate(spec.previously):
            claims[previous].append((spec, index))
    for previous, claimants in claims.items():
        for spec, index in claimants:
            where = spec.source.at("previously", index)
            if previous in declared:
                summary = f"`previously[{index}]` is `{previous}`, which is still declared in {declared[previous]}"
                detail = "A voice is moved away from a key that is gone: remove this line, or that file."
                yield error_at("voice.previously", summary, detail, spec.key, where)
            elif len(claimants) > 1:
                names = ", ".join(sorted({f"`{other.key}`" for other, _ in claimants}))
                summary = f"`previously[{index}]` is `{previous}`, which is claimed more than once, by {names}"
                detail = "One voice was declared under that key, so one can be its successor."
                yield error_at("voice.previously", summary, detail, spec.key, where)


def error_at(rule: str, summary: str, detail: str, key: str, where: Range) -> Diagnostic:
    """Return an error about a voice."""
    return Diagnostic(Severity.ERROR, rule, summary, detail, key, where)


def unreadable(rule: str, filename: str, error: OSError) -> Diagnostic:
    """Return an error about a file or folder that cannot be read."""
    summary = f"cannot be read: {(error.strerror or str(error)).lower()}"
    return Diagnostic(
        Severity.ERROR, rule, summary, "Check that it is there and readable.", range=Range(filename, FIRST)
    )
