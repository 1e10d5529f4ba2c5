"""Commands that are run all day, by people, shells and products: what each costs beside a bare Python."""

from __future__ import annotations

from benchmarks.speed.bench import PYTHON, Bench
from benchmarks.speed.timing import Command, Medians, in_turn, medians


def measure(bench: Bench) -> Medians:
    """Return what each command costs."""
    repository = bench.repository(bench.large)
    key = "team-000/voice-00007"
    completion = ["__complete", "bash", "2", "voicectl", "get", "team-000/voice-0000"]
    commands = {
        "python -c pass": Command([PYTHON, "-c", "pass"], repository.root),
        "python -c 'import click'": Command([PYTHON, "-c", "import click"], repository.root),
        "voicectl --version": bench.voicectl(repository, "--version"),
        "voicectl --help": bench.voicectl(repository, "--help"),
        "voicectl plan --help": bench.voicectl(repository, "plan", "--help"),
        "voicectl get KEY": bench.voicectl(repository, "get", key),
        "voicectl export": bench.voicectl(repository, "export"),
        "completion of a key": bench.voicectl(repository, *completion),
    }
    return medians(in_turn(commands, bench.rounds * 3))
