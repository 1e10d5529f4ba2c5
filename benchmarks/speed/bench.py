"""What all measurements share: where the data is, which programs are there, and how often each is run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.request import urlopen

from benchmarks.speed.repository import Repository
from benchmarks.speed.timing import Command

PYTHON = sys.executable
VOICECTL = str(Path(sys.executable).with_name("voicectl"))
PEERS = Path(__file__).parent / "peers"
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Bench:
    """One run of the measurements."""

    data: Path
    sizes: Sequence[int]
    """Voices, ascending."""
    rounds: int
    quick: bool

    @property
    def cores(self) -> int:
        """Cores that may be used."""
        return len(os.sched_getaffinity(0))

    @property
    def large(self) -> int:
        """The number of voices that most lines are about."""
        return max((size for size in self.sizes if size <= 10_000), default=self.sizes[0])

    @property
    def peers(self) -> Path:
        """Python of the environment that the peers are installed in."""
        return self.data / "peers" / "bin" / "python"

    def repository(self, size: int, *, applied: int | None = None, copies: int = 1) -> Repository:
        """Return a repository of so many voices, of which so many are there already (None: all)."""
        applied = size if applied is None else applied
        name = f"{size}-{applied}-{copies}"
        folder = self.data / name
        # in a process of its own: what this one has used of memory would count for all that it starts
        arguments = [str(folder), str(size), str(applied), str(copies)]
        subprocess.run([PYTHON, "-m", "benchmarks.speed.repository", *arguments], cwd=ROOT, check=True)
        return Repository(folder / "repository", folder / "account.json", size)

    def voicectl(self, repository: Repository, *arguments: str, **environ: str) -> Command:
        """Return a command of voicectl in a repository."""
        return Command([VOICECTL, *arguments], repository.root, {"VOICECTL_CACHE": str(self.data / "cache"), **environ})

    def python(self, repository: Repository, program: str, *arguments: str) -> Command:
        """Return a program of the folder `peers`, run with this Python."""
        return Command([PYTHON, str(PEERS / program), *arguments], repository.root)

    def installed_peers(self) -> Mapping[str, str]:
        """Install the peers unless that is done; returns their versions, without those that cannot be had."""
        if not self.peers.exists():
            subprocess.run([PYTHON, "-m", "venv", self.data / "peers"], check=True)
            wanted = (PEERS / "requirements.txt").read_text().split()
            for requirement in wanted:
                subprocess.run([self.peers, "-m", "pip", "install", "--quiet", requirement], check=False)
        listed = subprocess.run(
            [self.peers, "-m", "pip", "list", "--format", "json"], check=True, capture_output=True
        ).stdout
        return {entry["name"]: entry["version"] for entry in json.loads(listed)}


@dataclass(frozen=True, slots=True)
class Palabra:
    """A server for measurements."""

    url: str

    def calls(self) -> list[tuple[str, float, float]]:
        """Return what was asked since the last reset: kind, begin and end in seconds."""
        with urlopen(f"{self.url}/calls") as answer:
            return [tuple(call) for call in json.load(answer)]

    def reset(self) -> None:
        """Let the account be as it was at the start."""
        with urlopen(f"{self.url}/reset") as answer:
            answer.read()

    def environ(self) -> Mapping[str, str]:
        """Return what tells voicectl about it."""
        return {"PALABRA_API_URL": self.url, "PALABRA_API_KEY": "plbr_measured"}


@contextmanager
def palabra(repository: Repository, *, delay: float, processing: float = 0.0) -> Iterator[Palabra]:
    """Start a server for the account of this repository, and end it."""
    line = [PYTHON, "-m", "benchmarks.speed.palabra_server", str(repository.account)]
    process = subprocess.Popen(
        [*line, "--delay", str(delay), "--processing", str(processing)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin
    assert process.stdout
    try:
        yield Palabra(process.stdout.readline().decode().strip())
    finally:
        process.stdin.close()
        process.stdout.close()
        process.wait()


def as_on(server: Palabra, command: Command) -> Command:
    """Return the command with this server as its API."""
    return replace(command, environ={**command.environ, **server.environ()})
