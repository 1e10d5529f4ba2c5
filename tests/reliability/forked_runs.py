"""Runs of voicectl, each in a process of its own, forked from one that has everything loaded."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Self

KILLED = -9
"""The exit code of a process that died by SIGKILL."""


@dataclass(frozen=True, slots=True)
class Ran:
    """A run, at its end."""

    code: int
    out: str
    err: str

    def __str__(self) -> str:
        """Return it all, for the message of a failed assertion."""
        return f"exit {self.code}\n{self.out}{self.err}"


@dataclass(slots=True)
class Run:
    """A run that may still be going on."""

    server: ForkServer
    pid: int
    output: Path
    _ran: Ran | None = None

    def wait(self) -> Ran:
        """Return its end."""
        if self._ran is None:
            code = self.server.ask({"wait": self.pid})["code"]
            self._ran = Ran(code, *(path.read_text("utf-8") for path in (self.output, self.err)))
        return self._ran

    @property
    def err(self) -> Path:
        """The file that stderr goes to."""
        return Path(f"{self.output}.err")


class ForkServer:
    """Starts runs while entered."""

    def __init__(self, folder: Path) -> None:
        """`folder` is for their output."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._numbers = count(1)

    def __enter__(self) -> Self:
        """Start the process; returns when it is ready to fork."""
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).parent / "fork_server.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._read() == {"ready": True}
        return self

    def __exit__(self, *_: object) -> None:
        """End it; it ends when its stdin does."""
        self._process.communicate(timeout=30)

    def start(self, commands: Sequence[Sequence[str]], directory: Path, environ: dict[str, str], **order: Any) -> Run:
        """Start one process that carries out these command lines, one after another, until one fails."""
        output = self._folder / f"{next(self._numbers) % 64}.out"
        plain = {"commands": [list(c) for c in commands], "directory": str(directory), "environ": environ}
        return Run(self, self.ask({**plain, "output": str(output), **order})["pid"], output)

    def ask(self, order: dict[str, Any]) -> dict[str, Any]:
        """Send one order, and return the answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return self._read()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the fork server died; its stderr says why"
        answer: dict[str, Any] = json.loads(line)
        return answer
