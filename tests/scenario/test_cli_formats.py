"""Every format with every exit code: the format changes no code, and stdout holds that format and nothing else."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from actions_runner import commands_in, outputs_in
from cli_world import OpenWorld, Ran, World
from junitparser import JUnitXml
from rendered_markdown import Rendered

DEAD: dict[str, str | None] = {"PALABRA_API_URL": "http://127.0.0.1:9", "VOICECTL_HTTP_TIMEOUT": "1"}
LOUD = ("-v", "--color", "always")
"""What would show if it came to stdout."""


# -- readers: each raises for what is not its format -------------------------------------------------------------------


def read_json(out: str) -> Any:
    return json.loads(out)


def read_github(out: str) -> Any:
    commands = commands_in(out)
    assert len(commands) == len(out.splitlines())
    assert {command.name for command in commands} <= {"error", "warning", "notice"}
    return commands


def read_markdown(out: str) -> Any:
    assert out.startswith("<!-- voicectl-plan environment=")
    return Rendered(out)


def read_sarif(out: str) -> Any:
    document = json.loads(out)
    assert document["version"] == "2.1.0"
    return document["runs"][0]["results"]


def read_junit(out: str) -> Any:
    (suite,) = JUnitXml.fromstring(out.encode())
    return list(suite)


PLAN: dict[str, Callable[[str], Any]] = {"json": read_json, "markdown": read_markdown, "github": read_github}
VALIDATE: dict[str, Callable[[str], Any]] = {
    "json": read_json, "github": read_github, "sarif": read_sarif, "junit": read_junit
}  # fmt: skip


# -- situations --------------------------------------------------------------------------------------------------------


def unchanged(world: World) -> None:
    """Nothing differs."""


def changed(world: World) -> None:
    world.declare("newcomer", seed=3)
    world.remove("support/anna")


def broken(world: World) -> None:
    world.write("voices/broken.yaml", "name: X\nsamples: []\n")


def refused(world: World) -> None:
    world.declare("narrator", seed=1, description="Warm.", lifecycle={"prevent_destroy": True})
    world.apply()
    world.declare("narrator", seed=5, description="Warm.", lifecycle={"prevent_destroy": True})


def short(world: World) -> None:
    world.declare("short")
    world.sample("short/sample.mp3", seconds=5)


def misconfigured(world: World) -> None:
    world.write("voicectl.yaml", "parallelism: 0\n")


def lenient(world: World) -> None:
    short(world)
    world.write("voicectl.yaml", "project: voices-under-test\nchecks: {sample.duration: warning}\n")


Situation = Callable[[World], None]
PLANS: list[tuple[str, Situation, tuple[str, ...], dict[str, str | None], int]] = [
    ("no changes", unchanged, (), {}, 0),
    ("no changes, asked for in detail", unchanged, ("--detailed-exitcode",), {}, 0),
    ("changes", changed, (), {}, 0),
    ("changes, asked for in detail", changed, ("--detailed-exitcode",), {}, 2),
    ("a broken file", broken, ("--detailed-exitcode",), {}, 1),
    ("a sample that cannot be sent", short, ("--detailed-exitcode",), {}, 2),
    ("a plan that apply refuses", refused, (), {}, 0),
    ("a broken voicectl.yaml", misconfigured, (), {}, 1),
    ("no network needed", changed, ("--offline", "--detailed-exitcode"), dict(DEAD), 2),
    ("no credentials", unchanged, (), {"PALABRA_API_KEY": None}, 1),
    ("an unknown key", unchanged, ("--target", "nobody"), {}, 64),
    ("an unknown environment", unchanged, ("--env", "nowhere"), {}, 64),
]
VALIDATIONS: list[tuple[str, Situation, tuple[str, ...], int]] = [
    ("all good", unchanged, (), 0),
    ("a broken file", broken, (), 1),
    ("a sample that cannot be sent", short, (), 1),
    ("only what is good", broken, ("voices/narrator",), 0),
    ("a broken voicectl.yaml", misconfigured, (), 1),
    ("a path that is not there", unchanged, ("no/such/folder",), 64),
    ("an unknown environment", unchanged, ("--env", "nowhere"), 64),
]


def check(ran: Ran, code: int, read: Callable[[str], Any]) -> Any:
    """Hold one run against its code and its format; returns what the reader made of stdout."""
    assert ran.code == code, ran.out + ran.err
    assert "\x1b" not in ran.out
    assert "Traceback" not in ran.err
    return read(ran.out)


@pytest.mark.parametrize(("name", "situation", "more", "env", "code"), PLANS, ids=[row[0] for row in PLANS])
def test_plan_in_every_format(
    applied: World, name: str, situation: Situation, more: tuple[str, ...], env: dict[str, str | None], code: int
) -> None:
    situation(applied)
    text = applied.run("plan", *more, env=env)

    assert text.code == code, text.out + text.err
    for form, read in PLAN.items():
        ran = applied.run(*LOUD, "plan", *more, "--format", form, env=env)
        found = check(ran, code, read)
        assert found, "there is always something to say"
        assert (text.err == "") or text.err.splitlines()[-1] in _without_colour(ran.err)


def test_plan_without_a_network_in_every_format(applied: World) -> None:
    """Side by side, in processes: each waits for the network to come back before it gives up."""
    with ThreadPoolExecutor() as pool:
        ran = dict(
            zip(PLAN, pool.map(lambda form: applied.process("plan", "--format", form, env=DEAD), PLAN), strict=True)
        )

    for form, read in PLAN.items():
        assert check(ran[form], 1, read)
        assert "error: " in ran[form].err


@pytest.mark.parametrize(("name", "situation", "more", "code"), VALIDATIONS, ids=[row[0] for row in VALIDATIONS])
def test_validate_in_every_format(
    applied: World, name: str, situation: Situation, more: tuple[str, ...], code: int
) -> None:
    situation(applied)

    assert applied.run("validate", *more).code == code
    for form, read in VALIDATE.items():
        found = check(applied.run(*LOUD, "validate", *more, "--format", form), code, read)
        assert found or (code == 0 and form in ("github", "sarif"))


@pytest.mark.parametrize("form", ["text", *VALIDATE])
def test_warnings_are_no_errors_in_any_format(applied: World, form: str) -> None:
    lenient(applied)

    ran = applied.run("validate", "--format", form)

    assert ran.code == 0, ran.out + ran.err
    assert "sample.duration" in ran.out


@pytest.mark.parametrize(("command", "forms"), [("plan", PLAN), ("validate", VALIDATE)])
def test_a_command_line_that_is_not_understood_leaves_stdout_empty(
    applied: World, command: str, forms: dict[str, Any]
) -> None:
    for form in ("text", *forms):
        ran = applied.run(command, "--format", form, "--no-such-option")
        assert (ran.code, ran.out) == (64, "")


# -- the switch --------------------------------------------------------------------------------------------------------


def test_json_is_short_for_its_format_and_what_is_typed_wins_over_variables(applied: World) -> None:
    by_name = applied.run("validate", "--format", "json").out

    assert applied.run("validate", "--json").out == applied.run("validate", "--json", "--format", "json").out == by_name
    assert applied.run("validate", env={"VOICECTL_FORMAT": "json"}).out == by_name
    assert applied.run("validate", "--json", env={"VOICECTL_FORMAT": "sarif"}).out == by_name
    assert applied.run("validate", env={"VOICECTL_JSON": "1", "VOICECTL_FORMAT": "sarif"}).out == by_name
    assert read_sarif(applied.run("validate", "--format", "sarif", env={"VOICECTL_JSON": "1"}).out) == []


@pytest.mark.parametrize("command", ["plan", "validate"])
def test_two_formats_at_once_are_a_usage_error(applied: World, command: str) -> None:
    ran = applied.run(command, "--json", "--format", "github")

    assert (ran.code, ran.out) == (64, "")
    assert "two formats" in ran.err


# -- what reviewers and machines find ----------------------------------------------------------------------------------


def test_a_comment_names_what_is_destroyed_with_key_and_voice_id(applied: World) -> None:
    voice_id = applied.records["support/anna"]["voice_id"]
    changed(applied)

    ran = applied.run("plan", "--format", "markdown")

    assert f"- delete `support/anna` (`{voice_id}`)" in ran.out.partition("### Changes")[0]
    assert ran.out == applied.run("plan", "--format", "markdown").out


def test_a_comment_on_broken_files_names_them(applied: World) -> None:
    broken(applied)

    assert "**error** `voices/broken.yaml:" in applied.run("plan", "--format", "markdown").out


def test_a_project_in_a_folder_of_the_repository_is_annotated_where_it_is(open_world: OpenWorld) -> None:
    world = open_world()
    subprocess.run(["git", "init", "-q", str(world.root.parent)], check=True, env=world.environ)
    broken(world)

    github = read_github(world.run("validate", "--format", "github").out)
    planned = read_github(world.run("plan", "--format", "github").out)
    (found, *_) = read_sarif(world.run("validate", "--format", "sarif").out)

    place = found["locations"][0]["physicalLocation"]
    assert github[0].properties["file"] == planned[0].properties["file"] == "repository/voices/broken.yaml"
    assert place["artifactLocation"] == {"uri": "repository/voices/broken.yaml", "uriBaseId": "%SRCROOT%"}
    assert github[0].properties["line"] == str(place["region"]["startLine"])
    assert github[0].properties["col"] == str(place["region"]["startColumn"])


def test_junit_has_a_case_for_each_voice_good_or_broken(applied: World) -> None:
    broken(applied)

    cases = {case.name: case for case in read_junit(applied.run("validate", "--format", "junit").out)}

    assert sorted(cases) == ["broken", "narrator", "support/anna"]
    assert [name for name, case in cases.items() if not case.is_passed] == ["broken"]


# -- the step's files --------------------------------------------------------------------------------------------------


@pytest.fixture
def step(tmp_path: Path) -> dict[str, Path]:
    return {name: tmp_path / name.lower() for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}


def filled(world: World, step: dict[str, Path], *arguments: str) -> tuple[Ran, dict[str, str], str]:
    """Run one command as a step of a workflow; returns the run, its outputs and its page."""
    ran = world.run(*arguments, env={name: str(path) for name, path in step.items()})
    assert ran.err == "" or ran.code != 0
    return ran, outputs_in(step["GITHUB_OUTPUT"].read_text()), step["GITHUB_STEP_SUMMARY"].read_text()


@pytest.mark.parametrize("form", ["text", *PLAN])
def test_a_plan_tells_its_step(applied: World, step: dict[str, Path], form: str) -> None:
    changed(applied)

    ran, outputs, page = filled(applied, step, "plan", "--detailed-exitcode", "--format", form)

    plan = applied.plan()
    told = {name: outputs[name] for name in ("has_changes", "create", "delete", "destructive", "digest", "exit")}
    assert told == {
        "has_changes": "true", "create": "1", "delete": "1", "destructive": "1", "digest": plan["digest"], "exit": "2",
    }  # fmt: skip
    assert ran.code == 2
    assert page == applied.run("plan", "--format", "markdown").out


@pytest.mark.parametrize("form", ["text", *VALIDATE])
def test_a_validation_tells_its_step(applied: World, step: dict[str, Path], form: str) -> None:
    broken(applied)

    ran, outputs, page = filled(applied, step, "validate", "--format", form)

    assert (ran.code, outputs["exit"]) == (1, "1")
    assert outputs["voices"] == "3"
    assert int(outputs["errors"]) > 0
    assert "`voices/broken.yaml:" in page


def test_an_apply_tells_its_step(applied: World, step: dict[str, Path]) -> None:
    changed(applied)

    ran, outputs, page = filled(applied, step, "apply", "--yes", "-q")

    assert (ran.code, outputs["exit"], outputs["done"], outputs["failed"]) == (0, "0", "2", "0")
    assert (outputs["create"], outputs["delete"]) == ("1", "1")
    assert "**Apply complete: 1 created, 1 deleted.**" in page
    assert f"- done: create `newcomer` (`{applied.records['newcomer']['voice_id']}`)" in page


@pytest.mark.parametrize("command", ["plan", "validate", "apply"])
def test_a_command_that_fails_tells_its_step_why(applied: World, step: dict[str, Path], command: str) -> None:
    misconfigured(applied)

    ran, outputs, page = filled(applied, step, command)

    assert (ran.code, outputs) == (1, {"exit": "1"})
    assert "`voicectl.yaml:1:14`" in page


@pytest.mark.parametrize(("command", "code"), [(("plan", "--detailed-exitcode", "--json"), 2), (("validate",), 0)])
def test_a_file_that_cannot_be_written_is_a_warning_and_no_failure(
    applied: World, tmp_path: Path, command: tuple[str, ...], code: int
) -> None:
    changed(applied)
    usual = applied.run(*command)

    env = {"GITHUB_OUTPUT": str(tmp_path), "GITHUB_STEP_SUMMARY": str(tmp_path / "no/such/folder")}
    ran = applied.run(*command, env=env)
    lines = applied.run("--log-format", "json", *command, env=env).err.splitlines()

    assert (ran.code, ran.out) == (usual.code, usual.out)
    assert ran.code == code
    assert [line.partition(":")[0] for line in ran.err.splitlines()] == ["warning", "warning"]
    assert [json.loads(line)["severity"] for line in lines] == ["warning", "warning"]


def _without_colour(text: str) -> str:
    for code in ("0", "1", "2", "31;1", "33;1", "36;1", "31", "33"):
        text = text.replace(f"\x1b[{code}m", "")
    return text
