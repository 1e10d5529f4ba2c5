"""Whether a save is still going on."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from reconciler.desired.stamp import Stamp, read_stamp

POLL = 0.05
"""Seconds between two looks at the lock of git's index."""
PATIENCE = 30.0
"""Seconds for which git is waited for: a lock that a dead git left behind must not stop us for ever."""


def is_open_for_writing(path: str | Path) -> bool:
    """Whether a process has the file open for writing, as a recorder has until the take is over.

    Linux tells by refusing a read lease (fcntl(2), F_SETLEASE). Where nobody can tell, as on other systems, in a
    file of another user, or on a network disk, the answer is no.
    """
    if not hasattr(fcntl, "F_SETLEASE"):
        return False
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        # Who opens the file while the lease is held waits for a microsecond, and the kernel tells us by a signal: not
        # by SIGIO, which would end this process, but by one that nobody heeds.
        fcntl.fcntl(handle, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError as error:
        return error.errno == errno.EAGAIN
    finally:
        os.close(handle)
    return False


@dataclass(frozen=True, slots=True)
class GitIndex:
    """The index of a git working tree, which git locks while it works on the tree and replaces when it is done."""

    path: Path

    @classmethod
    def of(cls, repository: Path) -> GitIndex:
        """Return the index of a repository, or of one of its worktrees."""
        folder = repository / ".git"
        try:
            words = folder.read_text(encoding="utf-8").split(maxsplit=1)  # a worktree: `gitdir: PATH`
        except OSError:
            return cls(folder / "index")
        named = words[1].strip() if len(words) == 2 else "."
        return cls(repository / named / "index")

    @property
    def locked(self) -> bool:
        """Whether git is at work: a checkout, a merge, a rebase, a commit."""
        return os.path.lexists(f"{self.path}.lock")

    @property
    def stamp(self) -> Stamp | None:
        """What changes when git has done something."""
        return read_stamp(str(self.path))


async def while_git_rests(git: GitIndex, read: Callable[[set[str] | None], None], changed: set[str] | None) -> None:
    """Read files, in a thread, while git leaves them alone: half of a checkout is nothing that anybody means.

    What git has touched meanwhile is read again, as `None`: everything.
    """
    loop = asyncio.get_running_loop()
    patience = loop.time() + PATIENCE
    while loop.time() < patience:
        while git.locked and loop.time() < patience:  # noqa: ASYNC110 - git tells nobody when it is done
            await asyncio.sleep(POLL)
        before = git.stamp
        await asyncio.to_thread(read, changed)
        if not git.locked and git.stamp == before:
            return
        changed = None
    await asyncio.to_thread(read, None)
