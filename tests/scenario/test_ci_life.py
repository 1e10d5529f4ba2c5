"""A whole life of a repository of voices: from `init` to "which recording made this voice?", with real git.

The workflows are the ones that `init` writes; their shell steps run for real, against a bare remote, the emulator,
and a GitHub on 127.0.0.1.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from ci_world import DRIFT, Team, has_programs, team_of
from cli_world import World
from fake_github import BOT, serve_github

pytestmark = pytest.mark.skipif(bool(has_programs()), reason=f"workflows need {has_programs()}")


@pytest.fixture
def team(world: World) -> Iterator[Team]:
    (world.root / "voicectl.yaml").unlink()
    with serve_github() as github:
        yield team_of(world, github)


def test_a_whole_life(team: Team) -> None:
    the_first_push_applies_the_example_and_commits_the_state_document(team)
    a_pull_request_shows_what_merging_it_would_do_in_one_comment_that_follows_it(team)
    merged_it_is_applied_and_the_state_document_comes_back(team)
    branches_that_add_different_voices_merge_by_voice(team)
    the_same_voice_on_two_branches_is_a_conflict_that_says_so(team)
    drift_is_shown_and_ended_by_hand(team)
    a_reviewed_replacement_goes_through_and_git_knows_which_recording_made_which_voice(team)
    assert team.github.refusals == []


def the_first_push_applies_the_example_and_commits_the_state_document(team: Team) -> None:
    job = team.pushed()

    assert job.outcome == "success", job.log
    team.on_main()
    assert team.here.git("log", "-1", "--format=%an: %s") == f"{BOT}: Apply voices to default: 1 created"
    assert team.here.git("show", "--format=", "--name-only") == "voices.state.json"
    assert team.world.get("example") in team.world.voices


def a_pull_request_shows_what_merging_it_would_do_in_one_comment_that_follows_it(team: Team) -> None:
    github = team.github
    team.begin("anna")
    team.world.declare("anna", seed=1)
    team.here.commit("Add Anna")
    jobs = team.pull_request(1, "anna")

    assert {job.outcome for job in jobs.values()} == {"success"}, jobs["plan"].log + jobs["comment"].log
    (comment,) = github.comments
    assert comment["body"].startswith("<!-- voicectl-plan environment=default -->\n")
    assert "**Plan: 1 to create; 1 unchanged.**" in comment["body"]
    assert f"actions/runs/{github.runs[-1].id}" in comment["body"]
    assert "1 to create" in jobs["plan"].summary
    artifact = github.runs[-1].artifacts["voicectl-plan-default"]
    assert sorted(artifact) == ["exit", "plan.md", "report.html", "voices.plan"]

    team.world.declare("bert", seed=2)
    team.here.commit("Add Bert")
    team.pull_request(1, "anna")

    assert [each["id"] for each in github.comments] == [comment["id"]]
    assert "2 to create" in comment["body"]


def merged_it_is_applied_and_the_state_document_comes_back(team: Team) -> None:
    team.merge(1)
    job = team.pushed()

    assert job.outcome == "success", job.log
    team.on_main()
    assert set(team.world.records) == {"example", "anna", "bert"}
    assert len(team.world.voices) == 3


def branches_that_add_different_voices_merge_by_voice(team: Team) -> None:
    """Applied on somebody's machine, each branch has a state document of its own."""
    for name, seed in (("carl", 3), ("dora", 4)):
        team.begin(name)
        team.world.declare(name, seed=seed)
        team.here.commit(f"Add {name}")
        ran = team.voicectl("apply", "--yes", "--commit", "--target", name)
        assert ran.code == 0, ran.err

    merged = team.here.try_git("merge", "--no-edit", "carl")

    assert merged.returncode == 0, merged.stdout + merged.stderr
    assert set(team.world.records) == {"example", "anna", "bert", "carl", "dora"}
    team.pull_request(2, "dora")
    assert "**No changes; 5 unchanged.**" in team.plan_shown
    assert len(team.github.comments) == 1, "nothing would change: no comment"
    team.merge(2)
    team.on_main()


def the_same_voice_on_two_branches_is_a_conflict_that_says_so(team: Team) -> None:
    for mood in ("happy", "sad"):
        team.begin(mood)
        team.world.declare("anna", labels={"mood": mood})
        team.here.commit(f"Make Anna {mood}")
        assert team.voicectl("apply", "--yes", "--commit", "--target", "anna").code == 0

    conflict = team.here.try_git("merge", "--no-edit", "happy")

    assert conflict.returncode == 1
    assert "the voice 'anna' was changed on both sides" in conflict.stderr
    assert team.voicectl("plan").code == 1
    team.here.git("merge", "--abort")
    team.on_main()


def drift_is_shown_and_ended_by_hand(team: Team) -> None:
    assert team.by_hand(DRIFT).outcome == "success"
    team.world.change_on_server(team.world.voice("bert"), "name", "Berta")

    drift = team.by_hand(DRIFT)

    assert drift.outcome == "failure"
    assert "Berta" in drift.summary
    assert "::error::The account is not as the files say" in drift.log
    assert team.by_hand().outcome == "success"
    assert team.world.voice("bert").name == "The bert"
    team.on_main()


def a_reviewed_replacement_goes_through_and_git_knows_which_recording_made_which_voice(team: Team) -> None:
    before = team.world.get("anna")
    team.begin("retake")
    team.world.declare("anna", seed=9)
    team.here.commit("Record Anna again")
    assert team.pull_request(3, "retake")["plan"].outcome == "success"
    assert "1 voice id will stop working" in team.github.comments[-1]["body"]
    team.merge(3)

    job = team.pushed()

    assert job.outcome == "success", job.log
    assert "Pull request #3 has shown a plan." in job.log
    team.on_main()
    after = team.world.get("anna")
    assert before not in team.world.voices
    assert after in team.world.voices
    asked = json.loads(team.voicectl("history", "--voice-id", before, "--json").out)["voice"]
    assert (asked["key"], asked["now"], asked["sample"]["kept"]["in"]) == ("anna", "gone", "history")
    newest = json.loads(team.voicectl("history", "anna", "--json").out)["changes"][0]
    assert (newest["kind"], newest["voice_id"]) == ("replaced", {"before": before, "after": after})
    assert newest["commit"]["pull_request"] == 3
