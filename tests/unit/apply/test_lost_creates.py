"""How long a create whose answer was lost is looked for."""

from __future__ import annotations

import pytest

from reconciler.apply.lost_creates import left_to_settle
from reconciler.state.journal import CreateIntent

NOW = 1_800_000_000.0


def sent(at: float) -> CreateIntent:
    return CreateIntent(key="anna", name="Anna", mark=None, since=None, at=at)


def test_what_has_passed_since_the_newest_create_need_not_be_waited_for_again() -> None:
    assert left_to_settle([sent(NOW - 500), sent(NOW - 15)], settle=20, now=NOW) == pytest.approx(5)
    assert left_to_settle([sent(NOW - 60)], settle=20, now=NOW) < 0


def test_a_clock_that_was_set_back_makes_the_wait_no_longer() -> None:
    """The run that died was an hour ahead: the next one must not look for an hour."""
    assert left_to_settle([sent(NOW + 3600)], settle=20, now=NOW) == 20
