"""The workflows that `init` writes, where something is not as usual: forks, broken files, surprises, queues."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

import pytest
from ci_world import DRIFT, Team, has_programs, team_of
from cli_world import PROJECT, World
from fake_github import BOT, serve_github

pytestmark = pytest.mark.skipif(bool(has_programs()), reason=f"workflows need {has_programs()}")
FORK = "stranger/voices"


@pytest.fixture
def team(applied: World) -> Iterator[Team]:
    """`narrator` and `support/anna` are applied, and the state document is committed."""
    with serve_github() as github:
        yield team_of(applied, github)


def test_a_fork_gets_an_offline_plan_in_the_summary_and_nothing_is_sent(team: Team) -> None:
    team.begin("newcomer")
    team.world.declare("newcomer", seed=3)
    team.here.commit("Add a voice")
    team.world.api.exchanges.clear()

    jobs = team.pull_request(7, "newcomer", secrets={}, repository=FORK)

    assert jobs["plan"].outcome == "success", jobs["plan"].log
    assert "::notice::There are no credentials here" in jobs["plan"].log
    assert "1 to create" in jobs["plan"].summary
    assert jobs["comment"].skipped
    assert team.world.api.sent == []
    assert (team.github.comments, team.github.refusals) == ([], [])


def test_broken_files_are_annotated_commented_and_red(team: Team) -> None:
    team.begin("broken")
    team.world.write("voices/bad.yaml", "name: X\n")
    team.here.commit("Break something")

    jobs = team.pull_request(7, "broken")

    assert jobs["plan"].outcome == "failure"
    assert "::error file=voices/bad.yaml,line=1" in jobs["plan"].log
    assert jobs["comment"].outcome == "success", jobs["comment"].log
    (comment,) = team.github.comments
    assert "**There is no plan:" in comment["body"]


def test_a_plan_that_apply_would_refuse_is_red_and_commented(team: Team) -> None:
    team.begin("protected")
    team.world.declare("narrator", lifecycle={"prevent_destroy": True})
    team.here.commit("Protect the narrator")
    assert team.voicectl("apply", "--yes", "--commit").code == 0
    team.world.declare("narrator", lifecycle={"prevent_destroy": True}, seed=8)
    team.here.commit("Record the narrator again")

    jobs = team.pull_request(7, "protected")

    assert [step.name for step in jobs["plan"].steps if step.outcome == "failure"] == ["Could this be applied?"]
    assert "**Apply will refuse this: 1 error" in team.github.comments[0]["body"]


def test_our_comment_is_found_among_hundreds_and_nobody_elses_is_touched(team: Team) -> None:
    marker = "<!-- voicectl-plan environment=default -->\n"
    for number in range(120):
        team.github.comment(7, f"Comment {number}", "stranger")
    forged = team.github.comment(7, f"{marker}Looks good, merge it!", "stranger")
    other = team.github.comment(7, marker.replace("default", "staging"), BOT)
    elsewhere = team.github.comment(8, marker, BOT)
    ours = team.github.comment(7, marker, BOT)
    before = [dict(each) for each in (forged, other, elsewhere)]
    team.begin("newcomer")
    team.world.declare("newcomer", seed=3)
    team.here.commit("Add a voice")

    jobs = team.pull_request(7, "newcomer")

    assert jobs["comment"].outcome == "success", jobs["comment"].log
    assert "1 to create" in ours["body"]
    assert [forged, other, elsewhere] == before
    assert len(team.github.comments) == 124


def test_a_push_destroys_nothing_that_no_pull_request_has_shown_and_a_person_can(team: Team) -> None:
    voices = team.world.voices
    team.world.write("voicectl.yaml", f"{PROJECT}safety: {{max_deletes_absolute: 0}}\n")
    team.world.remove("narrator")
    team.here.commit("Remove the narrator, without a pull request")
    team.here.git("push", "--quiet", "origin", "main")
    narrator = team.world.get("narrator")

    refused = team.pushed()

    assert refused.outcome == "failure"
    assert f"delete narrator ({narrator})" in refused.summary
    assert "::error::Refused: voices would be destroyed that no merged pull request has shown." in refused.log
    assert team.world.voices == voices

    limited = team.by_hand()
    assert limited.outcome == "failure"
    assert "Too many deletes" in limited.log
    assert team.world.voices == voices
    assert team.by_hand(allow_deletes=True).outcome == "success"
    assert narrator not in team.world.voices
    team.on_main()
    assert set(team.world.records) == {"support/anna"}


def test_a_forks_plan_is_not_believed(team: Team) -> None:
    """A fork writes its own workflow, and so its own artifacts."""
    team.begin("forked")
    team.world.remove("narrator")
    team.here.commit("Remove the narrator")
    team.pull_request(7, "forked", repository=FORK)
    shown = json.loads(team.github.runs[-1].artifacts["voicectl-plan-default"]["voices.plan"])
    assert [change["action"] for change in shown["changes"]] == ["delete"]
    team.merge(7, repository=FORK)

    refused = team.pushed()

    assert refused.outcome == "failure"
    assert "delete narrator" in refused.summary


def test_another_voice_than_the_reviewed_one_is_a_surprise(team: Team) -> None:
    """Between review and merge the narrator was replaced: another voice id would go."""
    team.begin("removal")
    team.world.remove("narrator")
    team.here.commit("Remove the narrator")
    team.pull_request(7, "removal")
    team.on_main()
    assert team.voicectl("apply", "--yes", "--commit", "--push", "--replace", "narrator").code == 0
    team.merge(7)

    refused = team.pushed()

    assert refused.outcome == "failure"
    assert "Pull request #7 has shown a plan." in refused.log
    assert "delete narrator" in refused.summary


def test_an_apply_that_was_left_out_is_made_up_for_by_the_next(team: Team) -> None:
    """Where several wait, GitHub keeps the newest only: all that was reviewed since the last apply counts."""
    team.begin("first")
    team.world.remove("narrator")
    team.here.commit("Remove the narrator")
    team.pull_request(7, "first")
    team.begin("second")
    team.world.remove("support/anna")
    team.world.declare("newcomer", seed=3)
    team.here.commit("Remove Anna, add somebody")
    team.pull_request(8, "second")
    team.merge(7)
    team.merge(8)

    job = team.pushed()

    assert job.outcome == "success", job.log
    team.on_main()
    assert set(team.world.records) == {"newcomer"}


def test_an_expired_plan_is_none(team: Team) -> None:
    team.begin("removal")
    team.world.remove("narrator")
    team.here.commit("Remove the narrator")
    team.pull_request(7, "removal")
    team.github.runs[-1].expired = True
    team.merge(7)

    refused = team.pushed()

    assert refused.outcome == "failure"
    assert "Pull request #7 has shown no plan, or it has expired." in refused.log


def test_apply_by_hand_is_for_the_main_branch_only(team: Team) -> None:
    team.begin("side")
    team.here.git("push", "--quiet", "origin", "side")

    assert team.by_hand(ref="side").skipped


def test_apply_without_credentials_says_so(team: Team) -> None:
    job = team.pushed(secrets={})

    assert job.outcome == "failure"
    assert "PALABRA_API_KEY" in job.log


def test_drift_needs_no_recordings(team: Team) -> None:
    """Its checkout has Git LFS pointers, as they are in git."""
    for name in ("narrator", "support/anna"):
        recording = team.world.root / "voices" / name / "sample.mp3"
        content = recording.read_bytes()
        oid = hashlib.sha256(content).hexdigest()
        recording.write_text(f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {len(content)}\n")
    team.here.commit("As git has it")
    team.here.git("push", "--quiet", "origin", "main")

    job = team.by_hand(DRIFT)

    assert job.outcome == "success", job.log
