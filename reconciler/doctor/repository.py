"""git, Git LFS, the merge driver and the workflows."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from reconciler import __version__
from reconciler.desired.root import WORK_FOLDER
from reconciler.doctor.check import Check, ok, problem, skipped, warning
from reconciler.errors import VoicectlError
from reconciler.git.merge_driver import is_installed
from reconciler.git.process import Git
from reconciler.git.recordings import POINTER
from reconciler.git.repository import Repository, open_repository

OLDEST_GIT = (2, 25)
"""Half of what we ask of `git log` is younger than 2.22; 2.25 is what the oldest supported systems have."""
STAMP = re.compile(r"# .*\bvoicectl (\d+\.\d+\.\d+\S*)")
"""In the first line of a workflow file that voicectl wrote."""
POINTER_LIMIT = 1024
"""Bytes: no Git LFS pointer has more (its specification)."""


def find(root: Path, environ: Mapping[str, str]) -> Repository | Check:
    """Return the repository, or the line that says why there is none."""
    try:
        return open_repository(root, environ)
    except VoicectlError as error:
        fix = error.fix or "`git config --global --add safe.directory FOLDER`, if you trust who owns it"
        return warning("git", f"{error.what}: {error.why}", f"{fix}; until then there is no `voicectl history`")


def check_repository(
    repository: Repository, root: Path, state: Path | None, environ: Mapping[str, str]
) -> Iterator[Check]:
    """Look at the repository and at what it needs; `state` is the document, where it is a file."""
    yield _version(repository.git)
    identity = repository.identity_problem
    yield (
        ok("git.identity", "git knows who commits")
        if identity is None
        else warning(
            "git.identity",
            "git does not know who you are: `voicectl apply --commit` will refuse",
            '`git config user.name "NAME"` and `git config user.email ADDRESS`',
        )
    )
    if repository.is_shallow:
        yield warning(
            "git.history",
            "this clone is shallow: `voicectl history` does not see what is older, nor `report` old recordings",
            "`git fetch --unshallow`; in a workflow, `fetch-depth: 0` of the checkout",
        )
    path = repository.relative(root / WORK_FOLDER / "x")
    if path is not None and not repository.is_ignored(path):
        yield warning(
            "git.ignored", f"git does not ignore {WORK_FOLDER}/", f"add a line `{WORK_FOLDER}/` to .gitignore"
        )
    if state is not None:
        yield from _merge_driver(repository, state, environ)
    yield from _workflows(repository.top / ".github")


def _version(git: Git) -> Check:
    said = git.text("version")
    numbers = re.search(r"(\d+)\.(\d+)", said)
    if numbers is not None and (int(numbers[1]), int(numbers[2])) < OLDEST_GIT:
        return warning("git", f"{said} is older than 2.25", "upgrade git")
    return ok("git", said)


def _merge_driver(repository: Repository, state: Path, environ: Mapping[str, str]) -> Iterator[Check]:
    path = repository.relative(state)
    if path is None or repository.is_ignored(path):
        return
    if not is_installed(repository, path):
        fix = "`voicectl state merge --install`; without it two branches that add voices conflict"
        yield warning("git.merge", "git does not merge the state document by voice here", fix)
    elif shutil.which("voicectl", path=environ.get("PATH")) is None:
        yield warning("git.merge", "git cannot find `voicectl` to merge with", "put it on the PATH")
    else:
        yield ok("git.merge", "git merges the state document by voice")


def _workflows(folder: Path) -> Iterator[Check]:
    """Compare the version that wrote each of our workflow files, and the action that they install with, with this."""
    stamps = {}
    for file in sorted((*folder.glob("actions/voicectl/action.y*ml"), *folder.glob("workflows/voicectl-*.y*ml"))):
        stamp = STAMP.match(file.read_text(encoding="utf-8", errors="replace").partition("\n")[0])
        if stamp is not None:  # else somebody's own
            stamps[file.name] = stamp[1]
    old = [f"{name} ({version})" for name, version in stamps.items() if version != __version__]
    if old:
        summary = f"written by another voicectl than {__version__}: {', '.join(old)}"
        yield warning("workflows", summary, "write them anew, and compare with your own changes")
    elif stamps:
        yield ok("workflows", f"written by voicectl {__version__}")


def check_lfs(repository: Repository, root: Path, voices: Path) -> Check:
    """Make sure that recordings kept in Git LFS can be had."""
    name = "lfs"
    attributes = {repository.top / ".gitattributes", root / ".gitattributes"}
    used = any(
        "filter=lfs" in file.read_text(encoding="utf-8", errors="replace") for file in attributes if file.exists()
    )
    pointers = [path for path in sorted(voices.rglob("*")) if _is_pointer(path)]
    if not used and not pointers:
        return skipped(name, "not used here")
    if not repository.git.run("lfs", "version").ok:
        return problem(
            name, "recordings are kept in Git LFS, and it is not installed", "install git-lfs, then `git lfs pull`"
        )
    if pointers:
        named = ", ".join(path.relative_to(root).as_posix() for path in pointers[:3])
        more = f" and {len(pointers) - 3} more" if len(pointers) > 3 else ""
        summary = f"not downloaded: {named}{more}; they cannot be checked or uploaded"
        return warning(name, summary, "`git lfs pull`")
    return ok(name, "installed, and every recording is downloaded")


def _is_pointer(path: Path) -> bool:
    if not path.is_file() or path.stat().st_size > POINTER_LIMIT:
        return False
    return POINTER.fullmatch(path.read_bytes()) is not None
