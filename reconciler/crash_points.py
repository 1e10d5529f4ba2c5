"""The one hook by which tests kill the process at every interesting moment.

Each journal write and each HTTP exchange passes `crash_point` before and after. With VOICECTL_CRASH_AT=N in the
environment the N-th passage is the process's last moment; with VOICECTL_CRASH_LOG=FILE each passage appends its
name there, which is how the tests enumerate the points instead of listing them by hand.
"""

from __future__ import annotations

import itertools
import os
import signal
from pathlib import Path

_passages = itertools.count(1)
_crash_at = int(os.environ.get("VOICECTL_CRASH_AT", "0"))
_log = os.environ.get("VOICECTL_CRASH_LOG")


def crash_point(name: str) -> None:
    """Die here by SIGKILL if this is the passage that the test asked for."""
    if not _crash_at and not _log:
        return
    passage = next(_passages)
    if _log:
        with Path(_log).open("a", encoding="utf-8") as stream:
            stream.write(name + "\n")
    if passage == _crash_at:
        os.kill(os.getpid(), signal.SIGKILL)
