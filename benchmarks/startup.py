"""How long voicectl takes to begin, against a bare interpreter that does nothing.

    python benchmarks/startup.py [ROUNDS]

Prints the median of each command, and its ratio to `python -c pass`. The rounds are interleaved, so that a busy
machine slows all of them alike. Run it on an idle machine; nothing here is asserted.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 15
PYTHON = sys.executable
VOICECTL = str(Path(sys.executable).with_name("voicectl"))
VOICES = 50
"""In the state document that `get` and `export` read."""


def main() -> None:
    """Measure and print."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder)
        commands = {
            "python -c pass": [PYTHON, "-c", "pass"],
            "python -c 'import click'": [PYTHON, "-c", "import click"],
            "voicectl --version": [VOICECTL, "--version"],
            "voicectl --help": [VOICECTL, "--help"],
            "voicectl plan --help": [VOICECTL, "plan", "--help"],
            "voicectl get": [VOICECTL, "get", "voice-07"],
            "voicectl export": [VOICECTL, "export"],
        }
        times: dict[str, list[float]] = {label: [] for label in commands}
        for _ in range(rounds + 1):
            for label, command in commands.items():
                times[label].append(measure(command, folder))
    medians = {label: statistics.median(found[1:]) for label, found in times.items()}  # the first round warms caches
    bare = medians["python -c pass"]
    print(f"{'command':28} {'median ms':>10} {'over bare':>10} {'ratio':>7}   ({rounds} rounds)")
    for label, median in medians.items():
        print(f"{label:28} {median * 1e3:10.1f} {(median - bare) * 1e3:10.1f} {median / bare:6.1f}x")


def prepare(folder: Path) -> None:
    """Make a repository whose state document has some voices."""
    sample = {"file": "a.mp3", "sha256": "0" * 64, "size": 1, "stream_sha256": None, "lang_code": "en"}
    sample |= {"denoise": False, "speech_normalization": True}
    record = {"status": "ready", "name": "Voice", "description": None, "labels": {}, "sample": sample}
    voices = {f"voice-{n:02}": {**record, "voice_id": f"id-{n}"} for n in range(VOICES)}
    document = {"version": 1, "serial": 1, "lineage": "x", "environment": "default", "account": None, "voices": voices}
    (folder / "voicectl.yaml").write_text("project: quick\n")
    (folder / "voices.state.json").write_text(json.dumps(document))


def measure(command: list[str], folder: Path) -> float:
    """Return how many seconds one run took."""
    environ = {"PATH": os.environ["PATH"]}
    begun = time.perf_counter()
    subprocess.run(command, cwd=folder, env=environ, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
