"""What watch may do by itself: what makes voices, of clean files, and nothing by which one is lost."""

from __future__ import annotations

import pytest

from reconciler.errors import Diagnostic, Severity
from reconciler.plan.change import Action, Change, Plan
from reconciler.plan.sides import ActualVoice, PlanOptions, Recorded
from reconciler.watch.carrying_out import MAY, Selection, select, told
from reconciler.watch.view import Declared, Heard, Row, View

ERROR = Diagnostic(Severity.ERROR, "safety.prevent-destroy", "no", key="anna")


def view(*changes: Change, rows: dict[str, Row] | None = None, problems: tuple[Diagnostic, ...] = ()) -> View:
    options = PlanOptions(scope="p", now="2026-01-01T00:00:00Z")
    plan = Plan(Recorded("local", "line", 1, None, {}), options, changes, 0)
    known = {c.key: Row(c.key, Declared.DECLARED, c.action, uploads=c.uploads, heard=Heard.GOOD) for c in changes}
    return View("local", {**known, **(rows or {})}, (), plan, problems)


def change(action: Action, key: str = "anna", status: str = "ready") -> Change:
    return Change(key, action, "because", "id", actual=ActualVoice("id", status))


def keys(selection: Selection) -> tuple[set[str], set[str]]:
    return {c.key for c in selection.changes}, {c.key for c in selection.left}


@pytest.mark.parametrize("action", [action for action in Action if action is not Action.UNCHANGED])
def test_only_what_makes_or_keeps_voices_is_done(action: Action) -> None:
    selection = select(view(change(action)), {})

    assert keys(selection) == (({"anna"}, set()) if action in MAY else (set(), {"anna"}))
    assert Action.DELETE not in MAY
    assert Action.FORGET not in MAY


def test_a_half_made_voice_is_cleaned_on_the_way_and_a_finished_one_is_not() -> None:
    made = change(Action.CREATE)

    assert select(view(change(Action.CLEAN, status="failed"), made), {}).whole
    assert keys(select(view(change(Action.CLEAN), made), {})) == (set(), {"anna"})


def test_a_sample_is_waited_for_until_it_was_heard_and_not_sent_with_errors() -> None:
    made = change(Action.CREATE)
    row = Row("anna", Declared.DECLARED, Action.CREATE, uploads=True)
    waiting = Row("anna", Declared.DECLARED, Action.CREATE, uploads=True, heard=Heard.WAITING)
    bad = Row("anna", Declared.DECLARED, Action.CREATE, uploads=True, heard=Heard.ERROR)
    refused = Row("anna", Declared.DECLARED, Action.CREATE, heard=Heard.GOOD, problems=(ERROR,))

    assert keys(select(view(made, rows={"anna": row}), {})) == ({"anna"}, set())
    assert keys(select(view(made, rows={"anna": waiting}), {})) == (set(), set())
    assert keys(select(view(made, rows={"anna": bad}), {})) == (set(), {"anna"})
    assert keys(select(view(made, rows={"anna": refused}), {})) == (set(), {"anna"})


def test_next_to_a_broken_file_others_go_on_but_nothing_moves() -> None:
    broken = {"clara": Row("clara", Declared.BROKEN, Action.UNCHANGED)}
    selection = select(view(change(Action.UPDATE), change(Action.MOVE, "bella"), rows=broken), {})

    assert keys(selection) == ({"anna"}, {"bella"})
    assert not selection.whole


def test_what_failed_is_not_tried_again_until_it_is_something_else() -> None:
    made = change(Action.CREATE)

    assert keys(select(view(made), {"anna": told([made])})) == (set(), {"anna"})
    assert keys(select(view(made), {"anna": told([change(Action.UPDATE)])})) == ({"anna"}, set())


def test_where_nothing_can_be_planned_nothing_is_done() -> None:
    assert select(View("local", {}, (), None), {}) == Selection((), (), whole=False)
    note = Diagnostic(Severity.ERROR, "voice.symlink", "the voices folder leaves the repository")
    assert keys(select(view(change(Action.CREATE), problems=(note,)), {})) == (set(), {"anna"})
