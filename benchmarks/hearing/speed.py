"""How long one core takes for a sample of 60 s, stage by stage, and how much memory it takes.

    OPENBLAS_NUM_THREADS=1 python -m benchmarks.hearing.speed RECORDING

RECORDING is any file of at least a few seconds of speech; it is repeated to 60 s and written in each format.
Each format is measured in a process of its own, whose highest resident memory is printed: Python and libraries too.
Run it on an idle machine: the best of five rounds is printed, nothing is asserted.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.hearing import files
from benchmarks.hearing.speech import RATE, decode

SECONDS: Final = 60
ROUNDS: Final = 5
FORMATS: Final = (files.MP3, files.WAV, files.FLAC, files.OPUS, files.M4A, files.MPEG)
STAGES: Final = ("decode", "without speakers", "with speakers")


def main() -> None:
    """Measure each format and print."""
    if len(sys.argv) == 3 and sys.argv[1] == "--one":
        print(json.dumps(measure_one(Path(sys.argv[2]))))
        return
    if len(sys.argv) != 2:
        sys.exit("usage: python -m benchmarks.hearing.speed RECORDING")
    sound = np.resize(decode(Path(sys.argv[1])), SECONDS * RATE)
    environ = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    print(f"ms for {SECONDS} s  {' '.join(f'{stage:>17}' for stage in STAGES)}  MB without / with")
    with tempfile.TemporaryDirectory() as name:
        for encoding in FORMATS:
            path = Path(name) / f"sample.{encoding.suffix}"
            files.write(sound, path, encoding)
            command = [sys.executable, "-m", "benchmarks.hearing.speed", "--one", str(path)]
            found = json.loads(subprocess.run(command, env=environ, check=True, capture_output=True).stdout)
            times = " ".join(f"{found[stage]:17.0f}" for stage in STAGES)
            print(f"{encoding.suffix:12} {times}  {found['MB without']:.0f} / {found['MB with']:.0f}")


def measure_one(path: Path) -> dict[str, float]:
    """Return the milliseconds of CPU for each stage, the best of some rounds, and the highest memory so far."""
    from reconciler.samples.measure import measure  # noqa: PLC0415 - after the process has begun to count
    from reconciler.samples.probe import probe  # noqa: PLC0415

    found = {
        "decode": _best(lambda: probe(path)),
        "without speakers": _best(lambda: measure(path, speakers=False)),
    }
    found["MB without"] = _megabytes()
    found["with speakers"] = _best(lambda: measure(path))
    found["MB with"] = _megabytes()
    return found


def _best(run: Callable[[], object]) -> float:
    run()  # loads what is loaded once
    taken = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        run()
        taken.append(time.process_time() - begun)
    return min(taken) * 1000


def _megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
