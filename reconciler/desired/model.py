"""What the models of all files have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from pydantic import ConfigDict

STRICT: Final = ConfigDict(strict=True, extra="forbid", frozen=True)


def nullable(*descriptions: str) -> Callable[[dict[str, Any]], None]:
    """Write a choice that may be null as one enum, which editors complete better than an anyOf.

    `descriptions` say what each choice means; the last one is what null means.
    """

    def written(schema: dict[str, Any]) -> None:
        options = schema.pop("anyOf")[0]["enum"]
        del schema["default"]  # left out is not the same as null
        schema["enum"] = [*options, None]
        schema["enumDescriptions"] = list(descriptions)
        assert len(descriptions) == len(schema["enum"])

    return written
