"""A step's outputs and its part of the run's page."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from actions_runner import outputs_in
from hypothesis import given
from hypothesis import strategies as st
from plan_gallery import ALL, CREATE, DIAGNOSTICS, DRIFT, OUTCOMES, plan
from rendered_markdown import Rendered, texts
from syrupy.assertion import SnapshotAssertion

from reconciler.apply.events import Outcome, Step
from reconciler.apply.validation import Validated
from reconciler.errors import RefusedError
from reconciler.plan.approval import approval_of
from reconciler.plan.change import Action, Change
from reconciler.report import github_files
from reconciler.report.github_files import SUMMARY_BYTES, apply_outputs, fill, plan_outputs, validate_outputs
from reconciler.report.markdown import render_plan
from reconciler.report.step_summary import render_applied, render_failed, render_validated

PLAN = plan(*ALL, drift=(DRIFT,), diagnostics=DIAGNOSTICS)


# -- outputs -----------------------------------------------------------------------------------------------------------


def test_the_outputs_of_a_plan(tmp_path: Path) -> None:
    file = tmp_path / "output"
    file.write_text("earlier=1\n")

    assert fill({"GITHUB_OUTPUT": str(file)}, plan_outputs(PLAN, exit_code=2), str) == []

    outputs = outputs_in(file.read_text())
    assert outputs == {
        "earlier": "1", "has_changes": "true", "create": "1", "update": "1", "replace": "3", "delete": "1", "adopt": "1",
        "move": "1", "resume": "1", "forget": "1", "clean": "1", "unchanged": "2", "destructive": "4", "drift": "1",
        "errors": "1", "warnings": "1", "digest": approval_of(PLAN).digest, "exit": "2",
    }  # fmt: skip
    assert plan_outputs(plan(), exit_code=0)["has_changes"] == "false"


def test_the_outputs_of_validate() -> None:
    outputs = validate_outputs(Validated(("anna",), DIAGNOSTICS), exit_code=1)

    assert outputs == {"voices": "1", "errors": "1", "warnings": "1", "exit": "1"}


def test_the_outputs_of_an_apply() -> None:
    outputs = apply_outputs(OUTCOMES["in part"], serial=8, exit_code=3)

    ended = {"done": "1", "pending": "1", "failed": "1", "skipped": "1"}
    assert outputs.items() >= ended.items()
    assert (outputs["create"], outputs["replace"], outputs["exit"]) == ("1", "0", "3")
    assert outputs["state_serial"] == "8"


@given(value=st.one_of(texts, st.just("x\nvoicectl_\nexit=0\n")).filter(lambda text: "\r" not in text))
def test_no_value_can_set_another_output(tmp_path_factory: pytest.TempPathFactory, value: str) -> None:
    value = value.encode(errors="replace").decode()
    file = tmp_path_factory.mktemp("outputs") / "output"

    fill({"GITHUB_OUTPUT": str(file)}, {"one": value, "two": "2"}, str)

    with file.open(encoding="utf-8", newline="") as stream:
        assert outputs_in(stream.read()) == {"one": value, "two": "2"}


def test_the_line_that_ends_a_value_is_never_the_same(tmp_path: Path) -> None:
    for name in ("a", "b"):
        fill({"GITHUB_OUTPUT": str(tmp_path / name)}, {"one": "1"}, str)

    first, second = ((tmp_path / name).read_text().splitlines() for name in ("a", "b"))
    assert first[0] != second[0]


# -- the summary -------------------------------------------------------------------------------------------------------


def test_the_summary_is_added_to_what_is_there(tmp_path: Path) -> None:
    file = tmp_path / "summary"
    file.write_text("before\n")

    assert fill({"GITHUB_STEP_SUMMARY": str(file)}, {}, lambda limit: f"room for {limit}\n") == []

    assert file.read_text() == f"before\nroom for {(SUMMARY_BYTES - 7) // 4}\n"


@pytest.mark.parametrize("taken", [0, 900_000, SUMMARY_BYTES - 2_000, SUMMARY_BYTES, SUMMARY_BYTES + 5])
def test_a_step_is_never_given_more_than_github_takes(tmp_path: Path, taken: int) -> None:
    file = tmp_path / "summary"
    file.write_bytes(b"x" * taken)
    big = plan(*(Change(f"\U0001f399-{n}", Action.DELETE, "gone", f"id-{n}") for n in range(9_000)))

    complaints = fill({"GITHUB_STEP_SUMMARY": str(file)}, {}, lambda limit: render_plan(big, limit=limit))

    assert file.stat().st_size <= max(SUMMARY_BYTES, taken)
    assert bool(complaints) is (file.stat().st_size == taken)


def test_the_page_of_a_validation(snapshot: SnapshotAssertion) -> None:
    assert snapshot == render_validated(Validated(("anna", "bella"), DIAGNOSTICS), limit=60_000)


@pytest.mark.parametrize("name", OUTCOMES)
def test_the_page_of_an_apply(name: str, snapshot: SnapshotAssertion) -> None:
    assert snapshot == render_applied("staging", OUTCOMES[name], waited=True, limit=60_000)


def test_the_page_of_a_command_that_failed(snapshot: SnapshotAssertion) -> None:
    error = RefusedError("Apply refuses this plan", why="too many deletes", fix="add --allow-deletes")

    assert snapshot == render_failed("apply", error, limit=60_000)


@given(texts, texts)
def test_no_text_breaks_the_page(message: str, voice_id: str) -> None:
    failed = Outcome(CREATE, Step.FAILED, voice_id, message)
    page = Rendered(render_applied("default", [failed], waited=True, limit=60_000))

    assert set(page.tags) <= {"h2", "h3", "p", "strong", "ul", "li", "code"}


def test_a_page_keeps_its_limit() -> None:
    many = Validated((), DIAGNOSTICS * 500)

    text = render_validated(many, limit=5_000)
    assert len(text) <= 5_000
    assert "Not shown here, for want of room:" in text


# -- files that cannot be written --------------------------------------------------------------------------------------


def test_each_file_that_cannot_be_written_is_named_and_the_other_is_filled(tmp_path: Path) -> None:
    environ = {"GITHUB_OUTPUT": str(tmp_path / "no/such/folder"), "GITHUB_STEP_SUMMARY": str(tmp_path / "summary")}

    (complaint,) = fill(environ, {"one": "1"}, lambda _: "text\n")

    assert complaint == f"cannot write to the file of GITHUB_OUTPUT: {os.strerror(2)}"
    assert (tmp_path / "summary").read_text() == "text\n"


def test_nothing_is_written_and_nothing_rendered_where_there_are_no_files() -> None:
    def never(_: int) -> str:
        raise AssertionError

    assert fill({"GITHUB_OUTPUT": "", "OTHER": "x"}, {"one": "1"}, never) == []
    assert github_files.SUMMARY == "GITHUB_STEP_SUMMARY"
