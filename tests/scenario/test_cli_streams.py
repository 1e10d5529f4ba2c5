"""stdout is the result, stderr is everything else; and the options that every command has."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cli_world import World

import reconciler
from reconciler.cli.app import COMMANDS

ESCAPE = "\x1b["


def broken(world: World) -> None:
    world.write("voices/broken.yaml", "name: X\nsamples: []\n")


# -- stdout is the result ----------------------------------------------------------------------------------------------

MACHINE = [
    ("validate", "--json"),
    ("validate", "--format", "json"),
    ("plan", "--json"),
    ("plan", "--format", "json"),
    ("plan", "--json", "--offline"),
    ("plan", "--json", "--no-refresh"),
    ("status", "--json"),
    ("status", "--json", "--offline"),
    ("status", "narrator", "--json"),
    ("export",),
    ("version", "--json"),
    *(("schema", name) for name in ("voice", "project", "plan", "state")),
]


@pytest.mark.parametrize("command", MACHINE, ids=" ".join)
def test_a_machine_format_is_one_json_document_and_nothing_else(applied: World, command: tuple[str, ...]) -> None:
    applied.declare("newcomer", seed=3)  # something to say

    ran = applied.run("-v", "--color", "always", *command)

    assert ran.code == 0, ran.err
    assert ran.json is not None
    assert ran.out.endswith("\n")
    assert ESCAPE not in ran.out


@pytest.mark.parametrize("command", [("validate", "--json"), ("plan", "--json"), ("status", "--json")], ids=" ".join)
def test_a_machine_format_is_json_when_files_are_broken_too(applied: World, command: tuple[str, ...]) -> None:
    broken(applied)

    ran = applied.run(*command)

    assert ran.code == 1
    assert ran.json["diagnostics"] != []


@pytest.mark.parametrize("command", [("plan", "--json"), ("status", "--json")], ids=" ".join)
def test_a_machine_format_is_json_when_there_are_no_credentials_too(applied: World, command: tuple[str, ...]) -> None:
    ran = applied.run(*command, env={"PALABRA_API_KEY": None})

    assert ran.code == 1
    assert "No credentials" in ran.err
    assert ran.json["errored"] is True


def test_an_apply_tells_its_run_as_json_lines_from_plan_to_result(applied: World) -> None:
    applied.declare("newcomer", seed=3)
    applied.declare("narrator", description="Cool.")

    ran = applied.run("apply", "--yes", "--json")

    types = [event["type"] for event in ran.events]
    assert (types[0], types[-1], set(types[1:-1])) == ("plan", "result", {"step"})
    assert ran.events[0]["plan"]["summary"]["create"] == 1
    steps = [event["step"] for event in ran.events if event.get("key") == "newcomer" and event["type"] == "step"]
    assert list(dict.fromkeys(steps)) == ["started", "reserved", "uploading", "processing", "done"]
    result = ran.events[-1]
    assert (result["exit_code"], result["state_serial"]) == (0, json.loads(applied.state_file.read_text())["serial"])
    assert {(c["key"], c["action"], c["result"]) for c in result["changes"]} == {
        ("narrator", "update", "done"),
        ("newcomer", "create", "done"),
    }
    assert ran.err == ""


@pytest.mark.parametrize(
    ("env", "breaks", "code"), [({}, True, 1), ({"PALABRA_API_KEY": None}, False, 1)], ids=["files", "credentials"]
)
def test_an_apply_that_cannot_begin_ends_its_json_lines_with_the_error(
    applied: World, env: dict[str, Any], breaks: bool, code: int
) -> None:
    if breaks:
        broken(applied)

    ran = applied.run("apply", "--yes", "--json", env=env)

    assert ran.code == code
    assert (ran.events[-1]["type"], ran.events[-1]["exit_code"]) == ("error", code)


def test_an_empty_apply_says_so_as_json_lines_too(applied: World) -> None:
    ran = applied.run("apply", "--yes", "--json")

    assert [event["type"] for event in ran.events] == ["plan", "result"]
    assert ran.events[-1]["changes"] == []


def test_progress_goes_to_stderr_and_quiet_keeps_it_away(world: World) -> None:
    world.declare("narrator")
    world.declare("anna")

    loud = world.apply("--target", "narrator")
    quiet = world.apply("-q")

    assert "narrator: create: done after " in loud.err
    assert "narrator: create: done" not in loud.out
    assert quiet.err == ""


def test_messages_as_json_are_one_object_a_line_on_stderr(world: World) -> None:
    world.declare("narrator")
    ran = world.run("--log-format", "json", "apply", "--yes")
    broken(world)
    failed = world.run("--log-format", "json", "plan")

    assert ran.code == 0
    assert {json.loads(line)["type"] for line in ran.err.splitlines()} == {"step"}
    *problems, last = [json.loads(line) for line in failed.err.splitlines()]
    assert {problem["range"]["filename"] for problem in problems} == {"voices/broken.yaml"}
    assert last["exit_code"] == 1


def test_verbose_shows_requests_and_no_secret(applied: World) -> None:
    ran = applied.process("plan", "-v")

    assert "GET " in ran.err
    assert "/saas/voice" in ran.err
    assert applied.environ["PALABRA_API_KEY"] not in ran.err


def test_a_reader_that_goes_away_is_no_error_to_shout_about(world: World) -> None:
    for number in range(40):
        world.declare(f"v{number:02}")

    ran = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m reconciler plan --json | head -c 1"],
        cwd=world.root, env=world.environ, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip

    assert (ran.stdout, ran.stderr) == ("{", "")


# -- colours -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "env", "colored"),
    [
        ([], {}, False),
        (["--color", "auto"], {}, False),
        (["--color", "never"], {"FORCE_COLOR": "1"}, False),
        (["--color", "always"], {}, True),
        (["--color", "always"], {"NO_COLOR": "1"}, True),
        ([], {"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        ([], {"FORCE_COLOR": "1"}, True),
        ([], {"VOICECTL_COLOR": "always"}, True),
        (["--color", "never"], {"VOICECTL_COLOR": "always"}, False),
    ],
)
def test_colours(applied: World, arguments: list[str], env: dict[str, Any], colored: bool) -> None:
    applied.declare("newcomer", seed=3)

    ran = applied.run(*arguments, "plan", env=env)

    assert (ESCAPE in ran.out) is colored


def test_colours_are_never_the_only_meaning(applied: World) -> None:
    applied.declare("newcomer", seed=3)

    colored = applied.run("plan", "--color", "always").out
    plain = applied.run("plan").out

    for code in ("0", "1", "2", "31", "32", "33", "36", "31;1", "32;1", "33;1", "36;1"):
        colored = colored.replace(f"\x1b[{code}m", "")
    assert colored == plain


def test_errors_are_coloured_as_stdout_is(applied: World) -> None:
    broken(applied)

    assert ESCAPE in applied.run("--color", "always", "plan").err
    assert ESCAPE in applied.run("plan", env={"VOICECTL_COLOR": "always"}).err
    assert ESCAPE not in applied.run("plan").err


def test_text_of_files_cannot_steer_the_terminal(world: World) -> None:
    world.declare("narrator", description="red \x1b[31m alert\r\nPlan: 0 to delete")

    ran = world.run("plan")

    assert "\x1b" not in ran.out
    assert "\r" not in ran.out


# -- the folder, the environment, the variables ------------------------------------------------------------------------


@pytest.mark.parametrize("where", [["-C", "{root}", "get"], ["get", "-C", "{root}"], ["get", "--directory={root}"]])
def test_the_folder_can_be_given_before_and_after_the_command(applied: World, tmp_path: Path, where: list[str]) -> None:
    arguments = [argument.format(root=applied.root) for argument in where]

    assert applied.run(*arguments, "narrator", cwd=tmp_path).out.strip() == applied.records["narrator"]["voice_id"]


def test_the_root_is_found_from_a_folder_below_it(applied: World) -> None:
    ran = applied.run("plan", "--detailed-exitcode", cwd=applied.root / "voices/support/anna")

    assert (ran.code, ran.out) == (0, "No changes. 2 voices are as declared.\n")


def test_a_later_option_wins_over_an_earlier_one(applied: World) -> None:
    ran = applied.run("--env", "nowhere", "get", "--env", "default", "narrator")

    assert ran.code == 0


def test_option_beats_variable_beats_project_file(applied: World) -> None:
    applied.write("voicectl.yaml", "project: voices-under-test\nenvironments: {staging: {}}\n")
    variable = {"VOICECTL_ENV": "staging"}

    by_variable = applied.run("get", "narrator", env=variable)
    by_option = applied.run("--env", "default", "get", "narrator", env=variable)
    by_late_option = applied.run("get", "narrator", "--env", "default", env=variable)

    assert by_variable.code == 1
    assert "in the environment 'staging'" in by_variable.err
    assert by_option.out == by_late_option.out != ""


@pytest.mark.parametrize(
    ("variable", "value", "command", "code"),
    [
        ("VOICECTL_DETAILED_EXITCODE", "1", ("plan",), 2),
        ("VOICECTL_YES", "1", ("apply", "--no-wait"), 0),
        ("VOICECTL_OFFLINE", "1", ("plan",), 0),
        ("VOICECTL_TARGET", "no-such-key", ("plan",), 64),
        ("VOICECTL_PARALLELISM", "0", ("apply", "--yes"), 64),
        ("VOICECTL_TIMEOUT", "soon", ("apply", "--yes"), 64),
        ("VOICECTL_LOG_FORMAT", "xml", ("plan",), 64),
        ("VOICECTL_HTTP_TIMEOUT", "soon", ("plan",), 64),
    ],
)
def test_every_option_has_a_variable(
    applied: World, variable: str, value: str, command: tuple[str, ...], code: int
) -> None:
    applied.declare("newcomer", seed=3)

    assert applied.run(*command, env={variable: value}).code == code


def test_json_by_variable(applied: World) -> None:
    assert applied.run("plan", env={"VOICECTL_JSON": "1"}).json["changes"] == []


def test_the_directory_by_variable(applied: World, tmp_path: Path) -> None:
    assert applied.run("get", "narrator", cwd=tmp_path, env={"VOICECTL_DIRECTORY": str(applied.root)}).code == 0


def test_parallelism_of_the_project_file_counts(applied: World) -> None:
    applied.write("voicectl.yaml", "project: voices-under-test\nparallelism: 0\n")

    ran = applied.run("plan")

    assert ran.code == 1
    assert "voicectl.yaml:2:14: error: " in ran.err


# -- usage errors ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ["plam"],
        ["plan", "--no-such-option"],
        ["--no-such-option", "plan"],
        ["plan", "extra"],
        ["plan", "--format", "yaml"],
        ["plan", "--target", "no-such-voice"],
        ["plan", "--replace", "no-such-voice"],
        ["apply", "--yes", "--replace", "no-such-voice"],
        ["apply", "--parallelism", "0"],
        ["apply", "--timeout", "5 fortnights"],
        ["apply", "--yes", "no-such-plan"],
        ["get"],
        ["get", "one", "two"],
        ["schema"],
        ["schema", "voices"],
        ["export", "--format", "xml"],
        ["emulator", "--port", "99999"],
        ["validate", "no/such/folder"],
        ["-C", "no/such/folder", "plan"],
        ["--env", "nowhere", "plan"],
        ["--color", "sometimes", "plan"],
    ],
    ids=" ".join,
)
def test_a_usage_error_exits_64_with_one_clear_message_and_no_output(applied: World, arguments: list[str]) -> None:
    ran = applied.run(*arguments)

    assert (ran.code, ran.out) == (64, "")
    assert ran.err.startswith("error: ")
    assert "Traceback" not in ran.err
    assert applied.api.writes == []


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["plam"], "Did you mean `plan`?"),
        (["--env", "lcoal", "plan"], "`local`"),
        (["plan", "--target", "narator"], "did you mean 'narrator'?"),
        (["plan", "--detailed-exit-code"], "--detailed-exitcode"),
    ],
)
def test_a_mistyped_word_brings_the_nearest_one(applied: World, arguments: list[str], hint: str) -> None:
    assert hint in applied.run(*arguments).err


def test_no_command_shows_the_help(applied: World) -> None:
    ran = applied.process()

    assert ran.code == 0
    assert ran.out.startswith("Usage: voicectl [OPTIONS] COMMAND")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_h_and_help_alike(world: World, command: str) -> None:
    short, long = world.run(command, "-h"), world.run(command, "--help")

    assert (short.code, short.out, short.err) == (long.code, long.out, long.err) == (0, long.out, "")
    assert f"Usage: voicectl {command} " in long.out


def test_version_by_option_and_by_command(world: World) -> None:
    expected = f"voicectl {reconciler.__version__}\n"

    assert world.run("version").out == world.run("--version").out == world.process("--version").out == expected
    assert world.run("version", "--json").json == {"version": reconciler.__version__}


def test_the_installed_command_is_this_program() -> None:
    command = Path(sys.executable).with_name("voicectl")

    ran = subprocess.run(
        [command, "--version"], capture_output=True, text=True, check=True, env={"PATH": os.environ["PATH"]}
    )

    assert ran.stdout == f"voicectl {reconciler.__version__}\n"
