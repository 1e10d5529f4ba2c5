"""The four published schemas by name. `python -m reconciler.cli.schemas DIR` writes the files below schemas/."""

from __future__ import annotations

import sys
from pathlib import Path

from reconciler.desired.schema import project_schema, render, voice_schema
from reconciler.plan.schema import plan_schema
from reconciler.state.document import json_schema as state_schema

SCHEMAS = {"voice": voice_schema, "project": project_schema, "plan": plan_schema, "state": state_schema}


def schema_text(name: str) -> str:
    """Return the text of a schema file."""
    return render(SCHEMAS[name]())


if __name__ == "__main__":
    for each in SCHEMAS:
        (Path(sys.argv[1]) / f"{each}.schema.json").write_text(schema_text(each), encoding="utf-8")
