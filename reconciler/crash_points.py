"""The one hook by which tests kill the process at every interesting moment.

Each journal write and each HTTP exchange passes `crash_point` before and after. With VOICECTL_CRASH_AT=N in the
environment the N-th passage is the process's last moment; with VOICECTL_CRASH_LOG=FILE each passage appends its
name there, which is how the tests enumerate the points instead of listing them by hand.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path


class CrashPoints:
    """Counts passages. Off, and a single comparison, outside of tests."""

    def __init__(self, at: int, log: str | None) -> None:
        self.passage = 0
        self.at = at
        """The passage to die at; 0: none."""
        self.log = log
        """The file to name passages in."""

    def __call__(self, name: str) -> None:
        """Die here by SIGKILL if this is the passage that the test asked for."""
        if not self.at and not self.log:
            return
        self.passage += 1
        if self.log:
            with Path(self.log).open("a", encoding="utf-8") as stream:
                stream.write(name + "\n")
        if self.passage == self.at:
            os.kill(os.getpid(), signal.SIGKILL)


crash_point = CrashPoints(int(os.environ.get("VOICECTL_CRASH_AT", "0")), os.environ.get("VOICECTL_CRASH_LOG"))
"""Of this process. A test that forks sets `at` and `log` in the child instead of starting a new interpreter."""
