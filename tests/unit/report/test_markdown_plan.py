"""A plan as a comment on a pull request."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plan_gallery import ALL, CREATE, DELETE, DIAGNOSTICS, PLANS, REPLACE, plan
from rendered_markdown import Rendered, dense, texts
from syrupy.assertion import SnapshotAssertion

from reconciler.errors import ApiUnreachableError, Diagnostic, Position, Range, RepositoryError, Severity
from reconciler.plan.change import Action, Change, Drift, FieldChange, Plan
from reconciler.plan.sides import Recorded
from reconciler.report.inert import code
from reconciler.report.markdown import COMMENT_LIMIT, render_errored, render_plan
from reconciler.report.paint import printable

TAGS = {"h2", "h3", "p", "strong", "ul", "li", "code", "br", "details", "summary", "pre", "b"}
BROKEN = RepositoryError(DIAGNOSTICS)


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_as_markdown(name: str, snapshot: SnapshotAssertion) -> None:
    assert snapshot == render_plan(PLANS[name])


def test_what_stands_in_place_of_a_plan(snapshot: SnapshotAssertion) -> None:
    assert snapshot == render_errored("staging", BROKEN)


def test_an_error_of_the_network_is_named_too() -> None:
    text = render_errored(
        "default", ApiUnreachableError("Cannot reach the API", request="GET /saas/voice", fix="retry")
    )

    assert "**There is no plan: 1 error.**" in text
    assert "Cannot reach the API" in text
    assert "GET `/saas/voice;` retry" in text


@pytest.mark.parametrize("name", ["default", "staging-2", "eu.west_1"])
def test_the_first_line_is_the_marker_of_the_environment(name: str) -> None:
    made = plan(CREATE, recorded=Recorded(name, "line", 7, None, {}))

    for text in (render_plan(made), render_errored(name, BROKEN)):
        assert text.splitlines()[0] == f"<!-- voicectl-plan environment={name} -->"


def test_no_name_of_an_environment_ends_the_marker() -> None:
    page = Rendered(render_errored("--><b>@me", BROKEN))

    assert page.comments == [" voicectl-plan environment=--%3E%3Cb%3E%40me "]
    assert "b" not in page.tags


def test_what_is_destroyed_comes_before_everything_but_the_summary() -> None:
    text = render_plan(plan(*ALL, diagnostics=DIAGNOSTICS))
    before, _, _ = text.partition("### Diagnostics")

    for change in ALL:
        named = f"{code(change.key)} ({code(str(change.voice_id))})"
        assert (named in before) is change.destructive


def test_an_error_is_said_above_everything() -> None:
    head, _, _ = render_plan(plan(DELETE, diagnostics=DIAGNOSTICS)).partition("###")

    assert "**Apply will refuse this: 1 error, listed below.**" in head


def test_everything_about_a_voice_is_folded_under_its_name() -> None:
    page = Rendered(render_plan(plan(*ALL)))

    assert page.tags.count("details") == page.tags.count("summary") == len(ALL)


# -- limits ------------------------------------------------------------------------------------------------------------


def voices(number: int, action: Action, *, key: str = "team/voice", fields: int = 3) -> list[Change]:
    changed = tuple(FieldChange("description", "x" * 300, "y" * 300) for _ in range(fields))
    return [Change(f"{key}-{n:05}", action, "sample changed", f"id-{n:05}", fields=changed) for n in range(number)]


def names(changes: list[Change], text: str) -> int:
    """Count the changes whose key is in the text, in full."""
    return sum(code(change.key) in text for change in changes)


def test_details_give_way_to_the_limit_between_voices_and_are_counted() -> None:
    changes = voices(100, Action.UPDATE)
    text = render_plan(plan(*changes))
    shown = Rendered(text).tags.count("details")

    assert len(text) <= COMMENT_LIMIT
    assert 20 < shown < 100
    assert f"**Not shown here, for want of room: {100 - shown} changes.**" in text
    assert "`voicectl --env default plan` prints it" in text


def test_one_giant_voice_hides_no_other() -> None:
    giant = Change("giant", Action.CREATE, "new voice", fields=(FieldChange("description", None, "x" * 70_000),))
    text = render_plan(plan(giant, *voices(3, Action.UPDATE)))

    assert Rendered(text).tags.count("details") == 3
    assert "1 change." in text


@pytest.mark.parametrize("number", [1, 50, 400, 1200])
def test_every_destructive_change_is_named_whatever_else_there_is(number: int) -> None:
    destructive = voices(number, Action.REPLACE)
    many = [Diagnostic(Severity.WARNING, "sample.size", "x" * 200) for _ in range(500)]
    text = render_plan(plan(*destructive, *voices(500, Action.CREATE, key="other"), diagnostics=tuple(many)))

    assert len(text) <= COMMENT_LIMIT
    assert names(destructive, text.partition("### Diagnostics")[0]) == number
    assert "TOO MANY" not in text


def test_voice_ids_give_way_before_any_name_does() -> None:
    destructive = [*voices(1500, Action.DELETE), *voices(300, Action.REPLACE, key="replaced")]
    text = render_plan(plan(*destructive))

    assert len(text) <= COMMENT_LIMIT
    assert names(destructive, text) == 1800
    assert "NOT named" not in text


def test_names_that_cannot_all_be_shown_are_counted_in_a_heading_that_nobody_misses() -> None:
    destructive = voices(5000, Action.DELETE)
    text = render_plan(plan(*destructive))
    named = names(destructive, text)

    assert len(text) <= COMMENT_LIMIT
    assert 1000 < named < 5000
    assert "### :warning: 5000 voice ids will stop working: TOO MANY TO NAME THEM ALL" in text
    assert f"**{5000 - named} of the 5000 are NOT named here." in text


@pytest.mark.parametrize("limit", [2_000, 5_000, 60_000, 250_000])
def test_any_limit_is_kept(limit: int) -> None:
    changes = [*voices(700, Action.DELETE), *voices(300, Action.CREATE)]

    assert len(render_plan(plan(*changes, diagnostics=DIAGNOSTICS * 99), limit=limit)) <= limit


# -- hostile text ------------------------------------------------------------------------------------------------------

fields = st.builds(FieldChange, texts, st.none() | texts, texts, st.booleans())
changes = st.builds(
    Change, key=texts, action=st.sampled_from([REPLACE.action, CREATE.action, DELETE.action]), reason=texts,
    voice_id=st.none() | texts, fields=st.tuples(fields),
)  # fmt: skip
places = st.none() | st.builds(Range, texts, st.just(Position(4, 3)))
diagnostics = st.builds(Diagnostic, st.sampled_from(list(Severity)), texts, texts, texts, st.none() | texts, places)
plans = st.builds(
    lambda change, drift, found: plan(change, drift=(drift,), diagnostics=(found,)),
    changes, st.builds(Drift, texts, texts, st.tuples(fields)), diagnostics,
)  # fmt: skip


@settings(max_examples=60)
@given(plans)
def test_no_text_breaks_the_comment_or_pings_anybody(hostile: Plan) -> None:
    text = render_plan(hostile)
    page = Rendered(text)

    assert page.comments == [" voicectl-plan environment=default "]
    assert set(page.tags) <= TAGS
    assert page.tags.count("details") == 2
    assert page.tags.count("h2") == 1
    assert re.search(r"[@#]|://|www\.|[^\W\d]\.\w|<", page.outside_code) is None
    shown = dense(page.text)
    for said in (hostile.changes[0].key, hostile.drift[0].voice_id, hostile.diagnostics[0].rule):
        assert dense(printable(said)) in shown
    assert {c for c in text if not c.isprintable()} == {"\n"}


def test_the_same_plan_gives_the_same_bytes() -> None:
    for each in PLANS.values():
        assert render_plan(each) == render_plan(each)
