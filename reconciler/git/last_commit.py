"""Which commit gave a file the content that it has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from reconciler.errors import VoicectlError
from reconciler.git.repository import open_repository


@dataclass(frozen=True, slots=True)
class LastCommit:
    """The commit to revert, where a file shall be what it was before."""

    id: str
    """As short as git has it."""
    subject: str


def last_commit(path: Path, environ: Mapping[str, str]) -> LastCommit | None:
    """Return the newest commit that changed a file; None where none did, or where the file has changed since."""
    try:
        repository = open_repository(path.parent, environ)
    except VoicectlError:
        return None
    name = repository.relative(path)
    if name is None or repository.git.run("diff", "--quiet", "HEAD", "--", name).code:
        return None
    said = repository.git.run("log", "-1", "--format=%h%x00%s", "HEAD", "--", name).text.partition("\0")
    return LastCommit(said[0], said[2]) if said[0] else None
