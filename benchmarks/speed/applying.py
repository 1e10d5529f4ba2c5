"""Applies against a server with 50 ms a call, against the ideal schedule, the official client, and httpx alone.

The ideal schedule takes each call as long as the server took for it, and no time in between.
"""

from __future__ import annotations

import heapq
import math
import shutil
import statistics
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.speed.bench import Bench, Palabra, as_on, palabra
from benchmarks.speed.cached_checks import remember_checks
from benchmarks.speed.repository import Repository
from benchmarks.speed.timing import Command, Cost, median, run

DELAY = 0.05
"""Seconds that the server takes for each answer."""
PROCESSING = 0.5
"""Seconds that it processes a sample."""
PARALLELISM = (8, 32)
PAGE = 50
"""Voices on a page of the list."""
WRITES = ("create", "upload")
"""Calls that must follow one another to make a voice."""
ROUNDS = 3
Calls = Sequence[tuple[str, float, float]]
"""Kind, begin and end in seconds."""


def measure(bench: Bench) -> dict[str, Any]:
    """Return, for each parallelism, what the three programs cost and the least that the schedule allows."""
    size = 100 if bench.quick else 1000
    repository = bench.repository(size, applied=0)
    remember_checks(repository, bench.data / "cache")
    return {"voices": size, **{str(n): _one(bench, repository, n) for n in PARALLELISM}}


def _one(bench: Bench, repository: Repository, parallelism: int) -> dict[str, Any]:
    with palabra(repository, delay=DELAY, processing=PROCESSING) as server:
        reset = fresh(repository, server)
        flags = ["apply", "--yes", "--quiet", "--parallelism", str(parallelism)]
        arguments = [server.url, str(repository.root), str(parallelism)]
        commands = {
            "voicectl apply": as_on(server, bench.voicectl(repository, *flags)),
            "httpx alone": bench.python(repository, "bare_apply.py", *arguments),
            "httpx over aiohttp": bench.python(repository, "bare_apply.py", *arguments, "aiohttp"),
            "palabra-ai": bench.python(repository, "palabra_ai_apply.py", *arguments),
        }
        costs: dict[str, list[Cost]] = {name: [] for name in commands}
        calls: dict[str, Calls] = {}
        for number in range(min(ROUNDS, bench.rounds)):
            for name, command in commands.items():
                if number and name == "palabra-ai":
                    continue  # it takes minutes
                costs[name].append(run(Command(command.line, command.folder, command.environ, reset)))
                calls[name] = server.calls()
    return {name: _told(median(costs[name]), calls[name], parallelism) for name in commands}


def _told(cost: Cost, calls: Calls, parallelism: int) -> dict[str, Any]:
    begun = min(begin for _, begin, _ in calls)
    return {
        "wall": cost.wall,
        "cpu": cost.cpu,
        "memory": cost.memory,
        "calls": dict(Counter(kind for kind, _, _ in calls)),
        "on the wire": max(end for _, _, end in calls) - begun,
        "writing": _writing(calls),
        "ideal": ideal(calls, parallelism),
        "ideal writing": ideal_writing(calls, parallelism),
    }


def _writing(calls: Calls) -> float:
    """Return the seconds from the first create to the last upload."""
    writes = [call for call in calls if call[0] in WRITES]
    return max(end for _, _, end in writes) - min(begin for _, begin, _ in writes)


def ideal_writing(calls: Calls, parallelism: int) -> float:
    """Return the least seconds that the creates and uploads of a run can take, so many voices at a time.

    Each voice is a chain of one call of each kind; a free place takes the next voice.
    """
    free = [0.0] * parallelism
    each = sum(_answer(calls, kind) for kind in WRITES)
    for _ in range(sum(kind == "create" for kind, _, _ in calls)):
        heapq.heapreplace(free, free[0] + each)
    return max(free)


def ideal(calls: Calls, parallelism: int) -> float:
    """Return the least seconds that a whole run can take on the wire.

    The account is listed, page after page; the voices are made; the last one is processed, and meanwhile the list,
    which tells who is ready and whether there is a second voice of anybody, is gone through once.
    """
    first_write = min(begin for kind, begin, _ in calls if kind in WRITES)
    listed = sum(kind == "list" and begin < first_write for kind, begin, _ in calls)
    pages = math.ceil(sum(kind == "create" for kind, _, _ in calls) / PAGE)
    page = _answer(calls, "list")
    return listed * page + ideal_writing(calls, parallelism) + max(PROCESSING + page, pages * page)


def _answer(calls: Calls, kind: str) -> float:
    """Return the median of the seconds that the server took for calls of a kind."""
    return statistics.median([end - begin for called, begin, end in calls if called == kind] or [DELAY])


def fresh(repository: Repository, server: Palabra) -> Callable[[], None]:
    """Return what makes everything as before the first apply; what is known of files stays."""

    def reset() -> None:
        server.reset()
        shutil.copy(repository.first_state, repository.state)
        for left in repository.work.glob("*.journal"):
            left.unlink()

    return reset
