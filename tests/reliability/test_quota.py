"""The quota is computed before the first write, at the moment when old and new voices exist side by side."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from forked_runs import ForkServer
from palabra_process import Palabra
from voice_repository import Repository


@pytest.fixture
def crowded(tmp_path: Path, runs: ForkServer) -> Iterator[Repository]:
    """An account with room for four voices, of which one is foreign and two are ours; both get other samples."""
    with Palabra(tmp_path / "palabra", "--limit", "4") as palabra:
        repository = Repository(tmp_path / "repository", palabra.account(), runs)
        repository.declare("a", seed=1)
        repository.declare("b", seed=2)
        repository.apply_well()
        repository.declare("a", seed=3)
        repository.declare("b", seed=4)
        yield repository


def test_replacements_that_do_not_fit_side_by_side_are_refused_before_any_write(crowded: Repository) -> None:
    state, voices = crowded.state_file.read_bytes(), crowded.account.voices

    ran = crowded.apply()

    assert ran.code == 4, str(ran)
    assert all(word in ran.out + ran.err for word in ("a, b", "destroy_first", "--target")), str(ran)
    assert (crowded.state_file.read_bytes(), crowded.account.voices) == (state, voices)


def test_destroy_first_makes_them_fit(crowded: Repository) -> None:
    crowded.declare("b", lifecycle={"replace": "destroy_first"})

    crowded.apply_well()

    crowded.assert_right()


def test_one_at_a_time_fits(crowded: Repository) -> None:
    crowded.apply_well("--target", "a")
    crowded.apply_well("--target", "b")

    crowded.assert_right()
