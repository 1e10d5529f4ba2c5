"""state rebuild: a new state document from the marks on the server, where the old one is lost or cannot be read."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from reconciler.apply.clock import Clock, stamp
from reconciler.apply.planning import PlanRequest, plan_from_account, read_sides
from reconciler.apply.session import open_session
from reconciler.apply.workspace import Workspace
from reconciler.errors import StateError
from reconciler.plan.change import Action, Plan
from reconciler.plan.record import voice_record
from reconciler.state.document import StateDocument, VoiceRecord, render
from reconciler.state.files import write_atomically
from reconciler.state.lock import Lock, current_holder
from reconciler.state.store import LoadedState


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What was made."""

    document: StateDocument
    backups: tuple[Path, ...]
    """Where the old document and the old journal are now."""


async def rebuild(workspace: Workspace, clock: Clock, *, dry_run: bool) -> Rebuilt:
    """Make a state document of every voice that carries our mark. Sends GET requests only."""
    now = stamp(clock())
    store = workspace.store
    with Lock(store.lock_path, current_holder(since=now, command="voicectl state rebuild")):
        empty = StateDocument.new(workspace.environment.name)
        loaded = LoadedState(empty, exists=False, voices={}, account=None)
        desired = read_sides(workspace, loaded)
        async with open_session(workspace, workspace.project.parallelism) as session:
            planned = await plan_from_account(workspace, PlanRequest(), clock, loaded, desired, session)
        records = _records(planned.plan)
        document = empty.with_voices(records, planned.account if records else None)
        if dry_run:
            return Rebuilt(document, ())
        old = [path for path in (store.path, store.journal.path) if path.exists()]
        backups = tuple(_set_aside(path, workspace.work, now) for path in old)
        write_atomically(store.path, render(document))
        return Rebuilt(document, backups)


def _records(plan: Plan) -> dict[str, VoiceRecord]:
    """Return a record of each marked voice; one made of another sample is recorded too, and then replaced by apply."""
    records: dict[str, VoiceRecord] = {}
    for change in plan.changes:
        if change.desired is None or change.actual is None:
            continue
        if change.action is Action.ADOPT:
            records[change.key] = replace(
                voice_record(change.desired, change.actual, plan.options.scope), observed=None
            )
        elif change.action is Action.REPLACE and change.record is not None:
            records[change.key] = replace(change.record, observed=None)
    return records


def _set_aside(path: Path, folder: Path, now: str) -> Path:
    try:
        return Path(shutil.move(path, folder / f"{path.name}.{now.replace(':', '')}.backup"))
    except OSError as error:
        raise StateError("Cannot set the old state aside", where=str(path), why=str(error)) from error
