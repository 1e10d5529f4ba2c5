"""A real terminal (a pty) with a command on it."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from contextlib import suppress

from cli_world import World

PATIENCE = 30.0
"""Seconds until a terminal that says nothing fails the test."""


class Terminal:
    """A pseudo terminal with a command on it. Everything the command writes ends up in `screen`."""

    def __init__(self, world: World, *arguments: str, **env: str) -> None:
        self.screen = ""
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 120, 0, 0))
        self._before = termios.tcgetattr(slave)
        self._slave = slave
        self.process = subprocess.Popen(
            [sys.executable, "-m", "reconciler", *arguments],
            cwd=world.root, env={**world.environ, "TERM": "xterm-256color", **env},
            stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
        )  # fmt: skip

    def until(self, text: str) -> None:
        """Read until the screen has shown a text."""
        deadline = time.monotonic() + PATIENCE
        while text not in self.screen:
            assert time.monotonic() < deadline, self.screen
            assert self._read(), f"ended without {text!r}: {self.screen}"

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def interrupt(self, number: signal.Signals = signal.SIGINT) -> None:
        """Press Ctrl-C (or send another signal), and again if need be, as people do.

        CPython does not see a signal that comes in the moment before it sleeps in input().
        """
        deadline = time.monotonic() + PATIENCE
        while self.process.poll() is None and time.monotonic() < deadline:
            os.killpg(self.process.pid, number)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(2)

    def end(self) -> int:
        """Read to the end; returns the exit code."""
        deadline = time.monotonic() + PATIENCE
        while self.process.poll() is None:
            assert time.monotonic() < deadline, self.screen
            self._read()
        while self._read(wait=0.05):
            pass
        unchanged = termios.tcgetattr(self._slave) == self._before
        os.close(self._slave)
        os.close(self._master)
        assert unchanged, "the terminal's modes were left changed"
        return self.process.returncode

    def _read(self, wait: float = 0.2) -> bool:
        ready, _, _ = select.select([self._master], [], [], wait)
        if ready:
            with suppress(OSError):
                self.screen += os.read(self._master, 65536).decode(errors="replace")
        return bool(ready) or self.process.poll() is None
