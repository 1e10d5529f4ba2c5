"""Broken files of all formats get a verdict or a clear error; benchmarks/fuzzing/ does this by the thousand."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

RUN = Path(__file__).resolve().parents[3] / "benchmarks" / "fuzzing" / "run.py"


@pytest.mark.parametrize(
    "numbers",
    [
        pytest.param(("--no-bombs", "--count", "60", "--seed", "7"), id="broken"),
        pytest.param(("--first", "40", "--count", "20"), id="hand-made"),
    ],
)
def test_every_broken_file_gets_a_verdict_or_an_error(tmp_path: Path, numbers: tuple[str, ...]) -> None:
    run = subprocess.run(
        [sys.executable, str(RUN), *numbers, "--keep", str(tmp_path / "found")],
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.stdout.endswith("nothing is wrong\n"), run.stdout
    assert (run.returncode, run.stderr) == (0, "")
    assert f"| all | {numbers[numbers.index('--count') + 1]} |" in run.stdout
