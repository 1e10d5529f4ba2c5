"""An apply in a process of its own, which waits for a voice that takes an hour."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from cli_world import HOUR, World


@contextmanager
def waiting_apply(world: World, key: str, env: Mapping[str, str] | None = None) -> Iterator[subprocess.Popen[str]]:
    """Declare a voice, and yield an apply that has uploaded it. At the end it is killed, as by a power cut."""
    world.serve(processing_time=HOUR)
    world.environ |= env or {}
    world.declare(key, seed=len(key))
    process = subprocess.Popen(
        [sys.executable, "-m", "reconciler", "apply", "--yes", "--json"],
        cwd=world.root,
        env=world.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        if not any('"processing"' in line for line in process.stdout):
            raise AssertionError(process.stderr.read())
        yield process
    finally:
        process.kill()
        process.communicate()
