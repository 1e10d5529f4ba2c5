"""What `doctor` found, for people and for programs."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.doctor.check import Check, Verdict
from reconciler.report.json_text import json_text
from reconciler.report.paint import Paint, printable

COLOURS = {Verdict.OK: "green", Verdict.WARNING: "yellow", Verdict.PROBLEM: "red", Verdict.SKIPPED: "dim"}


def is_healthy(checks: Sequence[Check]) -> bool:
    """Whether nothing keeps apply from working."""
    return all(check.verdict is not Verdict.PROBLEM for check in checks)


def doctor_text(checks: Sequence[Check], paint: Paint) -> str:
    """Return one line a check, and below it what to do."""
    wide = max(len(check.name) for check in checks)
    lines = []
    for check in checks:
        verdict = paint(check.verdict.value.ljust(8), COLOURS[check.verdict])
        lines.append(f"{verdict} {check.name.ljust(wide)}  {printable(check.summary)}")
        if check.fix:
            lines.append(f"{'':8} {'':{wide}}  fix: {printable(check.fix)}")
    counts = [(v, sum(check.verdict is v for check in checks)) for v in (Verdict.PROBLEM, Verdict.WARNING)]
    found = " and ".join(f"{n} {v.value}{'s' if n != 1 else ''}" for v, n in counts if n)
    return "\n".join([*lines, "", paint(f"{found or 'Nothing to worry about'}.", "bold")]) + "\n"


def doctor_json(checks: Sequence[Check], environment: str) -> str:
    """Return one JSON document; docs/reference.md describes it."""
    plain = {
        "format_version": "1.0",
        "environment": environment,
        "healthy": is_healthy(checks),
        "checks": [
            {"name": c.name, "verdict": c.verdict.value, "summary": c.summary, "fix": c.fix or None} for c in checks
        ],
    }
    return json_text(plain, indent=2)
