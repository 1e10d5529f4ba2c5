"""A mark that names another key than state does: after `state mv`, or a state document that was put right by hand."""

from __future__ import annotations

import pytest
from plan_sides import declared, mark, only, plan_of, recorded, shown

from reconciler.plan.change import Action, FieldChange

ANNA = declared()


def test_a_mark_that_names_another_key_is_renewed() -> None:
    change = only(plan_of(ANNA, recorded(ANNA), (shown(description=mark("bella")),)))

    assert (change.action, change.voice_id, change.reason) == (Action.UPDATE, "v1", "mark changed")
    assert change.fields == (FieldChange("mark", "bella", "anna"),)


def test_it_is_one_update_with_whatever_else_changed() -> None:
    change = only(plan_of(declared(name="Anna B"), recorded(ANNA), (shown(description=mark("bella")),)))

    assert (change.action, change.reason) == (Action.UPDATE, "name, mark changed")


@pytest.mark.parametrize(
    "description",
    [None, "", "Warm.", mark(), mark("ANNA"), mark("bella", scope="other"), mark("bella", scope="p@staging")],
    ids=["none", "empty", "without a mark", "ours", "in another case", "of another project", "of another environment"],
)
def test_no_other_description_makes_a_change(description: str | None) -> None:
    assert plan_of(ANNA, recorded(ANNA), (shown(description=description),)).empty


def test_where_marks_are_off_an_old_one_is_left_alone() -> None:
    assert plan_of(ANNA, recorded(ANNA), (shown(description=mark("bella")),), marks=False).empty


def test_two_keys_of_one_voice_do_not_take_turns() -> None:
    """A document that was edited by hand: either one may have the mark, and then it is quiet."""
    files = {"anna": ANNA, "bella": declared("bella")}
    records = {"anna": recorded(ANNA), "bella": recorded(declared("bella"))}
    changed = {key: plan_of(files, records, (shown(description=mark(key)),)).changes for key in files}

    assert sorted(len(changes) for changes in changed.values()) == [0, 1]


def test_a_move_renews_the_mark_by_itself() -> None:
    bella = declared("bella", previously=["anna"])
    change = only(plan_of({"bella": bella}, recorded(ANNA), (shown(),)))

    assert (change.action, change.fields) == (Action.MOVE, ())
