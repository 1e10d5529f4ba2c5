"""What is decided about voices without a file, and how a plan is narrowed and ordered."""

from __future__ import annotations

import pytest
from plan_sides import LATER, declared, mark, only, plan_of, recorded, shown, successor, told

from reconciler.errors import Severity
from reconciler.plan.change import Action
from reconciler.plan.sides import Quota
from reconciler.state.document import Retired

ANNA = declared()
BELLA = declared("bella", audio="b")
BELLA_SHOWN = shown("v2", description=mark("bella", "b"))
BOTH = {"anna": recorded(ANNA), "bella": recorded(BELLA, "v2")}


def test_a_voice_whose_file_is_gone_is_deleted() -> None:
    change = only(plan_of({"bella": BELLA}, BOTH, (shown(), BELLA_SHOWN)))

    assert (change.key, change.action, change.voice_id, change.reason) == (
        "anna",
        Action.DELETE,
        "v1",
        "the voice file is gone",
    )
    assert change.destructive


def test_it_is_forgotten_when_its_file_said_so() -> None:
    change = only(plan_of(None, recorded(ANNA, on_remove="forget"), (shown(),)))

    assert (change.action, change.actual) == (Action.FORGET, shown())
    assert not change.destructive


def test_it_is_forgotten_when_nothing_of_it_is_left() -> None:
    assert told(plan_of(None, recorded(ANNA))) == [("anna", Action.FORGET, "v1")]
    assert told(plan_of(None, recorded(ANNA, None, "failed"))) == [("anna", Action.FORGET, None)]


@pytest.mark.parametrize("status", ["created", "failed"])
def test_half_made_it_is_cleaned_also_with_on_remove_forget(status: str) -> None:
    record = recorded(ANNA, status="created", on_remove="forget")

    assert told(plan_of(None, record, (shown(status=status),))) == [("anna", Action.CLEAN, "v1")]


def test_its_unfinished_replacement_is_cleaned_with_it() -> None:
    record = recorded(ANNA, successor=successor(declared(audio="b")))
    waiting = shown("v2", "pending", description=mark(audio="b"))

    assert told(plan_of(None, record, (shown(), waiting))) == [
        ("anna", Action.CLEAN, "v2"),
        ("anna", Action.DELETE, "v1"),
    ]


def test_its_replaced_voices_go_with_it_before_their_time() -> None:
    record = recorded(ANNA, retired=(Retired("v0", LATER),))

    assert told(plan_of(None, record, (shown(), shown("v0")))) == [
        ("anna", Action.CLEAN, "v0"),
        ("anna", Action.DELETE, "v1"),
    ]


# -- voices that only a mark tells to be ours --------------------------------------------------------------------------


def test_a_second_voice_of_a_key_is_cleaned() -> None:
    assert told(plan_of(ANNA, recorded(ANNA), (shown(), shown("v2")))) == [("anna", Action.CLEAN, "v2")]


def test_an_orphan_of_a_claimed_project_is_deleted() -> None:
    change = only(plan_of(None, None, (shown(),)))

    assert (change.key, change.action, change.record) == ("anna", Action.DELETE, None)


def test_an_orphan_of_a_project_named_after_its_folder_is_only_warned_of() -> None:
    plan = plan_of(None, None, (shown(),), scope_is_claimed=False)

    assert plan.empty
    assert [(d.severity, d.rule, d.key) for d in plan.diagnostics] == [(Severity.WARNING, "plan.orphan", "anna")]
    assert "v1" in plan.diagnostics[0].summary


@pytest.mark.parametrize("status", ["ready", "pending", "created"])
def test_a_voice_that_another_branch_has_on_record_is_no_orphan(status: str) -> None:
    plan = plan_of(None, None, (shown(status=status),), elsewhere={"v1": "origin/main"})

    assert plan.empty
    assert [(d.severity, d.rule, d.key) for d in plan.diagnostics] == [(Severity.WARNING, "plan.elsewhere", "anna")]
    assert "the branch origin/main has it" in plan.diagnostics[0].detail


def test_a_voice_that_another_branch_has_on_record_is_not_adopted_for_the_same_recording() -> None:
    plan = plan_of({"bella": declared("bella")}, None, (shown(),), elsewhere={"v1": "origin/main"})

    assert told(plan) == [("bella", Action.CREATE, None)]


def test_a_half_made_orphan_is_cleaned_whoever_claims_the_name() -> None:
    plan = plan_of(None, None, (shown(status="created"),), scope_is_claimed=False)

    assert told(plan) == [("anna", Action.CLEAN, "v1")]


def test_voices_of_others_are_counted_and_left_alone() -> None:
    others = (
        shown("x", description=None),
        shown("y", description="[voicectl p/anna]"),
        shown("z", "created", description=""),
    )

    plan = plan_of(ANNA, recorded(ANNA), (shown(), *others))

    assert (plan.empty, plan.unmanaged) == (True, 3)


# -- targets and order -------------------------------------------------------------------------------------------------


def test_a_target_narrows_changes_counts_and_words() -> None:
    files = {"anna": declared(name="Anna B"), "bella": declared("bella", audio="b", name="Bella B")}
    drifted = shown(name="Hacked")

    plan = plan_of(files, BOTH, (drifted, BELLA_SHOWN), targets=("bella",))

    assert told(plan) == [("bella", Action.UPDATE, "v2")]
    assert (plan.drift, plan.unchanged) == ((), 0)


def test_a_target_may_be_a_pattern() -> None:
    files = {"support/anna": declared("support/anna"), "bella": BELLA}

    assert [change.key for change in plan_of(files, None, (), targets=("support/*",)).changes] == ["support/anna"]


def test_a_target_does_not_make_orphans_of_the_rest() -> None:
    files = {"anna": ANNA, "bella": BELLA}

    plan = plan_of(files, None, (shown(), BELLA_SHOWN), targets=("anna",))

    assert told(plan) == [("anna", Action.ADOPT, "v1")]


def test_the_old_key_of_a_moved_voice_names_it_too() -> None:
    plan = plan_of({"bella": declared("bella")}, recorded(ANNA), (shown(),), targets=("anna",))

    assert told(plan) == [("bella", Action.MOVE, "v1")]


def test_a_plan_is_the_same_in_whatever_order_the_sides_were_read() -> None:
    files = {"bella": BELLA, "anna": declared(name="Anna B"), "clara": declared("clara", audio="c")}
    voices = (BELLA_SHOWN, shown(), shown("v9"), shown("v8"))
    plan = plan_of(files, BOTH, voices)

    again = plan_of(dict(reversed(files.items())), dict(reversed(BOTH.items())), voices[::-1])

    assert (again.changes, again.diagnostics) == (plan.changes, plan.diagnostics)
    assert [change.key for change in plan.changes] == sorted(change.key for change in plan.changes)


def test_of_one_key_what_is_cleaned_comes_first() -> None:
    plan = plan_of(declared(name="Anna B"), recorded(ANNA), (shown(), shown("v9"), shown("v8")))

    assert told(plan) == [("anna", Action.CLEAN, "v8"), ("anna", Action.CLEAN, "v9"), ("anna", Action.UPDATE, "v1")]


def test_the_quota_is_passed_on() -> None:
    assert plan_of(ANNA, recorded(ANNA), (shown(),), quota=Quota(50, 3)).quota == Quota(50, 3)
