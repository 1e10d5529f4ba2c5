"""Whether a file is still the one that was read: its stat tells, if it is old enough to be believed."""

from __future__ import annotations

import os

Stamp = tuple[int, int, int, int]
"""Size in bytes, mtime and ctime in nanoseconds, inode."""

RACY_NS = 2_000_000_000
"""A file may change twice within one tick of its clock; 2 s is the coarsest tick in use (FAT)."""


def stamp_of(status: os.stat_result) -> Stamp:
    """Return the stamp of a file. ctime beside mtime: some editors put the old mtime back after they changed a file."""
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def read_stamp(path: str) -> Stamp | None:
    """Return the stamp of the file at a path, whatever links lead to it; None where there is none."""
    try:
        return stamp_of(os.stat(path))  # noqa: PTH116 - the one call that an unchanged file costs
    except (OSError, ValueError):
        return None


def is_settled(stamp: Stamp, started: int) -> bool:
    """Whether a file that changes from now on must get another stamp. `started`: ns, just before it was read."""
    return max(stamp[1], stamp[2]) <= started - RACY_NS
