"""One small function for each action of a plan."""

from __future__ import annotations

from dataclasses import replace

from reconciler.apply.endings import Ended, Endings, ProcessingFailedError, Release
from reconciler.apply.events import Event, Step
from reconciler.apply.fields import FieldWriter
from reconciler.apply.making import Keep, Maker, RunContext
from reconciler.apply.processing import Processing
from reconciler.desired.voice import Manage
from reconciler.errors import ApiRefusedError, VoicectlError
from reconciler.palabra.client import PAGE_SIZE
from reconciler.plan.change import Change
from reconciler.plan.mark import MARK, is_marked, read_mark
from reconciler.plan.marked import known_ids
from reconciler.plan.observed import FORGOTTEN
from reconciler.plan.record import observed_record, refreshed_record, successor_record, voice_record
from reconciler.plan.sides import ActualVoice, DesiredVoice
from reconciler.state.document import VoiceRecord

NO_SUCH_TEXT = (400, 422)
"""What a server says that takes no empty description, which is all that is left of one that was but our mark."""
REMOVED = "deleted"
"""The status of a record whose voice is gone and whose next one is not there yet."""


class Steps:
    """The actions, each for one change. All raise VoicectlError, Stopped or StillPending."""

    def __init__(self, run: RunContext, processing: Processing, *, wait: bool) -> None:
        self._run = run
        self._maker = Maker(run)
        self._fields = FieldWriter(run)
        self._processing = processing
        self._endings = Endings(run, self._maker, self._fields, processing, wait=wait)
        self.account_seen = run.account_seen

    def check_stop(self) -> None:
        """Raise Stopped if the run was asked to stop."""
        self._run.check_stop()

    def stop(self) -> None:
        """Let no further step begin."""
        self._run.stop.set()

    async def create(self, change: Change, release: Release) -> Ended:
        """Make a voice for a key that has none."""
        desired = _desired(change)
        voice_id = await self._maker.make(change, self._keep_first(change, desired))
        voice = await self._endings.wait(change, voice_id, release)
        return await self._endings.first_voice(change, desired, voice, release, settle=False)

    async def replace(self, change: Change, release: Release) -> Ended:
        """Make a new voice, and let the old one go once the new one is ready (or before, if asked)."""
        desired, record = _desired(change), self._record(change)
        if change.destroy_first and record.voice_id is not None:
            gone = replace(record, voice_id=None, status=REMOVED, successor=None)
            await self._maker.remove(change.key, record.voice_id, self._under_new_key(change, gone))
            return await self.create(replace(change, record=gone, previous_key=None), release)
        voice_id = await self._maker.make(change, self._keep_successor(change, desired, record))
        voice = await self._endings.wait(change, voice_id, release)
        return await self._endings.successor_voice(change, desired, voice, release, settle=False)

    async def resume(self, change: Change, release: Release) -> Ended:
        """Go on with a voice that an earlier run left on its way."""
        desired, record = _desired(change), self._record(change)
        if change.successor is None:
            assert change.actual is not None
            waiting = replace(record, status=change.actual.status) if record.ready else record
            self._run.ledger.conclude(None, self._under_new_key(change, waiting))
            voice = await self._endings.wait(change, change.actual.voice_id, release, seen=change.actual)
            if record.ready and voice.status == "failed":  # it was in use, so it is replaced before it is removed
                raise self._endings.failed_in_use(change, record, voice)
            return await self._endings.first_voice(change, desired, voice, release, settle=True)
        waiting = replace(record, successor=successor_record(desired, change.successor))
        self._run.ledger.conclude(None, self._under_new_key(change, waiting))
        voice = await self._endings.wait(change, change.successor.voice_id, release, seen=change.successor)
        return await self._endings.successor_voice(change, desired, voice, release, settle=True)

    async def adopt(self, change: Change, release: Release) -> Ended:
        """Take over a voice that exists: imported, known by its mark, or kept since it was replaced."""
        desired, actual = _desired(change), change.actual
        if change.successor is not None:
            return await self._bring_back(change, desired, change.successor.voice_id, release)
        assert actual is not None
        if desired.is_observed:
            return self._observe(change, desired, actual)
        imported = desired.spec.import_id == actual.voice_id
        retired = change.record.retired if change.record else ()
        # What it shows was not sent by us, so none of it is "kept in another form" yet. Until its fields and its mark
        # are written it counts as unfinished: a run that dies or fails before that is gone on with.
        taken = voice_record(desired, actual, self._run.scope, retired=retired)
        taken = replace(taken, observed=None, status="pending")
        self._run.ledger.conclude(None, self._under_new_key(change, taken))
        voice = await self._endings.wait(change, actual.voice_id, release, seen=actual)
        if imported and voice.status == "failed":  # not made by us, so not ours to remove
            self._run.ledger.conclude(None, {change.key: None})
            raise ProcessingFailedError(voice, fix="the voice was left as it is, and not adopted")
        return await self._endings.first_voice(change, desired, voice, release, settle=True)

    async def update(self, change: Change, release: Release) -> Ended:
        """Change name, description, labels or protection in place; a moved voice gets its new key's mark."""
        desired, record, actual = _desired(change), self._record(change), change.actual
        assert actual is not None
        if desired.is_observed:
            return self._observe(change, desired, actual)

        def keep(now: ActualVoice) -> dict[str, VoiceRecord | None]:
            return self._under_new_key(change, refreshed_record(record, desired, now, self._run.scope))

        outdated = any(field.path == MARK for field in change.fields)
        force_mark = outdated or change.previous_key is not None or record.manage is not None
        await self._fields.write(change, record, actual, keep, force_mark=force_mark)
        await self._endings.ready_again(change, actual.voice_id, release)
        return actual.voice_id, self._endings.unkept(change.key)

    def _observe(self, change: Change, desired: DesiredVoice, actual: ActualVoice) -> Ended:
        """Let state know of a voice that is only observed. Nothing is sent."""
        record = change.record
        if record is None or record.voice_id != actual.voice_id:
            record = voice_record(desired, actual, self._run.scope, retired=record.retired if record else ())
        observed = observed_record(record, desired, actual, self._run.scope)
        self._run.ledger.conclude(None, self._under_new_key(change, observed))
        return actual.voice_id, ""

    async def delete(self, change: Change, release: Release) -> Ended:
        """Delete a voice whose file is gone."""
        del release
        records: dict[str, VoiceRecord | None] = {change.key: None} if change.record is not None else {}
        await self._maker.remove(change.key, _id(change.actual), records)
        return None, ""

    async def forget(self, change: Change, release: Release) -> Ended:
        """Leave a voice on the server and out of state; without our mark, so that nobody takes it for ours again.

        To one that was only observed nothing is written. Where it has our mark then, or where the server keeps the mark
        all the same, state remembers the voice as forgotten.
        """
        del release
        actual, record = change.actual, change.record
        ours = actual is not None and is_marked(actual.description, self._run.scope)
        if record is not None and record.manage == Manage.OBSERVE:
            kept = replace(record, status=FORGOTTEN) if ours or record.retired or record.successor else None
            self._run.ledger.conclude(None, {change.key: kept})
            return None, ""
        if actual is None or not ours:
            self._run.ledger.conclude(None, {change.key: None})
            return None, ""
        forgotten = replace(self._record(change), status=FORGOTTEN, manage=Manage.OBSERVE.value)

        def keep(now: ActualVoice) -> dict[str, VoiceRecord | None]:
            return {change.key: forgotten if is_marked(now.description, self._run.scope) else None}

        try:
            await self._fields.unmark(change, actual, keep)
        except ApiRefusedError as error:
            if error.status not in NO_SUCH_TEXT:
                raise
            self._run.ledger.conclude(None, {change.key: forgotten})
        still = change.key in self._run.ledger.voices
        return None, "the server keeps our mark in its description; state remembers it as forgotten" if still else ""

    async def clean(self, change: Change, release: Release) -> Ended:
        """Remove a half-made, retired or second voice of ours."""
        del release
        voice_id = _id(change.actual)
        self._run.listener(Event(change, Step.REMOVING, voice_id))
        holders = (key for key in (change.key, change.previous_key) if key in self._run.ledger.voices)
        records = {key: _without(self._run.ledger.voices[key], voice_id, change) for key in holders if key}
        await self._maker.remove(change.key, voice_id, records)
        return None, ""

    async def sweep(self) -> None:
        """Look once more for second voices: of creates given up as lost, or delivered twice on the way.

        Where no create was lost, this is done only if the look costs less than what was made; and not anew where
        the last look for processed voices went through the whole list.
        """
        pages = len(self._run.before) // PAGE_SIZE + 1
        if not self._run.ownership_mark or not (self._run.suspects or pages <= len(self._run.made)):
            return
        known = known_ids(self._run.ledger.voices) | self._run.spared | self._run.removed
        listed = None if self._run.suspects else self._processing.last_list
        if listed is None:
            listed = tuple((await self._run.session.client.list_voices()).values())
        for voice in listed:
            mark = read_mark(voice.description)
            keys = self._run.suspects | self._run.made
            ours = mark is not None and mark.scope == self._run.scope and mark.key in keys
            if ours and mark is not None and voice.voice_id not in known:
                await self._maker.remove(mark.key, voice.voice_id, {})

    # -- while a voice is made -------------------------------------------------------------------------------------

    def _keep_first(self, change: Change, desired: DesiredVoice) -> Keep:
        before = self._run.ledger.voices.get(change.previous_key or change.key)
        retired = before.retired if before else ()

        def keep(voice: ActualVoice | None) -> dict[str, VoiceRecord | None]:
            if voice is None:
                record = replace(before, voice_id=None, status=REMOVED) if before else None
            else:
                record = voice_record(desired, voice, self._run.scope, retired=retired, finished=False)
            return {**_vacated(change), change.key: record}

        return keep

    def _keep_successor(self, change: Change, desired: DesiredVoice, record: VoiceRecord) -> Keep:
        def keep(voice: ActualVoice | None) -> dict[str, VoiceRecord | None]:
            successor = successor_record(desired, voice) if voice else None
            return self._under_new_key(change, replace(record, successor=successor))

        return keep

    def _under_new_key(self, change: Change, record: VoiceRecord) -> dict[str, VoiceRecord | None]:
        return {**_vacated(change), change.key: record}

    def _record(self, change: Change) -> VoiceRecord:
        """Return the record as it is now: a clean in the same plan may have taken a voice out of it."""
        assert change.record is not None, f"{change.action} without a record"
        now = self._run.ledger.voices.get(change.previous_key or change.key)
        found_by_mark = change.record.voice_id is not None and (now is None or now.voice_id is None)
        return change.record if now is None or found_by_mark else now

    async def _bring_back(self, change: Change, desired: DesiredVoice, voice_id: str, release: Release) -> Ended:
        """Let a replaced voice that was kept be the key's again."""
        voice = await self._run.session.client.get_voice(voice_id)
        if voice is None or voice.status != "ready":
            shown = "gone" if voice is None else voice.status
            raise VoicectlError(f"The kept voice {voice_id} is {shown}", fix="plan again")
        self._run.ledger.conclude(None, self._under_new_key(change, self._record(change)))
        return await self._endings.successor_voice(change, desired, voice, release, settle=True)


def _desired(change: Change) -> DesiredVoice:
    assert change.desired is not None, f"{change.action} without a voice file"
    return change.desired


def _id(voice: ActualVoice | None) -> str:
    assert voice is not None, "the plan names the voice"
    return voice.voice_id


def _vacated(change: Change) -> dict[str, VoiceRecord | None]:
    return {change.previous_key: None} if change.previous_key is not None else {}


def _without(record: VoiceRecord, voice_id: str, change: Change) -> VoiceRecord | None:
    """Return the record once this voice is gone; None when it was all there was and no file asks for more."""
    left = replace(record, retired=tuple(old for old in record.retired if old.voice_id != voice_id))
    if left.successor is not None and left.successor.voice_id == voice_id:
        left = replace(left, successor=None)
    if left.voice_id == voice_id:
        left = replace(left, voice_id=None, status=REMOVED)
    if left.voice_id is None and not left.retired and left.successor is None and change.desired is None:
        return None
    return left
