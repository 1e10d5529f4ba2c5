"""Reads the three sides and makes the plan: what `plan`, `apply`, `status` and `watch` have in common."""

from __future__ import annotations

import fnmatch
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from reconciler.apply.actual_side import check_account, read_actual, read_doubtful, trusted, unknown_to_state
from reconciler.apply.clock import Clock, stamp
from reconciler.apply.desired_side import Desired, read_desired, with_streams
from reconciler.apply.sample_checks import Upload, check_uploads
from reconciler.apply.workspace import Workspace
from reconciler.errors import Diagnostic, RepositoryError, Severity, UsageError
from reconciler.plan.build import build_plan
from reconciler.plan.change import Plan
from reconciler.plan.safety import refusals
from reconciler.plan.sides import Actual, PlanOptions, Recorded
from reconciler.state.journal import CreateIntent
from reconciler.state.store import LoadedState
from reconciler.suggest import suggest

if TYPE_CHECKING:
    from reconciler.apply.session import Session


UPLOAD_WINDOW = timedelta(minutes=15)
"""How long an upload form lives (section 7 of the API page)."""


class Refresh(StrEnum):
    """How much of the account is read."""

    FULL = "full"
    """All of it."""
    STATE = "state"
    """State is trusted; only what it does not know is asked for."""
    OFFLINE = "offline"
    """Nothing: no network, no credentials."""


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """What a person asked for."""

    targets: tuple[str, ...] = ()
    replace: tuple[str, ...] = ()
    refresh: Refresh = Refresh.FULL
    allow_deletes: bool = False


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan, and what carrying it out needs besides."""

    plan: Plan
    """With every diagnostic."""
    desired: Desired
    uploads: dict[str, Upload]
    refused: tuple[Diagnostic, ...]
    """Why apply would refuse the plan."""
    bad_samples: tuple[Diagnostic, ...]
    """Errors in samples that would be uploaded."""
    account: str | None
    actual: Actual

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """Errors that the files have to be mended for; what apply would merely refuse is not among them."""
        return tuple(d for d in self.plan.diagnostics if d.severity is Severity.ERROR and d not in self.refused)


def read_sides(workspace: Workspace, loaded: LoadedState) -> Desired:
    """Read the desired side. Raises RepositoryError, with every problem of every file, when any file is broken."""
    desired = read_desired(workspace)
    if not desired.broken:
        desired = with_streams(workspace, desired, loaded.voices)
    if desired.broken:
        raise RepositoryError(desired.diagnostics)
    return desired


async def plan_once(workspace: Workspace, request: PlanRequest, clock: Clock) -> Planned:
    """Make a plan for reading: GET requests only, state untouched."""
    loaded = workspace.store.load()
    desired = read_sides(workspace, loaded)
    if request.refresh is Refresh.FULL or (request.refresh is Refresh.STATE and loaded.unknown):
        from reconciler.apply.session import open_session  # noqa: PLC0415 - httpx, only where the network is asked

        async with open_session(workspace, workspace.project.parallelism) as session:
            return await plan_from_account(workspace, request, clock, loaded, desired, session)
    now = stamp(clock())
    doubtful = unknown_to_state(loaded.voices, now) | imported_ids(desired, loaded)
    view = trusted(loaded.voices)
    if request.refresh is Refresh.STATE and doubtful:
        from reconciler.apply.session import open_session  # noqa: PLC0415 - as above

        async with open_session(workspace, workspace.project.parallelism) as session:
            view = await read_doubtful(session.client, loaded.voices, doubtful)
    return assemble(workspace, request, clock, loaded, desired, view, account=loaded.account)


async def plan_from_account(
    workspace: Workspace,
    request: PlanRequest,
    clock: Clock,
    loaded: LoadedState,
    desired: Desired,
    session: Session,
) -> Planned:
    """Read the account and make the plan."""
    imports = imported_ids(desired, loaded)
    view = await read_actual(
        session.client, loaded.voices, scope=workspace.scope, imports=imports, settle=session.settle
    )
    check_account(loaded.account, view.account, filename=workspace.store.path.name)
    return assemble(workspace, request, clock, loaded, desired, view.actual, account=loaded.account or view.account)


def assemble(
    workspace: Workspace,
    request: PlanRequest,
    clock: Clock,
    loaded: LoadedState,
    desired: Desired,
    actual: Actual,
    *,
    account: str | None,
) -> Planned:
    """Put the sides together."""
    check_keys(request, desired, loaded)
    options = PlanOptions(
        scope=workspace.scope,
        now=stamp(clock()),
        forms_since=stamp(clock() - UPLOAD_WINDOW),
        scope_is_claimed=workspace.project.name_is_explicit,
        targets=request.targets,
        replace=request.replace,
    )
    document = loaded.document
    recorded = Recorded(workspace.environment.name, document.lineage, document.serial, account, loaded.voices)
    plan = build_plan(desired.voices, recorded, actual, options)
    uploads, findings = check_uploads(plan, desired.paths, workspace.project.checks)
    refused = refusals(
        plan, workspace.project.safety, declared=len(desired.voices), allow_deletes=request.allow_deletes
    )
    extra = [*desired.diagnostics, *findings, *refused, *_lost(loaded.unknown)]
    return Planned(
        plan=plan.with_diagnostics(extra),
        desired=desired,
        uploads=uploads,
        refused=refused,
        bad_samples=tuple(d for d in findings if d.severity is Severity.ERROR),
        account=account,
        actual=actual,
    )


def imported_ids(desired: Desired, loaded: LoadedState) -> set[str]:
    """Return the ids of voices that files ask to adopt and that state does not have yet."""
    wanted = {key: voice.spec.import_id for key, voice in desired.voices.items()}
    return {voice_id for key, voice_id in wanted.items() if voice_id and not _has_voice(loaded, key)}


def _has_voice(loaded: LoadedState, key: str) -> bool:
    record = loaded.voices.get(key)
    return record is not None and record.voice_id is not None


def check_keys(request: PlanRequest, desired: Desired, loaded: LoadedState) -> None:
    """Raise UsageError for a key that nobody knows: a mistyped one must not read as "nothing to do"."""
    known = {*desired.voices, *loaded.voices}
    for option, keys in (("--target", request.targets), ("--replace", request.replace)):
        for key in keys:
            if key not in known and not (option == "--target" and fnmatch.filter(known, key)):
                near = suggest(key, known)
                fix = f"did you mean {near!r}?" if near else "`voicectl status` lists the keys"
                raise UsageError(f"{option} {key}: there is no such voice", fix=fix)


def _lost(unknown: Sequence[CreateIntent]) -> list[Diagnostic]:
    summary = "An earlier run died while it created this voice; the next apply finds out what became of it"
    return [Diagnostic(Severity.INFO, "plan.unknown-create", summary, "", intent.key) for intent in unknown]
