"""Bringing files into canonical form: which files, and each of them whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from reconciler.authoring.canonical import canonical
from reconciler.desired.load import find_voices
from reconciler.desired.project import Project
from reconciler.desired.root import FILENAME
from reconciler.desired.yaml_source import MAX_BYTES
from reconciler.errors import Diagnostic, Position, Range, RepositoryError, Severity, UsageError
from reconciler.state.files import write_atomically


@dataclass(frozen=True, slots=True)
class Formatted:
    """One file."""

    filename: str
    """As people name it from where they stand."""
    before: bytes
    after: bytes
    """The same bytes where it is canonical already, or cannot be formatted."""
    problems: tuple[Diagnostic, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether the file is not in canonical form."""
        return self.before != self.after


def find_files(project: Project, paths: Sequence[Path], folder: Path) -> list[str]:
    """Return the files to format, named relative to `folder`, each once.

    A path that is a folder stands for the project's files below it, so that no YAML of others is touched; without
    paths they are all meant. Raises UsageError for a path that is not there.
    """
    own = list(_files_of(project))
    found = own if not paths else []
    for path in paths:
        if path.is_dir():
            found += [file for file in own if file.is_relative_to(path.resolve())]
        elif os.path.lexists(path):
            found.append(path)
        else:
            raise UsageError(f"{path}: there is no such file or folder")
    return list(dict.fromkeys(_named(file, folder) for file in found))


def _files_of(project: Project) -> Iterator[Path]:
    if (project.root / FILENAME).exists():
        yield project.root / FILENAME
    yield from (Path(file.path) for file in find_voices(project).files)


def _named(path: Path, folder: Path) -> str:
    full = Path(os.path.normpath(path))
    return full.relative_to(folder).as_posix() if full.is_relative_to(folder) else str(full)


def format_file(filename: str, folder: Path) -> Formatted:
    """Return a file, named relative to `folder`, as it is and as it should be. Nothing is written."""
    path = folder / filename
    try:
        before = _read(path)
    except OSError as error:
        where = Range(filename, Position(1, 1))
        said = f"cannot be read: {(error.strerror or str(error)).lower()}"
        detail = "Check that it is there and readable."
        return Formatted(filename, b"", b"", (Diagnostic(Severity.ERROR, "fmt.unreadable", said, detail, range=where),))
    return format_text(before, filename)


def _read(path: Path) -> bytes:
    """Return the file's bytes, at most one more than the loader allows. Raises OSError, for a pipe or a device too."""
    if not path.is_file():
        path.stat()  # a link that leads nowhere says so itself
        raise OSError(0, "not a regular file")
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


def format_text(before: bytes, filename: str) -> Formatted:
    """Return the content of a file as it is and as it should be."""
    try:
        return Formatted(filename, before, canonical(before, filename))
    except RepositoryError as error:
        return Formatted(filename, before, before, error.diagnostics)


def write(formatted: Formatted, folder: Path) -> None:
    """Replace the file, whole or not at all; its mode stays, and a link stays a link. Raises StateError."""
    write_atomically(folder / formatted.filename, formatted.after.decode())
