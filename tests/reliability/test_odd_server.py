"""Servers with other habits than the emulator's: the laws hold all the same."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from forked_runs import KILLED, ForkServer
from odd_server import HABITS, OddServer
from palabra_process import Palabra
from voice_repository import Repository, sound

TOGETHER = [set(random.Random(seed).sample(sorted(HABITS), 5)) for seed in range(4)]
"""Habits that come in company."""


class Odd:
    """A repository whose account is on an odd server."""

    def __init__(self, server: OddServer, repository: Repository) -> None:
        self.server = server
        self.repository = repository
        repository.account.palabra.url = server.url

    def apply(self, **order: object) -> int:
        """Apply; returns the exit code."""
        # looks at the processing as often as a real run does, three times as fast
        ran = self.repository.apply(settle=1, hurry=True, first_pause=0.15, **order)
        assert "Traceback" not in ran.err, str(ran)
        self.said = str(ran)
        return ran.code

    def assert_right(self) -> None:
        """Law 2 and law 1."""
        records = self.repository.records
        alive = self.server.alive
        assert records.keys() == self.repository.declared.keys()
        assert sorted(r["voice_id"] for r in records.values()) == sorted(alive), f"{records} {alive.keys()}"
        assert all(voice["processing_status"] == "ready" for voice in alive.values())
        for key, record in records.items():
            said, voice = self.repository.declared[key], alive[record["voice_id"]]
            assert voice["name"].casefold() == said["name"].casefold()
            assert voice["sample"] == sound(said["seed"], self.repository.root.parent)
        self.repository.assert_settled()
        assert self.server.leaks == []


class Elsewhere(Palabra):
    """Only the address of a server: there is no emulator."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.url = ""

    def sql(self, statement: str, *values: object) -> list[object]:  # type: ignore[override]
        """There is nothing to look into."""
        return []


def opened(server: OddServer, tmp_path: Path, runs: ForkServer) -> Odd:
    elsewhere = Elsewhere(tmp_path / "elsewhere")
    return Odd(server, Repository(tmp_path / "repository", elsewhere.account(), runs, foreign=False))


def live(odd: Odd) -> None:
    """Create, update, replace, remove and rename, with a look at the world after each apply."""
    repository = odd.repository
    repository.declare("a", seed=1, name="anna of the north", description="Warm. ", labels={"mood": "happy"})
    repository.declare("b", seed=2)
    repository.declare("c", seed=3)
    assert odd.apply() == 0, odd.said
    odd.assert_right()
    repository.declare("a", name="anna of the south", description="Cold.", labels={"mood": "sad"})
    repository.declare("b", seed=4)
    repository.remove("c")
    assert odd.apply() == 0, odd.said
    odd.assert_right()
    kept = repository.records["a"]["voice_id"]
    repository.rename("a", "d")
    assert odd.apply() == 0, odd.said
    odd.assert_right()
    assert repository.records["d"]["voice_id"] == kept


@pytest.mark.parametrize("habits", [{h} for h in HABITS] + TOGETHER, ids=lambda habits: "+".join(sorted(habits)))
def test_every_habit_is_lived_with(habits: set[str], tmp_path: Path, runs: ForkServer) -> None:
    with OddServer(habits) as server:
        live(opened(server, tmp_path, runs))


@pytest.fixture
def all_at_once(tmp_path: Path, runs: ForkServer) -> Iterator[Odd]:
    """All habits but those that only cost time."""
    with OddServer(HABITS.keys() - {"slow", "throttles", "bare"}) as server:
        yield opened(server, tmp_path, runs)


def test_a_lost_state_is_adopted_from_marks_without_a_clone(all_at_once: Odd) -> None:
    all_at_once.repository.declare("a")
    all_at_once.repository.declare("b", seed=2)
    assert all_at_once.apply() == 0, all_at_once.said
    before = all_at_once.server.alive.keys()
    all_at_once.repository.lose({"state", "journal"})

    assert all_at_once.apply() == 0, all_at_once.said

    assert all_at_once.server.alive.keys() == before
    all_at_once.assert_right()


def test_a_killed_run_is_mended(all_at_once: Odd) -> None:
    repository = all_at_once.repository
    repository.declare("a")
    for point in range(3, 60, 9):
        repository.declare("a", seed=1 + point % 5)
        code = all_at_once.apply(crash_at=point)
        assert code in (0, KILLED)

        assert all_at_once.apply() == 0, all_at_once.said
        all_at_once.assert_right()


def test_a_replacement_that_fails_leaves_all_that_consumers_see_as_it_was(tmp_path: Path, runs: ForkServer) -> None:
    with OddServer() as server:
        odd = opened(server, tmp_path, runs)
        repository = odd.repository
        repository.declare("a", seed=1)
        assert odd.apply() == 0, odd.said
        (old,) = server.alive
        seen = [repository.run(command).out for command in ("get a", "export --format json")]
        repository.declare("a", seed=2)
        server.refused.add("Voice a")

        # the old voice is of the same name: only what is uploaded from now on is refused
        server.voices[old].fields["name"] = "Voice a "
        code = odd.apply()
        server.voices[old].fields["name"] = "Voice a"

        assert code == 3
        assert "It hums." in odd.said
        assert list(server.alive) == [old]
        assert [repository.run(command).out for command in ("get a", "export --format json")] == seen
        assert "It hums." in str(repository.records["a"]["last_error"])
        server.refused.clear()
        assert odd.apply() == 0, odd.said
        odd.assert_right()
        assert repository.records["a"]["last_error"] is None


def test_a_first_voice_that_fails_is_removed_and_made_again_later(tmp_path: Path, runs: ForkServer) -> None:
    with OddServer(refused={"Voice a"}) as server:
        odd = opened(server, tmp_path, runs)
        odd.repository.declare("a")

        assert odd.apply() == 3
        assert "It hums." in odd.said
        assert server.alive == {}
        assert odd.repository.get("a") == ""

        server.refused.clear()
        assert odd.apply() == 0, odd.said
        odd.assert_right()


def test_a_voice_that_was_not_waited_for_is_taken_up_later(tmp_path: Path, runs: ForkServer) -> None:
    with OddServer({"queued"}) as server:
        odd = opened(server, tmp_path, runs)
        odd.repository.declare("a")

        assert odd.repository.apply("--no-wait").code == 0
        assert odd.repository.get("a") == ""
        (voice_id,) = server.alive

        assert odd.apply() == 0, odd.said
        assert odd.repository.get("a") == voice_id
        odd.assert_right()


def test_a_forgotten_voice_that_keeps_our_mark_is_not_deleted_later(tmp_path: Path, runs: ForkServer) -> None:
    """The mark is all of its description, and the server does not make a description empty."""
    with OddServer({"keeps-descriptions"}) as server:
        odd = opened(server, tmp_path, runs)
        odd.repository.declare("a", lifecycle={"on_remove": "forget"})
        odd.repository.declare("b", seed=2)
        assert odd.apply() == 0, odd.said
        voice_id = odd.repository.records["a"]["voice_id"]
        said = odd.repository.declared["a"]

        odd.repository.remove("a")
        assert odd.apply() == 0, odd.said
        assert "forgotten" in odd.said
        odd.repository.assert_settled()
        assert odd.apply() == 0, odd.said

        assert voice_id in server.alive
        assert odd.repository.get("a") == ""
        odd.repository.declare("a", **{k: v for k, v in said.items() if k != "sample"})
        assert odd.apply() == 0, odd.said
        assert odd.repository.records["a"]["voice_id"] == voice_id, "it was there all the time"
        odd.assert_right()


def test_a_voice_in_use_that_is_processed_again_is_waited_for(tmp_path: Path, runs: ForkServer) -> None:
    with OddServer() as server:
        odd = opened(server, tmp_path, runs)
        odd.repository.declare("a")
        assert odd.apply() == 0, odd.said
        (voice_id,) = server.alive
        server.voices[voice_id].uploaded = time.time() + 3

        assert odd.apply() == 0, odd.said

        assert odd.repository.get("a") == voice_id
        odd.assert_right()


def test_a_voice_in_use_that_fails_when_it_is_processed_again_is_replaced_by_the_next_apply(
    tmp_path: Path, runs: ForkServer
) -> None:
    with OddServer({"reprocesses"}) as server:
        odd = opened(server, tmp_path, runs)
        odd.repository.declare("a")
        assert odd.apply() == 0, odd.said
        (old,) = server.alive
        odd.repository.declare("a", description="Warm.")
        server.refused.add("Voice a")

        assert odd.apply() == 3
        assert "It hums." in odd.said
        assert list(server.alive) == [old], "it is not removed before there is another"

        server.refused.clear()
        server.voices[old].fields["name"] = "Broken"
        server.refused.add("Broken")
        assert odd.apply() == 0, odd.said
        assert old not in server.alive
        odd.assert_right()


class AnothersKey(OddServer):
    """Takes its time to make voices, and makes them for somebody whom its lists do not show."""

    def create(self, data: dict[str, Any]) -> dict[str, Any]:
        """Return the answer to a create."""
        time.sleep(0.1)  # what is asked side by side is answered one after the other
        return {**super().create(data), "user_id": "another"}


def test_creates_that_are_under_way_when_the_account_turns_out_to_be_another_leave_nothing(
    tmp_path: Path, runs: ForkServer
) -> None:
    with OddServer() as own:
        odd = opened(own, tmp_path, runs)
        odd.repository.declare("a")
        assert odd.apply() == 0, odd.said
        kept = dict(own.voices)
    for number in range(6):
        odd.repository.declare(f"v{number}", seed=2)

    with AnothersKey(voices=dict(kept)) as server:
        odd.repository.account.palabra.url = server.url
        ran = odd.repository.apply("--parallelism", "2", settle=1, hurry=True)
        assert ran.code == 1, str(ran)
        assert "another account" in ran.err
        assert "Traceback" not in ran.err, str(ran)
        assert server.alive.keys() == kept.keys(), str(ran)
    with OddServer(voices=dict(kept)) as server:
        odd.server, odd.repository.account.palabra.url = server, server.url
        assert odd.apply() == 0, odd.said
        odd.assert_right()


class Cutting(OddServer):
    """Keeps no more than so much of a description."""

    def _kept(self, fields: dict[str, Any]) -> dict[str, Any]:
        kept = super()._kept(fields)
        return kept | ({"description": kept["description"][:40]} if kept.get("description") else {})


def test_a_mark_that_is_cut_off_is_a_warning_and_the_plan_is_empty(tmp_path: Path, runs: ForkServer) -> None:
    with Cutting() as server:
        odd = opened(server, tmp_path, runs)
        odd.repository.declare("a", description="Warm and calm, and never in a hurry at all.")

        assert odd.apply() == 0, odd.said

        assert "does not keep the ownership mark" in odd.said
        odd.assert_right()
