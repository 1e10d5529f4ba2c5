"""`apply --commit --push`: what was done gets to the others, and nobody's work gets lost."""

from __future__ import annotations

import pytest
from cli_world import World
from git_team import STATE, Team, add_voice, rename_voice, team_of

from reconciler.state.document import render
from reconciler.state.reading import parse


@pytest.fixture
def team(applied: World) -> Team:
    """`narrator` and `support/anna` are applied and committed."""
    return team_of(applied)


def test_a_commit_is_pushed_to_the_upstream(team: Team) -> None:
    team.world.declare("newcomer", seed=3)

    ran = team.apply("--push")

    assert ran.code == 0, ran.err
    assert "Pushed to origin/main." in ran.out
    assert team.pushed == team.here.head


def test_where_the_branch_has_moved_the_state_is_merged_by_voice_and_no_commit_is_lost(team: Team) -> None:
    colleague = team.colleague()
    theirs = colleague.write(STATE, add_voice((colleague.path / STATE).read_text(), "theirs", "narrator"))
    colleague.commit("Apply voices elsewhere", **{"notes.txt": "from a colleague"})
    colleague.git("push", "--quiet")
    team.world.declare("newcomer", seed=3)
    team.world.write("mine.txt", "untracked, and it stays")

    ran = team.apply("--push")

    assert ran.code == 0, ran.err
    assert "Pushed to origin/main, on top of what was new there." in ran.out
    merged = parse(team.show("main"), filename=STATE)
    assert set(merged.voices) == {"narrator", "support/anna", "theirs", "newcomer"}
    assert merged.serial == parse(theirs.read_text(), filename=STATE).serial + 1
    assert render(merged) == team.show("main")
    assert team.here.git("log", "--format=%s", "-2", team.pushed).splitlines() == [
        "Apply voices to default: 1 created", "Apply voices elsewhere",
    ]  # fmt: skip
    assert team.here.head == team.pushed
    assert (team.world.root / "notes.txt").read_text() == "from a colleague"
    assert team.here.status.splitlines() == ["?? mine.txt", "?? voices/newcomer/"]
    assert team.world.state_file.read_text() == team.show("main")


def test_a_voice_that_a_colleague_made_meanwhile_is_no_orphan(team: Team) -> None:
    """It carries our mark, and neither our files nor our state know it yet: their branch does."""
    colleague = team.colleague()
    team.world.declare("theirs", seed=4)
    (team.world.root / "voices/theirs").rename(colleague.path / "voices/theirs")
    colleague.commit("Declare another voice")
    assert team.apply("--push", "-C", str(colleague.path)).code == 0
    made = {voice.voice_id for voice in team.world.voices.values()}
    team.world.declare("mine", seed=3)

    ran = team.apply("--push")

    assert ran.code == 0, ran.err
    assert "the state document of the branch origin/main has it" in ran.out
    assert "Apply complete: 1 created." in ran.out
    assert made < team.world.voices.keys()
    assert set(parse(team.show("main"), filename=STATE).voices) == {"narrator", "support/anna", "theirs", "mine"}
    assert team.world.planned() == []


def test_the_same_voice_changed_elsewhere_is_a_conflict_and_everything_is_safe_here(team: Team) -> None:
    colleague = team.colleague()
    text = (colleague.path / STATE).read_text()
    colleague.commit("Apply elsewhere", **{STATE: rename_voice(text, "narrator", "Another name")})
    colleague.git("push", "--quiet")
    before = team.pushed
    team.world.declare("narrator", seed=1, description="Cold.", labels={"gender": "female", "mood": "neutral"})

    ran = team.apply("--push")

    assert ran.code == 1
    assert "could not be pushed to origin/main" in ran.err
    assert "the voice 'narrator' was changed on both sides" in ran.err
    assert team.pushed == before
    assert team.files_of("HEAD") == [STATE]
    assert team.world.records["narrator"]["description"] == "Cold."


def test_own_commits_that_the_remote_does_not_have_are_rebased_with_ours(team: Team) -> None:
    colleague = team.colleague()
    text = add_voice((colleague.path / STATE).read_text(), "theirs", "narrator")
    colleague.commit("theirs", **{"theirs.txt": "", STATE: text})
    colleague.git("push", "--quiet")
    team.here.commit("an apply that was not pushed", **{STATE: add_voice(team.state, "earlier", "narrator")})
    team.here.commit("mine", **{"mine.txt": "", "both.txt": "1\n2\n3\n"})
    team.world.declare("newcomer", seed=3)

    ran = team.apply("--push", "--target=newcomer")

    assert ran.code == 0, ran.err
    assert "Pushed to origin/main, on top of what was new there." in ran.out
    assert set(parse(team.show("main"), filename=STATE).voices) == {
        "narrator", "support/anna", "theirs", "earlier", "newcomer",
    }  # fmt: skip
    assert team.here.git("log", "--format=%s %an", "-4", team.pushed).splitlines() == [
        "Apply voices to default: 1 created Anna Example",
        "mine Anna Example",
        "an apply that was not pushed Anna Example",
        "theirs Anna Example",
    ]
    assert team.here.head == team.pushed
    assert team.files_of("HEAD~1") == ["both.txt", "mine.txt"]
    assert team.files_of("HEAD~2") == [STATE]
    assert team.here.status == "?? voices/newcomer/"


def test_own_commits_are_merged_by_line_and_renames_are_followed(team: Team) -> None:
    lines = [f"{n}\n" for n in range(20)]
    team.here.commit("both", **{"both.txt": "".join(lines)})
    team.here.git("push", "--quiet")
    colleague = team.colleague()
    colleague.git("mv", "both.txt", "moved.txt")
    colleague.commit("theirs", **{"moved.txt": "".join([*lines, "theirs\n"])})
    colleague.git("push", "--quiet")
    team.here.commit("mine", **{"both.txt": "".join(["mine\n", *lines])})
    team.world.declare("newcomer", seed=3)

    ran = team.apply("--push")

    assert ran.code == 0, ran.err
    assert team.show("main", "moved.txt") == "".join(["mine\n", *lines, "theirs\n"])
    assert team.here.try_git("cat-file", "-e", f"{team.pushed}:both.txt").returncode != 0


def test_documents_of_other_environments_are_merged_by_voice_too_where_nothing_is_installed(team: Team) -> None:
    other = "voices.staging.state.json"
    text = team.state.replace('"default"', '"staging"')
    team.here.commit("staging", **{other: text, ".gitattributes": "voices*.state.json merge=voicectl\n"})
    team.here.git("push", "--quiet")
    colleague = team.colleague()
    colleague.commit("theirs", **{other: add_voice(text, "theirs", "narrator")})
    colleague.git("push", "--quiet")
    team.here.commit("mine", **{other: add_voice(text, "mine", "narrator")})
    team.world.declare("newcomer", seed=3)

    ran = team.apply("--push")

    assert ran.code == 0, ran.err
    assert {"mine", "theirs"} <= set(parse(team.show("main", other), filename=other).voices)


def test_own_commits_that_do_not_fit_what_is_new_are_left_to_their_author_and_everything_is_safe_here(
    team: Team,
) -> None:
    colleague = team.colleague()
    colleague.commit("theirs", **{"both.txt": "theirs"})
    colleague.git("push", "--quiet")
    mine = team.here.commit("mine", **{"both.txt": "mine"})
    before = team.pushed
    team.world.declare("newcomer", seed=3)

    ran = team.apply("--push")

    assert ran.code == 1
    assert f"{mine[:10]} changes both.txt" in ran.err
    assert "`git pull --rebase`" in ran.err
    assert team.pushed == before
    assert team.here.git("log", "-2", "--format=%s").splitlines() == ["Apply voices to default: 1 created", "mine"]
    assert (team.world.root / "both.txt").read_text() == "mine"
    assert team.here.status == "?? voices/newcomer/"


def test_what_others_took_back_by_force_is_not_brought_back(team: Team) -> None:
    mistake = team.here.commit("a mistake", **{"mistake.txt": ""})
    team.here.git("push", "--quiet")
    colleague = team.colleague()
    colleague.git("reset", "--quiet", "--hard", "HEAD^")
    colleague.commit("better", **{"better.txt": ""})
    colleague.git("push", "--quiet", "--force")
    before = team.pushed
    team.world.declare("newcomer", seed=3)

    ran = team.apply("--push")

    assert ran.code == 1
    assert f"its history was rewritten: it has no longer {mistake[:10]}" in ran.err
    assert team.pushed == before
    assert team.files_of("HEAD") == [STATE]


def test_an_own_merge_is_left_to_its_author(team: Team) -> None:
    colleague = team.colleague()
    colleague.commit("theirs", **{"theirs.txt": ""})
    colleague.git("push", "--quiet")
    team.here.git("switch", "--quiet", "--create", "side")
    team.here.commit("side", **{"side.txt": ""})
    team.here.git("switch", "--quiet", "main")
    team.here.git("merge", "--quiet", "--no-ff", "--no-edit", "side")
    merge, before = team.here.head, team.pushed
    team.world.declare("newcomer", seed=3)

    ran = team.apply("--push")

    assert ran.code == 1
    assert f"{merge[:10]} is a merge" in ran.err
    assert team.pushed == before
    assert team.here.git("rev-parse", "HEAD^") == merge


def test_an_own_commit_that_is_there_already_is_not_made_twice(team: Team) -> None:
    colleague = team.colleague()
    colleague.commit("picked by a colleague", **{"same.txt": "same"})
    colleague.commit("more", **{"more.txt": ""})
    colleague.git("push", "--quiet")
    team.here.commit("mine", **{"same.txt": "same"})
    team.world.declare("newcomer", seed=3)

    assert team.apply("--push").code == 0
    assert team.here.git("log", "--format=%s", "-3", team.pushed).splitlines() == [
        "Apply voices to default: 1 created", "more", "picked by a colleague",
    ]  # fmt: skip


def test_what_was_committed_and_could_not_be_pushed_is_pushed_by_the_next_run(team: Team) -> None:
    hook = team.remote / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    team.world.declare("newcomer", seed=3)
    assert team.apply("--push").code == 1
    made = team.here.head

    again = team.apply("--push")
    assert again.code == 1
    assert "could not be pushed to origin/main" in again.err
    hook.unlink()
    plain, pushing = team.apply(), team.apply("--push")

    assert (plain.code, pushing.code) == (0, 0), pushing.err
    assert "Nothing to commit: the state document is as it was.\n" in plain.out
    assert f"Nothing new to commit.\nPushed what was committed before, {made[:10]}, to origin/main.\n" in pushing.out
    assert team.pushed == made == team.here.head


def test_what_was_committed_before_is_pushed_on_top_of_what_is_new_and_told_as_an_event(team: Team) -> None:
    colleague = team.colleague()
    team.world.declare("newcomer", seed=3)
    assert team.apply().code == 0
    colleague.commit("theirs", **{"theirs.txt": ""})
    colleague.git("push", "--quiet")

    ran = team.apply("--push", "--json")

    assert ran.code == 0, ran.err
    assert ran.events[-1] == {
        "type": "commit", "commit": None, "branch": "main", "pushed_to": "origin/main", "rebased": True,
    }  # fmt: skip
    assert team.here.head == team.pushed
    assert "newcomer" in parse(team.show("main"), filename=STATE).voices


def test_with_nothing_to_commit_own_work_on_other_files_is_not_pushed_and_the_remote_is_not_asked(team: Team) -> None:
    team.here.commit("mine", **{"mine.txt": ""})
    team.here.git("remote", "set-url", "origin", str(team.remote.parent / "nowhere.git"))

    ran = team.apply("--push")

    assert ran.code == 0, ran.err
    assert "Nothing to commit: the state document is as it was.\n" in ran.out


def test_a_branch_that_could_not_follow_catches_up_with_the_next_run(team: Team) -> None:
    colleague = team.colleague()
    colleague.commit("theirs", **{"voicectl.yaml": "project: voices-under-test\n# theirs\n"})
    colleague.git("push", "--quiet")
    before = (team.world.root / "voicectl.yaml").read_text()
    team.world.write("voicectl.yaml", "project: voices-under-test\n# mine\n")
    team.world.declare("newcomer", seed=3)
    assert "Your branch is not there yet" in team.apply("--push").out
    pushed = team.pushed
    team.world.write("voicectl.yaml", before)

    ran = team.apply("--push")

    assert ran.code == 0
    assert team.pushed == team.here.head == pushed, ran.out


def test_a_hook_that_says_no_is_heard(team: Team) -> None:
    hook = team.remote / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho 'The branch main is protected.' >&2\nexit 1\n")
    hook.chmod(0o755)
    before = team.pushed
    team.world.declare("newcomer", seed=3)

    ran = team.apply("--push", "--json")

    assert ran.code == 1
    assert "The branch main is protected." in ran.err
    assert "pre-receive hook declined" in ran.err
    assert team.pushed == before
    assert team.files_of("HEAD") == [STATE]
    assert [event["type"] for event in ran.events][-2:] == ["result", "error"]


def test_a_remote_that_is_gone_is_an_error_after_the_commit(team: Team) -> None:
    team.here.git("remote", "set-url", "origin", str(team.remote.parent / "nowhere.git"))
    team.world.declare("newcomer", seed=3)

    ran = team.apply("--push")

    assert ran.code == 1
    assert "nowhere.git" in ran.err
    assert team.files_of("HEAD") == [STATE]


def test_a_file_of_mine_in_the_way_is_kept_and_the_push_stands(team: Team) -> None:
    colleague = team.colleague()
    colleague.commit("theirs", **{"voicectl.yaml": "project: voices-under-test\n# theirs\n"})
    colleague.git("push", "--quiet")
    team.world.write("voicectl.yaml", "project: voices-under-test\n# mine\n")
    team.world.declare("newcomer", seed=3)

    ran = team.apply("--push")

    assert ran.code == 0
    assert "Your branch is not there yet" in ran.out
    assert (team.world.root / "voicectl.yaml").read_text().endswith("# mine\n")
    assert "newcomer" in parse(team.show("main"), filename=STATE).voices


def colleague_who_pushes_first(team: Team, times: int) -> None:
    """Let somebody push whenever we are about to: our own pre-push hook runs between question and answer."""
    colleague = team.colleague()
    hook = team.here.path / ".git" / "hooks" / "pre-push"
    hook.write_text(
        "#!/bin/sh\n"
        f"cd {colleague.path} && unset GIT_DIR\n"
        f"[ $(git rev-list --count HEAD) -gt {times + 1} ] && exit 0\n"
        "git commit --quiet --allow-empty --message faster && git push --quiet\n"
    )
    hook.chmod(0o755)


def test_a_branch_that_moves_while_we_push_is_tried_again(team: Team) -> None:
    colleague_who_pushes_first(team, 2)
    team.world.declare("newcomer", seed=3)

    ran = team.apply("--push")

    assert ran.code == 0, ran.err
    assert team.here.git("log", "--format=%s", "-3", team.pushed).splitlines() == [
        "Apply voices to default: 1 created",
        "faster",
        "faster",
    ]
    assert team.here.head == team.pushed


def test_a_commit_that_comes_to_the_branch_while_we_push_is_not_lost(team: Team) -> None:
    colleague_who_pushes_first(team, 1)
    hook = team.here.path / ".git" / "hooks" / "pre-push"
    mine = f"git -C {team.here.path} commit --quiet --allow-empty --message meanwhile"
    hook.write_text(hook.read_text() + f"unset GIT_DIR; {mine}\n")
    team.world.declare("newcomer", seed=3)

    ran = team.apply("--push")

    assert ran.code == 0, ran.err
    assert "Your branch is not there yet: somebody has committed to it" in ran.out
    assert team.here.git("log", "-1", "--format=%s") == "meanwhile"
    assert "newcomer" in parse(team.show("main"), filename=STATE).voices


def test_a_branch_that_never_stands_still_is_given_up_with_the_commit_safe(team: Team) -> None:
    colleague_who_pushes_first(team, 99)
    team.world.declare("newcomer", seed=3)

    ran = team.apply("--push")

    assert ran.code == 1
    assert "the branch moved 5 times while we were pushing" in ran.err
    assert team.files_of("HEAD") == [STATE]
    assert team.here.git("log", "-1", "--format=%s") == "Apply voices to default: 1 created"
