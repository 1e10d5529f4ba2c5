"""What people read before they say yes."""

from __future__ import annotations

import re

import pytest
from plan_gallery import ALL, CREATE, OUTCOMES, PLANS, plan
from syrupy.assertion import SnapshotAssertion

from reconciler.plan.change import Action
from reconciler.report.outcome import DONE, render_outcomes
from reconciler.report.paint import Paint
from reconciler.report.text import SYMBOLS, WORDS, render_plan, summary_line

PLAIN, COLOURED = Paint(on=False), Paint(on=True)


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_as_text(name: str, snapshot: SnapshotAssertion) -> None:
    assert snapshot == render_plan(PLANS[name], paint=PLAIN, declared=2 if name != "nothing declared" else 0)


@pytest.mark.parametrize("name", OUTCOMES)
def test_outcomes_as_text(name: str, snapshot: SnapshotAssertion) -> None:
    assert snapshot == render_outcomes(OUTCOMES[name], paint=PLAIN)


def test_pending_is_in_part_for_who_waited_and_enough_for_who_did_not() -> None:
    pending = OUTCOMES["only pending"]

    assert "Apply finished in part: 1 pending." in render_outcomes(pending, paint=PLAIN, waited=True)
    assert "Apply complete: 1 pending." in render_outcomes(pending, paint=PLAIN, waited=False)


@pytest.mark.parametrize("name", PLANS)
def test_colour_carries_no_meaning_that_the_text_has_not(name: str) -> None:
    coloured = render_plan(PLANS[name], paint=COLOURED, declared=2)

    assert re.sub(r"\x1b\[[0-9;]+m", "", coloured) == render_plan(PLANS[name], paint=PLAIN, declared=2)


def test_every_action_has_its_symbol_and_words() -> None:
    actions = {action for action in Action if action is not Action.UNCHANGED}

    assert set(SYMBOLS) == set(WORDS) == set(DONE) == actions
    assert {change.action for change in ALL} == actions


def test_the_summary_names_what_happens_and_nothing_else() -> None:
    assert summary_line(plan(CREATE, unchanged=8)) == "Plan: 1 to create; 8 unchanged."


def test_every_line_ends_with_a_newline_and_none_with_space() -> None:
    for each in PLANS.values():
        text = render_plan(each, paint=PLAIN, declared=2)
        assert text.endswith("\n")
        assert not re.search(r"[ \t]\n", text)
