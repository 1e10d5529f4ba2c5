"""What was looked at, and what was found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How much it matters."""

    OK = "ok"
    WARNING = "warning"
    """Something will not work, or will surprise somebody."""
    PROBLEM = "problem"
    """Applying will not work."""
    SKIPPED = "skipped"
    """Could not be looked at, or was not meant to be."""


@dataclass(frozen=True, slots=True)
class Check:
    """One line of `doctor`."""

    name: str
    """Stable, such as `credentials` or `git.identity`."""
    verdict: Verdict
    summary: str
    fix: str = ""
    """What to do next; empty when all is well."""


def ok(name: str, summary: str) -> Check:
    """Return a line that says that all is well."""
    return Check(name, Verdict.OK, summary)


def warning(name: str, summary: str, fix: str) -> Check:
    """Return a line that says what may go wrong."""
    return Check(name, Verdict.WARNING, summary, fix)


def problem(name: str, summary: str, fix: str) -> Check:
    """Return a line that says what will go wrong."""
    return Check(name, Verdict.PROBLEM, summary, fix)


def skipped(name: str, summary: str) -> Check:
    """Return a line that says why nobody looked."""
    return Check(name, Verdict.SKIPPED, summary)
