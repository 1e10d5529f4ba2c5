"""Annotations: what GitHub's runner reads in our output is exactly what we meant, whatever the text says."""

from __future__ import annotations

from pathlib import Path

import pytest
from actions_runner import commands_in
from hypothesis import given
from hypothesis import strategies as st
from plan_gallery import DIAGNOSTICS, PLANS, plan
from rendered_markdown import texts

from reconciler.errors import Diagnostic, Position, Range, Severity
from reconciler.report.github import render_annotations, render_plan_annotations
from reconciler.report.paint import printable
from reconciler.report.places import Places

HERE = Places(".")
texts_or_lines = st.one_of(
    texts, st.sampled_from(["\n::error::x", "%0A::set-env name=A::b", "::add-mask::x", "a%3Ab,c=d"])
)
found = st.builds(
    Diagnostic, st.sampled_from(list(Severity)), texts_or_lines.filter(bool), texts_or_lines.filter(bool),
    texts_or_lines, st.none() | texts_or_lines.filter(bool),
    st.none() | st.builds(Range, texts_or_lines.filter(lambda name: "/" not in name and name.strip(".")), st.just(Position(4, 3))),
)  # fmt: skip


@given(st.lists(found, max_size=5))
def test_the_runner_reads_exactly_the_commands_that_were_meant(diagnostics: list[Diagnostic]) -> None:
    commands = commands_in(render_annotations(diagnostics, HERE, see="voicectl validate"))

    kinds = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}
    ordered = sorted(diagnostics, key=lambda d: list(kinds).index(d.severity))
    assert [command.name for command in commands] == [kinds[d.severity] for d in ordered]
    for command, meant in zip(commands, ordered, strict=True):
        lines = [printable(text) for text in (meant.summary, meant.detail) if text]
        assert command.data == "\n".join(lines)
        title = printable(f"{meant.key}: {meant.rule}" if meant.key else meant.rule)
        expected = {"title": title}
        if meant.range is not None:
            expected |= {"file": printable(meant.range.filename), "line": "4", "col": "3"}
        assert {name: value.strip() for name, value in command.properties.items()} == {
            name: value.strip() for name, value in expected.items()
        }


@given(st.lists(found, max_size=3))
def test_every_line_is_a_command(diagnostics: list[Diagnostic]) -> None:
    output = render_annotations(diagnostics, HERE, see="voicectl validate")

    assert len(output.splitlines()) == len(commands_in(output)) == len(diagnostics)


def test_an_annotation_as_it_is_written() -> None:
    output = render_annotations(DIAGNOSTICS[1:2], HERE, see="voicectl validate")

    assert output == (
        "::warning file=voices/anna.yaml,line=4,col=3,title=anna%3A sample.size::"
        "a.mp3 has 10.2 MB%0AThe guide asks for less than 10 MB.\n"
    )


def test_the_worst_comes_first_and_what_github_drops_is_counted() -> None:
    many = [Diagnostic(s, f"r.{n}", "x") for n in range(30) for s in (Severity.INFO, Severity.WARNING, Severity.ERROR)]

    commands = commands_in(render_annotations(many, HERE, see="voicectl validate"))

    names = [command.name for command in commands]
    assert names == ["error"] * 10 + ["warning"] * 10 + ["notice"] * 9
    assert commands[-1].data == "And 20 errors, 20 warnings, 22 notices more: `voicectl validate` shows them all."


def test_a_plan_says_what_it_does_as_a_notice_within_the_limit() -> None:
    infos = tuple(Diagnostic(Severity.INFO, "plan.same-audio", "x") for _ in range(30))

    commands = commands_in(render_plan_annotations(plan(diagnostics=infos), HERE, see="voicectl plan"))

    assert [command.name for command in commands] == ["notice"] * 10
    assert commands[-1].data == "No changes."


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_gives_its_diagnostics_and_its_summary(name: str) -> None:
    commands = commands_in(render_plan_annotations(PLANS[name], HERE, see="voicectl plan"))

    assert len(commands) == len(PLANS[name].diagnostics) + 1
    assert commands[-1].properties == {"title": "voicectl plan: default"}


@pytest.mark.parametrize(
    ("project", "filename", "shown"),
    [
        (".", "voices/a.yaml", "voices/a.yaml"),
        ("apps/speech", "voices/a.yaml", "apps/speech/voices/a.yaml"),
        ("apps/speech", "../voices/a.yaml", "apps/voices/a.yaml"),
    ],
)
def test_places_are_seen_from_the_root_of_the_git_repository(
    tmp_path: Path, project: str, filename: str, shown: str
) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / project).mkdir(parents=True, exist_ok=True)

    assert Places.of(tmp_path / project).path(Range(filename, Position(1, 1))) == shown


def test_a_project_outside_of_git_is_its_own_root(tmp_path: Path) -> None:
    assert Places.of(tmp_path).path(Range("voices/a.yaml", Position(1, 1))) == "voices/a.yaml"
