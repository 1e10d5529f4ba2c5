"""What validate found, as text and as JSON."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from reconciler.apply.validation import Validated
from reconciler.plan.document import diagnostic_to_json
from reconciler.report.json_text import json_text
from reconciler.report.markdown_page import count
from reconciler.report.paint import Paint
from reconciler.report.text import render_diagnostics


def validated_text(validated: Validated, paint: Paint) -> str:
    """Return every diagnostic, the worst first, and the counts."""
    voices, errors = count(validated.voices, "voice"), count(validated.errors, "error")
    last = f"{voices} checked: {errors}, {count(validated.warnings, 'warning')}.\n"
    skipped = "".join(f"{line}\n" for line in _skipped(validated))
    return render_diagnostics(validated.diagnostics, paint) + skipped + last


def _skipped(validated: Validated) -> Iterator[str]:
    """Say what was not checked: it must not read as if all was well."""
    alike: dict[tuple[str, int], list[str]] = defaultdict(list)
    for skipped, samples in validated.not_checked.items():
        alike[skipped.reason, samples].append(skipped.rule)
    for (reason, samples), rules in alike.items():
        were = "was" if len(rules) == 1 else "were"
        yield f"note: {', '.join(rules)} {were} not checked in {count(samples, 'sample')}: {reason}"


def validated_json(validated: Validated) -> str:
    """Return the counts and the diagnostics as one document."""
    summary = {"voices": validated.voices, "errors": validated.errors, "warnings": validated.warnings}
    listed = [diagnostic_to_json(diagnostic) for diagnostic in validated.diagnostics]
    skipped = [{"rule": s.rule, "reason": s.reason, "samples": count} for s, count in validated.not_checked.items()]
    document = {"format_version": "1.0", "summary": summary, "diagnostics": listed, "not_checked": skipped}
    return json_text(document, indent=2)
