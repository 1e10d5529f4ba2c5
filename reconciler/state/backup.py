"""Copies of what is about to be replaced. They are never removed by us: one may be all that is left."""

from __future__ import annotations

from itertools import count
from pathlib import Path

from reconciler.errors import StateError
from reconciler.state.files import write_atomically

FOLDER = "backups"
"""Below the git-ignored folder of the environment."""


def backup_path(work: Path, environment: str, now: str, ending: str) -> Path:
    """Return where a backup of this moment (RFC 3339) goes: a path at which nothing is, in a folder that is there.

    Raises StateError when the folder cannot be made.
    """
    folder = work / FOLDER
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StateError("Cannot make a backup", where=str(folder), why=error.strerror or str(error)) from error
    stem = f"{environment}.{now.replace(':', '')}"
    for number in count(1):
        path = folder / f"{stem}{f'_{number}' if number > 1 else ''}.{ending}"
        if not path.exists():
            return path
    raise AssertionError("there is always one more number")


def back_up(work: Path, environment: str, now: str, text: str) -> Path:
    """Keep the text of a state document. Raises StateError when that cannot be written."""
    path = backup_path(work, environment, now, "json")
    write_atomically(path, text)
    return path
