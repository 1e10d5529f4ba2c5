"""One apply at a time, however many begin; whoever reads meanwhile never sees a voice that is not ready."""

from __future__ import annotations

import json
import os
import signal
import socket
from typing import Any

from forked_runs import KILLED, Run
from palabra_process import Palabra, matching, until
from voice_repository import Repository

LOCKED = 5
HELD = {"match": matching("create"), "nth": 1, "fault": {"delay": 1.5}}
"""Keeps the one that applies busy for long enough that all others come to the lock."""


def holder(repository: Repository) -> dict[str, Any]:
    """Return what the lock file says, or nothing."""
    try:
        said: dict[str, Any] = json.loads((repository.work / "default.lock").read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return said


def test_of_many_that_race_exactly_one_applies(repository: Repository, palabra: Palabra) -> None:
    repository.declare("a")
    palabra.faults(HELD)

    racers = [repository.start("apply --yes") for _ in range(4)]
    ends = [racer.wait() for racer in racers]

    assert sorted(ran.code for ran in ends) == [0, LOCKED, LOCKED, LOCKED], [str(ran) for ran in ends]
    repository.assert_right()


def test_the_loser_says_at_once_who_holds_the_lock(repository: Repository, palabra: Palabra) -> None:
    repository.declare("a")
    palabra.faults(HELD)
    winner = repository.start("apply --yes")
    until(lambda: holder(repository), "the lock")

    loser = repository.apply()

    assert loser.code == LOCKED
    since = holder(repository)["since"]
    for word in (socket.gethostname(), str(winner.pid), since, "voicectl apply --yes", "voicectl unlock"):
        assert word in loser.err, loser.err
    assert winner.wait().code == 0


def test_a_lock_is_waited_for_where_that_is_asked_for(repository: Repository, palabra: Palabra) -> None:
    repository.declare("a")
    palabra.faults(HELD)
    winner = repository.start("apply --yes")
    until(lambda: holder(repository), "the lock")

    repository.apply_well("--lock-timeout 60s")

    assert winner.wait().code == 0
    repository.assert_right()


def test_a_reader_never_sees_a_voice_that_is_not_ready(repository: Repository, palabra: Palabra) -> None:
    repository.declare("a", seed=1)
    repository.apply_well()
    old = repository.get("a")
    repository.declare("a", seed=2)
    palabra.faults(
        {"match": matching("upload"), "nth": 1, "fault": {"delay": 0.7}},
        {"match": matching("get"), "nth": 1, "fault": {"delay": 0.7}},
        {"match": matching("delete"), "nth": 1, "fault": {"delay": 0.7}},
    )

    racers = [repository.start("apply --yes") for _ in range(2)]
    seen: list[str] = []
    while not seen or _alive(racers):
        ready = {voice.voice_id for voice in repository.ours.values() if voice.status == "ready"}
        got = repository.get("a")
        ready |= {voice.voice_id for voice in repository.ours.values() if voice.status == "ready"}
        assert got in ready, f"{got!r} is not among the voices that were ready when it was asked for"
        seen.append(got)

    assert sorted(racer.wait().code for racer in racers) == [0, LOCKED]
    assert seen[0] == old
    assert repository.get("a") != old
    repository.assert_right()


def test_the_lock_of_a_killed_process_needs_no_unlock(repository: Repository, palabra: Palabra) -> None:
    repository.declare("a")
    palabra.faults({"match": matching("upload"), "nth": 1, "fault": {"hang": 60}})
    held = repository.start("apply --yes")
    until(palabra.seen, "the upload")
    os.kill(held.pid, signal.SIGKILL)
    assert held.wait().code == KILLED
    assert holder(repository)["pid"] == held.pid, "the dead process could not remove its lock"

    repository.apply_well()

    repository.assert_right()


def _alive(racers: list[Run]) -> bool:
    """Whether any of them goes on: an ended child of the fork server is a zombie until it is waited for."""
    return any(_state(racer.pid) not in ("Z", "X", "") for racer in racers)


def _state(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:  # noqa: PTH123 - not a file
            return stat.read().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return ""
