"""The committed JSON Schemas: fresh, valid, and of one mind with the loader."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import BaseModel

from reconciler.desired.project_file import ProjectFile
from reconciler.desired.schema import project_schema, render, voice_schema
from reconciler.desired.voice_file import VoiceFile

SCHEMAS = Path(__file__).parents[3] / "schemas"
BOTH = pytest.mark.parametrize("schema", [voice_schema(), project_schema()], ids=["voice", "project"])


def fields(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for part in (schema, *schema["$defs"].values()):
        yield from part["properties"].items()


@pytest.mark.parametrize(("name", "schema"), [("voice", voice_schema()), ("project", project_schema())])
def test_the_committed_schema_is_the_one_of_the_models(name: str, schema: dict[str, Any]) -> None:
    """When this fails: write render(voice_schema()) and render(project_schema()) to schemas/."""
    assert render(schema) == (SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8")


@BOTH
def test_the_schema_is_valid(schema: dict[str, Any]) -> None:
    Draft202012Validator.check_schema(schema)


@BOTH
def test_editors_can_explain_every_field(schema: dict[str, Any]) -> None:
    for name, field in fields(schema):
        assert field.keys() >= {"title", "description", "examples"}, name
        assert len(field.get("enumDescriptions", [])) == len(field.get("enum", [])), name


@BOTH
def test_examples_fit_their_own_schema(schema: dict[str, Any]) -> None:
    for name, field in fields(schema):
        validator = Draft202012Validator({**field, "$defs": schema["$defs"]})
        for example in field["examples"]:
            assert validator.is_valid(example), name


GOOD: dict[str, Any] = {"name": "Анна", "samples": [{"file": "a.mp3", "lang_code": "EN-us"}]}


@pytest.mark.parametrize(
    ("model", "schema", "document", "fits"),
    [
        (VoiceFile, voice_schema(), GOOD, True),
        (VoiceFile, voice_schema(), GOOD | {"labels": {"mood": None}, "lifecycle": None, "import": "x"}, True),
        (VoiceFile, voice_schema(), GOOD | {"labels": {"mood": "bored"}}, False),
        (VoiceFile, voice_schema(), GOOD | {"name": "An"}, False),
        (VoiceFile, voice_schema(), GOOD | {"name": "An!a"}, False),
        (VoiceFile, voice_schema(), GOOD | {"samples": []}, False),
        (VoiceFile, voice_schema(), GOOD | {"samples": GOOD["samples"] * 2}, False),
        (VoiceFile, voice_schema(), GOOD | {"lifecycle": {"keep_replaced": "7 days"}}, False),
        (VoiceFile, voice_schema(), GOOD | {"unknown": 1}, False),
        (VoiceFile, voice_schema(), {"name": "Anna"}, False),
        (ProjectFile, project_schema(), {}, True),
        (ProjectFile, project_schema(), {"environments": {"a": None}, "checks": {"audio.noise": "off"}}, True),
        (ProjectFile, project_schema(), {"safety": {"max_deletes": 0.3}}, True),
        (ProjectFile, project_schema(), {"safety": {"max_deletes": "lots"}}, False),
        (ProjectFile, project_schema(), {"checks": {"audio.noise": "of"}}, False),
        (ProjectFile, project_schema(), {"parallelism": 0}, False),
    ],
)
def test_editor_and_loader_agree(model: type[BaseModel], schema: dict[str, Any], document: Any, fits: bool) -> None:
    assert fits == Draft202012Validator(schema).is_valid(document)
    if fits:
        model.model_validate(document)
    else:
        with pytest.raises(ValueError, match="validation error"):
            model.model_validate(document)
