"""Writing a file so that it is there whole or not at all."""

from __future__ import annotations

import glob
import os
import stat
from contextlib import suppress
from pathlib import Path

from reconciler.crash_points import crash_point
from reconciler.errors import StateError

_SUFFIX = ".tmp"


def write_atomically(path: Path, text: str, *, mode: int = 0o644) -> None:
    """Replace `path` by `text`: temporary file beside it, fsync, rename, fsync of the folder.

    A pipe or a device, such as /dev/stdout, is written to: root could replace it by a file.
    Raises StateError when the disk is full or the folder is read-only; the old file is untouched then.
    """
    import tempfile  # noqa: PLC0415 - 5 ms that what only reads need not pay

    temporary: str | None = None
    try:
        if _takes_a_stream(path):
            path.write_text(text, encoding="utf-8", newline="\n")
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        target = path.resolve()  # a symlinked document stays a symlink
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=_prefix(target), suffix=_SUFFIX)
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).chmod(target.stat().st_mode & 0o777 if target.exists() else mode)
        crash_point(f"before {path.name} is replaced")
        Path(temporary).replace(target)
        temporary = None
        sync_folder(target.parent)
    except OSError as error:
        raise StateError(
            f"Cannot write {path.name}",
            where=str(path.parent),
            why=error.strerror or str(error),
            fix="nothing was changed; free some space or make the folder writable, then run again",
        ) from error
    finally:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)


def remove_leftovers(path: Path) -> None:
    """Remove what writers of `path` that were killed left beside it. Only for who may write it now, alone."""
    target = path.resolve()
    with suppress(OSError):  # a leftover does no harm
        for leftover in target.parent.glob(f"{glob.escape(_prefix(target))}*{_SUFFIX}"):
            leftover.unlink(missing_ok=True)


def _takes_a_stream(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
    except OSError:
        return False  # what is wrong with it is told by who makes the file
    return stat.S_ISCHR(mode) or stat.S_ISFIFO(mode)


def _prefix(target: Path) -> str:
    return f".{target.name}."


def sync_folder(folder: Path) -> None:
    """Make a new name in `folder` survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
