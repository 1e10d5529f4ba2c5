"""One environment of one repository: its settings, its files, and where its state lives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from reconciler.desired.identity import IdentityCache
from reconciler.desired.load import load_project
from reconciler.desired.project import Environment, Project
from reconciler.desired.root import WORK_FOLDER, find_repository, work_folder
from reconciler.errors import Diagnostic, RepositoryError, Severity
from reconciler.plan.mark import mark_scope
from reconciler.state.store import StateStore


@dataclass(frozen=True, slots=True)
class Workspace:
    """What every command that needs more than files starts from."""

    project: Project
    environment: Environment
    repository: Path
    """Samples must stay inside."""
    store: StateStore
    cache: IdentityCache
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
    def scope(self) -> str:
        """The first half of our ownership marks."""
        return mark_scope(self.project.name, self.environment.name)


def open_workspace(root: Path, environment: str, environ: Mapping[str, str]) -> Workspace:
    """Read voicectl.yaml. Raises RepositoryError for a broken one, UsageError for an unknown environment."""
    project, diagnostics = load_project(root)
    if any(d.severity is Severity.ERROR for d in diagnostics):
        raise RepositoryError(diagnostics)
    state_path = project.state_path(environment)
    return Workspace(
        project=project,
        environment=project.environments[environment],
        repository=find_repository(root),
        store=StateStore(state_path, work_folder(root, environment), environment),
        cache=IdentityCache(root / WORK_FOLDER / "samples.json"),
        environ=environ,
        diagnostics=diagnostics,
    )
