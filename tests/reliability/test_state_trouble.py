"""State that cannot be trusted stops the run before anything is written, and the message names the way out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable

import pytest
from palabra_process import Palabra
from voice_repository import Repository


def changed(**values: object) -> Callable[[str], str]:
    """Return an edit of the state document."""
    return lambda text: json.dumps({**json.loads(text), **values}, indent=2, sort_keys=True) + "\n"


TROUBLES: dict[str, tuple[Callable[[str], str], str]] = {
    "cut short": (lambda text: text[: len(text) // 2], "git"),
    "empty": (lambda _: "", "git"),
    "not JSON": (lambda _: "{broken", "git"),
    "another JSON": (lambda _: "[]\n", "git"),
    "a merge conflict": (lambda text: f"<<<<<<< ours\n{text}=======\n{text}>>>>>>> theirs\n", "keep one side"),
    "a wrong type": (changed(voices={"a": 7}), "git"),
    "of a newer version": (changed(version=99), "upgrade"),
    "of another environment": (changed(environment="staging"), "voicectl.yaml"),
    "of another account": (changed(account="11111111-2222-3333-4444-555555555555"), "credentials"),
}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_state_document_in_trouble_is_a_hard_stop(repository: Repository, trouble: str) -> None:
    damage, way_out = TROUBLES[trouble]
    repository.declare("a")
    repository.apply_well()
    repository.state_file.write_text(damage(repository.state_file.read_text("utf-8")), encoding="utf-8")
    repository.declare("a", name="Other name")
    repository.declare("b", seed=2)
    state, voices = repository.state_file.read_bytes(), repository.account.voices

    ran = repository.apply()

    assert ran.code == 1, str(ran)
    assert way_out in ran.err.partition("next:")[2], ran.err
    assert "Traceback" not in ran.err
    assert repository.state_file.read_bytes() == state
    assert repository.account.voices == voices


def test_the_journal_of_another_lineage_is_a_hard_stop(repository: Repository) -> None:
    repository.declare("a")
    repository.apply_well()
    repository.declare("a", seed=2)
    assert repository.killed_at(12)
    other = changed(lineage="11111111-2222-3333-4444-555555555555")(repository.state_file.read_text("utf-8"))
    repository.state_file.write_text(other, encoding="utf-8")
    journal, voices = (repository.work / "default.journal").read_bytes(), repository.account.voices

    ran = repository.apply()

    assert ran.code == 1, str(ran)
    assert "lineage" in ran.err
    assert "next:" in ran.err
    assert repository.state_file.read_text("utf-8") == other
    assert (repository.work / "default.journal").read_bytes() == journal
    assert repository.account.voices == voices


@pytest.mark.parametrize("voices", [0, 1])
def test_the_credentials_of_another_account_change_nothing_in_it(
    repository: Repository, palabra: Palabra, voices: int
) -> None:
    """An account that is empty cannot be told by its voices: the first create tells, and is taken back."""
    repository.declare("a")
    repository.apply_well()
    repository.declare("b", seed=2)
    state = repository.state_file.read_bytes()
    other = palabra.account()
    theirs = {other.foreign("Theirs") for _ in range(voices)}

    ran = repository.apply(environ=other.environ)

    assert ran.code in (1, 3), str(ran)
    assert "another account" in ran.out + ran.err, str(ran)
    assert set(other.voices) == theirs
    assert repository.state_file.read_bytes() == state


def test_the_account_is_still_known_after_the_first_voice_was_refused(repository: Repository) -> None:
    """Whose account it is stays in state also when state holds no voice any more."""
    repository.declare("a")
    repository.declare("b", seed=2)
    repository.apply_well()
    account = json.loads(repository.state_file.read_text("utf-8"))["account"]
    repository.remove("b")
    repository.apply_well()

    assert json.loads(repository.state_file.read_text("utf-8"))["account"] == account == repository.account.user_id


LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2)
sys.argv[:2] = ["voicectl"]
from reconciler.__main__ import main
main()
"""
"""voicectl on a disk that is full as soon as a file has so many bytes. Pipes, which stdout and stderr are, may grow.

It runs with -B: Python would leave bytecode behind that is cut off at the limit."""


@pytest.mark.parametrize("size", [10, 1000, 2500, 4000])
def test_a_disk_that_is_full_stops_the_run_and_the_next_one_makes_it_right(repository: Repository, size: int) -> None:
    """The write fails that passes the limit: the journal's beginning, one of its lines, or the state document."""
    for number in range(1, 6):
        repository.declare(f"voice-{number}", seed=number)

    ran = subprocess.run(
        [sys.executable, "-B", "-c", LIMITED, str(size), "apply", "--yes"],
        cwd=repository.root, env={**os.environ, **repository.account.environ}, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert ran.returncode in (1, 3), ran.stdout + ran.stderr
    said = ran.stdout + ran.stderr
    assert "File too large" in said or "No space left on device" in said, said
    assert "Traceback" not in ran.stderr, ran.stderr
    if repository.state_file.exists():
        json.loads(repository.state_file.read_text("utf-8"))
    repository.account.settle()
    repository.apply_well()
    repository.assert_right()


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is read-only for root")
def test_a_read_only_folder_is_a_clear_error_before_any_write(repository: Repository) -> None:
    repository.declare("a")
    repository.root.chmod(0o555)
    try:
        ran = repository.apply()
    finally:
        repository.root.chmod(0o755)

    assert ran.code == 1
    assert "Traceback" not in ran.err
    assert repository.ours == {}
