"""What `benchmarks/watch.py` says: how long a save takes to be a plan on the screen."""

from __future__ import annotations

import re
import subprocess

from benchmarks.speed.bench import PYTHON, ROOT, Bench

FIGURE = re.compile(r"^(.+?): (?:median )?([0-9.]+) s", re.MULTILINE)


def measure(bench: Bench) -> dict[str, float]:
    """Return the seconds of each figure that is one in seconds."""
    line = [PYTHON, "benchmarks/watch.py", "--voices", str(bench.large), "--saves", "5" if bench.quick else "20"]
    said = subprocess.run(line, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return {what: float(seconds) for what, seconds in FIGURE.findall(said)}
