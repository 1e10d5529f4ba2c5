"""validate: every file and every sample, offline, all problems at once."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from reconciler.apply.desired_side import Desired, read_desired
from reconciler.apply.sample_checks import check_sample, pointer_diagnostic
from reconciler.apply.workspace import Workspace
from reconciler.errors import Diagnostic, Severity, UsageError


@dataclass(frozen=True, slots=True)
class Validated:
    """What was found."""

    voices: int
    """How many voices were checked."""
    diagnostics: tuple[Diagnostic, ...]

    @property
    def errors(self) -> int:
        """How many of the diagnostics are errors."""
        return sum(d.severity is Severity.ERROR for d in self.diagnostics)

    @property
    def warnings(self) -> int:
        """How many of the diagnostics are warnings."""
        return sum(d.severity is Severity.WARNING for d in self.diagnostics)


def validate(workspace: Workspace, paths: Sequence[Path]) -> Validated:
    """Check the voices whose file or sample is at or below one of the paths; all, if there are none."""
    for path in paths:
        if not path.exists():
            raise UsageError(f"{path}: there is no such file or folder")
    desired = read_desired(workspace)
    workspace.cache.save()
    wanted = [key for key in desired.voices if not paths or _is_at(workspace, desired, key, paths)]
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:  # decoding lets go of the interpreter's lock
        found = [d for each in pool.map(lambda key: _sample(workspace, desired, key), wanted) for d in each]
    files = [d for d in desired.diagnostics if not paths or _is_about(workspace, d, paths)]
    broken = {d.key for d in files if d.severity is Severity.ERROR and d.key} - set(wanted)
    return Validated(len(wanted) + len(broken), (*files, *found))


def _sample(workspace: Workspace, desired: Desired, key: str) -> list[Diagnostic]:
    voice = desired.voices[key]
    if voice.sample.pointer:
        said = pointer_diagnostic(voice.spec, voice.sample.file)
        return [Diagnostic(Severity.WARNING, said.rule, said.summary, said.detail, said.key, said.range)]
    return check_sample(voice.spec, desired.paths[key], workspace.project.checks)[1]


def _is_at(workspace: Workspace, desired: Desired, key: str, paths: Sequence[Path]) -> bool:
    files = (desired.voices[key].spec.source.path, workspace.root / desired.voices[key].sample.file)
    return any(_below(file, path) for file in files for path in paths)


def _is_about(workspace: Workspace, diagnostic: Diagnostic, paths: Sequence[Path]) -> bool:
    if diagnostic.range is None:
        return True
    return any(_below(workspace.root / diagnostic.range.filename, path) for path in paths)


def _below(file: Path, path: Path) -> bool:
    real = Path(os.path.realpath(path))
    return real in (Path(os.path.realpath(file)), *Path(os.path.realpath(file)).parents)
