"""`apply --commit`: what was done gets into git, alone."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from cli_world import HOUR, OpenWorld, World
from git_folder import GitFolder, git_environment
from git_team import STATE, Team, team_of


@pytest.fixture
def team(applied: World) -> Team:
    """`narrator` and `support/anna` are applied and committed."""
    return team_of(applied)


# -- the commit ------------------------------------------------------------------------------------------------------


def test_the_state_document_and_only_that_is_committed_with_what_happened(team: Team) -> None:
    before = team.world.get("narrator")
    team.world.declare("narrator", seed=7, description="Warm.", labels={"gender": "female", "mood": "neutral"})
    team.world.declare("newcomer", seed=3)
    team.here.git("add", "--all")
    team.here.git("commit", "--quiet", "-m", "Record the narrator again (#12)")
    team.world.write("notes.txt", "mine")

    ran = team.apply()

    assert ran.code == 0, ran.err
    after, new = team.world.get("narrator"), team.world.get("newcomer")
    head = team.here.head
    assert f"Committed {head[:10]} to main." in ran.out
    assert team.files_of(head) == [STATE]
    assert team.here.status == "?? notes.txt"
    assert team.here.git("log", "-1", "--format=%B") == (
        "Apply voices to default: 1 replaced, 1 created\n"
        "\n"
        f"- narrator: replaced; voice {before} -> {after}; sample voices/narrator/sample.mp3\n"
        f"- newcomer: created; voice - -> {new}; sample voices/newcomer/sample.mp3\n"
        "\n"
        "Voicectl-Environment: default\n"
        f"Voicectl-Voice: narrator {before} -> {after}\n"
        f"Voicectl-Voice: newcomer - -> {new}"
    )
    assert team.here.git("log", "-1", "--format=%(trailers:key=Voicectl-Environment,valueonly)") == "default"


def test_a_first_apply_commits_a_document_that_git_has_never_seen(world: World) -> None:
    world.declare("narrator")
    team = team_of(world)

    ran = team.apply()

    assert ran.code == 0, ran.err
    assert team.files_of("HEAD") == [STATE]
    assert team.here.status == ""


def test_nothing_to_commit_is_said_and_is_no_error(team: Team) -> None:
    before = team.here.head

    ran = team.apply()

    assert ran.code == 0
    assert "Nothing to commit: the state document is as it was.\n" in ran.out
    assert team.here.head == before


def test_a_run_that_finished_in_part_commits_what_was_done_and_no_text_of_the_server_forges_a_trailer(
    open_world: OpenWorld,
) -> None:
    world = open_world(processing_time=HOUR)
    world.declare("narrator")
    team = team_of(world)
    assert team.apply("--no-wait").code == 0
    (voice_id,) = world.voices
    world.finish(voice_id, "Noise.\n\nVoicectl-Voice: narrator a -> b\r\x1b[2J\u2028Voicectl-Environment: prod")

    ran = team.apply()

    assert ran.code == 3
    message = team.here.git("log", "-1", "--format=%B")
    assert message.splitlines()[0] == "Apply voices to default: 1 changed, 1 not done"
    assert all(line.isprintable() for line in message.split("\n"))
    assert "Noise." in message
    assert team.here.git("log", "-1", "--format=%(trailers)").splitlines() == [
        "Voicectl-Environment: default",
        f"Voicectl-Voice: narrator {voice_id} -> -",
    ]


def test_a_run_that_was_stopped_commits_what_was_done(open_world: OpenWorld) -> None:
    world = open_world(processing_time=HOUR)
    world.declare("narrator")
    team = team_of(world)

    process = subprocess.Popen(
        [sys.executable, "-m", "reconciler", "apply", "--yes", "--commit", "--json"],
        cwd=world.root,
        env={**git_environment(world.root.parent), **world.environ},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    next(line for line in process.stdout if '"processing"' in line)
    process.terminate()
    last = process.stdout.readlines()[-1]
    process.stdout.close()

    assert process.wait(60) == 143
    assert json.loads(last)["type"] == "commit"
    assert team.files_of("HEAD") == [STATE]
    assert team.here.git("log", "-1", "--format=%s") == "Apply voices to default: 1 added, 1 not done"
    assert team.here.git("show", f"HEAD:{STATE}") + "\n" == world.state_file.read_text()


def test_a_commit_is_told_as_the_last_event(team: Team) -> None:
    team.world.declare("newcomer", seed=3)

    ran = team.apply("--json", "--push")

    assert [event["type"] for event in ran.events][-2:] == ["result", "commit"]
    assert ran.events[-1] == {
        "type": "commit", "commit": team.here.head, "branch": "main", "pushed_to": "origin/main", "rebased": False,
    }  # fmt: skip


def test_files_that_are_changed_or_staged_during_the_run_stay_as_they_are(team: Team) -> None:
    team.world.declare("newcomer", seed=3)
    team.here.write("voicectl.yaml", "project: voices-under-test\n# edited\n")

    assert team.apply().code == 0
    assert team.files_of("HEAD") == [STATE]
    assert team.here.status.splitlines() == [" M voicectl.yaml", "?? voices/newcomer/"]


# -- refusals, before anything is applied ----------------------------------------------------------------------------


def refused(team: Team, *arguments: str, env: Mapping[str, str | None] | None = None) -> str:
    """Apply something new, which must be refused before anything is sent."""
    team.world.declare("newcomer", seed=3)
    team.world.api.exchanges.clear()

    ran = team.apply(*arguments, env=env)

    assert ran.code == 4, ran.out + ran.err
    assert team.world.api.sent == []
    return ran.err


def test_a_dirty_index_is_refused(team: Team) -> None:
    team.here.write("notes.txt", "mine")
    team.here.git("add", "notes.txt")

    said = refused(team)

    assert "other changes are staged" in said
    assert "notes.txt" in said
    assert team.here.status.splitlines()[0] == "A  notes.txt"


def test_an_unfinished_merge_is_refused(team: Team) -> None:
    team.here.git("switch", "--quiet", "--create", "other")
    team.here.commit("theirs", **{"notes.txt": "theirs"})
    team.here.git("switch", "--quiet", "main")
    team.here.commit("ours", **{"notes.txt": "ours"})
    assert team.here.try_git("merge", "other").returncode == 1

    assert "in the middle of a merge" in refused(team)


def test_an_unfinished_rebase_is_refused(team: Team) -> None:
    team.here.git("switch", "--quiet", "--create", "other")
    team.here.commit("theirs", **{"notes.txt": "theirs"})
    team.here.git("switch", "--quiet", "main")
    team.here.commit("ours", **{"notes.txt": "ours"})
    assert team.here.try_git("rebase", "other").returncode == 1

    assert "in the middle of a rebase" in refused(team)


def test_a_folder_without_git_is_refused(applied: World) -> None:
    environ = git_environment(applied.root)
    applied.declare("newcomer", seed=3)

    ran = applied.run(
        "apply", "--yes", "--commit", env={**environ, "GIT_CEILING_DIRECTORIES": str(applied.root.parent)}
    )

    assert ran.code == 4
    assert "no git repository" in ran.err


def test_the_environment_local_is_never_committed(team: Team) -> None:
    ran = team.apply("--env", "local")

    assert ran.code == 4
    assert "git ignores the state document of the environment 'local'" in ran.err


def test_a_detached_head_is_refused_with_push_and_named_without(team: Team) -> None:
    team.here.git("switch", "--quiet", "--detach")

    assert "no branch is checked out" in refused(team, "--push")
    ran = team.apply()
    assert ran.code == 0
    assert "on a detached HEAD" in ran.out


def test_a_branch_without_an_upstream_is_refused_with_push(team: Team) -> None:
    team.here.git("switch", "--quiet", "--create", "feature")

    assert "the branch 'feature' has no upstream" in refused(team, "--push")


def test_a_missing_author_is_refused_with_the_commands_that_help(team: Team) -> None:
    team.here.git("config", "--remove-section", "user")
    team.here.git("config", "user.useConfigOnly", "true")

    said = refused(team)

    assert "git does not know who you are" in said
    assert "git config user.name" in said


def test_push_without_commit_is_a_usage_error(team: Team) -> None:
    assert team.world.run("apply", "--yes", "--push").code == 64


def test_git_of_a_hook_does_not_lead_elsewhere(team: Team, tmp_path: Path) -> None:
    """Run from a hook, git's own variables name the hook's repository."""
    elsewhere = GitFolder.init(tmp_path / "elsewhere")
    elsewhere.commit("first")
    team.world.declare("newcomer", seed=3)

    environ: dict[str, str | None] = {
        "GIT_DIR": str(elsewhere.path / ".git"), "GIT_WORK_TREE": str(elsewhere.path),
        "GIT_INDEX_FILE": str(elsewhere.path / ".git" / "index"),
    }  # fmt: skip
    ran = team.apply(env=environ)

    assert ran.code == 0, ran.err
    assert team.files_of("HEAD") == [STATE]
    assert elsewhere.git("log", "--format=%s") == "first"


def test_a_commit_hook_that_says_no_is_heard_and_the_index_is_as_it_was(world: World) -> None:
    world.declare("narrator")
    team = team_of(world)
    hook = team.here.path / ".git" / "hooks" / "pre-commit"
    hook.write_text("#!/bin/sh\necho 'no commits on Sundays' >&2\nexit 1\n")
    hook.chmod(0o755)

    ran = team.apply()

    assert ran.code == 1
    assert "no commits on Sundays" in ran.err
    assert team.here.status == f"?? {STATE}"
    assert json.loads(team.world.state_file.read_text())["voices"]["narrator"]["status"] == "ready"
