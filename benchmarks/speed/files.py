"""Plans without the network: what a pull request, a hook and an editor wait for."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace

from benchmarks.speed.bench import Bench
from benchmarks.speed.repository import MOODS, Repository
from benchmarks.speed.timing import Command, Medians, in_turn, medians


def measure(bench: Bench) -> dict[str, Medians]:
    """Return what each command costs, by number of voices."""
    return {str(size): _one_size(bench, bench.repository(size)) for size in bench.sizes}


def _one_size(bench: Bench, repository: Repository) -> Medians:
    plan = bench.voicectl(repository, "plan", "--no-refresh")
    edit = editing(repository)
    commands = {"plan": plan, "git status": Command(["git", "status", "--short"], repository.root)}
    found = in_turn(commands, bench.rounds)
    # apart: a file that was changed a moment ago is read again by every plan
    found |= in_turn({"plan, one file changed": replace(plan, prepare=edit)}, bench.rounds)
    edit(back=True)
    return medians(found)


def editing(repository: Repository) -> Callable[..., None]:
    """Return what gives one voice another mood each time, or with `back` its first one."""
    path = repository.voice_file(repository.size // 2)
    first = path.read_text()
    moods = itertools.cycle(MOODS)

    def edit(*, back: bool = False) -> None:
        lines = (f"  mood: {next(moods)}" if line.startswith("  mood") else line for line in first.splitlines())
        path.write_text(first if back else "\n".join(lines) + "\n")

    return edit
