"""A hypothesis state machine drives random edits, faults, kills, losses and applies; law 2 after each good apply."""

from __future__ import annotations

from collections.abc import Callable

from forked_runs import ForkServer
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from palabra_process import Palabra
from random_history import RandomHistory

LIVES, STEPS = 4, 40


def test_every_good_apply_of_a_random_history_ends_in_the_right_world(
    palabra: Palabra, runs: ForkServer, record_property: Callable[[str, object], None]
) -> None:
    RandomHistory.palabra, RandomHistory.runs = palabra, runs
    RandomHistory.tried.clear()
    run_state_machine_as_test(
        RandomHistory,
        settings=settings(
            max_examples=LIVES,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )

    assert RandomHistory.tried["apply"] > 0
    record_property("tried: random steps", RandomHistory.tried["steps"])
