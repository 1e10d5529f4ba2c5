"""Voices that other branches have on record."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from git_folder import GitFolder

from reconciler.git.elsewhere import recorded_elsewhere
from reconciler.state.document import StateDocument, VoiceRecord, render

STATE = "voices.state.json"


def document(*voice_ids: str) -> str:
    voices = {f"key-{voice_id}": VoiceRecord(voice_id, "ready", "Anna", None, {}, None) for voice_id in voice_ids}
    return render(StateDocument("default", "00000000-0000-4000-8000-000000000001", serial=1, voices=voices))


@pytest.fixture
def folder(tmp_path: Path) -> GitFolder:
    folder = GitFolder.init(tmp_path / "here")
    folder.commit(**{STATE: document("old")})
    return folder


def found(folder: GitFolder, *voice_ids: str, fetch: bool = False) -> dict[str, str]:
    return recorded_elsewhere(folder.path, folder.path / STATE, voice_ids, folder.environ, fetch=fetch)


def test_a_branch_that_is_not_merged_has_voices_of_its_own(folder: GitFolder) -> None:
    folder.git("switch", "--quiet", "--create", "other")
    folder.commit(**{STATE: document("old", "new")})
    folder.git("switch", "--quiet", "main")

    assert found(folder, "new", "nobody's") == {"new": "other"}


def test_what_is_merged_is_for_our_own_state_to_know(folder: GitFolder) -> None:
    folder.git("branch", "merged")
    (folder.path / STATE).unlink()

    assert found(folder, "old") == {}


def test_the_upstream_is_asked_only_for_a_run_that_pushes_and_what_was_seen_of_it_stays(folder: GitFolder) -> None:
    remote = folder.bare_remote(folder.path.parent / "remote.git")
    colleague = GitFolder(folder.path.parent / "colleague").clone_of(remote)
    colleague.commit(**{STATE: document("old", "new")})
    colleague.git("push", "--quiet")
    seen = folder.git("rev-parse", "origin/main")

    assert found(folder, "new") == {}
    assert found(folder, "new", fetch=True) == {"new": "origin/main"}
    assert folder.git("rev-parse", "origin/main") == seen


@pytest.mark.parametrize("text", ["", "{}", "<<<<<<<", "\udcff"])
def test_a_branch_whose_document_is_broken_knows_nothing(folder: GitFolder, text: str) -> None:
    folder.git("switch", "--quiet", "--create", "other")
    (folder.path / STATE).write_bytes(os.fsencode(text))
    folder.commit()
    folder.git("switch", "--quiet", "main")

    assert found(folder, "new") == {}


def test_before_the_first_commit_and_without_git_nothing_is_known(tmp_path: Path) -> None:
    empty, none = GitFolder.init(tmp_path / "empty"), GitFolder(tmp_path)

    assert found(empty, "new", fetch=True) == {}
    assert found(none, "new", fetch=True) == {}


def test_a_remote_that_does_not_answer_is_no_reason_to_stop(folder: GitFolder) -> None:
    remote = folder.bare_remote(folder.path.parent / "remote.git")
    remote.rename(folder.path.parent / "gone.git")

    assert found(folder, "new", fetch=True) == {}
