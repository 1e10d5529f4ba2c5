"""All checks, in the order in which they would stop somebody."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from reconciler.apply.clock import Clock
from reconciler.apply.workspace import Workspace, open_workspace
from reconciler.doctor.check import Check, Verdict, ok, problem, skipped
from reconciler.doctor.repository import check_lfs, check_repository, find
from reconciler.doctor.state import check_disk, check_state
from reconciler.errors import RepositoryError, Severity


async def examine(
    root: Path, environment: str, environ: Mapping[str, str], clock: Clock, *, offline: bool
) -> list[Check]:
    """Return every line. Changes nothing, here or on the server. Raises UsageError for an unknown environment."""
    repository = find(root, environ)
    found = [repository] if isinstance(repository, Check) else []
    try:
        workspace = open_workspace(root, environment, environ)
    except RepositoryError as error:
        first = next(d for d in error.diagnostics if d.severity is Severity.ERROR)
        where = f"{first.range}: " if first.range else ""
        broken = problem("project", f"{where}{first.summary}", first.detail or "`voicectl validate` lists all of it")
        return [broken, *found, skipped("state", "voicectl.yaml has to be mended first")]
    checks = [
        ok("project", f"{workspace.project.name}, environment {environment}"),
        *await _account(workspace, clock, offline=offline),
    ]
    checks += found
    usable = None if isinstance(repository, Check) else repository
    if usable is not None:
        checks += check_repository(usable, root, workspace.store.file, environ)
        checks.append(check_lfs(usable, root, root / workspace.project.voices_dir))
    checks += check_state(workspace.store, usable)
    checks.append(check_disk(workspace.work))
    return checks


async def _account(workspace: Workspace, clock: Clock, *, offline: bool) -> list[Check]:
    from reconciler.doctor.account import ASKED_OF_API, check_account, check_credentials  # noqa: PLC0415 - httpx

    credentials = check_credentials(workspace)
    if offline:
        return [credentials, *(skipped(name, "--offline") for name in ASKED_OF_API)]
    if credentials.verdict is Verdict.PROBLEM:
        return [credentials, *(skipped(name, "there are no credentials to ask with") for name in ASKED_OF_API)]
    return [credentials, *[check async for check in check_account(workspace, clock)]]
