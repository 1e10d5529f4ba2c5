"""How long a save takes to be a plan on the screen, and what watch costs while nothing happens.

    python benchmarks/watch.py [--voices 10000] [--saves 20]

Nobody answers as the server: state is trusted, as it is between two looks at the account.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent.parent / "tests")]

from recorded_voices import recorded_voices  # noqa: E402 - a module of the tests
from watch_process import Watch  # noqa: E402 - as above


def main() -> None:
    """Print one line a figure."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--voices", type=int, default=10_000)
    parser.add_argument("--saves", type=int, default=20)
    arguments = parser.parse_args()
    count = arguments.voices
    with tempfile.TemporaryDirectory() as folder:
        repository = recorded_voices(Path(folder) / "repository", count)
        environ = {"PATH": os.environ["PATH"], "PALABRA_API_URL": "http://127.0.0.1:9", "PALABRA_API_KEY": "any"}
        for start in ("cold", "warm"):
            began = time.monotonic()
            watching = Watch(repository.root, environ)
            watching.planned(unchanged=count)
            print(f"start, caches {start}: {time.monotonic() - began:.2f} s to the first plan of {count:,} voices")
            if start == "cold":
                watching.end()
                watching.close()
        time.sleep(10)  # what loads in the background has loaded

        def timed(what: str, save: Callable[[int], object], **wanted: object) -> None:
            took = []
            for number in range(arguments.saves):
                key = repository.keys[number * 7 % count]
                began = time.monotonic()
                save(number)
                watching.row(key, **wanted)
                took.append(time.monotonic() - began)
            print(f"{what}: median {statistics.median(took):.3f} s, worst {max(took):.3f} s")

        def key_of(number: int) -> str:
            return repository.keys[number * 7 % count]

        timed("a saved description", lambda n: repository.write(key_of(n), f"Take {n}."), action="update")
        timed("a file that breaks", lambda n: repository.file(key_of(n)).write_text("name: ["), declared="broken")
        timed("a file that is mended", lambda n: repository.write(key_of(n)), action="unchanged")
        before = _cpu(watching.process.pid)
        time.sleep(20)
        print(f"idle: {(_cpu(watching.process.pid) - before) / 20:.2%} of a core")
        print(f"memory: {_rss(watching.process.pid)} MB")
        watching.end()
        watching.close()


def _cpu(pid: int) -> float:
    """Return the seconds of computing that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _rss(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) // 1024


if __name__ == "__main__":
    main()
