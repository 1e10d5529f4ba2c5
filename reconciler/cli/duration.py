"""Durations on the command line."""

from __future__ import annotations

import re

import click

SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, None: 1}


class Duration(click.ParamType[float]):
    """A number of seconds, or a number with ms, s, m or h."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return seconds."""
        if isinstance(value, float):
            return value
        found = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m|h)?", str(value))
        if found is None:
            self.fail(f"{value!r} is not a duration; write 90, 90s, 10m or 1h", param, ctx)
        return float(found[1]) * SECONDS[found[2]]
