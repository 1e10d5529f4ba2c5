"""Desired, recorded and actual side by side."""

from __future__ import annotations

import pytest
from plan_gallery import ACTUAL, CREATE, DELETE, DRIFT, UPDATE, declared, plan, record
from syrupy.assertion import SnapshotAssertion

from reconciler.apply.desired_side import Desired
from reconciler.apply.planning import Planned
from reconciler.plan.change import Plan
from reconciler.plan.sides import Actual, Recorded
from reconciler.report.paint import Paint
from reconciler.report.status import render_status, status_rows
from reconciler.state.document import LastError, Retired

VOICES = {
    "bella": record("v-bella", retired=(Retired("v-old", "2026-11-29T12:00:00Z"),)),
    "clean": record("v-clean"),
    "failed": record(None, "failed", last_error=LastError("The server could not", ("too noisy", "too short"))),
    "flora": record("v-flora", "pending"),
}
PLAN = plan(CREATE, UPDATE, DELETE, drift=(DRIFT,), recorded=Recorded("default", "line", 7, "user", VOICES))


def planned(made: Plan, *keys: str) -> Planned:
    desired = Desired({key: declared(key) for key in keys}, {}, ())
    return Planned(made, desired, {}, (), (), None, Actual({voice.voice_id: voice for voice in ACTUAL}))


SIDES = planned(PLAN, "anna", "bella", "clean", "failed")


def test_status_as_a_table(snapshot: SnapshotAssertion) -> None:
    assert snapshot == render_status(status_rows(SIDES), paint=Paint(on=False))


def test_status_as_json(snapshot: SnapshotAssertion) -> None:
    assert snapshot == status_rows(SIDES)


def test_without_voices_it_says_so() -> None:
    nothing = Planned(
        plan(recorded=Recorded("default", "line", 0, None, {})), Desired({}, {}, ()), {}, (), (), None, Actual()
    )

    assert render_status(status_rows(nothing), paint=Paint(on=False)) == "No voices.\n"


@pytest.mark.parametrize(("wanted", "keys"), [(["bella"], ["bella"]), (["*l*"], ["bella", "clean", "failed", "flora"])])
def test_keys_and_patterns_narrow_it_and_hide_the_unmanaged(wanted: list[str], keys: list[str]) -> None:
    assert [row["key"] for row in status_rows(SIDES, wanted)] == keys


def test_a_voice_of_another_project_is_not_managed_here() -> None:
    row = status_rows(SIDES)[-1]

    assert (row["key"], row["voice_id"], row["plan"]) == (None, "v-other", "unmanaged")
