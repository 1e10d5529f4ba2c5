"""The schema of the files: as JSON Schema for editors, and as words for people whose file does not fit it.

Both come from the pydantic models. Messages look the expected field up in the JSON Schema, so a message and
what an editor shows on hovering cannot disagree.
"""

from __future__ import annotations

import glob
import json
from collections.abc import Mapping
from functools import cache
from typing import Any, Final, cast

from pydantic import BaseModel, ValidationError
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import ErrorDetails

from reconciler.desired.project_file import ProjectFile
from reconciler.desired.voice_file import VoiceFile
from reconciler.desired.yaml_source import Path, spans
from reconciler.errors import Diagnostic, Position, Severity
from reconciler.suggest import suggest

Schema = dict[str, Any]

_WORDS: Final = {
    "string_type": "text",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
}
"""What pydantic's kinds of type errors want."""
_SPELLINGS: Final = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}
"""Booleans of YAML 1.1, which are text in YAML 1.2."""
_SHOWN: Final = 40


def voice_schema() -> Schema:
    """Return the JSON Schema (draft 2020-12) of a voice file."""
    return _generate(VoiceFile)


def project_schema() -> Schema:
    """Return the JSON Schema (draft 2020-12) of voicectl.yaml."""
    return _generate(ProjectFile)


def render(schema: Schema) -> str:
    """Return the text of a schema file: always the same bytes for the same schema."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _generate(model: type[BaseModel]) -> Schema:
    return {"$schema": GenerateJsonSchema.schema_dialect, **model.model_json_schema(by_alias=True)}


@cache
def _cached(model: type[BaseModel]) -> Schema:
    return _generate(model)


def problems(
    error: ValidationError, model: type[BaseModel], raw: bytes, filename: str, key: str | None = None
) -> tuple[Diagnostic, ...]:
    """Return what does not fit the model, in the file's order: rules `voice.*` or `project.*`."""
    places = spans(raw, filename)
    root = _cached(model)
    family = str(root["title"]).lower()
    found = []
    for detail in error.errors(include_url=False):
        path: Path = tuple(part for part in detail["loc"] if part != "[key]")
        of_key = "[key]" in detail["loc"]
        rule, summary, fix = _explain(detail, path, root)
        on_key = of_key or rule == "unknown-field"
        where = places.key(*path) if on_key else places.value(*path)
        found.append(Diagnostic(Severity.ERROR, f"{family}.{rule}", summary, fix, key or _overridden(path), where))
    return tuple(sorted(found, key=_place))


def _place(diagnostic: Diagnostic) -> Position:
    return diagnostic.range.start if diagnostic.range else Position(1, 1)


def _overridden(path: Path) -> str | None:
    """Return the key of the voice that an override is for, unless it is a pattern for several."""
    match path:
        case ("environments", _, "overrides", str() as key, *_) if glob.escape(key) == key:
            return key
    return None


def _explain(detail: ErrorDetails, path: Path, root: Schema) -> tuple[str, str, str]:
    """Return the rule, what is wrong, and what to do."""
    name, given, kind = f"`{_dotted(path)}`" if path else "the file", detail["input"], detail["type"]
    wanted = _field(root, path)
    context = detail.get("ctx", {})
    match kind:
        case "missing":
            rule, summary, fix = "missing-field", f"{name} is missing", _wanted(wanted)
        case "extra_forbidden":
            rule, (summary, fix) = "unknown-field", _unknown(name, path, root)
        case "value_error":
            what, fix = cast("ValueError", context["error"]).args
            rule, summary = "value", f"{name} {what}"
        case "literal_error":
            rule, (summary, fix) = "value", _choice(name, given, wanted)
        case "too_short" | "too_long":
            count = len(cast("list[object]", given))
            rule, summary = "value", f"{name} has {count} entries: exactly one is wanted"
            fix = "The API makes a voice from one sample."
        case "greater_than_equal" | "less_than_equal":
            bound = f"at least {context['ge']}" if "ge" in context else f"at most {context['le']}"
            rule, summary, fix = "value", f"{name} is {_show(given)}: {bound} is wanted", _wanted(wanted)
        case _:
            summary = f"{name} is {_show(given)}: {_WORDS.get(kind, detail['msg'])} is wanted"
            rule, fix = "type", _retype(kind, given, wanted)
    return rule, summary, fix


def _unknown(name: str, path: Path, root: Schema) -> tuple[str, str]:
    known = list(_field(root, path[:-1]).get("properties", {}))
    near = suggest(str(path[-1]), known)
    summary = f"unknown field {name}" + (f": did you mean `{near}`?" if near else "")
    return summary, f"Fields here: {', '.join(field for field in known if field != '$schema')}."


def _choice(name: str, given: object, wanted: Schema) -> tuple[str, str]:
    options = ["null" if option is None else str(option) for option in wanted.get("enum", ())]
    near = suggest(str(given), options)
    summary = f"{name} is {_show(given)}" + (f": did you mean `{near}`?" if near else "")
    return summary, f"Write one of: {', '.join(options)}."


def _retype(kind: str, given: object, wanted: Schema) -> str:
    if kind == "bool_type" and isinstance(given, str) and (spelling := _SPELLINGS.get(given.lower())):
        return f"In YAML 1.2 `{given}` is text: write `{spelling}`."
    if kind == "string_type" and isinstance(given, bool | int | float):
        return "Put it in quotes."
    if kind == "list_type":
        return "Start every entry with `- `. " + _wanted(wanted)
    return _wanted(wanted)


def _wanted(field: Schema) -> str:
    """Return what a field is for, with an example."""
    text = str(field.get("description", ""))
    examples = field.get("examples")
    return f"{text} Example: `{json.dumps(examples[0], ensure_ascii=False)}`." if examples else text


def _field(root: Schema, path: Path) -> Schema:
    """Return the part of a JSON Schema that describes the value at `path`; empty when nothing does."""
    field = root
    for part in path:
        structure = _resolve(root, field)
        if isinstance(part, int):
            field = structure.get("items", {})
        else:
            field = structure.get("properties", {}).get(part) or structure.get("additionalProperties") or {}
    return {**_resolve(root, field), **field}


def _resolve(root: Schema, field: Schema) -> Schema:
    for option in field.get("anyOf", ()):
        if option.get("type") != "null":
            return _resolve(root, option)
    reference = field.get("$ref")
    return root["$defs"][reference.removeprefix("#/$defs/")] if reference else field


def _dotted(path: Path) -> str:
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".")


def _show(value: object) -> str:
    match value:
        case None:
            return "empty (null)"
        case str():
            return json.dumps(value if len(value) <= _SHOWN else value[:_SHOWN] + "...", ensure_ascii=False)
        case bool():
            return "true" if value else "false"
        case int() | float():
            return f"the number {value}"
        case Mapping():
            return "a mapping"
    return "a list"
