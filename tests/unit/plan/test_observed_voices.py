"""What is decided about voices with `manage: observe`: state may learn, and nothing is written to them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from plan_sides import LATER, NOW, declared, mark, only, plan_of, recorded, shown, successor, told

from reconciler.errors import Severity
from reconciler.plan.change import Action, Drift, FieldChange
from reconciler.plan.observed import FORGOTTEN
from reconciler.state.document import Retired

ANNA = declared(manage="observe")
RECORD = recorded(ANNA)


def test_a_voice_as_declared_is_unchanged() -> None:
    plan = plan_of(ANNA, RECORD, (shown(),))

    assert (plan.empty, plan.unchanged, plan.drift, plan.refreshed) == (True, 1, (), {})


def test_every_difference_is_drift_and_none_a_change() -> None:
    plan = plan_of(declared(manage="observe", audio="b", sample_lang_code="de"), RECORD, (shown(name="Hers"),))

    fields = (
        FieldChange("name", "Anna", "Hers"),
        FieldChange("samples[0].sha256", "file-b", "file-a"),
        FieldChange("samples[0].lang_code", "de", "en"),
    )
    assert plan.empty
    assert plan.drift == (Drift("anna", "v1", fields, observed=True),)
    assert plan.refreshed == {}  # state keeps what the voice was made from


def test_what_the_server_shows_is_not_remembered_as_its_own_form_of_what_was_sent() -> None:
    """Otherwise a voice that is managed again would keep its drift for ever."""
    drifted = plan_of(ANNA, replace(RECORD, name="Old"), (shown(name="Hers"),))

    assert drifted.refreshed["anna"].observed is None


def test_state_learns_that_a_voice_is_ready() -> None:
    plan = plan_of(ANNA, replace(RECORD, status="pending"), (shown(),))

    assert plan.empty
    assert plan.refreshed["anna"].ready


@pytest.mark.parametrize("status", ["created", "pending", "failed"])
def test_a_voice_that_is_not_ready_is_left_alone(status: str) -> None:
    record = replace(RECORD, status="pending", successor=successor(ANNA))

    assert plan_of(ANNA, record, (shown(status=status), shown("v2", "created", description=mark()))).empty


def test_second_voices_of_ours_are_left_alone() -> None:
    strays = (shown("v2"), shown("v3", "created"), shown("v4", "failed"))

    assert plan_of(ANNA, RECORD, (shown(), *strays)).empty


def test_replaced_voices_are_not_cleaned() -> None:
    record = replace(RECORD, retired=(Retired("v0", NOW),))

    assert plan_of(ANNA, record, (shown(), shown("v0")), now=LATER).empty
    assert [c.action for c in plan_of(None, record, (shown(), shown("v0")), now=LATER).changes] == [Action.FORGET]


def test_any_voice_with_its_mark_is_the_one() -> None:
    change = only(plan_of(ANNA, None, (shown(description=mark(audio="z")),)))

    assert (change.action, change.voice_id, change.fields) == (Action.ADOPT, "v1", ())


def test_a_gone_voice_is_a_warning_and_state_learns_that_it_was_observed() -> None:
    plan = plan_of(ANNA, replace(RECORD, manage=None))

    assert plan.empty
    assert [(d.severity, d.rule) for d in plan.diagnostics] == [(Severity.WARNING, "plan.observe")]
    assert plan.refreshed == {"anna": RECORD}


def test_a_gone_voice_that_moved_has_to_be_named_anew() -> None:
    plan = plan_of({"bella": declared("bella", manage="observe", previously=["anna"])}, {"anna": RECORD})

    assert [(d.severity, d.rule) for d in plan.diagnostics] == [(Severity.ERROR, "plan.observe")]


def test_its_file_removed_it_is_forgotten_whatever_lives_beside_it() -> None:
    record = replace(RECORD, successor=successor(ANNA))

    assert told(plan_of(None, record, (shown(), shown("v2", "pending")))) == [("anna", Action.FORGET, "v1")]
    assert only(plan_of(None, RECORD)).reason == "nothing of it is left on the server"


def test_once_forgotten_it_is_forgotten_until_the_server_has_nothing_of_it() -> None:
    forgotten = replace(RECORD, status=FORGOTTEN)

    assert plan_of(None, forgotten, (shown(),)).empty
    assert told(plan_of(None, forgotten)) == [("anna", Action.FORGET, "v1")]


def test_its_file_back_it_is_taken_up_again() -> None:
    forgotten = replace(RECORD, status=FORGOTTEN)

    assert told(plan_of(declared(), forgotten, (shown(),))) == [("anna", Action.RESUME, "v1")]
    assert plan_of(ANNA, forgotten, (shown(),)).refreshed == {"anna": RECORD}


def test_no_demand_replaces_it() -> None:
    plan = plan_of(ANNA, RECORD, (shown(),), replace=("anna",))

    assert plan.empty
    assert [(d.severity, d.rule) for d in plan.diagnostics] == [(Severity.ERROR, "plan.observe")]


def test_managed_again_its_other_recording_makes_another_voice() -> None:
    plan = plan_of(declared(audio="b"), RECORD, (shown(),))

    assert told(plan) == [("anna", Action.REPLACE, "v1")]
