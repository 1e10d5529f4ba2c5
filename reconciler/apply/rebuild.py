"""state rebuild: a new state document from the marks on the server, where the old one is lost or cannot be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from reconciler.apply.clock import Clock, stamp
from reconciler.apply.planning import PlanRequest, plan_from_account, read_sides
from reconciler.apply.session import open_session
from reconciler.apply.workspace import Workspace
from reconciler.errors import StateError
from reconciler.plan.change import Action, Plan
from reconciler.plan.record import observed_record, voice_record
from reconciler.plan.sides import Actual
from reconciler.state.document import StateDocument, VoiceRecord
from reconciler.state.lock import current_holder
from reconciler.state.store import Hold, LoadedState


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What was made."""

    document: StateDocument
    backups: tuple[Path, ...]
    """Where the old document and the old journal are now."""
    left_out: tuple[str, ...]
    """Keys of the old document whose voices are not in the new one."""


async def rebuild(workspace: Workspace, clock: Clock, *, dry_run: bool) -> Rebuilt:
    """Make a state document of every voice that carries our mark. Sends GET requests only."""
    now = stamp(clock())
    store = workspace.store
    with store.hold(current_holder(since=now, command="voicectl state rebuild")) as hold:
        empty = StateDocument.new(workspace.environment.name)
        before = _readable(hold)
        loaded = LoadedState(empty, None, voices={}, account=before.account if before else None)
        desired = read_sides(workspace, loaded)
        async with open_session(workspace, workspace.project.parallelism) as session:
            planned = await plan_from_account(workspace, PlanRequest(), clock, loaded, desired, session)
        records = _with_kept(_records(planned.plan), before.voices if before else {}, planned.actual)
        document = empty.with_voices(records, planned.account if records else loaded.account)
        left_out = _left_out(records, before.voices if before else {})
        if dry_run:
            return Rebuilt(document, (), left_out)
        backups = tuple(hold.set_aside(now))
        hold.replace_document(document)
        return Rebuilt(document, backups, left_out)


def _readable(hold: Hold) -> LoadedState | None:
    """Return what the old document says, None where it cannot be read."""
    try:
        return hold.load()
    except StateError:
        return None


def _left_out(records: Mapping[str, VoiceRecord], before: Mapping[str, VoiceRecord]) -> tuple[str, ...]:
    found = {voice_id for record in records.values() for voice_id in record.voice_ids}
    return tuple(sorted(key for key, old in before.items() if old.voice_id is not None and old.voice_id not in found))


def _with_kept(
    records: Mapping[str, VoiceRecord], before: Mapping[str, VoiceRecord], actual: Actual
) -> dict[str, VoiceRecord]:
    """Add what no mark tells: how a voice without a file was to be treated, and which replaced ones are kept."""
    kept = dict(records)
    found = {record.voice_id for record in records.values()}
    for key, old in before.items():
        if key not in kept and old.voice_id in actual.voices and old.voice_id not in found:
            kept[key] = old
        elif key in kept and old.voice_id == kept[key].voice_id:
            kept[key] = replace(
                kept[key], retired=tuple(retired for retired in old.retired if retired.voice_id in actual.voices)
            )
    return kept


def _records(plan: Plan) -> dict[str, VoiceRecord]:
    """Return a record of each marked voice; one made of another sample is recorded too, and then replaced by apply."""
    records: dict[str, VoiceRecord] = {}
    for change in plan.changes:
        if change.desired is None or change.actual is None:
            continue
        if change.action is Action.ADOPT:
            record = replace(voice_record(change.desired, change.actual, plan.options.scope), observed=None)
            if change.desired.is_observed:
                record = observed_record(record, change.desired, change.actual, plan.options.scope)
            records[change.key] = record
        elif change.action is Action.REPLACE and change.record is not None:
            records[change.key] = replace(change.record, observed=None)
    return records
