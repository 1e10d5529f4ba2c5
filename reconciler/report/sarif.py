"""What validate found as SARIF 2.1.0, as GitHub code scanning and editors read it.

Standard: https://docs.oasis-open.org/sarif/sarif/v2.1.0/. Code scanning wants one place for each result.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from reconciler import __version__
from reconciler.errors import Diagnostic, Severity
from reconciler.report.json_text import json_text
from reconciler.report.paint import printable
from reconciler.report.places import Places
from reconciler.report.text import worst_first
from reconciler.samples.rules import RULES

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
FINGERPRINT = "voicectlFinding/v1"

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_FAMILIES = {
    "yaml": "YAML in UTF-8, without duplicate keys, within limits",
    "voice": "what a voice file says, and its key",
    "project": "what voicectl.yaml says",
    "sample": "the file of a recording",
    "audio": "how fit a recording is for cloning",
}
"""What is checked, by the first part of a rule's id, for rules that the samples' own do not describe."""
_OTHER = "the repository"


def render_sarif(diagnostics: Iterable[Diagnostic], places: Places) -> str:
    """Return one run with one result a diagnostic, the worst first."""
    ordered = worst_first(diagnostics)
    rules = sorted({d.rule for d in ordered})
    seen = Counter[str]()
    results = []
    for diagnostic in ordered:
        identity = _identity(diagnostic, places)
        results.append(_result(diagnostic, places, rules.index(diagnostic.rule), f"{identity}:{seen[identity]}"))
        seen[identity] += 1
    driver = {"name": "voicectl", "version": __version__, "rules": [_rule(rule, ordered) for rule in rules]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"%SRCROOT%": {"description": {"text": "The root of the git repository."}}},
        "results": results,
    }
    return json_text({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _rule(rule: str, diagnostics: Iterable[Diagnostic]) -> dict[str, Any]:
    worst = next(d for d in diagnostics if d.rule == rule)
    checked = RULES[rule].about if rule in RULES else _FAMILIES.get(rule.partition(".")[0], _OTHER)
    return {
        "id": rule,
        "shortDescription": {"text": f"{checked[0].upper()}{checked[1:]}."},
        "help": {"text": f"Checked is {checked}. The finding says what to do; `voicectl validate` checks again."},
        "defaultConfiguration": {"level": _LEVELS[worst.severity]},
    }


def _result(diagnostic: Diagnostic, places: Places, rule_index: int, fingerprint: str) -> dict[str, Any]:
    place = diagnostic.range or places.project
    physical = {
        "artifactLocation": {"uri": quote(places.path(place), errors="surrogateescape"), "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": place.start.line, "startColumn": place.start.column},
    }
    location: dict[str, Any] = {"physicalLocation": physical}
    if diagnostic.key:
        location["logicalLocations"] = [{"name": printable(diagnostic.key), "kind": "voice"}]
    return {
        "ruleId": diagnostic.rule,
        "ruleIndex": rule_index,
        "level": _LEVELS[diagnostic.severity],
        "message": {"text": _message(diagnostic)},
        "locations": [location],
        "partialFingerprints": {FINGERPRINT: fingerprint},
    }


def _message(diagnostic: Diagnostic) -> str:
    """Return the text in which no reader finds a link: `[text](target)` is one, also in plain messages."""
    text = "\n".join(printable(text) for text in (diagnostic.summary, diagnostic.detail) if text)
    return text.replace("](", "] (")


def _identity(diagnostic: Diagnostic, places: Places) -> str:
    """Return what stays the same when lines move and measured values change."""
    file = places.path(diagnostic.range or places.project)
    text = json.dumps([diagnostic.rule, diagnostic.key, file])
    return hashlib.sha256(text.encode()).hexdigest()[:32]
