"""What completion must know of the command line, as a table: made from the commands, so that Tab loads none of them.

`python -m reconciler.cli.completion_table` writes completions/table.json; a test compares.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from reconciler.cli.app import COMMANDS, root
from reconciler.samples.rules import RULES

PATH = Path(__file__).parent / "completions" / "table.json"

_KEYS = {"key", "keys", "old", "patterns"}
"""Arguments that are keys of voices that are there."""
_ENVIRONMENTS = {"env", "source", "target"}
_METAVARS = {"KEY": "keys", "RULE": "rules", "ENV": "environments", "FILE...": "files"}


def render() -> str:
    """Return the table's text: the same for the same commands."""
    table = {"rules": sorted(RULES), "commands": dict(_commands())}
    return json.dumps(table, indent=1, ensure_ascii=False) + "\n"


def _commands() -> Iterator[tuple[str, dict[str, Any]]]:
    below = {name: help_text.rstrip(".") for name, help_text in COMMANDS.items()}
    yield "", {"options": _options(root), "commands": below, "arguments": []}
    for name in COMMANDS:
        command = root.get_command(click.Context(root), name)
        assert command is not None
        yield from _described(name, command)


def _described(path: str, command: click.Command) -> Iterator[tuple[str, dict[str, Any]]]:
    group = command.commands if isinstance(command, click.Group) else {}
    below = {name: each.get_short_help_str(limit=80).rstrip(".") for name, each in group.items()}
    arguments = [_argument(path, each) for each in command.params if isinstance(each, click.Argument)]
    yield path, {"options": _options(command), "commands": below, "arguments": arguments}
    for name, each in group.items():
        yield from _described(f"{path} {name}", each)


def _argument(path: str, argument: click.Argument) -> dict[str, Any]:
    is_key = argument.name in _KEYS and path != "new"
    return {"takes": "keys" if is_key else _taken(argument), "many": argument.nargs != 1}


def _options(command: click.Command) -> dict[str, dict[str, Any]]:
    found = {}
    for option in command.params:
        if isinstance(option, click.Option) and not option.hidden:
            help_text = (option.help or "").rstrip(".")
            takes = None if option.is_flag or option.count else _taken(option)
            for name in (*option.opts, *option.secondary_opts):
                found[name] = {"takes": takes, "help": help_text}
    found["--help"] = {"takes": None, "help": "Show how it is used"}
    return dict(sorted(found.items()))


def _taken(parameter: click.Parameter) -> Any:
    """Return what completes a value: a list of words, or what kind of thing it is; "" for what cannot be known."""
    if isinstance(parameter.type, click.Choice):
        return list(parameter.type.choices)
    if isinstance(parameter.type, click.Path):
        return "files" if parameter.type.file_okay else "folders"
    if parameter.name in _ENVIRONMENTS:
        return "environments"
    if parameter.name == "directory":
        return "folders"
    return _METAVARS.get(parameter.metavar or "", "") if parameter.name != "api_key" else ""


if __name__ == "__main__":
    PATH.write_text(render(), encoding="utf-8")
