"""Ctrl-C and SIGTERM, wherever the run is: a clean stop, a saved state, and a next run that makes it right."""

from __future__ import annotations

import os
import signal
import time

import pytest
from palabra_process import Palabra, matching, until
from voice_repository import Repository

SECONDS = 30
"""Generous: the run itself gives what is in flight five seconds."""
PLACES = {
    "planning": ("list", 10),
    "create": ("create", 1),
    "create that takes too long": ("create", 8),
    "upload": ("upload", 1),
    "upload that takes too long": ("upload", 8),
    "processing": ("get", 20),
    "delete": ("delete", 1),
}
CODES_OF_BOTH = (130, 143)
"""Of two signals that are pending at once, the kernel may deliver either first."""
CODES = {signal.SIGINT: (130, "Interrupted"), signal.SIGTERM: (143, "Terminated")}


def begin(repository: Repository) -> None:
    """Ask for a replacement: it goes through every place."""
    repository.declare("a", seed=1)
    repository.declare("b", seed=2)
    repository.apply_well()
    repository.declare("a", seed=3)


@pytest.mark.parametrize("place", PLACES)
def test_the_first_signal_ends_the_run_cleanly(repository: Repository, palabra: Palabra, place: str) -> None:
    begin(repository)
    old = repository.get("a")
    kind, seconds = PLACES[place]
    number = list(CODES)[list(PLACES).index(place) % 2]
    palabra.faults({"match": matching(kind), "fault": {"delay": seconds}})
    run = repository.start("apply --yes")
    until(palabra.seen, place)

    begun = time.monotonic()
    os.kill(run.pid, number)
    ran = run.wait()

    code, word = CODES[number]
    assert ran.code == code, str(ran)
    assert word in ran.err
    assert time.monotonic() - begun < SECONDS
    got = repository.get("a")
    assert repository.ours[got].status == "ready"
    assert got == old or place == "delete"
    palabra.faults()
    repository.apply_well(settle=30)
    repository.assert_right()
    repository.assert_settled()


@pytest.mark.parametrize("place", ["create", "upload", "delete"])
def test_the_second_signal_ends_it_at_once(repository: Repository, palabra: Palabra, place: str) -> None:
    begin(repository)
    palabra.faults({"match": matching(place), "nth": 1, "fault": {"delay": 3}})
    run = repository.start("apply --yes")
    until(palabra.seen, place)

    os.kill(run.pid, signal.SIGINT)
    os.kill(run.pid, signal.SIGTERM)
    ran = run.wait()

    assert ran.code in CODES_OF_BOTH, str(ran)
    assert not any(word in ran.err for _, word in CODES.values()), "it stopped cleanly, so it took its time"
    assert (repository.work / "default.journal").exists()
    repository.apply_well(settle=30, hurry=True)
    repository.account.settle()
    repository.assert_right()
    repository.assert_settled()
