"""The files below schemas/ are what the models say today."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest

from reconciler.cli.schemas import SCHEMAS, schema_text

FOLDER = Path(__file__).parents[3] / "schemas"


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_published_schema_is_not_stale(name: str) -> None:
    """Make them anew with `python -m reconciler.cli.schemas schemas`."""
    assert (FOLDER / f"{name}.schema.json").read_text(encoding="utf-8") == schema_text(name)


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_published_schema_is_a_schema(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMAS[name]())
