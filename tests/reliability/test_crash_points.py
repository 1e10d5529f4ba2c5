"""A run may be killed before and after every journal write and every HTTP exchange: the next one makes it right."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from crash_scenarios import LOSSES, SCENARIOS, STATE, Scenario
from voice_repository import Repository

LAST = 400
"""No run of these scenarios passes more points; a loop that goes on past it is a bug of the test."""


class History:
    """One scenario in one repository, which is put back to its beginning as often as asked."""

    def __init__(self, scenario: Scenario, repository: Repository, folder: Path) -> None:
        self.scenario = scenario
        self.repository = repository
        scenario.before(repository)
        self.old = repository.records.get("a", {}).get("voice_id")
        scenario.edit(repository)
        if scenario.same is not None and self.old is None:
            (self.old,) = repository.ours
        self.beginning = repository.snapshot(folder / "beginning")

    def assert_served(self) -> None:
        """Law 5: what consumers get is ready on the server."""
        if self.scenario.served is not None:
            voices = self.repository.ours
            got = self.repository.get(self.scenario.served)
            assert got in voices, f"get prints {got!r}, which is not on the server"
            assert voices[got].status == "ready"

    def end_well(self, lost: frozenset[str]) -> None:
        """Apply once more, undisturbed, and look at the world."""
        repository, scenario = self.repository, self.scenario
        ran = repository.run("apply --yes", "plan --detailed-exitcode")
        assert ran.code == 0, str(ran)
        retired = {self.old} if scenario.name == "replace keep_replaced" else set()
        repository.assert_right(retired=retired, uploaded=scenario.uploaded)
        if scenario.same is not None:
            assert repository.records[scenario.same]["voice_id"] == self.old, "it was cloned again"
        if scenario.name == "forget" and STATE not in lost:
            assert repository.account.voices[self.old].status == "ready", "a voice that was let go was not left alone"


NewRepository = Callable[..., Repository]


def cases() -> list[Any]:
    return [
        pytest.param(scenario, lost, id=f"{scenario.name}, {' and '.join(sorted(lost)) or 'nothing'} lost")
        for scenario in SCENARIOS
        for lost in scenario.losses
    ]


@pytest.mark.parametrize(("scenario", "lost"), cases())
def test_the_run_after_a_killed_one_ends_in_the_right_world(
    scenario: Scenario,
    lost: frozenset[str],
    new_repository: NewRepository,
    tmp_path: Path,
    every_point: bool,
    record_property: Callable[[str, object], None],
) -> None:
    """In CI every second point of the main scenarios, every third one of the others, and some with each loss."""
    history = History(scenario, new_repository(settings=scenario.settings), tmp_path)
    turn, step = _sampled(scenario, lost) if not every_point else (1, 1)
    tried = 0
    for point in range(turn, LAST, step):
        history.repository.restore(history.beginning)
        if not history.repository.killed_at(point):
            break
        tried += 1
        try:
            history.assert_served()
            history.repository.lose(lost)
            history.end_well(lost)
        except AssertionError as error:
            raise AssertionError(f"killed at point {point}: {error}") from error

    assert tried >= max(1, 10 // step)
    record_property("tried: crash points", tried)


@pytest.mark.parametrize("scenario", [s for s in SCENARIOS if s.name in ("create", "replace")], ids=lambda s: s.name)
def test_an_edit_between_the_killed_run_and_the_next_one_is_not_forgotten(
    scenario: Scenario,
    new_repository: NewRepository,
    tmp_path: Path,
    every_point: bool,
    record_property: Callable[[str, object], None],
) -> None:
    """What was sent is known from the dead run's journal, so what was edited since is sent by the next one."""
    history = History(scenario, new_repository(settings=scenario.settings), tmp_path)
    repository, before = history.repository, history.repository.declared["a"]
    tried = 0
    for point in range(1, LAST, 1 if every_point else 2):
        repository.restore(history.beginning)
        repository.declare("a", **before)
        if not repository.killed_at(point):
            break
        tried += 1
        repository.declare("a", name="Edited since", description="Edited too.", labels={"mood": "sad"})
        try:
            history.assert_served()
            history.end_well(frozenset())
        except AssertionError as error:
            raise AssertionError(f"killed at point {point}: {error}") from error

    assert tried >= 5
    record_property("tried: crash points before an edit", tried)


def _sampled(scenario: Scenario, lost: frozenset[str]) -> tuple[int, int]:
    """Return the first point that CI tries, and how many points further the next one is."""
    if lost:
        return 2 * LOSSES.index(lost), 8
    return (1, 2) if scenario.name in MAIN else (2, 3)


MAIN = ("create", "update", "replace", "replace destroy_first", "delete", "move", "create unmarked")
PAIRED = [s for s in SCENARIOS if s.name in ("create", "update", "replace", "replace destroy_first", "delete")]
SAMPLE = 60
"""In CI every first point is followed by one second point in this many."""


@pytest.mark.parametrize("scenario", PAIRED, ids=lambda scenario: scenario.name)
def test_the_run_after_two_killed_ones_ends_in_the_right_world(
    scenario: Scenario,
    new_repository: NewRepository,
    tmp_path: Path,
    every_point: bool,
    record_property: Callable[[str, object], None],
) -> None:
    """The second run dies too, on its way to mend what the first one left; the third is left alone."""
    history = History(scenario, new_repository(settings=scenario.settings), tmp_path)
    repository = history.repository
    tried = 0
    for first in count(1):
        repository.restore(history.beginning)
        if not repository.killed_at(first):
            break
        between = repository.snapshot(tmp_path / "between")
        # in CI other second points for each first point, so that over all of them every one is tried
        for second in range(1, LAST) if every_point else range(1 + first % SAMPLE, LAST, SAMPLE):
            repository.restore(between)
            if not repository.killed_at(second):
                break
            tried += 1
            try:
                history.assert_served()
                history.end_well(frozenset())
            except AssertionError as error:
                raise AssertionError(f"killed at point {first}, and then at {second}: {error}") from error
        shutil.rmtree(tmp_path / "between")

    assert tried >= 5
    record_property("tried: pairs of crash points", tried)
