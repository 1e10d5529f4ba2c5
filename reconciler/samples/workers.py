"""Measuring in processes of their own, so that no file can crash, hang or bloat this one.

Plain pipes, and no process pool of a library: a pool unpickles what its workers send, runs the parent's main
module again in each, and lets a Ctrl-C in a starting worker print a traceback.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from pathlib import Path
from threading import BoundedSemaphore, Lock
from typing import IO, Any, Final, Self

from reconciler.errors import SampleError
from reconciler.samples.cache import MeasurementCache, result_from_json
from reconciler.samples.extras import has_noise
from reconciler.samples.measurement import Measurement
from reconciler.samples.worker import CPU_SECONDS, TIMED_OUT, WALL_SECONDS

WORKER: Final = ("-m", "reconciler.samples.worker")
"""What a worker runs, as arguments of Python."""

_Result = Measurement | SampleError


class Measurer:
    """Measures samples while entered. No process is started as long as the cache knows every answer.

    May be used by several threads at once, and in a forked child that entered it itself.
    """

    def __init__(self, cache: MeasurementCache, *, workers: int | None = None, program: Sequence[str] = WORKER) -> None:
        """`workers` is how many processes work at most; None: one for each core that may be used.

        `program` is for tests and benchmarks, whose workers do something else.
        """
        self._cache = cache
        self._count = workers or usable_cores()
        self._program = program
        self._turns = BoundedSemaphore(self._count)
        self._lock = Lock()
        self._idle: list[_Worker] = []
        self._all: set[_Worker] = set()
        self._closed = False

    def __enter__(self) -> Self:
        """Start nothing yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the workers at once, whatever they do."""
        with self._lock:
            self._closed = True
            for worker in self._all:
                worker.end()

    def measure(self, path: Path, sha256: str) -> Measurement:
        """Return what is measured on a file with this sha256.

        Raises SampleError, as `measure.measure` does; `sample.changing` too, if its bytes are other ones.
        """
        known = self._known(path, sha256)
        result = self._ask(path, sha256) if known is None else known
        if isinstance(result, SampleError):
            raise result
        return result

    def measure_all(
        self, samples: Sequence[tuple[Path, str]], on_done: Callable[[int], None] | None = None
    ) -> list[Measurement | SampleError]:
        """Return what is measured on each (path, sha256), in this order. Equal bytes are measured once.

        `on_done` is told, in the calling thread, how many different samples are done so far.
        """
        first = {sha256: path for path, sha256 in reversed(samples)}
        results: dict[str, _Result] = {}
        for sha256, path in first.items():
            known = self._known(path, sha256)
            if known is not None:
                results[sha256] = known
        unknown = {sha256: path for sha256, path in first.items() if sha256 not in results}
        if on_done and results:
            on_done(len(results))
        for sha256, result in self._ask_all(unknown):
            results[sha256] = result
            if on_done:
                on_done(len(results))
        return [
            # the words of an error are about one path: another file with the same bytes gets its own
            self._ask(path, sha256)
            if path != first[sha256] and isinstance(results[sha256], SampleError)
            else results[sha256]
            for path, sha256 in samples
        ]

    def _known(self, path: Path, sha256: str) -> _Result | None:
        result = self._cache.get(sha256)
        return result if result is not None and _is_about(result, path) and not _lacks_extra(result) else None

    def _ask_all(self, samples: Mapping[str, Path]) -> Iterator[tuple[str, _Result]]:
        """Yield results as they come, by sha256."""
        if not samples:
            return
        threads = ThreadPoolExecutor(self._count)
        try:
            asked = {threads.submit(self._ask, path, sha256): sha256 for sha256, path in samples.items()}
            for done in as_completed(asked):
                yield asked[done], done.result()
        finally:  # after a Ctrl-C, nobody waits: the workers are about to be ended, and the threads with them
            threads.shutdown(wait=False, cancel_futures=True)

    def _ask(self, path: Path, sha256: str) -> _Result:
        with self._turns:
            worker = self._take()
            answer = worker.ask({"path": str(path), "sha256": sha256})
            if answer is None:
                with self._lock:
                    self._all.discard(worker)
                return _lost(path, worker.end())
            with self._lock:
                self._idle.append(worker)
        result = result_from_json(answer["result"])
        if answer["keep"]:
            self._cache.put(sha256, result)
        return result

    def _take(self) -> _Worker:
        """Return a worker that is at hand, or a new one."""
        with self._lock:
            if self._closed:
                raise RuntimeError("the measurer is closed")
            while self._idle:
                worker = self._idle.pop()
                if worker.is_alive():
                    return worker
                self._all.discard(worker)
                worker.end()
            worker = _Worker(self._program)
            self._all.add(worker)
        worker.wait_until_ready()
        return worker


class _Worker:
    """A process that measures one file after another."""

    def __init__(self, program: Sequence[str]) -> None:
        self._process = subprocess.Popen(
            # -P: a package in the working directory, which may be anybody's, must not be imported by its name
            [sys.executable, "-P", *program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
                # there is a worker for each core already, and each thread of BLAS takes memory
                **dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
            },
            process_group=0,  # a Ctrl-C is for the parent alone, which ends the workers
        )
        assert self._process.stdin
        assert self._process.stdout
        self._orders: IO[bytes] = self._process.stdin
        self._answers: IO[bytes] = self._process.stdout

    def is_alive(self) -> bool:
        return self._process.poll() is None

    def wait_until_ready(self) -> None:
        """Raise RuntimeError if it cannot be started, which is no sample's fault."""
        if not self._answers.readline():
            command = " ".join(map(str, self._process.args)) if isinstance(self._process.args, list) else ""
            raise RuntimeError(f"a worker ended with {self.end()} before its first sample; try: {command} < /dev/null")

    def ask(self, order: dict[str, str]) -> dict[str, Any] | None:
        """Return the answer; None if the process died of it."""
        try:
            self._orders.write(json.dumps(order).encode() + b"\n")
            self._orders.flush()
            return dict(json.loads(self._answers.readline()))
        except (OSError, ValueError):  # it is gone, before or in the middle of a line
            return None

    def end(self) -> int:
        """Kill it if it lives; return its exit status."""
        self._process.kill()
        status = self._process.wait()
        for pipe in (self._orders, self._answers):
            with suppress(OSError):  # what was still to be written goes nowhere
                pipe.close()
        return status


def usable_cores() -> int:
    """Return on how many cores this process may run."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _lacks_extra(result: _Result) -> bool:
    """Whether the extra `noise` came after the measurement was kept."""
    return isinstance(result, Measurement) and result.music is None and has_noise()


def _is_about(result: _Result, path: Path) -> bool:
    return isinstance(result, Measurement) or result.where == str(path)


def _lost(path: Path, status: int) -> SampleError:
    """Return the error for a file that a worker has died of. It may be this machine's fault, so it is not kept."""
    if status == TIMED_OUT:
        why = f"the decoder was not through with it after {WALL_SECONDS:.0f} s"
    elif status == -signal.SIGXCPU:
        why = f"the decoder was not through with it after {CPU_SECONDS} s of computing"
    elif status == -signal.SIGKILL:
        why = "the decoder was killed while it read it; the machine may be out of memory"
    elif status < 0:
        why = f"the decoder crashed on it ({signal.Signals(-status).name})"
    else:
        why = f"the decoder gave up on it (exit status {status})"
    return SampleError(
        "sample.unreadable",
        f"{path.name} cannot be read as audio",
        where=str(path),
        why=why,
        fix="export it again, or replace it with a file that plays to its end",
    )
