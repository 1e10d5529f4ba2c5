"""What validate found as JUnit XML: one test case a voice, so that CI shows which voices are fit.

There is no standard; this is what Jenkins' schema allows and other readers understand. Errors are one failure of
their voice, everything milder is output of it. What concerns no voice is a case of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from reconciler.errors import Diagnostic, Severity
from reconciler.report.paint import Paint, printable
from reconciler.report.text import render_diagnostics

REPOSITORY = "the repository"
"""The case of what concerns no voice. No voice has this key, for keys have no spaces."""


def render_junit(diagnostics: Sequence[Diagnostic], keys: Sequence[str]) -> str:
    """Return a suite with a case for each voice that was checked or has something wrong."""
    found: dict[str, list[Diagnostic]] = {key: [] for key in keys}
    for diagnostic in diagnostics:
        found.setdefault(diagnostic.key or REPOSITORY, []).append(diagnostic)
    failed = sum(any(d.severity is Severity.ERROR for d in each) for each in found.values())
    counts = {"tests": str(len(found)), "failures": str(failed), "errors": "0"}
    root = ET.Element("testsuites", {"name": "voicectl", **counts})
    suite = ET.SubElement(root, "testsuite", {"name": "voicectl validate", **counts, "skipped": "0"})
    for key, each in sorted(found.items()):
        _add_case(suite, key, each)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _add_case(suite: ET.Element, key: str, diagnostics: Sequence[Diagnostic]) -> None:
    case = ET.SubElement(suite, "testcase", {"classname": "voices", "name": printable(key)})
    errors = [d for d in diagnostics if d.severity is Severity.ERROR]
    others = [d for d in diagnostics if d.severity is not Severity.ERROR]
    if errors:
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        first = {"type": errors[0].rule, "message": printable(errors[0].summary) + more}
        ET.SubElement(case, "failure", first).text = render_diagnostics(errors, Paint(on=False))
    if others:
        ET.SubElement(case, "system-out").text = render_diagnostics(others, Paint(on=False))
