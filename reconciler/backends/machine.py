"""Which machine this is, and which of its processes live."""

from __future__ import annotations

import functools
import hashlib
import os
import socket
import uuid
from pathlib import Path

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_PROCESSES = Path("/proc/self/ns/pid")


@functools.cache
def this_machine() -> str:
    """Return what tells this machine, or container, from others: in each of them processes are numbered anew.

    The name alone does not: machines of a CI service may all have the same one.
    """
    try:
        facts = [_BOOT.read_text(encoding="ascii").strip(), str(_PROCESSES.readlink())]
    except OSError:  # not Linux
        facts = [f"{uuid.getnode():x}"]
    return hashlib.sha256("\n".join([socket.gethostname(), *facts]).encode()).hexdigest()[:16]


def is_gone(pid: int) -> bool:
    """Whether no process of this machine has this number, or only a dead one that nobody has asked about."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        return False
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] in ("Z", "X")
    except (OSError, IndexError):
        return False
