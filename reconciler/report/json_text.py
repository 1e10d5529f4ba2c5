"""JSON as commands print it."""

from __future__ import annotations

import json
from typing import Any


def json_text(value: Any, *, indent: int | None = None, sort_keys: bool = False) -> str:
    """Return the value as JSON with a line break at the end; without `indent` it is one line.

    No text in it can command GitHub's runner, which obeys `##[name]` anywhere in a line of a step's output; whoever
    parses the JSON gets the text as it is.
    """
    text = json.dumps(value, indent=indent, sort_keys=sort_keys, ensure_ascii=False)
    return text.replace("##[", r"##\u005b") + "\n"
