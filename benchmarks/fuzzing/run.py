"""Break sound files of all formats by the thousand, and see that each gets a verdict or a clear error.

    python benchmarks/fuzzing/run.py --count 20000 --seed 1
    python benchmarks/fuzzing/run.py --count 1000 --seed 2 --speakers

The same seed makes the same files. Each goes through the worker processes that voicectl uses, and every measurement
through all the rules. Files on which a worker was lost, or took too much, are kept. Exits with 1 if there is such a
file: a crash, a hang, a bug, more than 10 s of a core or more than 300 MB.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(HERE)]

from cases import Case, make_case  # noqa: E402 - found by the path above
from seeds import made  # noqa: E402

from reconciler.errors import SampleError  # noqa: E402
from reconciler.samples.cache import MeasurementCache  # noqa: E402
from reconciler.samples.rules import judge  # noqa: E402
from reconciler.samples.workers import Measurer, usable_cores  # noqa: E402

MOST_SECONDS = 10.0
"""Of a core; the wall clock says more about what else the machine does."""
MOST_MEMORY = 300_000_000
"""Bytes, resident."""
PATIENCE = 20
"""Seconds of a core, after which a worker is ended."""

_KINDS = {"a bug": "bug", "it takes more": "memory", "the decoder was not": "timeout", "the decoder": "crash"}
"""What an error says first, where it is not about the file but about a worker; in this order."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a file."""

    number: int
    name: str
    broken: str
    """The format it was, and what was done to it."""
    kind: str
    result: str
    """verdict, error, bug, memory, timeout or crash."""
    detail: str
    """The rule and reason of an error."""


def main() -> None:
    """Run all cases and print what became of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="the number of the first file")
    parser.add_argument("--speakers", action="store_true", help="run the speaker models too")
    parser.add_argument(
        "--no-bombs", dest="bombs", action="store_false", help="leave out the large ones at the beginning"
    )
    parser.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir(), "fuzzing-found"), metavar="FOLDER")
    asked = parser.parse_args()

    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "took.jsonl")
        log.touch()
        outcomes = list(_outcomes(asked, Path(folder), log))
        took = {line["name"]: line for line in map(json.loads, log.read_text().splitlines())}
    _print_summary(outcomes, took, time.perf_counter() - started)
    found = [outcome for outcome in outcomes if _is_wrong(outcome, took.get(outcome.name))]
    _keep(found, took, asked)
    sys.exit(1 if found else 0)


def _outcomes(asked: argparse.Namespace, folder: Path, log: Path) -> Iterator[Outcome]:
    program = (str(HERE / "fuzz_worker.py"), str(log), "1" if asked.speakers else "0", str(PATIENCE))
    nowhere = MeasurementCache(log)  # a file, so nothing can be kept
    made()
    with Measurer(nowhere, program=program) as measurer, ThreadPoolExecutor(usable_cores()) as threads:

        def look(number: int) -> Outcome:
            case = make_case(asked.seed, number, bombs=asked.bombs)
            path = folder / case.name
            path.write_bytes(case.content)
            try:
                measurement = measurer.measure(path, sha256(case.content).hexdigest())
            except SampleError as error:
                return _outcome(number, case, _kind_of(error), f"{error.rule}: {error.why}")
            finally:
                path.unlink()
            judge(measurement, {})
            return _outcome(number, case, "verdict", "")

        for done, outcome in enumerate(threads.map(look, range(asked.first, asked.first + asked.count)), 1):
            if done % 1000 == 0:
                print(f"{done} of {asked.count}", file=sys.stderr, flush=True)
            yield outcome


def _outcome(number: int, case: Case, result: str, detail: str) -> Outcome:
    return Outcome(number, case.name, f"{case.kind}, {case.how}", case.kind, result, detail)


def _kind_of(error: SampleError) -> str:
    return next((kind for words, kind in _KINDS.items() if error.why.startswith(words)), "error")


def _is_wrong(outcome: Outcome, took: dict[str, Any] | None) -> bool:
    if outcome.result not in ("verdict", "error") or took is None:
        return True
    return took["cpu"] > MOST_SECONDS or took["memory"] > MOST_MEMORY


def _print_summary(outcomes: list[Outcome], took: dict[str, dict[str, Any]], seconds: float) -> None:
    results = ("verdict", "error", "bug", "memory", "timeout", "crash")
    print(f"{len(outcomes):,} files in {seconds / 60:.1f} min\n")
    print("| broken | files | " + " | ".join(results) + " |")
    print("| --- |" + " ---: |" * (len(results) + 1))
    count = Counter((outcome.kind, outcome.result) for outcome in outcomes)
    kinds = sorted({outcome.kind for outcome in outcomes})
    for kind in (*kinds, "all"):
        numbers = [sum(n for (k, r), n in count.items() if kind in (k, "all") and r == result) for result in results]
        print(f"| {kind} | {sum(numbers):,} | " + " | ".join(f"{number:,}" for number in numbers) + " |")
    rules = Counter(outcome.detail.partition(":")[0] for outcome in outcomes if outcome.result == "error")
    print("\nerrors: " + ", ".join(f"{rule} {number:,}" for rule, number in rules.most_common()))
    how = {outcome.name: outcome.broken for outcome in outcomes}
    for field, unit, scale in (
        ("cpu", "s of a core", 1),
        ("wall", "s of wall clock", 1),
        ("memory", "MB at most", 1e-6),
    ):
        values = sorted((line[field] * scale, name) for name, line in took.items())
        if values:
            middle, high = (values[int(len(values) * share)][0] for share in (0.5, 0.99))
            print(f"\n{unit}: median {middle:.3g}, 99 % below {high:.3g}, and the most:")
            for value, name in reversed(values[-8:]):
                print(f"  {value:8.2f}  {name} ({how[name]})")


def _keep(found: list[Outcome], took: dict[str, dict[str, Any]], asked: argparse.Namespace) -> None:
    folder: Path = asked.keep
    if not found:
        print("\nnothing is wrong")
        return
    folder.mkdir(parents=True, exist_ok=True)
    print(f"\n{len(found)} wrong, kept in {folder}:")
    for outcome in found:
        content = make_case(asked.seed, outcome.number, bombs=asked.bombs).content
        (folder / outcome.name).write_bytes(content)
        line = took.get(outcome.name)
        cost = f"{line['cpu']:.1f} s, {line['memory'] / 1e6:.0f} MB" if line else "worker lost"
        print(f"  {outcome.name} ({outcome.broken}): {outcome.result}; {cost}; {outcome.detail}")


if __name__ == "__main__":
    main()
