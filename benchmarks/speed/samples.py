"""Checks of changed recordings: they are bound by listening, so the question is whether all cores listen."""

from __future__ import annotations

import shutil
from typing import Any

from benchmarks.speed.bench import Bench
from benchmarks.speed.timing import Command, run


def measure(bench: Bench) -> dict[str, Any]:
    """Return what `validate` costs when no recording was heard before, and when all were."""
    size = 20 if bench.quick else 100
    repository = bench.repository(size)
    heard = bench.data / "heard"

    def forget() -> None:
        shutil.rmtree(heard, ignore_errors=True)
        shutil.rmtree(repository.work, ignore_errors=True)

    validate = bench.voicectl(repository, "validate", VOICECTL_CACHE=str(heard))
    first = run(Command(validate.line, validate.folder, validate.environ, forget))
    again = run(validate)
    return {
        "samples": size,
        "cores": bench.cores,
        "first": {"wall": first.wall, "cpu": first.cpu},
        "again": {"wall": again.wall, "cpu": again.cpu},
    }
