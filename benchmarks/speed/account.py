"""Plans that read the account, against the same paged GETs made by nothing but httpx."""

from __future__ import annotations

from benchmarks.speed.bench import Bench, as_on, palabra
from benchmarks.speed.timing import Medians, in_turn, medians

DELAY = 0.02
"""Seconds that the server takes for each answer."""


def measure(bench: Bench) -> Medians:
    """Return what reading the account costs, alone and as part of a plan."""
    repository = bench.repository(bench.large)
    with palabra(repository, delay=DELAY) as server:
        commands = {
            "plan": as_on(server, bench.voicectl(repository, "plan")),
            "paged GETs": bench.python(repository, "bare_pages.py", server.url),
        }
        return medians(in_turn(commands, bench.rounds))
