"""The merge driver, called by real git in real merges."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from cli_world import World
from git_folder import GitFolder, git_environment

from reconciler.state.document import StateDocument, VoiceRecord, render
from reconciler.state.reading import parse

STATE = "voices.state.json"


def voice(voice_id: str, name: str = "Anna") -> VoiceRecord:
    return VoiceRecord(voice_id, "ready", name, None, {}, None)


def state(serial: int, **voices: VoiceRecord) -> str:
    return render(StateDocument("default", "line", serial, "me", voices))


@pytest.fixture
def voicectl(tmp_path: Path) -> Path:
    """A folder for the PATH whose `voicectl` is the one under test."""
    program = tmp_path / "bin" / "voicectl"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m reconciler "$@"\n')
    program.chmod(0o755)
    return program.parent


@pytest.fixture
def folder(world: World, voicectl: Path) -> GitFolder:
    """A repository with one voice, in which the driver is installed."""
    environ = git_environment(world.root.parent)
    path = f"{voicectl}:{environ['PATH']}"
    here = GitFolder.init(world.root, PATH=path, PYTHONPATH=str(Path(__file__).parents[2]))
    ran = world.run("state", "merge", "--install", env=environ)
    assert (ran.code, ran.out) == (0, "")
    here.commit("first", **{STATE: state(1, old=voice("1"))})
    return here


def branch(here: GitFolder, name: str, text: str) -> None:
    """Commit a state document on a branch of its own."""
    here.git("switch", "--quiet", "--create", name, "main")
    here.commit(name, **{STATE: text})


def test_two_branches_that_add_different_voices_merge_without_conflict(folder: GitFolder) -> None:
    branch(folder, "left", state(2, old=voice("1"), left=voice("2")))
    branch(folder, "right", state(4, old=voice("1"), right=voice("3")))

    assert folder.try_git("merge", "--no-edit", "left").returncode == 0
    assert (folder.path / STATE).read_text() == state(5, old=voice("1"), left=voice("2"), right=voice("3"))


def test_a_rebase_merges_too(folder: GitFolder) -> None:
    branch(folder, "left", state(2, old=voice("1"), left=voice("2")))
    branch(folder, "right", state(2, old=voice("1"), right=voice("3")))

    assert folder.try_git("rebase", "left").returncode == 0
    assert set(parse((folder.path / STATE).read_text(), filename=STATE).voices) == {"old", "left", "right"}


def test_the_same_voice_on_both_sides_is_a_conflict_that_says_so_and_no_command_goes_on(
    world: World, folder: GitFolder
) -> None:
    branch(folder, "left", state(2, old=voice("1", "Left"), new=voice("5")))
    branch(folder, "right", state(2, old=voice("1", "Right")))

    ended = folder.try_git("merge", "--no-edit", "left")

    assert ended.returncode == 1
    assert "the voice 'old' was changed on both sides" in ended.stderr
    assert STATE in ended.stderr
    assert folder.status == f"UU {STATE}"
    for command in (("get", "new"), ("plan", "--offline"), ("export",)):
        ran = world.run(*command)
        assert (ran.code, ran.out.strip()) == (1, "")
        assert "the voice 'old' was changed on both sides" in ran.err
        assert "keep one side" in ran.err


def test_two_documents_that_began_apart_are_a_conflict_as_a_whole(folder: GitFolder) -> None:
    folder.git("rm", "--quiet", STATE)
    folder.commit("none yet")
    branch(folder, "left", state(1, left=voice("2")))
    branch(folder, "right", state(1, right=voice("3")).replace('"line"', '"other line"'))

    ended = folder.try_git("merge", "--no-edit", "left")

    assert ended.returncode == 1
    assert "unrelated documents" in ended.stderr
    text = (folder.path / STATE).read_text()
    assert text.startswith("<<<<<<< ours (")
    assert text.endswith(">>>>>>> theirs\n")


def test_a_side_that_is_no_document_is_a_conflict_and_keeps_its_bytes(world: World, tmp_path: Path) -> None:
    sides = [tmp_path / name for name in "OAB"]
    good = state(2, a=voice("1"))
    for side, raw in zip(sides, (b"", good.encode(), b"\xff not json"), strict=True):
        side.write_bytes(raw)

    ran = world.run("state", "merge", *map(str, sides), STATE)

    assert ran.code == 1
    assert "one side cannot be read" in ran.err
    text = sides[1].read_bytes()
    assert good.encode() in text
    assert b"\xff not json\n" in text
    assert text.startswith(b"<<<<<<< ours (")


@pytest.mark.parametrize("missing", ["O", "A", "B"])
def test_a_side_that_is_not_there_is_an_error_and_no_traceback(world: World, tmp_path: Path, missing: str) -> None:
    sides = {name: tmp_path / name for name in "OAB"}
    for side in sides.values():
        side.write_text(state(2, a=voice("1")))
    sides[missing].unlink()

    ran = world.run("state", "merge", *map(str, sides.values()), STATE)

    assert (ran.code, ran.out) == (1, "")
    assert f"Cannot read a side of the merge\n  where: {sides[missing]}\n  why: No such file or directory" in ran.err


def test_installing_twice_changes_nothing_the_second_time(world: World, folder: GitFolder) -> None:
    files = {name: (folder.path / name).read_bytes() for name in (".gitattributes", ".git/config")}

    ran = world.run("state", "merge", "--install", env=git_environment(world.root.parent))

    assert (ran.code, ran.out, ran.err) == (0, "", "nothing to do: it is installed\n")
    assert {name: (folder.path / name).read_bytes() for name in files} == files


def test_installing_keeps_other_attributes_and_knows_documents_with_names_of_their_own(world: World) -> None:
    here = GitFolder.init(world.root)
    here.write(".gitattributes", "*.mp3 filter=lfs")
    here.write("voicectl.yaml", "project: x\nenvironments: {prod: {state: deployed/prod.json}, staging: {}}\n")

    assert world.run("state", "merge", "--install", env=git_environment(world.root.parent)).code == 0
    assert (here.path / ".gitattributes").read_text() == (
        "*.mp3 filter=lfs\nvoices*.state.json merge=voicectl\n/deployed/prod.json merge=voicectl\n"
    )
    for path in (STATE, "voices.staging.state.json", "deployed/prod.json"):
        assert here.git("check-attr", "merge", "--", path).endswith(": voicectl")


@pytest.mark.parametrize(
    "name", ["st ate/d e.json", "a[1]*?.json", 'back\\slash "and" quotes.json', "[x] y.json", "ä ö.json"]
)
def test_a_document_whose_name_means_something_to_git_is_merged_by_voice_too(world: World, name: str) -> None:
    here = GitFolder.init(world.root)
    here.write("voicectl.yaml", json.dumps({"project": "x", "environments": {"default": {"state": name}}}))

    assert world.run("state", "merge", "--install", env=git_environment(world.root.parent)).code == 0
    ended = here.try_git("check-attr", "-z", "merge", "--", name, "a1x.json", "st")
    assert (ended.stdout.split("\0")[2::3], ended.stderr) == (["voicectl", "unspecified", "unspecified"], "")


def test_a_merge_without_files_is_a_usage_error(world: World) -> None:
    assert world.run("state", "merge").code == 64
    assert world.run("state", "merge", "only-one").code == 64


def test_a_merge_keeps_the_greater_serial_and_never_goes_back(folder: GitFolder) -> None:
    later = parse(state(9, old=voice("1"), a=voice("2")), filename=STATE)
    branch(folder, "left", render(later))
    branch(folder, "right", render(replace(later, serial=3)))

    assert folder.try_git("merge", "--no-edit", "left").returncode == 0
    assert (folder.path / STATE).read_text() == render(later)
