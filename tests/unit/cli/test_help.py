"""The help: what people read first. Each command's is kept as a snapshot."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from importlib import resources

import click
import pytest
from syrupy.assertion import SnapshotAssertion

from reconciler.cli.app import COMMANDS, root, run

WIDTH = 80


def help_of(*arguments: str) -> str:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        assert run([*arguments, "--help"]) == 0
    return out.getvalue()


def command_of(path: str) -> click.Command:
    """Return a command by its words: `plan`, `state rebuild`."""
    name, *rest = path.split()
    command = root.get_command(click.Context(root), name)
    assert command is not None
    for word in rest:
        assert isinstance(command, click.Group)
        command = command.commands[word]
    return command


def leaves() -> Iterator[str]:
    """Yield every command that does something: all but groups."""
    for name in COMMANDS:
        command = command_of(name)
        yield from (f"{name} {sub}" for sub in command.commands) if isinstance(command, click.Group) else (name,)


LEAVES = tuple(leaves())


@pytest.mark.parametrize("command", sorted({*COMMANDS, *LEAVES}))
def test_help_of_a_command(command: str, snapshot: SnapshotAssertion) -> None:
    assert snapshot == help_of(*command.split())


def test_the_quick_help_is_the_real_one() -> None:
    """`voicectl --help` is answered from a file, because it is asked all day."""
    quick = resources.files("reconciler.cli").joinpath("help.txt").read_text(encoding="utf-8")

    assert quick == help_of()


@pytest.mark.parametrize(
    "arguments", [(), *(tuple(command.split()) for command in sorted({*COMMANDS, *LEAVES}))], ids=" ".join
)
def test_help_fits_a_terminal_and_is_plain_text(arguments: tuple[str, ...]) -> None:
    text = help_of(*arguments)

    assert [line for line in text.splitlines() if len(line) > WIDTH] == []
    assert text.isascii()
    assert "\b" not in text


@pytest.mark.parametrize("command", LEAVES)
def test_help_has_an_example_that_runs_this_command(command: str) -> None:
    _, _, examples = help_of(*command.split()).partition("Example")

    assert "voicectl " in examples
    assert command in examples


@pytest.mark.parametrize("command", COMMANDS)
def test_the_list_of_commands_says_what_the_command_says_of_itself(command: str) -> None:
    assert COMMANDS[command] == command_of(command).get_short_help_str(limit=WIDTH)


@pytest.mark.parametrize("command", LEAVES)
def test_every_option_and_argument_is_explained(command: str) -> None:
    options = [p for p in command_of(command).params if isinstance(p, click.Option)]

    assert [option.name for option in options if not option.help] == []


@pytest.mark.parametrize("command", LEAVES)
def test_every_option_has_its_variable(command: str) -> None:
    """VOICECTL_NAME for --name; `unlock --force` and `version --json` are asked for by hand only."""
    by_hand = {("unlock", "force"), ("version", "as_json")}
    options = [p for p in command_of(command).params if isinstance(p, click.Option)]

    without = {(command, str(o.name)) for o in options if o.envvar is None} - by_hand
    assert without == set()
    for option in options:
        if option.envvar is not None:
            long = next(name for name in option.opts if name.startswith("--"))
            assert option.envvar == f"VOICECTL_{long[2:].upper().replace('-', '_')}"


@pytest.mark.parametrize("command", LEAVES)
def test_the_shared_options_are_the_same_before_and_after_the_command(command: str) -> None:
    before = {p.name: (p.opts, p.secondary_opts, p.envvar, p.type.name) for p in root.params}
    after = {p.name: (p.opts, p.secondary_opts, p.envvar, p.type.name) for p in command_of(command).params}

    shared = {"directory", "env", "verbose", "quiet", "color", "no_input", "log_format"}
    assert {name: after[name] for name in shared} == {name: before[name] for name in shared}
