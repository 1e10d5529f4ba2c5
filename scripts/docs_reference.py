"""Pages of the site that are made from the program: the help of every command, and every field of every file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import click

from reconciler.cli.app import root
from reconciler.cli.schemas import SCHEMAS

FILES = {"voice": "Voice file", "project": "voicectl.yaml", "plan": "Plan", "state": "State document"}


def commands_page() -> str:
    """Return what `--help` prints, command after command."""
    lines = ["# The help of every command", "", "Made from the program itself, by `voicectl COMMAND --help`.", ""]
    for words, context in _commands(click.Context(root, info_name="voicectl")):
        lines += [f"## {words}", "", "```text", context.get_help(), "```", ""]
    return "\n".join(lines)


def _commands(context: click.Context) -> Iterator[tuple[str, click.Context]]:
    yield context.command_path, context
    command = context.command
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            if below is not None:
                settings = {"terminal_width": 80, "max_content_width": 80}
                yield from _commands(click.Context(below, info_name=name, parent=context, **settings))


def fields_page() -> str:
    """Return a table of the fields of each file, from its JSON Schema."""
    lines = ["# Every field of every file", "", "Made from the schemas, which are made from the program.", ""]
    for name, title in FILES.items():
        schema = SCHEMAS[name]()
        lines += [f"## {title}", "", schema.get("description", ""), ""]
        lines += [f"The schema: [{name}.schema.json](schemas/{name}.schema.json).", ""]
        lines += ["| field | type | default | meaning | example |", "| --- | --- | --- | --- | --- |"]
        lines += ["| " + " | ".join(row) + " |" for row in _rows(schema, schema, "")]
        lines.append("")
    return "\n".join(lines)


def _rows(schema: dict[str, Any], part: dict[str, Any], prefix: str) -> Iterator[tuple[str, ...]]:
    for name, field in part.get("properties", {}).items():
        whole = _resolved(schema, field)
        examples = whole.get("examples", [])
        yield (
            f"`{prefix}{name}`",
            _type(schema, field),
            _code(whole["default"]) if whole.get("default") is not None else "",
            _cell(whole.get("description", "")),
            _code(examples[0]) if examples else "",
        )
        for kind in _kinds(schema, field):
            yield from _rows(schema, kind, f"{prefix}{name}.")
            if "items" in kind:
                yield from _rows(schema, _resolved(schema, kind["items"]), f"{prefix}{name}[].")
            if isinstance(kind.get("additionalProperties"), dict):
                for below in _kinds(schema, kind["additionalProperties"]):
                    yield from _rows(schema, below, f"{prefix}{name}.NAME.")


def _resolved(schema: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in part:
        return {**schema["$defs"][part["$ref"].rpartition("/")[2]], **part}
    return part


def _kinds(schema: dict[str, Any], part: dict[str, Any]) -> list[dict[str, Any]]:
    options = [_resolved(schema, option) for option in part.get("anyOf", [part])]
    return [_resolved(schema, option) for option in options if option.get("type") != "null"]


def _type(schema: dict[str, Any], part: dict[str, Any]) -> str:
    names = []
    for kind in _kinds(schema, part):
        if "enum" in kind or "const" in kind:
            names.append(", ".join(_code(value) for value in kind.get("enum", [kind.get("const")])))
        else:
            names.append(str(kind.get("type", "any")))
    return " or ".join(dict.fromkeys(names))


def _code(value: Any) -> str:
    text = value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)
    return f"`{_cell(text)}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
