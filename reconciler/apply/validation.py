"""validate: every file and every sample, offline, all problems at once."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from reconciler.apply.check_settings import idle_settings
from reconciler.apply.desired_side import Desired, read_desired, sample_diagnostic, with_streams
from reconciler.apply.sample_checks import (
    CheckedSample,
    OnChecked,
    check_samples,
    diagnose,
    duplicates,
    judge_sample,
    pointer_error,
    settings_of,
)
from reconciler.apply.workspace import Workspace
from reconciler.desired.voice import VoiceSpec
from reconciler.errors import Diagnostic, Severity, UsageError
from reconciler.plan.sides import DesiredVoice, SampleBytes
from reconciler.samples.measurement import Measurement
from reconciler.samples.rules import NotChecked
from reconciler.samples.workers import Measurer


@dataclass(frozen=True, slots=True)
class Validated:
    """What was found."""

    keys: tuple[str, ...]
    """The voices that were checked, in the order of their keys."""
    diagnostics: tuple[Diagnostic, ...]
    not_checked: Mapping[NotChecked, int] = field(default_factory=dict)
    """How many samples each rule could not be applied to, by reason."""

    @property
    def voices(self) -> int:
        """How many voices were checked."""
        return len(self.keys)

    @property
    def errors(self) -> int:
        """How many of the diagnostics are errors."""
        return sum(d.severity is Severity.ERROR for d in self.diagnostics)

    @property
    def warnings(self) -> int:
        """How many of the diagnostics are warnings."""
        return sum(d.severity is Severity.WARNING for d in self.diagnostics)


def validate(workspace: Workspace, paths: Sequence[Path], on_checked: OnChecked | None = None) -> Validated:
    """Check the voices whose file or sample is at or below one of the paths; all, if there are none."""
    for path in paths:
        if not path.exists():
            raise UsageError(f"{path}: there is no such file or folder")
    desired = read_desired(workspace)
    said = (*desired.diagnostics, *_elsewhere(workspace, desired))
    workspace.cache.save()
    wanted = [key for key in desired.voices if not paths or _is_at(workspace, desired, key, paths)]
    files = [d for d in said if not paths or _is_about(workspace, d, paths)]
    broken = {d.key for d in files if d.severity is Severity.ERROR and d.key} - set(wanted)
    voices = [desired.voices[key] for key in wanted]
    with Measurer(workspace.measurements) as measurer:
        checked = check_samples(measurer, workspace.project, voices, desired.paths, on_checked)
    files += idle_settings(workspace.project, [voice.spec for voice in voices])
    alike = duplicates(_heard(workspace, desired, checked), workspace.project.checks)
    for voice in voices:
        key = voice.spec.key
        files += diagnose(checked[key], voice.spec, workspace.project) if key in checked else _pointer(voice)
        files += filter(None, [alike.get(key)])
    skipped = Counter(
        skipped
        for spec, sample in ((voice.spec, voice.sample) for voice in voices)
        if sample is not None
        for skipped in (checked.get(spec.key) or _unheard(workspace, desired, spec, sample)).not_checked
    )
    return Validated(tuple(sorted([*wanted, *broken])), tuple(files), skipped)


def _elsewhere(workspace: Workspace, here: Desired) -> Iterator[Diagnostic]:
    """Return what is wrong with the files as the overrides of other environments make them, and only so."""
    known = set(here.diagnostics)
    for name, environment in workspace.project.environments.items():
        if environment.overrides and name != workspace.environment.name:
            for diagnostic in read_desired(replace(workspace, environment=environment)).diagnostics:
                if diagnostic not in known:
                    yield replace(
                        diagnostic, detail=f"{diagnostic.detail} It is so in the environment `{name}`.".lstrip()
                    )


def _heard(workspace: Workspace, desired: Desired, checked: Mapping[str, CheckedSample]) -> Mapping[str, DesiredVoice]:
    """Return all voices, those with a sample that can be read with the hash of its audio."""
    readable = {k: v for k, v in desired.voices.items() if k in checked and isinstance(checked[k].result, Measurement)}
    return {**desired.voices, **with_streams(workspace, replace(desired, voices=readable), {}).voices}


def _unheard(workspace: Workspace, desired: Desired, spec: VoiceSpec, sample: SampleBytes) -> CheckedSample:
    """Return what is known of a sample that is a pointer of Git LFS."""
    settings = settings_of(workspace.project.checks, spec.checks)
    return judge_sample(desired.paths[spec.key], pointer_error(sample.file), settings)


def _pointer(voice: DesiredVoice) -> list[Diagnostic]:
    if voice.sample is None:
        return []
    said = sample_diagnostic(pointer_error(voice.sample.file), voice.spec)
    return [replace(said, severity=Severity.WARNING)]


def _is_at(workspace: Workspace, desired: Desired, key: str, paths: Sequence[Path]) -> bool:
    voice = desired.voices[key]
    files = [voice.spec.source.path, *([workspace.root / voice.sample.file] if voice.sample else [])]
    return any(_below(file, path) for file in files for path in paths)


def _is_about(workspace: Workspace, diagnostic: Diagnostic, paths: Sequence[Path]) -> bool:
    if diagnostic.range is None:
        return True
    return any(_below(workspace.root / diagnostic.range.filename, path) for path in paths)


def _below(file: Path, path: Path) -> bool:
    real = Path(os.path.realpath(path))
    return real in (Path(os.path.realpath(file)), *Path(os.path.realpath(file)).parents)
