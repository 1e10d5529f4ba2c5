"""Running a command and saying what it cost; many commands in turn, so that a busy moment hits all of them alike."""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run of a command took."""

    wall: float
    """Seconds."""
    cpu: float
    """Seconds, in user and kernel mode, of the command and its children."""
    memory: float
    """MB, the most that was resident at once in one process."""
    output: str = field(repr=False, default="")


@dataclass(frozen=True, slots=True)
class Command:
    """Something to be measured."""

    line: Sequence[str]
    folder: Path
    environ: Mapping[str, str] = field(default_factory=dict)
    prepare: Callable[[], object] | None = None
    """Done before each run, and not measured."""
    exit_codes: tuple[int, ...] = (0,)


Medians = dict[str, dict[str, float]]
"""Command -> seconds of wall clock and CPU, MB, and how often it was run."""


class FailedError(Exception):
    """A command that was to be measured did not do its work."""


def run(command: Command) -> Cost:
    """Run a command once. Raises FailedError if it ends with another exit code than those it may end with."""
    if command.prepare is not None:
        command.prepare()
    environ = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "LC_ALL": "C.UTF-8"}
    with tempfile.TemporaryFile() as out:
        began = time.perf_counter()
        process = subprocess.Popen(
            command.line,
            cwd=command.folder,
            env={**environ, **command.environ},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        output = out.read().decode("utf-8", "replace")
    if process.returncode not in command.exit_codes:
        raise FailedError(f"{' '.join(map(str, command.line))} ended with {process.returncode}:\n{output[-2000:]}")
    return Cost(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, output)


def in_turn(commands: Mapping[str, Command], rounds: int, *, warm: bool = True) -> dict[str, list[Cost]]:
    """Run all commands, `rounds` times in turn; a first round that warms caches is not counted."""
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    for number in range(rounds + warm):
        for name, command in commands.items():
            cost = run(command)
            if number or not warm:
                costs[name].append(cost)
    return costs


def median(costs: Sequence[Cost]) -> Cost:
    """Return the medians of a command's runs, and the output of the last one."""
    return Cost(
        statistics.median(cost.wall for cost in costs),
        statistics.median(cost.cpu for cost in costs),
        statistics.median(cost.memory for cost in costs),
        costs[-1].output,
    )


def medians(costs: Mapping[str, Sequence[Cost]]) -> Medians:
    """Return the medians of each command, as JSON has them."""
    found = {}
    for name, runs in costs.items():
        middle = median(runs)
        found[name] = {"wall": middle.wall, "cpu": middle.cpu, "memory": middle.memory, "runs": len(runs)}
    return found
