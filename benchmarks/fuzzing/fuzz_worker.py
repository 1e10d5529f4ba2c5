"""A worker that also writes down what each file took. Run by run.py.

fuzz_worker.py LOG SPEAKERS SECONDS: the file to write to, 1 or 0 for the speaker models, and how much of a core a file
may take.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from reconciler.samples.measure import measure
from reconciler.samples.measurement import Measurement
from reconciler.samples.worker import serve

LOG = Path(sys.argv[1])
SPEAKERS = sys.argv[2] == "1"


def observed(path: Path) -> Measurement:
    """Measure, and note the time and the most memory that it took."""
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak of the file before: proc(5)
    wall, cpu = time.perf_counter(), time.process_time()
    try:
        return measure(path, speakers=SPEAKERS)
    finally:
        took = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu, "memory": _peak()}
        with LOG.open("a") as log:
            log.write(json.dumps({"name": path.name, **took}) + "\n")


def _peak() -> int:
    """Return the largest resident set, in bytes."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


if __name__ == "__main__":
    serve(observed, cpu=int(sys.argv[3]))
