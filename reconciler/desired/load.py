"""Find the files of a repository and read them. Every problem of every file comes back at once."""

from __future__ import annotations

import errno
import os
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeVar

from pydantic import BaseModel, ValidationError

from reconciler.desired.project import Project, ProjectFile
from reconciler.desired.root import FILENAME, LOCAL, find_repository
from reconciler.desired.schema import problems
from reconciler.desired.voice import LANG_CODES, Source, VoiceFile, VoiceSpec, unfit_for_key
from reconciler.desired.yaml_source import MAX_BYTES, parse
from reconciler.errors import Diagnostic, Position, Range, RepositoryError, Severity

_ENDINGS: Final = (".yaml", ".yml")
_START: Final = Position(1, 1)
_Model = TypeVar("_Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Voices:
    """The declared voices, and what is wrong with the files that declare them."""

    specs: Mapping[str, VoiceSpec]
    """By key, sorted."""
    broken: frozenset[str]
    """Keys that are declared, but not in a way that could be acted on. They are not removed voices."""
    diagnostics: tuple[Diagnostic, ...]


def load_project(root: Path) -> tuple[Project, tuple[Diagnostic, ...]]:
    """Return the settings of the project at `root`, and what is wrong with them.

    A file that is absent has defaults; so has one that cannot be used, next to the errors that say why.
    """
    root = root.resolve()
    defaults = ProjectFile().settings(root, {})
    path = root / FILENAME
    if not os.path.lexists(path):
        return defaults, ()
    try:
        raw = _read(path)
        value = parse(raw, FILENAME)
        written = _checked(ProjectFile, {} if value is None else value, raw, FILENAME)
    except OSError as error:
        return defaults, (_unreadable("project.unreadable", FILENAME, error),)
    except RepositoryError as error:
        return defaults, error.diagnostics
    checks = value.get("checks") if isinstance(value, dict) else None
    project = written.settings(root, checks or {})
    return project, tuple(_environment_problems(project, Source(FILENAME, path, raw)))


def _environment_problems(project: Project, source: Source) -> Iterator[Diagnostic]:
    owners: dict[Path, str] = {}
    for name, environment in project.environments.items():
        if name == LOCAL:
            for field in ("api_url", "state"):
                if getattr(environment, field) is not None:
                    summary = f"`environments.{LOCAL}.{field}` cannot be set"
                    detail = f"`{LOCAL}` is the emulator of this machine. Choose another name for this environment."
                    where = source.at("environments", LOCAL, field)
                    yield Diagnostic(Severity.ERROR, "project.value", summary, detail, range=where)
        state = project.state_path(name)
        if state in owners:
            summary = f"the environments `{owners[state]}` and `{name}` have the same state document"
            detail = "Each account needs its own, or the voices of one are taken for lost voices of the other."
            where = source.at("environments", name, "state")
            yield Diagnostic(Severity.ERROR, "project.value", summary, detail, range=where)
        owners[state] = name


def load_voices(project: Project) -> Voices:
    """Return the voices below the project's voices folder.

    Raises RepositoryError when a folder cannot be listed: the voices in it would look like removed ones.
    """
    walk = _Walk(project)
    files = sorted(walk.voice_files())
    specs: dict[str, VoiceSpec] = {}
    broken = set(walk.outside)
    diagnostics = list(walk.diagnostics)
    filenames: dict[str, str] = {}
    for key, filename, path in files:
        spec, found = _load_voice(key, filename, path)
        diagnostics += found
        if key in filenames:
            summary = f"the key `{key}` is declared twice: in {filenames[key]} and in {filename}"
            detail = "Rename or remove one of the two files."
            diagnostics.append(_error("voice.duplicate-key", summary, detail, key, Range(filename, _START)))
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
    if walk.unreadable_folder:
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
            self.diagnostics.append(_unreadable("voice.unreadable", filename, error))
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
        where = Range(self._filename(path).rstrip("/"), _START)
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


def _load_voice(key: str, filename: str, path: str) -> tuple[VoiceSpec | None, list[Diagnostic]]:
    found = []
    if (wrong := unfit_for_key(key)) is not None:
        summary = f"the key `{ascii(key)[1:-1]}` has the character U+{ord(wrong):04X}"
        detail = "Rename the file or its folder: `[`, `]`, spaces and control characters cannot stand in a key."
        found.append(_error("voice.key", summary, detail, key, Range(filename, _START)))
    try:
        raw = _read(Path(path))
        value = parse(raw, filename)
        if value is None:
            detail = "Write at least `name` and `samples`, or remove it."
            return None, [*found, _error("voice.empty", "the file is empty", detail, key, Range(filename, _START))]
        written = _checked(VoiceFile, value, raw, filename, key)
    except OSError as error:
        return None, [*found, replace(_unreadable("voice.unreadable", filename, error), key=key)]
    except RepositoryError as error:
        return None, [*found, *(replace(diagnostic, key=key) for diagnostic in error.diagnostics)]
    if found:
        return None, found
    spec = written.spec(key, Source(filename, Path(path), raw))
    if spec.sample.lang_code not in LANG_CODES:
        summary = f'`samples[0].lang_code` is "{spec.sample.lang_code}", which Palabra\'s documentation does not name'
        detail = "It is sent as it is; the API decides."
        where = spec.source.at("samples", 0, "lang_code")
        found.append(Diagnostic(Severity.WARNING, "voice.lang-code", summary, detail, key, where))
    return spec, found


def _checked(model: type[_Model], value: object, raw: bytes, filename: str, key: str | None = None) -> _Model:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise RepositoryError(problems(error, model, raw, filename, key)) from error


def _read(path: Path) -> bytes:
    """Return the file's bytes, at most one more than is allowed. Raises OSError, for a pipe or a device too."""
    if not path.is_file():
        path.stat()  # a link that leads nowhere says so itself
        raise OSError(0, "not a regular file")
    with path.open("rb", buffering=0) as file:
        return file.read(MAX_BYTES + 1)


def _alike(filenames: Mapping[str, str]) -> Iterator[Diagnostic]:
    """Warn of keys that are one file on a disk that folds case, as on macOS and Windows."""
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for key in filenames:
        groups[key.casefold()].append(key)
    for first, *others in groups.values():
        for key in others:
            summary = f"{filenames[first]} and {filenames[key]} differ only in case"
            detail = "They are one file on macOS and Windows: rename one of the two."
            where = Range(filenames[key], _START)
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
            yield _error("voice.import", summary, detail, spec.key, spec.source.at("import"))


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
                yield _error("voice.previously", summary, detail, spec.key, where)
            elif len(claimants) > 1:
                names = ", ".join(sorted({f"`{other.key}`" for other, _ in claimants}))
                summary = f"`previously[{index}]` is `{previous}`, which is claimed more than once, by {names}"
                detail = "One voice was declared under that key, so one can be its successor."
                yield _error("voice.previously", summary, detail, spec.key, where)


def _error(rule: str, summary: str, detail: str, key: str, where: Range) -> Diagnostic:
    return Diagnostic(Severity.ERROR, rule, summary, detail, key, where)


def _unreadable(rule: str, filename: str, error: OSError) -> Diagnostic:
    summary = f"cannot be read: {(error.strerror or str(error)).lower()}"
    return Diagnostic(
        Severity.ERROR, rule, summary, "Check that it is there and readable.", range=Range(filename, _START)
    )
