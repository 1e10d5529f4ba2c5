"""The samples of a plan that would be uploaded, checked on their bytes before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from reconciler.apply.desired_side import sample_diagnostic
from reconciler.desired.identity import stream_sha256
from reconciler.desired.voice import VoiceSpec
from reconciler.errors import Diagnostic, SampleError, Severity
from reconciler.plan.change import Change, Plan
from reconciler.samples.probe import probe
from reconciler.samples.rules import Finding, acceptable_filename, hard_rules


@dataclass(frozen=True, slots=True)
class Upload:
    """A sample that passed its checks, as it will be sent."""

    path: Path
    filename: str
    mime_type: str


def check_uploads(
    plan: Plan, paths: Mapping[str, Path], checks: Mapping[str, object]
) -> tuple[dict[str, Upload], tuple[Diagnostic, ...]]:
    """Return what can be uploaded, by key, and every finding about what the plan would upload."""
    uploads: dict[str, Upload] = {}
    diagnostics: list[Diagnostic] = []
    for change in plan.changes:
        if change.uploads and change.desired is not None:
            upload, found = _check(change, change.desired.spec, paths[change.key], checks)
            diagnostics += found
            if upload is not None:
                uploads[change.key] = upload
    return uploads, tuple(diagnostics)


def _check(
    change: Change, spec: VoiceSpec, path: Path, checks: Mapping[str, object]
) -> tuple[Upload | None, list[Diagnostic]]:
    assert change.desired is not None
    if change.desired.sample.pointer:
        return None, [sample_diagnostic(_pointer(change.desired.sample.file), spec)]
    upload, found = check_sample(spec, path, checks)
    if upload is not None and change.desired.sample.stream_sha256 is None:
        try:
            stream_sha256(path)  # could not be read before the plan was made
        except SampleError as error:
            return None, [*found, sample_diagnostic(error, spec)]
    return upload, found


def check_sample(spec: VoiceSpec, path: Path, checks: Mapping[str, object]) -> tuple[Upload | None, list[Diagnostic]]:
    """Probe one sample and hold it against the API's rules, with the severities that `checks` sets."""
    try:
        probed = probe(path)
    except SampleError as error:
        return None, [sample_diagnostic(error, spec)]
    at = spec.source.at("samples", 0, "file")
    found = [
        Diagnostic(severity, f.rule, f.message, f.advice, spec.key, at)
        for f in hard_rules(probed)
        if (severity := _severity(f, checks)) is not None
    ]
    return Upload(path, acceptable_filename(path.name, probed.suffix), probed.mime_type), found


def _severity(finding: Finding, checks: Mapping[str, object]) -> Severity | None:
    """Return how much the finding matters in this project; None: not at all."""
    entry = checks.get(finding.rule)
    wanted = entry.get("severity") if isinstance(entry, Mapping) else entry
    if wanted is None:
        return finding.severity
    return None if wanted == "off" else Severity(str(wanted))


def _pointer(file: str) -> SampleError:
    return SampleError(
        "sample.lfs-pointer",
        f"{file} is a Git LFS pointer, not audio",
        why="it would have to be uploaded, but only its pointer was checked out",
        fix="Run `git lfs pull` and try again.",
    )


def pointer_diagnostic(spec: VoiceSpec, file: str) -> Diagnostic:
    """Return what is said of a pointer where the audio itself is needed."""
    return sample_diagnostic(_pointer(file), spec)
