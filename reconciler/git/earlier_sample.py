"""The recording that a voice was made from, when the working tree has another one by now."""

from __future__ import annotations

import hashlib
from pathlib import Path

from reconciler.git.repository import Repository

_COMMITS = 50
"""How many versions of a file are looked at; each may have megabytes."""


def read_earlier(repository: Repository, path: Path, sha256: str) -> bytes | None:
    """Return the version of the file at `path` that has this hash: from Git LFS storage, or from the history.

    None where this clone does not have it any more, or not yet.
    """
    stored = repository.common_folder / "lfs" / "objects" / sha256[:2] / sha256[2:4] / sha256
    if stored.is_file():
        return stored.read_bytes()
    name = repository.relative(path)
    if name is None or repository.head is None:
        return None
    for commit in repository.git.text("rev-list", f"--max-count={_COMMITS}", "HEAD", "--", name).split():
        content = repository.blob(commit, name)
        if content is not None and hashlib.sha256(content).hexdigest() == sha256:
            return content
    return None
