"""The samples of a plan that would be uploaded, checked on their bytes before anything is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from pathlib import Path

from reconciler.apply.check_settings import idle_settings
from reconciler.apply.desired_side import Desired, sample_diagnostic
from reconciler.apply.sample_checks import (
    CheckedSample,
    OnChecked,
    check_samples,
    diagnose,
    duplicates,
    pointer_error,
)
from reconciler.apply.upload import CheckedUploads, Upload
from reconciler.apply.workspace import Workspace
from reconciler.desired.identity import stream_sha256
from reconciler.desired.project import Project
from reconciler.errors import Diagnostic, SampleError
from reconciler.plan.change import Change, Plan
from reconciler.plan.sides import SampleBytes
from reconciler.samples.filename import acceptable_filename
from reconciler.samples.workers import Measurer


def check_uploads(
    workspace: Workspace, plan: Plan, desired: Desired, allowed: Collection[str], on_checked: OnChecked | None
) -> CheckedUploads:
    """Measure in other processes, and judge. Errors of the rules in `allowed` keep nothing from being sent."""
    with Measurer(workspace.measurements) as measurer:
        return _check(measurer, workspace, plan, desired, allowed, on_checked)


async def check_uploads_aside(
    workspace: Workspace, plan: Plan, desired: Desired, allowed: Collection[str], on_checked: OnChecked | None
) -> CheckedUploads:
    """Do the same while the event loop goes on; when this is cancelled, the processes end."""
    with Measurer(workspace.measurements) as measurer:
        return await asyncio.to_thread(_check, measurer, workspace, plan, desired, allowed, on_checked)


def _check(
    measurer: Measurer,
    workspace: Workspace,
    plan: Plan,
    desired: Desired,
    allowed: Collection[str],
    on_checked: OnChecked | None,
) -> CheckedUploads:
    changes = {change.key: change for change in plan.changes if change.uploads and change.desired is not None}
    voices = [change.desired for change in changes.values() if change.desired is not None]
    checked = check_samples(measurer, workspace.project, voices, desired.paths, on_checked)
    alike = duplicates(desired.voices, workspace.project.checks)
    uploads: dict[str, Upload] = {}
    diagnostics = list(idle_settings(workspace.project, [voice.spec for voice in voices]))
    for key, change in changes.items():
        upload, found = _upload(change, desired.paths[key], checked.get(key), workspace.project, allowed)
        diagnostics += [*found, *filter(None, [alike.get(key)])]
        if upload is not None:
            uploads[key] = upload
    return CheckedUploads(uploads, tuple(diagnostics))


def _upload(
    change: Change, path: Path, checked: CheckedSample | None, project: Project, allowed: Collection[str]
) -> tuple[Upload | None, list[Diagnostic]]:
    assert change.desired is not None
    assert change.desired.sample is not None, "no voice is made without a recording"
    spec, sample = change.desired.spec, change.desired.sample
    if checked is None:
        return None, [sample_diagnostic(pointer_error(sample.file), spec)]
    found = diagnose(checked, spec, project, allowed)
    if isinstance(checked.result, SampleError):
        return None, found
    if error := _stream_error(sample, path):
        return None, [*found, sample_diagnostic(error, spec)]
    probed = checked.result.probe
    return Upload(path, acceptable_filename(path.name, probed.suffix), probed.mime_type), found


def _stream_error(sample: SampleBytes, path: Path) -> SampleError | None:
    """Return why the audio could not be hashed before the plan was made."""
    if sample.stream_sha256 is not None:
        return None
    try:
        stream_sha256(path)
    except SampleError as error:
        return error
    return None
