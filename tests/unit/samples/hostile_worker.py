"""A worker whose decoder does what the sample says: the first word of the file is the name of a function here.

Run with no order it would measure; run by a Measurer it obeys. The real worker differs only in what it serves.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from reconciler.errors import SampleError
from reconciler.samples import worker
from reconciler.samples.measurement import Measurement, Waveform, from_json


def measured(path: Path) -> Measurement:
    """Return what the test has measured on another file, with this process and this file's size in it."""
    known = from_json(json.loads(path.with_name("measured.json").read_bytes()))
    probe = replace(known.probe, size=path.stat().st_size)
    return replace(known, probe=probe, waveform=Waveform((os.getpid(),), ()))


def fine(path: Path) -> Measurement:
    return measured(path)


def segfault(path: Path) -> Measurement:
    ctypes.string_at(0)
    return measured(path)


def abort(path: Path) -> Measurement:
    os.abort()


def leave(path: Path) -> Measurement:
    os._exit(7)


def meet(path: Path) -> Measurement:
    """Wait for another worker that does the same at the same time."""
    _, role, fifo = path.read_text().split()
    with Path(fifo).open(role):
        return measured(path)


def count(path: Path) -> Measurement:
    with path.with_suffix(".looks").open("a") as file:
        file.write("x")
    return measured(path)


def hang(path: Path) -> Measurement:
    """Hold the GIL for ever, as a decoder in C may: no other Python thread runs again."""
    ctypes.PyDLL(None).pause()
    return measured(path)


def spin(path: Path) -> Measurement:
    """Be busy in Python, for ever."""
    while True:
        measured(path)


def wait(path: Path) -> Measurement:
    """Be busy until somebody ends the process; say which one it is, into a fifo."""
    path.with_suffix(".pid").write_text(str(os.getpid()))
    threading.Event().wait()
    return measured(path)


def pause(path: Path) -> Measurement:
    """Say through a fifo which process this is, and go on at a word through another."""
    path.with_suffix(".pid").write_text(str(os.getpid()))
    with path.with_suffix(".go").open() as word:
        word.readline()
    return measured(path)


def bloat(path: Path) -> Measurement:
    held = []
    while True:
        held.append(bytearray(1 << 26))


def chatter(path: Path) -> Measurement:
    os.write(1, b"from C to stdout\n")
    os.write(2, b"from C to stderr\n")
    sys.stdout.write("from Python")
    return measured(path)


def bug(path: Path) -> Measurement:
    raise ZeroDivisionError("no sound in it")


def nan(path: Path) -> Measurement:
    return replace(measured(path), dc_offset=float("nan"))


def refuse(path: Path) -> Measurement:
    count(path)
    raise SampleError("sample.format", f"{path.name} is Ogg", where=str(path), why="not listed", fix="convert it")


def grow(path: Path) -> Measurement:
    found = measured(path)
    with path.open("a") as file:
        file.write("more")
    return found


def vanish(path: Path) -> Measurement:
    found = measured(path)
    path.unlink()
    return found


def threads(path: Path) -> Measurement:
    assert os.environ["OPENBLAS_NUM_THREADS"] == os.environ["OMP_NUM_THREADS"] == "1"
    return measured(path)


def obey(path: Path) -> Measurement:
    command: Callable[[Path], Measurement] = globals()[path.read_text().split()[0]]
    return command(path)


if __name__ == "__main__":
    worker.serve(obey, cpu=int(sys.argv[1]), wall=float(sys.argv[2]))
