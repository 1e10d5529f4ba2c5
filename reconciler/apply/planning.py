"""Reads the three sides and makes the plan: what `plan`, `apply`, `status` and `watch` have in common."""

from __future__ import annotations

import fnmatch
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.apply.clock import Clock, stamp
from reconciler.apply.desired_side import Desired, read_desired, with_streams
from reconciler.apply.event_loop import in_event_loop
from reconciler.apply.recorded_side import trusted, unknown_to_state
from reconciler.apply.upload import CheckedUploads, Upload
from reconciler.apply.workspace import Workspace
from reconciler.errors import Diagnostic, RepositoryError, Severity, UsageError, VoicectlError
from reconciler.plan.build import build_plan
from reconciler.plan.change import Plan
from reconciler.plan.importing import not_adopting, with_imports
from reconciler.plan.marked import strangers
from reconciler.plan.safety import refusals
from reconciler.plan.sides import Actual, PlanOptions, Recorded
from reconciler.state.journal import CreateIntent
from reconciler.state.store import LoadedState
from reconciler.suggest import suggest

if TYPE_CHECKING:
    from reconciler.apply.actual_side import Listed
    from reconciler.apply.sample_checks import OnChecked
    from reconciler.apply.session import Session

# asyncio, httpx and what looks at sound are imported where the network is asked, or a sample would be sent: most plans
# do neither, and they are a fifth of a second.

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
    allow_findings: tuple[str, ...] = ()
    """Rules whose errors shall not keep a sample from being uploaded."""
    imports: Mapping[str, str] = field(default_factory=dict)
    """Key -> the id of a voice that it shall adopt; then nothing else may be done."""
    outputs: tuple[Path, ...] = ()
    """Exports that this run writes anew, so that what they name now is no reason to refuse."""
    ask_upstream: bool = False
    """Whether the upstream of the branch is asked for voices that were made there: the run will push to it."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan, and what carrying it out needs besides."""

    plan: Plan
    """With every diagnostic."""
    desired: Desired
    uploads: Mapping[str, Upload]
    refused: tuple[Diagnostic, ...]
    """Why apply would refuse the plan."""
    bad_samples: tuple[Diagnostic, ...]
    """Errors in samples that would be uploaded."""
    account: str | None
    actual: Actual

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """Errors that the files have to be mended for; what apply would merely refuse is not among them."""
        refusals = {*self.refused, *self.bad_samples}
        return tuple(d for d in self.plan.diagnostics if d.severity is Severity.ERROR and d not in refusals)


def read_sides(workspace: Workspace, loaded: LoadedState) -> Desired:
    """Read the desired side. Raises RepositoryError, with every problem of every file, when any file is broken."""
    desired = read_desired(workspace)
    if not desired.broken:
        desired = with_streams(workspace, desired, loaded.voices)
    if desired.broken:
        raise RepositoryError(desired.diagnostics)
    return desired


def plan_once(workspace: Workspace, request: PlanRequest, clock: Clock, on_checked: OnChecked | None = None) -> Planned:
    """Make a plan for reading: GET requests only, state untouched."""
    loaded = workspace.store.load(offline=request.refresh is Refresh.OFFLINE)
    if request.refresh is Refresh.FULL or (request.refresh is Refresh.STATE and loaded.unknown):
        return in_event_loop(_plan_with_account(workspace, request, clock, loaded, on_checked))
    desired = read_sides(workspace, loaded)
    doubtful = unknown_to_state(loaded.voices, stamp(clock())) | imported_ids(desired, loaded)
    if request.refresh is Refresh.STATE and doubtful:
        actual = in_event_loop(_read_doubtful(workspace, loaded, doubtful))
    else:
        actual = trusted(loaded.voices)
    plan = draft(workspace, request, clock, loaded, desired, actual, loaded.account)
    checked = CheckedUploads()
    if _needs_checks(workspace, plan):
        from reconciler.apply.uploads import check_uploads  # noqa: PLC0415 - as above

        checked = check_uploads(workspace, plan, desired, request.allow_findings, on_checked)
    return _planned(workspace, request, loaded, desired, plan, checked, actual)


async def _plan_with_account(
    workspace: Workspace,
    request: PlanRequest,
    clock: Clock,
    loaded: LoadedState,
    on_checked: OnChecked | None,
) -> Planned:
    """Read the files while the account is listed: the answers take longer, and most of that is waiting."""
    import asyncio  # noqa: PLC0415 - as above

    from reconciler.apply.actual_side import list_account  # noqa: PLC0415 - as above
    from reconciler.apply.session import open_session  # noqa: PLC0415 - as above

    reading = asyncio.create_task(asyncio.to_thread(read_sides, workspace, loaded))
    try:
        async with open_session(workspace, workspace.project.parallelism) as session:
            listing = asyncio.create_task(list_account(session.client))
            try:
                desired = await reading
                return await plan_from_account(workspace, request, clock, loaded, desired, session, on_checked, listing)
            finally:
                listing.cancel()
                await asyncio.gather(listing, return_exceptions=True)
    except VoicectlError:
        await reading  # what is wrong with the files is said first
        raise


async def _read_doubtful(workspace: Workspace, loaded: LoadedState, doubtful: set[str]) -> Actual:
    from reconciler.apply.actual_side import read_doubtful  # noqa: PLC0415 - as above
    from reconciler.apply.session import open_session  # noqa: PLC0415 - as above

    async with open_session(workspace, workspace.project.parallelism) as session:
        return await read_doubtful(session.client, loaded.voices, doubtful)


async def plan_from_account(
    workspace: Workspace,
    request: PlanRequest,
    clock: Clock,
    loaded: LoadedState,
    desired: Desired,
    session: Session,
    on_checked: OnChecked | None = None,
    listing: Awaitable[Listed] | None = None,
) -> Planned:
    """Read the account (what `listing` does not read already), and make the plan."""
    from reconciler.apply.actual_side import check_account, read_actual  # noqa: PLC0415 - as above

    desired = replace(desired, voices=with_imports(desired.voices, request.imports))
    imports = imported_ids(desired, loaded)
    view = await read_actual(
        session.client, loaded.voices, scope=workspace.scope, imports=imports, settle=session.settle, listing=listing
    )
    check_account(loaded.account, view.account, filename=workspace.store.name)
    plan = draft(workspace, request, clock, loaded, desired, view.actual, loaded.account or view.account)
    checked = CheckedUploads()
    if _needs_checks(workspace, plan):
        from reconciler.apply.uploads import check_uploads_aside  # noqa: PLC0415 - as above

        checked = await check_uploads_aside(workspace, plan, desired, request.allow_findings, on_checked)
    return _planned(workspace, request, loaded, desired, plan, checked, view.actual)


def draft(
    workspace: Workspace,
    request: PlanRequest,
    clock: Clock,
    loaded: LoadedState,
    desired: Desired,
    actual: Actual,
    account: str | None,
) -> Plan:
    """Put the three sides together."""
    check_keys(request, desired, loaded)
    options = PlanOptions(
        scope=workspace.scope,
        now=stamp(clock()),
        forms_since=stamp(clock() - UPLOAD_WINDOW),
        scope_is_claimed=workspace.project.name_is_explicit,
        marks=workspace.project.ownership_mark,
        targets=request.targets,
        replace=request.replace,
        elsewhere=_made_elsewhere(workspace, request, loaded, desired, actual),
    )
    document = loaded.document
    recorded = Recorded(workspace.environment.name, document.lineage, document.serial, account, loaded.voices)
    return build_plan(desired.voices, recorded, actual, options)


def _made_elsewhere(
    workspace: Workspace, request: PlanRequest, loaded: LoadedState, desired: Desired, actual: Actual
) -> Mapping[str, str]:
    """Return which voices that look like orphans were made on another branch. Most plans have none, and ask no git."""
    found = strangers(actual, loaded.voices, desired.voices, workspace.scope)
    if not found or workspace.store.file is None:
        return {}
    from reconciler.git.elsewhere import recorded_elsewhere  # noqa: PLC0415 - as above

    return recorded_elsewhere(
        workspace.root, workspace.store.file, found, workspace.environ, fetch=request.ask_upstream
    )


def _needs_checks(workspace: Workspace, plan: Plan) -> bool:
    """Whether a sample would be sent, or there are settings of checks that could be idle."""
    return bool(workspace.project.checks) or any(change.uploads for change in plan.changes)


def _planned(
    workspace: Workspace,
    request: PlanRequest,
    loaded: LoadedState,
    desired: Desired,
    plan: Plan,
    checked: CheckedUploads,
    actual: Actual,
) -> Planned:
    """Add to a plan what there is to say besides, and why apply would refuse it."""
    refused = refusals(
        plan, workspace.project.safety, declared=len(desired.voices), allow_deletes=request.allow_deletes
    )
    refused += not_adopting(plan, request.imports)
    references = _references(workspace, request, plan, desired)
    refused += tuple(note for note in references if note.severity is Severity.ERROR)
    said = [note for note in references if note not in refused]
    extra = [*desired.diagnostics, *checked.diagnostics, *refused, *said, *_lost(loaded.unknown)]
    extra += _copied(workspace, loaded)
    return Planned(
        plan=plan.with_diagnostics(extra),
        desired=desired,
        uploads=checked.uploads,
        refused=refused,
        bad_samples=checked.errors,
        account=plan.recorded.account,
        actual=actual,
    )


def _references(workspace: Workspace, request: PlanRequest, plan: Plan, desired: Desired) -> tuple[Diagnostic, ...]:
    """Return what still names a voice that the plan takes away, where somebody wants to know."""
    if request.allow_deletes or not workspace.project.safety.references:
        return ()
    from reconciler.apply.references import find_references  # noqa: PLC0415 - git is asked here, and only here

    return find_references(workspace, plan, desired.voices, request.outputs)


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
                raise UsageError(f"{key}: there is no such voice", fix=fix)


def _lost(unknown: Sequence[CreateIntent]) -> list[Diagnostic]:
    summary = "An earlier run died while it created this voice; the next apply finds out what became of it"
    return [Diagnostic(Severity.INFO, "plan.unknown-create", summary, "", intent.key) for intent in unknown]


def _copied(workspace: Workspace, loaded: LoadedState) -> list[Diagnostic]:
    if not loaded.copied:
        return []
    summary = f"This is compared with a copy of the state document, serial {loaded.document.serial}"
    detail = f"{workspace.store.name} was not asked; it may have changed since it was last read or written from here."
    return [Diagnostic(Severity.INFO, "state.copy", summary, detail)]
