"""Several machines and one state document in an object store: nothing is lost, and nothing is made twice."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from forked_runs import KILLED, ForkServer
from palabra_process import Palabra, matching, until
from shared_world import FAULTS, Crowd, Team

if TYPE_CHECKING:
    from seaweed import Seaweed  # pytest imports it, to rewrite its asserts

pytest_plugins = ("seaweed",)
pytestmark = pytest.mark.xdist_group("seaweed")

LOCKED = 5
PATIENT = {"VOICECTL_LEASE": "60"}
NewTeam = Callable[..., Team]
_NUMBERS = count(1)
WRITES = tuple(
    {"match": matching(kind), "nth": 10**9, "fault": {"delay": 0}} for kind in ("create", "update", "delete")
)
"""Rules that only count."""


@pytest.fixture
def new_team(tmp_path: Path, palabra: Palabra, runs: ForkServer, seaweed: Seaweed) -> NewTeam:
    """Makes teams, each with an account and a document of its own."""

    def make(lease: float = 60) -> Team:
        return Team(tmp_path / f"team-{next(_NUMBERS)}", palabra.account(), runs, seaweed, lease=lease)

    return make


def test_applies_to_different_voices_do_not_wait_for_each_other(new_team: NewTeam, palabra: Palabra) -> None:
    team = new_team()
    team.declare(["a/1", "a/2", "b/1", "b/2"])
    palabra.faults({"match": matching("create"), "fault": {"delay": 2.0}})

    racing = [team.checkout(name).start(f"apply --yes --target {name}/*") for name in "ab"]
    until(lambda: len(team.leases) == 2, "both leases at once")
    ends = [racer.wait() for racer in racing]

    assert [ran.code for ran in ends] == [0, 0], str(ends)
    team.assert_right()


def test_applies_to_different_voices_in_one_folder_do_not_either(new_team: NewTeam, palabra: Palabra) -> None:
    team = new_team()
    team.declare(["a/1", "b/1", "c/1"])
    palabra.faults({"match": matching("create"), "fault": {"delay": 2.0}})
    checkout = team.checkout("one")

    racing = [checkout.start(f"apply --yes --target {name}/1") for name in "abc"]
    until(lambda: len(team.leases) == 3, "all leases at once")
    ends = [racer.wait() for racer in racing]

    assert [ran.code for ran in ends] == [0, 0, 0], str(ends)
    team.assert_right()


def test_who_wants_a_voice_that_is_worked_on_is_told_by_whom(new_team: NewTeam, palabra: Palabra) -> None:
    team = new_team()
    team.declare(["a/1", "a/2", "b/1"])
    one, other = team.checkout("one"), team.checkout("other")
    palabra.faults({"match": matching("create"), "nth": 1, "fault": {"delay": 1.5}})
    winner = one.start("apply --yes --target a/*")
    until(palabra.seen, "the create")

    losers = [other.apply("--target a/1"), other.apply()]

    for loser in losers:
        assert loser.code == LOCKED
        for word in ("a/*", socket.gethostname(), str(winner.pid), "voicectl apply --yes --target", "voicectl unlock"):
            assert word in loser.err, loser.err
    assert winner.wait().code == 0
    other.apply_well()
    team.assert_right()


def test_a_lock_can_be_waited_for(new_team: NewTeam, palabra: Palabra) -> None:
    team = new_team()
    team.declare(["a", "b"])
    palabra.faults({"match": matching("create"), "nth": 1, "fault": {"delay": 1}})
    winner = team.checkout("one").start("apply --yes --target a")
    until(palabra.seen, "the create")

    team.checkout("other").apply_well("--lock-timeout 60s")

    assert winner.wait().code == 0
    team.assert_right()


def test_a_voice_that_moves_is_taken_under_both_its_keys(new_team: NewTeam, palabra: Palabra) -> None:
    team = new_team()
    team.declare(["old", "b"])
    checkout = team.checkout("one")
    checkout.apply_well()
    voices = checkout.root / "voices"
    (voices / "old.yaml").rename(voices / "new.yaml")
    team.put_lease(patterns=["old"], who="bob", host="elsewhere", pid=1)
    palabra.faults(*WRITES)

    ran = checkout.apply("--target new")

    assert ran.code == LOCKED, str(ran)
    assert "old: held by bob@elsewhere" in ran.err
    assert palabra.seen() == [], "it wrote to a voice that somebody else works on"
    assert [lease["who"] for lease in team.leases] == ["bob"]


def test_a_run_that_sleeps_past_its_lease_writes_nothing_more(new_team: NewTeam, palabra: Palabra) -> None:
    team = new_team(lease=1.5)
    team.declare(["a", "b", "c"])
    one, other = team.checkout("one"), team.checkout("other")
    palabra.faults({"match": matching("create"), "nth": 1, "fault": {"delay": 0.3}})
    sleeper = one.start("apply --yes --parallelism 1")
    until(palabra.seen, "the create")
    os.kill(sleeper.pid, signal.SIGSTOP)
    try:
        until(lambda: other.apply(hurry=True, environ=PATIENT).code == 0, "the end of the other's apply")
        team.assert_made()
        before = team.account.voices
        palabra.faults(*WRITES)
    finally:
        os.kill(sleeper.pid, signal.SIGCONT)
    ran = sleeper.wait()

    assert ran.code == LOCKED, str(ran)
    assert "lease was lost" in ran.err
    assert palabra.seen() == [], "it wrote after it woke up"
    assert team.account.voices == before
    palabra.faults()
    one.apply_well(environ=PATIENT)
    team.assert_right()


def test_the_voices_of_a_killed_run_are_free_at_once_and_made_once(new_team: NewTeam, palabra: Palabra) -> None:
    team = new_team()
    team.declare(["a", "b"])
    one, other = team.checkout("one"), team.checkout("other")
    palabra.faults({"match": matching("upload"), "nth": 1, "fault": {"hang": 60}})
    killed = one.start("apply --yes")
    until(palabra.seen, "the upload")
    os.kill(killed.pid, signal.SIGKILL)
    assert killed.wait().code == KILLED
    palabra.faults()

    other.apply_well()
    one.apply_well()

    team.assert_right()


def test_killed_runs_in_one_folder_leave_their_journals_to_those_who_may_finish_them(
    new_team: NewTeam, palabra: Palabra
) -> None:
    team = new_team()
    team.declare(["a", "b"])
    checkout = team.checkout("one")
    palabra.faults({"match": matching("upload"), "fault": {"hang": 60}})
    killed = [checkout.start(f"apply --yes --target {key}") for key in "ab"]
    until(lambda: palabra.seen() == [2], "both uploads")
    for run in killed:
        os.kill(run.pid, signal.SIGKILL)
        assert run.wait().code == KILLED
    palabra.faults()
    assert len(list(checkout.work.glob("*.journal"))) == 2

    checkout.apply_well("--target b")
    assert len(list(checkout.work.glob("*.journal"))) == 1
    checkout.apply_well("--target a")

    team.assert_right()


def test_a_store_that_is_restarted_under_an_apply_is_waited_for(
    new_team: NewTeam, palabra: Palabra, seaweed: Seaweed
) -> None:
    team = new_team(lease=6)
    team.declare(["a", "b"])
    palabra.faults({"match": matching("create"), "nth": 1, "fault": {"delay": 0.5}})
    running = team.checkout("one").start("apply --yes")
    until(palabra.seen, "the create")
    seaweed.kill()
    palabra.faults()
    seaweed.start()

    assert running.wait().code == 0, str(running.wait())
    team.assert_right()


def test_a_lease_that_cannot_be_renewed_ends_the_run(new_team: NewTeam, palabra: Palabra, seaweed: Seaweed) -> None:
    team = new_team(lease=1.5)
    team.declare(["a", "b"])
    checkout = team.checkout("one")
    palabra.faults({"match": matching("upload"), "nth": 1, "fault": {"delay": 3}})
    running = checkout.start("apply --yes --parallelism 1")
    until(palabra.seen, "the upload")
    seaweed.kill()
    try:
        ran = running.wait()
    finally:
        palabra.faults()
        seaweed.start()

    assert ran.code == LOCKED, str(ran)
    assert "the store could not be reached" in ran.err
    checkout.apply_well(environ=PATIENT)
    team.assert_right()


def test_the_other_commands_know_of_it(new_team: NewTeam, palabra: Palabra, seaweed: Seaweed) -> None:
    team = new_team()
    team.declare(["a", "b"])
    checkout = team.checkout("one")
    checkout.apply_well()
    voice_id = team.records["a"]["voice_id"]

    assert voice_id in checkout.run("status").out
    assert checkout.run("get a").out.strip() == voice_id
    assert checkout.run("plan --detailed-exitcode").code == 0
    assert "free" in checkout.run("doctor").out
    assert "was not locked" in checkout.run("unlock").err

    seaweed.client.delete_object(Bucket="uploads", Key=team.key)
    assert checkout.run("state rebuild").code == 0

    assert team.records["a"]["voice_id"] == voice_id
    team.assert_right()


def test_a_lease_of_another_machine_is_shown_and_can_be_cleared(new_team: NewTeam, palabra: Palabra) -> None:
    team = new_team()
    team.declare(["a"])
    checkout = team.checkout("one")
    team.put_lease(who="bob", host="elsewhere", pid=1)

    assert checkout.apply().code == LOCKED
    assert "bob@elsewhere" in checkout.run("doctor").out
    assert checkout.run("unlock").code == LOCKED
    cleared = checkout.run("unlock --force")

    assert cleared.code == 0
    assert "bob@elsewhere" in cleared.err
    checkout.apply_well()
    team.assert_right()


def test_twenty_processes_make_two_hundred_voices_whatever_fails(
    new_team: NewTeam, palabra: Palabra, record_property: Callable[[str, object], None]
) -> None:
    """The account loses answers and refuses requests, and the store is killed twice under all of them."""
    team = new_team()
    crowd = Crowd(team, processes=20, voices=10)
    crowd.declare()
    palabra.faults(*FAULTS)

    ends = crowd.apply(one_folder=False, restarts=2, hurry=True, settle=1)

    palabra.faults()
    assert [ran.code for ran in ends] == [0] * 20, "\n".join(str(ran) for ran in ends if ran.code)
    assert len(team.records) == 200
    team.assert_right()
    record_property("tried: processes on one remote state", 20)
