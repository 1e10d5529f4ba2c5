"""A replaced voice that is kept comes back when the files ask for it again, and nothing is cloned."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from plan_sides import LATER, NOW, declared, mark, plan_of, recorded, shown, told

from reconciler.desired.project import Safety
from reconciler.plan.change import Action
from reconciler.plan.going import Kind, going
from reconciler.plan.safety import refusals
from reconciler.state.document import Retired

ANNA = declared()
EARLIER = declared(audio="b")


def kept(until: str = LATER, **fields: Any) -> Retired:
    return replace(recorded(EARLIER, "v0").retire(until), **fields)


def test_a_kept_voice_comes_back_when_the_files_ask_for_it_again() -> None:
    record = recorded(ANNA, retired=(kept(),))
    voices = (shown(), shown("v0", description=mark(audio="b")))

    (change,) = plan_of(EARLIER, record, voices).changes

    assert (change.action, change.voice_id) == (Action.ADOPT, "v0")
    assert change.reason == "it was replaced, and is kept: no re-clone"
    assert (change.actual, change.successor) == voices
    assert change.brings_back


def test_of_several_the_one_that_was_made_of_the_very_sample_comes_back() -> None:
    other = replace(kept(), voice_id="v9", sample=recorded(declared(audio="c")).sample)
    record = recorded(ANNA, retired=(other, kept(), replace(other, voice_id="v8")))

    plan = plan_of(EARLIER, record, (shown(), shown("v0"), shown("v8"), shown("v9")))

    assert told(plan) == [("anna", Action.ADOPT, "v0")]


def test_it_comes_back_for_a_voice_that_is_gone_or_failed_too() -> None:
    gone = plan_of(EARLIER, recorded(ANNA, retired=(kept(),)), (shown("v0"),))
    failed = plan_of(EARLIER, recorded(ANNA, None, "failed", retired=(kept(),)), (shown("v0"),))

    assert told(gone) == told(failed) == [("anna", Action.ADOPT, "v0")]
    assert not gone.changes[0].brings_back


@pytest.mark.parametrize(
    ("old", "status"),
    [
        (kept(NOW), "ready"),
        (kept(), "failed"),
        (kept(sample=recorded(declared(audio="c")).sample), "ready"),
        (kept(sample=None), "ready"),
    ],
    ids=["its time is over", "not ready", "another sample", "nobody knows its sample"],
)
def test_otherwise_the_voice_is_cloned_again(old: Retired, status: str) -> None:
    plan = plan_of(EARLIER, recorded(ANNA, retired=(old,)), (shown(), shown("v0", status, description="")))

    assert Action.REPLACE in [change.action for change in plan.changes]


def test_who_asks_for_a_new_clone_gets_one() -> None:
    record = recorded(ANNA, retired=(kept(),))

    plan = plan_of(EARLIER, record, (shown(), shown("v0")), replace=("anna",))

    assert told(plan) == [("anna", Action.REPLACE, "v1")]


def test_the_mark_of_a_kept_voice_stands_for_a_sample_that_state_does_not_know() -> None:
    record = recorded(ANNA, retired=(Retired("v0", LATER),))

    plan = plan_of(EARLIER, record, (shown(), shown("v0", description=mark(audio="b"))))

    assert told(plan) == [("anna", Action.ADOPT, "v0")]


def test_prevent_destroy_keeps_the_voice_in_use() -> None:
    protected = declared(audio="b", lifecycle={"prevent_destroy": True})
    plan = plan_of(protected, recorded(ANNA, retired=(kept(),)), (shown(), shown("v0")))

    (refusal,) = refusals(plan, Safety(), declared=1, allow_deletes=True)

    assert refusal.summary == "Would replace 'anna' (v1), which has prevent_destroy"


@pytest.mark.parametrize(("grace", "gone"), [("7d", []), ("0s", [(Kind.ID, "v1")])])
def test_the_voice_in_use_goes_only_where_replaced_ones_are_not_kept(grace: str, gone: list[tuple[Kind, str]]) -> None:
    files = declared(audio="b", lifecycle={"keep_replaced": grace})
    plan = plan_of(files, recorded(ANNA, retired=(kept(),)), (shown(), shown("v0")))

    assert [(one.kind, one.name) for one in going(plan, ["anna"])] == gone
