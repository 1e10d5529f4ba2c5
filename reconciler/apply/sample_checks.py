"""Samples held against the rules: measured once, judged with the settings of the project and of the voice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from reconciler.apply.check_settings import FIXED, refused_setting
from reconciler.apply.desired_side import sample_diagnostic
from reconciler.desired.checks import CheckSpec
from reconciler.desired.project import Project
from reconciler.desired.voice import VoiceSpec
from reconciler.errors import Diagnostic, Measured, Range, SampleError, Severity, UsageError
from reconciler.plan.sides import DesiredVoice
from reconciler.samples.measurement import Measurement
from reconciler.samples.rules import RULES, CheckSetting, Finding, NotChecked, judge, not_checked, unheard
from reconciler.samples.workers import Measurer
from reconciler.suggest import suggest

OnChecked = Callable[[int, int], None]
"""Called with how many different samples were checked, and how many there are."""


@dataclass(frozen=True, slots=True)
class CheckedSample:
    """What is known about one sample, and what it means for its voice."""

    path: Path
    settings: Mapping[str, CheckSetting]
    """As they hold for this voice."""
    result: Measurement | SampleError
    findings: tuple[Finding, ...] = ()
    not_checked: tuple[NotChecked, ...] = ()


def check_samples(
    measurer: Measurer,
    project: Project,
    voices: Sequence[DesiredVoice],
    paths: Mapping[str, Path],
    on_checked: OnChecked | None = None,
) -> dict[str, CheckedSample]:
    """Measure and judge the samples of these voices, by key. Pointers of Git LFS are none to measure."""
    here = [(voice.spec, voice.sample) for voice in voices if voice.sample is not None and not voice.sample.pointer]
    samples = [(paths[spec.key], sample.sha256) for spec, sample in here]
    different = len({sha256 for _, sha256 in samples})
    done = (lambda count: on_checked(count, different)) if on_checked else None
    results = measurer.measure_all(samples, done)
    return {
        spec.key: judge_sample(path, result, settings_of(project.checks, spec.checks))
        for (spec, _), (path, _), result in zip(here, samples, results, strict=True)
    }


def judge_sample(path: Path, result: Measurement | SampleError, settings: Mapping[str, CheckSetting]) -> CheckedSample:
    """Return what a measurement means under these settings."""
    if isinstance(result, SampleError):
        return CheckedSample(path, settings, result, not_checked=unheard(settings))
    return CheckedSample(path, settings, result, judge(result, settings), not_checked(result, settings))


def settings_of(project: Mapping[str, CheckSpec], voice: Mapping[str, CheckSpec]) -> dict[str, CheckSetting]:
    """Return how each rule is to be applied: the voice's word goes before the project's."""
    return {rule: _setting(spec) for rule, spec in {**project, **voice}.items()}


def _setting(spec: CheckSpec) -> CheckSetting:
    if spec.severity == "off":
        return CheckSetting(off=True)
    severity = Severity(spec.severity) if spec.severity else None
    return CheckSetting(severity, threshold=spec.threshold)


def diagnose(
    checked: CheckedSample, voice: VoiceSpec, project: Project, allowed: Collection[str] = ()
) -> list[Diagnostic]:
    """Return what is wrong with a sample, at the line that names it. An error of a rule in `allowed` is a warning.

    An error by the project's checks that the voice's own do not call one is noted, so that no reviewer misses it.
    """
    if isinstance(checked.result, SampleError):
        refused = refused_setting(checked.result, project, voice)
        return [sample_diagnostic(checked.result, voice), *filter(None, [refused])]
    errors = {f.rule for f in checked.findings if f.severity is Severity.ERROR}
    lowered = [
        finding
        for finding in (judge(checked.result, settings_of(project.checks, {})) if voice.checks else ())
        if finding.severity is Severity.ERROR and finding.rule in voice.checks and finding.rule not in errors
    ]
    at = voice.source.at("samples", 0, "file") if checked.findings else None
    return [
        *(_diagnostic(finding, voice.key, at, allowed) for finding in checked.findings),
        *(_lowered(finding, voice) for finding in lowered),
    ]


def _diagnostic(finding: Finding, key: str, at: Range | None, allowed: Collection[str]) -> Diagnostic:
    severity, advice = finding.severity, finding.advice
    if severity is Severity.ERROR and finding.rule in allowed:
        severity, advice = Severity.WARNING, f"Allowed by --allow-finding. {advice[:1].upper()}{advice[1:]}"
    return Diagnostic(severity, finding.rule, _with_limit(finding), advice, key, at, _measured(finding))


def _lowered(finding: Finding, voice: VoiceSpec) -> Diagnostic:
    said = "This voice's own `checks` do not call it an error."
    at = voice.source.at("checks", finding.rule)
    return Diagnostic(Severity.INFO, finding.rule, _with_limit(finding), said, voice.key, at, _measured(finding))


def _with_limit(finding: Finding) -> str:
    """Name the limit where the message does not have it already: those of sound, not those of the file."""
    if finding.threshold is None or not finding.rule.startswith("audio."):
        return finding.message
    return f"{finding.message} (limit: {finding.threshold:g}{f' {finding.unit}' if finding.unit else ''})"


def _measured(finding: Finding) -> Measured | None:
    if finding.value is None:
        return None
    return Measured(finding.value, finding.threshold, finding.unit, finding.start, finding.end)


def duplicates(voices: Mapping[str, DesiredVoice], project: Mapping[str, CheckSpec]) -> dict[str, Diagnostic]:
    """Return, by key, the voices whose audio is another voice's sample too (`sample.duplicate`)."""
    same: dict[str, set[str]] = defaultdict(set)
    for key, voice in voices.items():
        identities = (voice.sample.sha256, voice.sample.stream_sha256) if voice.sample else ()
        for identity in filter(None, identities):
            same[identity].add(key)
    alike: dict[str, set[str]] = defaultdict(set)
    for keys in same.values():
        for key in keys:
            alike[key] |= keys - {key}
    return {
        key: found
        for key, others in alike.items()
        if others and (found := _duplicate(voices[key].spec, sorted(others), project))
    }


def _duplicate(spec: VoiceSpec, others: Sequence[str], project: Mapping[str, CheckSpec]) -> Diagnostic | None:
    setting = settings_of(project, spec.checks).get("sample.duplicate", CheckSetting())
    if setting.off:
        return None
    named = ", ".join(f"`{other}`" for other in others[:3]) + (", ..." if len(others) > 3 else "")
    return Diagnostic(
        setting.severity or Severity.WARNING,
        "sample.duplicate",
        f"the same audio is the sample of {named} too",
        "Use the right recording; or, where one recording shall make several voices, set sample.duplicate: off.",
        spec.key,
        spec.source.at("samples", 0, "file"),
    )


def require_rules(rules: Collection[str]) -> None:
    """Raise UsageError for a rule that nothing here checks, or that nobody can allow."""
    for rule in rules:
        if rule in FIXED:
            raise UsageError(f"{rule!r} cannot be allowed", why=FIXED[rule], fix="mend the sample, or use --keep-going")
        if rule not in RULES:
            near = suggest(rule, RULES)
            raise UsageError(
                f"There is no check {rule!r}",
                fix=f"did you mean {near!r}?" if near else "docs/samples.md lists the rules",
            )


def pointer_error(file: str) -> SampleError:
    """Return what is said of a Git LFS pointer where the audio itself is needed."""
    return SampleError(
        "sample.lfs-pointer",
        f"{file} is a Git LFS pointer, not audio",
        why="it would have to be uploaded, but only its pointer was checked out",
        fix="Run `git lfs pull` and try again.",
    )
