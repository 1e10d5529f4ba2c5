"""A `voicectl watch` in a process of its own, and what it says.

watching = Watch(root, environ)
watching.planned(unchanged=2)
"""

from __future__ import annotations

import json
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

PATIENCE = 40.0
"""Seconds until a watch that does not say what it should fails the test."""

Said = dict[str, Any]


class Watch:
    """A `voicectl watch --json` that runs, and everything it has said."""

    def __init__(self, root: Path, environ: Mapping[str, str], *arguments: str, env: str | None = "default") -> None:
        named = ["--env", env] if env else []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "reconciler", *named, "watch", "--json", *arguments],
            cwd=root, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            start_new_session=True,
        )  # fmt: skip
        self.said: list[Said] = []
        self._coming: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        assert self.process.stdout is not None
        threading.Thread(target=self._read, args=(self.process.stdout,), daemon=True).start()

    def until(self, wanted: Callable[[Said], bool]) -> Said:
        """Wait for the next event like this one."""
        deadline = time.monotonic() + PATIENCE
        while True:
            with suppress(queue.Empty):
                line = self._coming.get(timeout=0.2)
                assert line is not None, self._told()
                self.said.append(json.loads(line))
                if wanted(self.said[-1]):
                    return self.said[-1]
            assert time.monotonic() < deadline, self._told()

    def row(self, key: str, **wanted: Any) -> Said:
        """Wait until a voice is like this."""
        return self.until(
            lambda event: (
                event["type"] == "voice"
                and event["key"] == key
                and all(event.get(name) == value for name, value in wanted.items())
            )
        )

    def planned(self, **counts: int) -> Said:
        """Wait until the plan has these counts."""
        return self.until(lambda event: event["type"] == "plan" and event["summary"] == counts)

    def event(self, kind: str, **wanted: Any) -> Said:
        return self.until(
            lambda event: event["type"] == kind and all(event.get(name) == value for name, value in wanted.items())
        )

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal, and return the exit code."""
        self.process.send_signal(number)
        try:
            code = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        assert self.process.stderr is not None
        self.complaints = self.process.stderr.read()
        return code

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()

    def _told(self) -> str:
        return f"exit {self.process.poll()}; said:\n" + "\n".join(map(str, self.said[-20:]))

    def _read(self, stream: IO[str]) -> None:
        with suppress(ValueError):  # closed meanwhile
            for line in stream:
                self._coming.put(line)
        self._coming.put(None)
