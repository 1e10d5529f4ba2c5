"""Let many processes apply at once to one state document in an object store, while everything fails, and count.

    python benchmarks/shared_state.py --processes 20 --voices 10 --restarts 2

Each process applies its own voices (`apply --target pN/*`) in a checkout of its own, or all in one folder
(`--one-folder`). The account is a faulty emulator; the store is a SeaweedFS that is killed and started again. Ends
with exit 1 unless each voice is there once, ready and recorded.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "reliability")]


def main() -> None:
    """Do it once."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--processes", type=int, default=20)
    parser.add_argument("--voices", type=int, default=10, help="of each process")
    parser.add_argument("--restarts", type=int, default=2, help="of the store")
    parser.add_argument("--one-folder", action="store_true")
    parser.add_argument("--no-faults", action="store_true", help="the account answers as it should")
    asked = parser.parse_args()

    from forked_runs import ForkServer  # noqa: PLC0415 - found by the path above
    from palabra_process import Palabra  # noqa: PLC0415
    from seaweed import Seaweed  # noqa: PLC0415
    from shared_world import FAULTS, Crowd, Team  # noqa: PLC0415

    with tempfile.TemporaryDirectory(prefix="shared-state-") as name:
        folder = Path(name)
        (folder / "seaweed").mkdir()
        seaweed = Seaweed(folder / "seaweed")
        with Palabra(folder / "palabra") as palabra, ForkServer(folder / "runs") as runs:
            seaweed.start()
            try:
                team = Team(folder / "team", palabra.account(), runs, seaweed, lease=60)
                crowd = Crowd(team, asked.processes, asked.voices)
                crowd.declare()
                palabra.faults(*(() if asked.no_faults else FAULTS))
                begun = time.monotonic()
                ends = crowd.apply(one_folder=asked.one_folder, restarts=asked.restarts)
                seconds = time.monotonic() - begun
                codes = Counter(ran.code for ran in ends)
                print(f"{len(team.records):7,}  voices recorded, {len(team.account.voices) - 1} in the account")
                print(f"{seconds:7.1f}  seconds")
                print(f"         exit codes: {dict(codes)}")
                for ran in ends:
                    if ran.code:
                        print(ran, file=sys.stderr)
                team.assert_right()
            finally:
                seaweed.kill()


if __name__ == "__main__":
    main()
