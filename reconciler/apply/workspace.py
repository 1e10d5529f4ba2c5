"""One environment of one repository: its settings, its files, and where its state lives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.backends.location import open_backend
from reconciler.desired.identity_cache import IdentityCache
from reconciler.desired.project import Environment, Project
from reconciler.desired.project_cache import remembered_project
from reconciler.desired.root import WORK_FOLDER, find_repository, work_folder
from reconciler.errors import Diagnostic, RepositoryError, Severity
from reconciler.plan.mark import mark_scope
from reconciler.state.store import StateStore

if TYPE_CHECKING:
    from reconciler.samples.cache import MeasurementCache


@dataclass(frozen=True, slots=True)
class Workspace:
    """What every command that needs more than files starts from."""

    project: Project
    environment: Environment
    repository: Path
    """Samples must stay inside."""
    store: StateStore
    cache: IdentityCache
    measured: Path
    """The folder of what was measured on samples."""
    environ: Mapping[str, str]
    """The process's environment variables."""
    diagnostics: tuple[Diagnostic, ...]
    """Warnings about voicectl.yaml."""

    @property
    def root(self) -> Path:
        """The project's root."""
        return self.project.root

    @property
    def work(self) -> Path:
        """The git-ignored folder of this environment."""
        return work_folder(self.project.root, self.environment.name)

    @property
    def measurements(self) -> MeasurementCache:
        """Of samples, by their sha256."""
        from reconciler.samples.cache import MeasurementCache  # noqa: PLC0415 - 10 ms, and most plans send no sample

        return MeasurementCache(self.measured)

    @property
    def scope(self) -> str:
        """The first half of our ownership marks."""
        return mark_scope(self.project.name, self.environment.name)


def open_workspace(root: Path, environment: str, environ: Mapping[str, str]) -> Workspace:
    """Read voicectl.yaml. Raises RepositoryError for a broken one, UsageError for an unknown environment."""
    project, diagnostics = remembered_project(root)
    if any(d.severity is Severity.ERROR for d in diagnostics):
        raise RepositoryError(diagnostics)
    backend = open_backend(project.state_location(environment), environ, root)
    return Workspace(
        project=project,
        environment=project.environments[environment],
        repository=find_repository(root),
        store=StateStore(backend, work_folder(root, environment), environment),
        cache=IdentityCache(root / WORK_FOLDER / "samples.json"),
        measured=_cache_folder(root, environ) / "measurements",
        environ=environ,
        diagnostics=diagnostics,
    )


def _cache_folder(root: Path, environ: Mapping[str, str]) -> Path:
    """Return where measurements are kept: beside the project, or where VOICECTL_CACHE says, for many checkouts."""
    named = environ.get("VOICECTL_CACHE")
    return Path(named).expanduser() if named else root / WORK_FOLDER
