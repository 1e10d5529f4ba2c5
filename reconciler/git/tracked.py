"""The files of a project: those that git tracks, or where there is no git, all of them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from reconciler.errors import VoicectlError
from reconciler.git.process import Git


def files_below(root: Path, environ: Mapping[str, str], *, without: frozenset[str]) -> list[str]:
    """Return paths relative to `root`, with forward slashes, sorted; `without` are names of folders to leave out.

    What git tracks need not be there any more. Symbolic links are listed, and none is followed.
    """
    try:
        ended = Git(root, environ).run("ls-files", "-z", "--", ".")
    except VoicectlError:  # no git on this machine
        return sorted(_walk(root, without))
    if not ended.ok:
        return sorted(_walk(root, without))
    paths = set(ended.out.decode("utf-8", "surrogateescape").split("\0")) - {""}
    return sorted(path for path in paths if without.isdisjoint(path.split("/")[:-1]))


def _walk(root: Path, without: frozenset[str]) -> Iterator[str]:
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if name not in without]
        yield from ((Path(folder, name)).relative_to(root).as_posix() for name in files)
