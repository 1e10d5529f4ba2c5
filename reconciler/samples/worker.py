"""The process that looks into samples. One of them may crash, hang or bloat it; nothing else is lost then.

It reads orders from stdin and writes answers to stdout, a line of JSON each: what comes out of a process that has
read a hostile file is never unpickled.
"""

from __future__ import annotations

import faulthandler
import hashlib
import json
import math
import os
import resource
import select
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from reconciler.errors import SampleError
from reconciler.samples.cache import result_to_json
from reconciler.samples.extras import has_noise
from reconciler.samples.measurement import Measurement

MEMORY = (400 if has_noise() else 330) << 20
"""Bytes of data that a worker may ask for. Half an hour of speech, the most that is decoded, asks for 320 MB of it
and touches 214 MB; the models of the extra `noise` want more."""

CPU_SECONDS = 60
"""Of a core for one file. Half an hour of speech needs 9."""

WALL_SECONDS = 300.0
"""For one file, whatever else the machine does."""

READY = b"ready"
"""The first line of a worker that can be given orders."""

TIMED_OUT = 1
"""The exit status of a worker after WALL_SECONDS; after CPU_SECONDS, it is ended by SIGXCPU."""


def serve(measure: Callable[[Path], Measurement], *, cpu: int = CPU_SECONDS, wall: float = WALL_SECONDS) -> None:
    """Answer orders until stdin ends. A file that takes more seconds than `cpu` or `wall` ends the process."""
    answers = _private_stdout()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _limit(resource.RLIMIT_DATA, MEMORY)
    _limit(resource.RLIMIT_CORE, 0)
    _send(answers, READY)
    for line in sys.stdin.buffer:
        order = json.loads(line)
        # The kernel and a thread of C do this, and need no GIL: a decoder that never returns is ended as well.
        _limit(resource.RLIMIT_CPU, math.ceil(time.process_time()) + cpu, for_good=False)
        faulthandler.dump_traceback_later(wall, exit=True)
        answer = _look(measure, Path(order["path"]), order["sha256"])
        faulthandler.cancel_dump_traceback_later()
        _send(answers, answer)


def _look(measure: Callable[[Path], Measurement], path: Path, sha256: str) -> bytes:
    """Return the answer: `keep` says whether it holds for these bytes whenever they are seen."""
    try:
        answer = _answer(measure(path), keep=True)
    except SampleError as error:
        answer = _answer(error, keep=True)
    except MemoryError:
        answer = _answer(_too_large(path), keep=False)
    except Exception as error:  # noqa: BLE001 - one odd file must not keep all the others from being checked
        answer = _answer(_our_bug(path, error), keep=False)
    return answer if _still_holds(path, sha256) else _answer(_changing(path), keep=False)


def _answer(result: Measurement | SampleError, *, keep: bool) -> bytes:
    # a NaN is a bug of what has measured it, to be told like any other
    return json.dumps({"keep": keep, "result": result_to_json(result)}, allow_nan=False).encode()


def _still_holds(path: Path, sha256: str) -> bool:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except OSError:
        return False


def _private_stdout() -> BinaryIO:
    """Take stdout for the answers alone: what a library prints must not come between them."""
    answers = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    return answers


def _send(answers: BinaryIO, answer: bytes) -> None:
    answers.write(answer + b"\n")
    answers.flush()


def _end_with_parent() -> None:
    """Wait until nobody holds the other end of stdin, then end in the middle of whatever is done."""
    hang_up = select.poll()
    hang_up.register(0, 0)
    hang_up.poll()
    os._exit(0)


def _limit(which: int, most: int, *, for_good: bool = True) -> None:
    hard = resource.getrlimit(which)[1]
    least = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(which, (least, least if for_good else hard))


def _too_large(path: Path) -> SampleError:
    return SampleError(
        "sample.unreadable",
        f"{path.name} cannot be measured",
        where=str(path),
        why=f"it takes more than {MEMORY >> 20} MB of memory, which no sound recording needs",
        fix="export it again, or replace it with a file that plays to its end",
    )


def _changing(path: Path) -> SampleError:
    return SampleError(
        "sample.changing",
        f"{path.name} is being written to",
        where=str(path),
        why="it changed while it was measured",
        fix="run again when it is complete",
    )


def _our_bug(path: Path, error: Exception) -> SampleError:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(frame.filename).name}:{frame.lineno}"
    return SampleError(
        "sample.unreadable",
        f"{path.name} cannot be measured",
        where=str(path),
        why=f"a bug in voicectl: {type(error).__name__} at {place}: {error}",
        fix="please report it, with the file if you may share it; meanwhile, export the sample again",
    )


if __name__ == "__main__":
    from reconciler.samples.measure import measure as measure_sample

    serve(measure_sample)
