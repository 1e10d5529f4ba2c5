"""rollback: a replaced voice that lives takes its place again, and nothing is cloned."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cli_world import HOUR, OpenWorld, World
from git_folder import GitFolder

from reconciler.apply.rollback import Rollback, RollbackRequest, roll_back
from reconciler.apply.workspace import open_workspace
from reconciler.state.lock import Lock, current_holder

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def take(world: World, seed: int, **fields: Any) -> None:
    """Record the narrator again (seed 1: as it was at first); replaced voices are kept."""
    said: dict[str, Any] = {"description": "Warm.", "labels": {"gender": "female", "mood": "neutral"}}
    world.declare("narrator", seed=seed, **{**said, "lifecycle": {"keep_replaced": "7d"}, **fields})


@pytest.fixture
def kept(applied: World) -> World:
    """`narrator` was replaced, and its old voice is kept."""
    take(applied, 5)
    applied.apply()
    return applied


def ids(world: World) -> tuple[str, str]:
    """Return the voice in use and the one that is kept."""
    record = world.records["narrator"]
    return record["voice_id"], record["retired"][-1]["voice_id"]


def roll_back_at(world: World, moment: datetime) -> Rollback:
    """Roll back at another time than now."""
    workspace = open_workspace(world.root, "default", world.environ)
    request = RollbackRequest("narrator")
    return asyncio.run(roll_back(workspace, request, approve=lambda _: None, clock=lambda: moment))


def test_two_voices_change_places_and_nothing_is_sent(kept: World) -> None:
    new, old = ids(kept)
    exported = kept.run("export").out
    sent = len(kept.api.writes)

    ran = kept.run("rollback", "narrator", "--yes")

    assert ran.code == 0, ran.err
    assert ran.out.startswith(f"narrator: {new} -> {old}\n")
    assert kept.get("narrator") == old
    assert kept.run("export").out == exported.replace(new, old)
    assert ids(kept) == (old, new)
    assert kept.api.writes[sent:] == []
    assert {old, new} <= set(kept.voices)


def test_the_record_is_what_it_was_and_the_other_one_is_kept_whole(kept: World) -> None:
    new = kept.records["narrator"]
    (was,) = new["retired"]

    kept.run("rollback", "narrator", "--yes")

    record = kept.records["narrator"]
    what = ("voice_id", "name", "description", "labels", "sample", "created_at")
    assert {name: record[name] for name in what} == {name: was[name] for name in what}
    assert {name: record["retired"][0][name] for name in what} == {name: new[name] for name in what}
    assert (record["status"], record["last_error"]) == ("ready", None)


def test_a_second_rollback_returns_to_where_it_was(kept: World) -> None:
    before = kept.records["narrator"]

    kept.run("rollback", "narrator", "--yes")
    kept.run("rollback", "narrator", "--yes")

    after = kept.records["narrator"]
    assert {**after, "retired": []} == {**before, "retired": []}
    assert ids(kept) == (before["voice_id"], before["retired"][0]["voice_id"])


def test_the_voice_that_was_in_use_is_kept_as_long_as_its_file_says(applied: World) -> None:
    take(applied, 5, lifecycle={"keep_replaced": "1h"})
    applied.apply_at(NOW)

    rolled_back = roll_back_at(applied, NOW + timedelta(minutes=30))

    assert rolled_back.kept is not None
    assert rolled_back.kept.until == "2026-11-22T13:30:00Z"


def test_and_no_shorter_than_the_returned_one_had_left(applied: World) -> None:
    take(applied, 5)
    applied.apply_at(NOW)
    take(applied, 1, lifecycle={})

    rolled_back = roll_back_at(applied, NOW + timedelta(minutes=30))
    applied.apply_at(NOW + timedelta(days=6))
    at_six_days = len(applied.voices)

    assert rolled_back.kept is not None
    assert rolled_back.kept.until == "2026-11-29T12:00:00Z"
    assert at_six_days == 3


def test_the_commit_to_revert_is_named_and_after_it_there_is_nothing_to_do(applied: World) -> None:
    take(applied, 1)
    folder = GitFolder.init(applied.root)
    folder.commit("Begin")
    take(applied, 5)
    folder.commit("Record the narrator again")
    commit = folder.git("rev-parse", "--short", "HEAD")
    applied.apply()
    folder.commit("Apply")

    ran = applied.run("rollback", "narrator", "--yes")
    folder.commit("Roll back")

    assert "The files still ask for another voice (samples[0].sha256), so the next apply would undo this" in ran.err
    assert f"`git revert {commit}` (Record the narrator again)" in ran.err
    assert applied.planned() != []
    folder.git("revert", "--no-edit", commit)
    assert applied.planned() == []
    assert applied.run("rollback", "narrator", "--dry-run").code == 0


def test_a_change_that_is_not_committed_is_no_commit_to_revert(applied: World) -> None:
    take(applied, 1)
    GitFolder.init(applied.root).commit("Begin")
    take(applied, 5)
    applied.apply()

    ran = applied.run("rollback", "narrator", "--yes")

    assert "commit the state document, then undo that change (`git revert` its commit)" in ran.err


def test_where_the_files_were_reverted_first_there_is_nothing_to_warn_of(kept: World) -> None:
    take(kept, 1)

    ran = kept.run("rollback", "narrator", "--yes")

    assert (ran.code, ran.err) == (0, "")
    assert kept.planned() == []


def test_a_voice_file_that_is_gone_is_said(kept: World) -> None:
    kept.remove("narrator")

    ran = kept.run("rollback", "narrator", "--yes")

    assert ran.code == 0
    assert "No voice file declares 'narrator' here" in ran.err


def test_which_one_can_be_chosen(kept: World) -> None:
    _, first = ids(kept)
    take(kept, 7)
    kept.apply()
    third, second = ids(kept)

    wrong = kept.run("rollback", "narrator", "--to", "x", "--yes")
    same = kept.run("rollback", "narrator", "--to", third, "--yes")
    ran = kept.run("rollback", "narrator", "--to", first, "--yes")

    assert wrong.code == same.code == 1
    assert f"x is no replaced voice of 'narrator'\n  next: kept are: {first}, {second}" in wrong.err
    assert f"{third} is the voice of 'narrator' already" in same.err
    assert ran.code == 0
    assert kept.get("narrator") == first
    assert [old["voice_id"] for old in kept.records["narrator"]["retired"]] == [second, third]


def test_a_voice_that_is_gone_does_not_come_back(kept: World) -> None:
    _, old = ids(kept)
    kept.sql("DELETE FROM voice WHERE voice_id = ?", old)
    before = kept.state_file.read_bytes()

    ran = kept.run("rollback", "narrator", "--yes")

    assert (ran.code, ran.out) == (1, "")
    assert f"The replaced voice {old} of 'narrator' is gone" in ran.err
    assert kept.state_file.read_bytes() == before


def test_a_voice_that_is_not_ready_any_more_does_not_come_back(kept: World) -> None:
    _, old = ids(kept)
    kept.change_on_server(kept.voices[old], "verdict", "failed")
    before = kept.state_file.read_bytes()

    ran = kept.run("rollback", "narrator", "--yes")

    assert (ran.code, ran.out) == (1, "")
    assert f"The replaced voice {old} of 'narrator' cannot be used" in ran.err
    assert "the server shows it as failed" in ran.err
    assert kept.state_file.read_bytes() == before


def test_without_a_rollback_a_revert_brings_the_kept_voice_back_too(kept: World) -> None:
    new, old = ids(kept)
    sent = len(kept.api.writes)
    take(kept, 1)

    planned = kept.plan()["changes"]
    kept.apply()

    assert [(c["action"], c["voice_id"]) for c in planned] == [("adopt", old)]
    assert kept.api.writes[sent:] == []
    assert ids(kept) == (old, new)
    assert kept.planned() == []


def test_after_a_rollback_the_unreverted_files_bring_the_other_one_back_without_a_clone(kept: World) -> None:
    new, old = ids(kept)
    sent = len(kept.api.writes)
    kept.run("rollback", "narrator", "--yes")

    kept.apply()

    assert ids(kept) == (new, old)
    assert kept.api.writes[sent:] == []


def test_where_replaced_voices_are_not_kept_any_more_the_one_in_use_goes_when_the_other_is_back(kept: World) -> None:
    new, old = ids(kept)
    sent = len(kept.api.writes)
    take(kept, 1, lifecycle={}, description="Warmer.")

    kept.apply()

    assert kept.get("narrator") == old
    assert kept.records["narrator"]["retired"] == []
    assert kept.api.writes[sent:] == [f"POST /saas/voice/m/{old}", f"DELETE /saas/voice/m/{new}"]
    assert kept.planned() == []


def test_status_lists_what_is_kept(kept: World) -> None:
    _, old = ids(kept)
    until = kept.records["narrator"]["retired"][0]["until"]

    table = kept.run("status", "narrator").out
    (row,) = kept.run("status", "narrator", "--json").json["voices"]

    assert f"ready   {old}  replaced, kept until {until}" in table
    assert row["retired"] == [{"voice_id": old, "until": until, "actual": "ready"}]


def test_where_nothing_is_kept_it_says_what_to_do_instead(applied: World) -> None:
    ran = applied.run("rollback", "narrator", "--yes")
    unknown = applied.run("rollback", "narator", "--yes")

    assert ran.code == unknown.code == 1
    assert "No replaced voice of 'narrator' is kept" in ran.err
    assert "git revert" in ran.err
    assert "did you mean 'narrator'?" in unknown.err


def test_it_asks_first_and_a_dry_run_asks_nothing(kept: World) -> None:
    before = kept.state_file.read_bytes()

    asked = kept.run("rollback", "narrator")
    dry = kept.run("rollback", "narrator", "--dry-run")

    assert asked.code == 4
    assert "Nobody said yes to this rollback" in asked.err
    assert dry.code == 0
    assert dry.out.splitlines()[0] == asked.out.splitlines()[0]
    assert "(not done yet)" in dry.out
    assert kept.state_file.read_bytes() == before


def test_prevent_destroy_holds(kept: World) -> None:
    take(kept, 5, lifecycle={"keep_replaced": "7d", "prevent_destroy": True})
    before = kept.state_file.read_bytes()

    ran = kept.run("rollback", "narrator", "--yes")

    assert ran.code == 4
    assert "prevent_destroy" in ran.err
    assert kept.state_file.read_bytes() == before


def test_a_lock_is_respected(kept: World) -> None:
    with Lock(kept.root / ".voicectl" / "default.lock", current_holder(since="2026", command="voicectl apply")):
        assert kept.run("rollback", "narrator", "--yes").code == 5


def test_another_account_is_refused(kept: World) -> None:
    before = kept.state_file.read_bytes()

    ran = kept.run("rollback", "narrator", "--yes", env={"PALABRA_API_KEY": "somebody-elses"})

    assert ran.code == 1
    assert kept.state_file.read_bytes() == before


def test_a_document_of_an_older_voicectl_has_the_id_alone(kept: World) -> None:
    def strip(document: dict[str, Any]) -> None:
        record = document["voices"]["narrator"]
        record["retired"] = [{name: old[name] for name in ("voice_id", "until")} for old in record["retired"]]

    kept.edit_state(strip)
    _, old = ids(kept)

    ran = kept.run("rollback", "narrator", "--yes")

    record = kept.records["narrator"]
    assert ran.code == 0, ran.err
    assert (record["voice_id"], record["name"], record["description"]) == (old, "The narrator", "Warm.")
    assert record["sample"] is None


def test_the_voice_in_use_may_be_one_that_was_never_ready(open_world: OpenWorld) -> None:
    world = open_world(applied=True)
    take(world, 5)
    world.apply()
    _, old = ids(world)
    world.serve(processing_time=HOUR)
    take(world, 7, lifecycle={"replace": "destroy_first", "keep_replaced": "7d"})
    world.run("apply", "--yes", "--no-wait")
    assert world.get("narrator") == ""

    ran = world.run("rollback", "narrator", "--yes")

    assert ran.code == 0, ran.err
    assert world.get("narrator") == old
