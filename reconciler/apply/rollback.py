"""rollback: a replaced voice that still lives takes the place of the one that came after it. Nothing is cloned."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from reconciler.apply.actual_side import check_account, to_actual
from reconciler.apply.clock import Clock, stamp
from reconciler.apply.desired_side import identify_voice, with_stream
from reconciler.apply.session import open_session
from reconciler.apply.workspace import Workspace
from reconciler.desired.load import load_voices
from reconciler.desired.voice import VoiceSpec
from reconciler.errors import RefusedError, SampleError, VoicectlError
from reconciler.plan import diff
from reconciler.plan.change import FieldChange
from reconciler.plan.mark import without_mark
from reconciler.plan.sides import ActualVoice
from reconciler.state.document import Retired, VoiceRecord
from reconciler.state.ledger import Ledger
from reconciler.state.lock import current_holder
from reconciler.state.store import LoadedState
from reconciler.suggest import suggest


@dataclass(frozen=True, slots=True)
class RollbackRequest:
    """What a person asked for."""

    key: str
    voice_id: str | None = None
    """Which of the kept voices; None: the one that was replaced last."""
    command: str = "voicectl rollback"
    """For the lock, so that others know who holds it."""


@dataclass(frozen=True, slots=True)
class Rollback:
    """What a rollback does, or did."""

    key: str
    before: VoiceRecord
    after: VoiceRecord
    spec: VoiceSpec | None
    """The voice file; None when there is none, or none that can be read."""
    undone_by: tuple[FieldChange, ...]
    """What the files ask for that the returned voice was not made from: the next apply replaces it for that."""

    @property
    def kept(self) -> Retired | None:
        """The voice that was in use, which is now a replaced one."""
        return next((old for old in self.after.retired if old.voice_id == self.before.voice_id), None)


async def roll_back(
    workspace: Workspace, request: RollbackRequest, *, approve: Callable[[Rollback], None], clock: Clock
) -> Rollback:
    """Do it. Raises VoicectlError, having changed nothing, or whatever `approve` raises."""
    holder = current_holder(since=stamp(clock()), command=request.command)
    with workspace.store.hold(holder, (request.key,)) as hold:
        ledger = Ledger(hold, hold.load())
        rollback = await plan_rollback(workspace, request, ledger.loaded, clock)
        approve(rollback)
        ledger.open()
        try:
            ledger.conclude(None, {request.key: rollback.after})
        finally:
            ledger.close()
    return rollback


async def plan_rollback(workspace: Workspace, request: RollbackRequest, loaded: LoadedState, clock: Clock) -> Rollback:
    """Return what the rollback would do. Raises VoicectlError where there is nothing to go back to."""
    key = request.key
    record = _record(key, loaded.voices, workspace.environment.name)
    returned = _chosen(key, record, request.voice_id)
    spec = load_voices(workspace.project, workspace.environment.name).specs.get(key)
    if spec.lifecycle.prevent_destroy if spec is not None else record.prevent_destroy:
        raise RefusedError(
            f"{key!r} has prevent_destroy, so the voice in use is not replaced by an earlier one",
            fix="set prevent_destroy: false in its voice file, apply, and run this again",
        )
    voice = await _ask(workspace, key, returned, loaded.account)
    grace = spec.lifecycle.keep_replaced if spec is not None else timedelta()
    after = _brought_back(record, returned, voice, workspace.scope, until=stamp(clock() + grace))
    return Rollback(key, record, after, spec, _undone_by(workspace, spec, after))


def _record(key: str, records: Mapping[str, VoiceRecord], environment: str) -> VoiceRecord:
    record = records.get(key)
    if record is None:
        near = suggest(key, records)
        fix = f"did you mean {near!r}?" if near else "`voicectl status` lists the keys"
        raise VoicectlError(f"There is no voice {key!r} in the environment {environment!r}", fix=fix)
    return record


def _chosen(key: str, record: VoiceRecord, voice_id: str | None) -> Retired:
    """Return the kept voice to bring back."""
    if not record.retired:
        raise VoicectlError(
            f"No replaced voice of {key!r} is kept",
            why="it was never replaced, or `lifecycle.keep_replaced` did not keep the old voice, or its time is over",
            fix="go back to the earlier recording (`git revert` the commit that changed it) and apply: "
            "that clones it again, under a new voice id",
        )
    if voice_id is None:
        return record.retired[-1]
    for old in record.retired:
        if old.voice_id == voice_id:
            return old
    kept = ", ".join(old.voice_id for old in record.retired)
    if voice_id == record.voice_id:
        raise VoicectlError(f"{voice_id} is the voice of {key!r} already", fix=f"kept are: {kept}")
    raise VoicectlError(f"{voice_id} is no replaced voice of {key!r}", fix=f"kept are: {kept}")


async def _ask(workspace: Workspace, key: str, returned: Retired, account: str | None) -> ActualVoice:
    """Return the voice as the server has it. Raises VoicectlError unless it is ready there."""
    async with open_session(workspace, 1) as session:
        voice = await session.client.get_voice(returned.voice_id)
    what = f"The replaced voice {returned.voice_id} of {key!r}"
    unchanged = "nothing was changed; `voicectl status` shows what else is kept"
    if voice is None:
        raise VoicectlError(f"{what} is gone", why="the server does not have it any more", fix=unchanged)
    check_account(account, voice.user_id, filename=workspace.store.name)
    if voice.status != "ready":
        raise VoicectlError(f"{what} cannot be used", why=f"the server shows it as {voice.status}", fix=unchanged)
    return to_actual(voice)


def _brought_back(record: VoiceRecord, returned: Retired, voice: ActualVoice, scope: str, *, until: str) -> VoiceRecord:
    """Return the key's record once the two voices have changed places.

    The one that was in use is kept as long as its voice file keeps replaced ones, and at least as long as the other
    one had left: a rollback can be taken back for no shorter time than it could be made.
    """
    kept = tuple(old for old in record.retired if old.voice_id != returned.voice_id)
    if record.voice_id is not None:
        kept = (*kept, record.retire(max(until, returned.until)))
    after = replace(
        record,
        voice_id=returned.voice_id,
        status=voice.status,
        sample=returned.sample,
        created_at=returned.created_at or voice.created_at,
        retired=kept,
        last_error=None,
        observed=returned.observed,
    )
    if returned.name is not None:
        return replace(after, name=returned.name, description=returned.description, labels=dict(returned.labels or {}))
    # An older voicectl kept the id alone, so what the server shows stands for what was sent.
    labels = {label: value for label, value in (voice.labels or {}).items() if value is not None}
    return replace(
        after,
        name=voice.name or record.name,
        description=without_mark(voice.description, scope) or None,
        labels=labels,
    )


def _undone_by(workspace: Workspace, spec: VoiceSpec | None, after: VoiceRecord) -> tuple[FieldChange, ...]:
    if spec is None:
        return ()
    try:
        desired, path = identify_voice(workspace, spec)
    except SampleError:
        return ()  # the next plan says so
    return diff.making(with_stream(workspace, desired, path, after), after.sample)
