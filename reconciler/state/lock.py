"""One apply at a time per state document.

The kernel's flock is the truth: it ends with its process, so the lock of a dead process on this host heals by itself.
The file's text says who holds it, for people, and for hosts that share the folder but not the kernel.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from reconciler.errors import LockedError, StateError


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds the lock."""

    who: str
    host: str
    pid: int
    """0 where it is not known."""
    since: str
    """RFC 3339, UTC."""
    command: str

    def __str__(self) -> str:
        """Return the sentence that people read."""
        process = f", process {self.pid}" if self.pid else ""
        return f"{self.who}@{self.host}{process}, since {self.since}: {self.command}"


def current_holder(*, since: str, command: str) -> Holder:
    """Return this process as a holder."""
    import getpass  # noqa: PLC0415 - only who takes a lock is somebody

    try:
        who = getpass.getuser()
    except (KeyError, OSError):  # a container may run under a user id without a name
        who = str(os.getuid())
    return Holder(who=who, host=os.uname().nodename, pid=os.getpid(), since=since, command=command)


class Lock:
    """The lock file of one state document."""

    def __init__(self, path: Path, holder: Holder) -> None:
        self.path = path
        self.holder = holder
        self._handle: int | None = None

    def __enter__(self) -> Self:
        """Take the lock. Raises LockedError, at once, when somebody else has it."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            handle = self._open()
        except OSError as error:
            raise _unwritable(self.path, error) from error
        other = read_holder(self.path)
        if other is not None and other.host != self.holder.host:
            os.close(handle)
            raise _held(other)
        try:
            os.ftruncate(handle, 0)
            os.pwrite(handle, json.dumps(asdict(self.holder)).encode(), 0)
        except OSError as error:
            with contextlib.suppress(OSError):
                self.path.unlink()
            os.close(handle)
            raise _unwritable(self.path, error) from error
        self._handle = handle
        return self

    def _open(self) -> int:
        while True:
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(handle)
                raise _held(read_holder(self.path)) from None
            # The holder before us may have removed the file between our open and our flock: then we hold a ghost.
            try:
                if os.fstat(handle).st_ino == self.path.stat().st_ino:
                    return handle
            except FileNotFoundError:
                pass
            os.close(handle)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the lock back."""
        if self._handle is not None:
            with contextlib.suppress(FileNotFoundError):  # broken by force: what is there now is another's
                if os.fstat(self._handle).st_ino == self.path.stat().st_ino:
                    self.path.unlink()
            os.close(self._handle)
            self._handle = None


def read_holder(path: Path) -> Holder | None:
    """Say who holds the lock, or None when the file is absent or empty."""
    try:
        return Holder(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def is_held(path: Path) -> bool:
    """Whether a living process on this host holds the lock."""
    try:
        handle = os.open(path, os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def break_lock(path: Path, *, force: bool) -> Holder | None:
    """Remove a lock that was left behind; returns who held it.

    Raises LockedError when its process is alive on this host, unless forced.
    """
    holder = read_holder(path)
    if not force and is_held(path):
        raise _held(holder)
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise _unwritable(path, error) from error
    return holder


def _unwritable(path: Path, error: OSError) -> StateError:
    return StateError(
        "Cannot write the lock",
        where=str(path),
        why=error.strerror or str(error),
        fix="nothing was changed; free some space or make the folder writable, then run again",
    )


def _held(holder: Holder | None) -> LockedError:
    return LockedError(
        "Somebody else is applying to this state document",
        why=f"held by {holder}" if holder else "the holder has not written its name yet",
        fix="wait for it to end; if it is gone for good, clear the lock with `voicectl unlock`",
    )
