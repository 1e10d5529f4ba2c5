"""What a check says about a sample."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.errors import Severity


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to know about a sample."""

    rule: str
    """A stable id, such as `sample.duration`."""
    severity: Severity
    message: str
    """What is wrong, with its value and its place, on one line."""
    advice: str
    """What to do about it."""
    value: float | None = None
    """What was measured."""
    threshold: float | None = None
    """What it was measured against."""
    unit: str | None = None
    """Of both; the rule's."""
    start: float | None = None
    """Seconds; where in the sample it begins, if it has a place."""
    end: float | None = None
    """Seconds."""


@dataclass(frozen=True, slots=True)
class NotChecked:
    """A rule that could not be applied, which is not the same as one that is kept."""

    rule: str
    reason: str
