"""Drive random edits, faults, kills, losses and applies for thousands of steps, and check law 2 after each good apply.

    python benchmarks/endurance.py --steps 10000 --seed 1

Prints what was tried. Ends with the first history that goes wrong, as it was.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "reliability")]

LIFE = 100
"""Steps of one repository."""


def main() -> None:
    """Run until so many steps were tried."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()

    from forked_runs import ForkServer  # noqa: PLC0415 - found by the path above
    from hypothesis import HealthCheck, Phase, seed, settings  # noqa: PLC0415 - only a real run needs it
    from hypothesis.stateful import run_state_machine_as_test  # noqa: PLC0415
    from palabra_process import Palabra  # noqa: PLC0415
    from random_history import RandomHistory  # noqa: PLC0415

    chosen = settings(
        max_examples=5,
        stateful_step_count=LIFE,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    begun, tried, turn = time.monotonic(), RandomHistory.tried, 0
    with (
        tempfile.TemporaryDirectory(prefix="endurance-") as folder,
        Palabra(Path(folder) / "palabra") as palabra,
        ForkServer(Path(folder) / "runs") as runs,
    ):
        RandomHistory.palabra, RandomHistory.runs = palabra, runs
        while tried["steps"] < asked.steps:
            turn += 1
            seed(asked.seed * 1_000_000 + turn)(RandomHistory)
            run_state_machine_as_test(RandomHistory, settings=chosen)
            print(f"{tried['steps']} steps, {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)
    for name, number in sorted(tried.items(), key=lambda pair: -pair[1]):
        print(f"{number:7,}  {name}")
    print(f"{time.monotonic() - begun:7,.0f}  seconds; every good apply ended in the right world")


if __name__ == "__main__":
    main()
