"""Memory of an apply that sends large recordings, many at a time."""

from __future__ import annotations

from typing import Any

from benchmarks.speed.applying import fresh
from benchmarks.speed.bench import Bench, as_on, palabra
from benchmarks.speed.cached_checks import remember_checks
from benchmarks.speed.timing import Command, run

PARALLELISM = 32
COPIES = 99
"""Times that the sound of a usual recording is in a large one: 10 MB."""


def measure(bench: Bench) -> dict[str, Any]:
    """Return MB and seconds of an apply with 10 MB recordings."""
    size = 40 if bench.quick else 64
    repository = bench.repository(size, applied=0, copies=COPIES)
    remember_checks(repository, bench.data / "cache")
    flags = ["apply", "--yes", "--quiet", "--parallelism", str(PARALLELISM)]
    with palabra(repository, delay=0.05, processing=0.2) as server:
        command = as_on(server, bench.voicectl(repository, *flags))
        reset = fresh(repository, server)
        cost = run(Command(command.line, command.folder, command.environ, reset))
        reset()
    return {"voices": size, "parallelism": PARALLELISM, "memory": cost.memory, "wall": cost.wall}
