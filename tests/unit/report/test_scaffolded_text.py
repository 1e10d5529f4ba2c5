"""What `init` says."""

from __future__ import annotations

from pathlib import Path

from syrupy.assertion import SnapshotAssertion

from reconciler.report.paint import Paint
from reconciler.report.scaffolded import scaffolded_text
from reconciler.scaffold.write import File, Result, Scaffolded

FILES = (
    File("voicectl.yaml", Result.LEFT),
    File("voices/example/voice.yaml", Result.CREATED),
    File(".gitignore", Result.ADDED, (".voicectl/",)),
    File(".gitattributes", Result.ADDED, ("a filter=lfs", "b filter=lfs")),
    File(".github/workflows/voicectl-plan.yml", Result.SAME),
)


def test_a_new_folder(snapshot: SnapshotAssertion) -> None:
    todo = "run `git lfs install` before the first `git add`: without it, recordings go into git itself"
    done = Scaffolded(Path("my-voices"), FILES, False, "voices/example", "main", todo)

    assert scaffolded_text(done, Paint(on=False), next_steps=True) == snapshot


def test_an_old_repository(snapshot: SnapshotAssertion) -> None:
    done = Scaffolded(Path("my-voices"), FILES, True, None, None, "")

    assert scaffolded_text(done, Paint(on=False), next_steps=True) == snapshot


def test_a_folder_that_no_workflow_can_name_is_said() -> None:
    done = Scaffolded(Path("v'oices"), FILES, True, None, None, "", unnamed="v'oices")

    assert "for workflows: rename the folder" in scaffolded_text(done, Paint(on=False), next_steps=True)


def test_quiet_says_what_was_done_and_no_more() -> None:
    done = Scaffolded(Path("my-voices"), FILES[1:2], True, None, None, "")

    assert scaffolded_text(done, Paint(on=False), next_steps=False) == "created  voices/example/voice.yaml\n"
