"""Makes a folder a repository of voices. Whatever is there stays as it is; what is missing is added."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from reconciler.desired.load import load_project, load_voices
from reconciler.desired.root import FILENAME, WORK_FOLDER, find_root
from reconciler.errors import RepositoryError, Severity, UsageError, VoicectlError
from reconciler.git import merge_driver
from reconciler.git.process import Git
from reconciler.git.repository import Repository, open_repository
from reconciler.scaffold.lfs import choose_lfs
from reconciler.scaffold.lines import add_lines
from reconciler.scaffold.templates import EXAMPLE, Template, example_files, is_plain, project_files, workflow_files

IGNORE = f"{WORK_FOLDER}/"
IGNORED_ALREADY = (WORK_FOLDER, f"/{WORK_FOLDER}", f"/{WORK_FOLDER}/")
BRANCH = "main"
"""The branch that is applied, where git knows of none."""


class Result(StrEnum):
    """What became of a file."""

    CREATED = "created"
    ADDED = "added"
    """Lines were added to it."""
    SAME = "same"
    """It was there, just as it would have been written."""
    LEFT = "left"
    """It was there, and somebody's own."""


@dataclass(frozen=True, slots=True)
class File:
    """One file, when all is done."""

    path: str
    """Relative to the project's folder; what is for the whole repository, relative to its top."""
    result: Result
    added: tuple[str, ...] = ()
    """Lines."""


@dataclass(frozen=True, slots=True)
class Scaffolded:
    """A folder that is ready."""

    root: Path
    files: tuple[File, ...]
    in_git: bool
    example: str | None
    """The folder of the example voice; None where none was written."""
    branch: str | None
    """The branch that the workflows apply; None without workflows."""
    lfs_todo: str
    """What is left to do for Git LFS."""
    unnamed: str | None = None
    """The project's folder, where workflows were wanted and could not be written because they cannot name it."""


def scaffold(folder: Path, environ: Mapping[str, str], *, workflows: bool = True, example: bool = True) -> Scaffolded:
    """Write what is missing; run again, it goes on where it was.

    Raises UsageError in a folder of another project, RepositoryError for a voicectl.yaml that is broken, and
    VoicectlError where the disk refuses.
    """
    folder = folder.resolve()
    _refuse_inside_of_another(folder)
    _make(folder)
    project, diagnostics = load_project(folder)
    if any(d.severity is Severity.ERROR for d in diagnostics):
        raise RepositoryError(diagnostics)
    voices = load_voices(project)
    has_voices = bool(voices.specs or voices.broken)
    repository = _repository(folder, environ)
    lfs = choose_lfs(Git(folder, environ), project.voices_dir, in_git=repository is not None)

    files = [_write(folder, each) for each in project_files(project.name)]
    if example and not has_voices:
        files += [_write(folder, each) for each in example_files(project.voices_dir)]
    files.append(_add(folder / ".gitignore", [IGNORE], same=IGNORED_ALREADY))
    merge = f"{merge_driver.PATTERN} merge={merge_driver.NAME}"
    files.append(_add(folder / ".gitattributes", [*lfs.lines, merge]))
    if repository is not None:
        merge_driver.install(repository, folder, project.state_files)
    top = repository.top if repository is not None else folder
    directory = folder.relative_to(top).as_posix()
    named = is_plain(directory)
    branch = _branch(repository) if workflows and named else None
    if branch is not None:
        files += [_write(top, each) for each in workflow_files(branch, directory)]
    return Scaffolded(
        root=folder,
        files=tuple(files),
        in_git=repository is not None,
        example=f"{project.voices_dir}/{EXAMPLE}" if example and not has_voices else None,
        branch=branch,
        lfs_todo=lfs.todo,
        unnamed=directory if workflows and not named else None,
    )


def _refuse_inside_of_another(folder: Path) -> None:
    above = find_root(folder)
    if above != folder and (above / FILENAME).exists():
        fix = f"run it there, `voicectl -C {above} init`, or choose a folder outside"
        raise UsageError("This folder belongs to another project", where=str(above / FILENAME), fix=fix)


def _repository(folder: Path, environ: Mapping[str, str]) -> Repository | None:
    """Return the repository that the folder is in; None where there is none, or git cannot say."""
    try:
        return open_repository(folder, environ)
    except VoicectlError:
        return None


def _branch(repository: Repository | None) -> str:
    """Return the branch that is everybody's: the remote's default, else main or master, else the one checked out."""
    if repository is None:
        return BRANCH
    git = repository.git
    default = git.run("symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD")
    known = [BRANCH, "master"]
    found = [name for name in known if git.run("show-ref", "--verify", "--quiet", f"refs/heads/{name}").ok]
    candidates = [default.text.removeprefix("origin/") if default.ok else "", *found, repository.branch or ""]
    return next((name for name in candidates if is_plain(name)), BRANCH)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise VoicectlError("Cannot make the folder", where=str(folder), why=error.strerror or str(error)) from error


def _write(folder: Path, template: Template) -> File:
    path = folder / template.path
    if os.path.lexists(path):
        same = path.is_file() and path.read_bytes() == template.content
        return File(template.path, Result.SAME if same else Result.LEFT)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as stream:
            stream.write(template.content)
    except OSError as error:
        raise VoicectlError(
            f"Cannot write {template.path}", where=str(path), why=error.strerror or str(error)
        ) from error
    return File(template.path, Result.CREATED)


def _add(path: Path, lines: Iterable[str], *, same: Iterable[str] = ()) -> File:
    is_new = not path.exists()
    added = add_lines(path, lines, same=same)
    if not added:
        return File(path.name, Result.SAME)
    return File(path.name, Result.CREATED if is_new else Result.ADDED, added)
