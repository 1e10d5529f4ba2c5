"""Words about `checks` themselves: a setting that changes nothing must not read as if it did."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from reconciler.desired.checks import CheckSpec
from reconciler.desired.project import Project
from reconciler.desired.voice import VoiceSpec
from reconciler.errors import Diagnostic, SampleError, Severity
from reconciler.samples.rules import RULES
from reconciler.suggest import suggest

FIXED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "sample.unreadable": "What cannot be read as audio is refused by the service, whoever allows it.",
        "sample.no-audio": "Where there is no audio, there is nothing to send.",
        "sample.lfs-pointer": "The pointer is not the audio: there is nothing to send until `git lfs pull` was run.",
    }
)
"""Rules that no setting changes, and why."""


def idle_settings(project: Project, specs: Collection[VoiceSpec]) -> Iterator[Diagnostic]:
    """Return a warning for each setting that changes nothing, at its place: an unknown rule, a limit that is none."""
    settings = [(None, project.checks, project.source), *((spec.key, spec.checks, spec.source) for spec in specs)]
    for key, checks, source in settings:
        for rule, spec in checks.items():
            if said := _idle(rule, spec):
                yield Diagnostic(Severity.WARNING, *said, key, source.at("checks", rule))


def _idle(rule: str, spec: CheckSpec) -> tuple[str, str, str] | None:
    if rule not in RULES:
        near = suggest(rule, RULES)
        detail = f"Did you mean `{near}`?" if near else "docs/samples.md lists the rules."
        return "check.unknown", f"there is no check `{rule}`", detail
    if rule in FIXED:
        return "check.fixed", f"no setting changes `{rule}`", FIXED[rule]
    if spec.threshold is not None and RULES[rule].bad is None:
        return "check.fixed", f"`{rule}` has no limit that a threshold could set", "Set its severity, or turn it off."
    return None


def refused_setting(error: SampleError, project: Project, voice: VoiceSpec | None = None) -> Diagnostic | None:
    """Return a warning where a setting calls less than an error what cannot be sent at all.

    `sample.format` is such a rule: M4A, which the service may take, is as the setting wants; Ogg is not.
    """
    key, checks, source = None, project.checks, project.source
    if voice is not None and error.rule in voice.checks:
        key, checks, source = voice.key, voice.checks, voice.source
    spec = checks.get(error.rule)
    if spec is None or error.rule in FIXED or spec.severity in (None, "error"):
        return None
    return Diagnostic(
        Severity.WARNING,
        "check.fixed",
        f"this setting cannot change that {error.what}",
        "The service takes no such file; the setting holds for files that it may take.",
        key,
        source.at("checks", error.rule),
    )
