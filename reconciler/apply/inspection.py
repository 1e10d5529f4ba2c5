"""inspect: everything that is known about audio files, whether they are a voice's sample or not."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from reconciler.apply.check_settings import idle_settings, refused_setting
from reconciler.apply.sample_checks import CheckedSample, OnChecked, judge_sample, pointer_error, settings_of
from reconciler.apply.workspace import Workspace
from reconciler.desired.identity import FileIdentity, read_identity, stream_sha256
from reconciler.errors import Diagnostic, SampleError, Severity, UsageError
from reconciler.samples.cache import MeasurementCache
from reconciler.samples.measurement import Measurement
from reconciler.samples.rules import Finding
from reconciler.samples.workers import Measurer


@dataclass(frozen=True, slots=True)
class Inspected:
    """One file."""

    file: str
    """As it was named."""
    identity: FileIdentity
    stream_sha256: str | None
    """None for a file that has no audio to hash."""
    checked: CheckedSample

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is wrong with it; a file that cannot be read at all has that as its one finding."""
        error = self.checked.result
        if isinstance(error, SampleError):
            message = f"{error.what}: {error.why}" if error.why else error.what
            return (Finding(error.rule, Severity.ERROR, message, error.fix),)
        return self.checked.findings


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was found."""

    samples: tuple[Inspected, ...]
    """In the order in which they were named."""
    missing: tuple[SampleError, ...]
    """The files that could not be opened, so that there is nothing to say of them."""
    diagnostics: tuple[Diagnostic, ...]
    """About `voicectl.yaml`: settings that change nothing."""

    @property
    def errors(self) -> bool:
        """Whether anything is wrong that has to be mended."""
        findings = (finding for sample in self.samples for finding in sample.findings)
        return bool(self.missing) or any(finding.severity is Severity.ERROR for finding in findings)


def inspect(
    workspace: Workspace, files: Sequence[str], folder: Path, on_checked: OnChecked | None = None
) -> Inspection:
    """Look at each file, named relative to `folder`. Raises UsageError for one without a name.

    The project's `checks` hold; those of single voices do not, as a file may belong to none, or to several.
    """
    if "" in files:
        raise UsageError("a FILE without a name", fix="a variable of the shell may be empty")
    identities: dict[str, FileIdentity] = {}
    missing: dict[str, SampleError] = {}
    for file in files:
        try:
            identities[file] = read_identity(folder / file)
        except SampleError as error:
            missing[file] = SampleError(error.rule, error.what, where=file, why=error.why, fix=error.fix)
    settings = settings_of(workspace.project.checks, {})
    heard = [file for file, identity in identities.items() if not identity.pointer]
    with _cache(workspace) as cache, Measurer(cache) as measurer:
        total = len({identities[file].sha256 for file in heard})
        done = (lambda count: on_checked(count, total)) if on_checked else None
        audio = [(folder / file, identities[file].sha256) for file in heard]
        results = dict(zip(heard, measurer.measure_all(audio, done), strict=True))
    samples = tuple(
        Inspected(
            file,
            identities[file],
            _stream(folder / file, results.get(file)),
            judge_sample(folder / file, results.get(file) or pointer_error(file), settings),
        )
        for file in files
        if file in identities
    )
    return Inspection(samples, tuple(missing.values()), _about_settings(workspace, samples))


def _about_settings(workspace: Workspace, samples: Sequence[Inspected]) -> tuple[Diagnostic, ...]:
    errors = [s.checked.result for s in samples if isinstance(s.checked.result, SampleError)]
    refused = (refused_setting(error, workspace.project) for error in errors)
    return (*workspace.diagnostics, *idle_settings(workspace.project, ()), *filter(None, refused))


@contextmanager
def _cache(workspace: Workspace) -> Iterator[MeasurementCache]:
    """Keep what is measured, but leave no folder of ours where there is no project."""
    with ExitStack() as stack:
        if workspace.project.source.path.exists() or "VOICECTL_CACHE" in workspace.environ:
            yield workspace.measurements
        else:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="voicectl-"))
            yield MeasurementCache(Path(folder))


def _stream(path: Path, result: Measurement | SampleError | None) -> str | None:
    """Hash the audio of a file that could be measured: nothing hostile is opened outside of the workers."""
    if not isinstance(result, Measurement):
        return None
    try:
        return stream_sha256(path)
    except SampleError:
        return None
