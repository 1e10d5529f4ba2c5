"""One small function for each action of a plan."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from reconciler.apply.actual_side import to_actual
from reconciler.apply.clock import stamp
from reconciler.apply.events import Event, Step
from reconciler.apply.fields import FieldWriter
from reconciler.apply.making import Keep, Maker, RunContext, StillPending
from reconciler.apply.processing import FINAL, Processing
from reconciler.desired.voice import Manage
from reconciler.errors import ApiRefusedError, VoicectlError
from reconciler.palabra import wire
from reconciler.palabra.client import PAGE_SIZE
from reconciler.plan import diff
from reconciler.plan.change import Change
from reconciler.plan.mark import MARK, read_mark
from reconciler.plan.marked import known_ids
from reconciler.plan.observed import FORGOTTEN
from reconciler.plan.record import observed_record, refreshed_record, successor_record, voice_record
from reconciler.plan.sides import ActualVoice, DesiredVoice
from reconciler.state.document import LastError, VoiceRecord

Release = Callable[[], None]
"""Gives the change's place among the parallel ones to another."""
Ended = tuple[str | None, str]
"""The voice id that the key has afterwards, and a warning or nothing."""

REPLACED_NEXT = "the voice was left as it is; the next apply replaces it"
"""The way out where a voice failed that was in use."""
MARK_LOST = "the server does not keep the ownership mark, so the voice is not found again should state be lost"
"""A warning: the description was cut, for example."""
NO_SUCH_TEXT = (400, 422)
"""What a server says that takes no empty description, which is all that is left of one that was but our mark."""
REMOVED = "deleted"
"""The status of a record whose voice is gone and whose next one is not there yet."""


class ProcessingFailedError(VoicectlError):
    """The server took the sample and could not make a voice of it."""

    def __init__(
        self, voice: wire.Voice, fix: str = "the half-made voice was removed; mend the sample and apply again"
    ) -> None:
        what = "The server could not make a voice of the sample"
        super().__init__(what, why="; ".join(voice.problems), fix=fix)
        self.problems = voice.problems


class Steps:
    """The actions, each for one change. All raise VoicectlError, Stopped or StillPending."""

    def __init__(self, run: RunContext, processing: Processing, *, wait: bool) -> None:
        self._run = run
        self._maker = Maker(run)
        self._fields = FieldWriter(run)
        self._processing = processing
        self._wait_at_all = wait
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
        voice = await self._wait(change, voice_id, release)
        return await self._first_voice(change, desired, voice, release, settle=False)

    async def replace(self, change: Change, release: Release) -> Ended:
        """Make a new voice, and let the old one go once the new one is ready (or before, if asked)."""
        desired, record = _desired(change), self._record(change)
        if change.destroy_first and record.voice_id is not None:
            gone = replace(record, voice_id=None, status=REMOVED, successor=None)
            await self._maker.remove(change.key, record.voice_id, self._under_new_key(change, gone))
            return await self.create(replace(change, record=gone, previous_key=None), release)
        voice_id = await self._maker.make(change, self._keep_successor(change, desired, record))
        voice = await self._wait(change, voice_id, release)
        return await self._successor_voice(change, desired, voice, release, settle=False)

    async def resume(self, change: Change, release: Release) -> Ended:
        """Go on with a voice that an earlier run left on its way."""
        desired, record = _desired(change), self._record(change)
        if change.successor is None:
            assert change.actual is not None
            waiting = replace(record, status=change.actual.status) if record.ready else record
            self._run.ledger.conclude(None, self._under_new_key(change, waiting))
            voice = await self._wait(change, change.actual.voice_id, release, seen=change.actual)
            if record.ready and voice.status == "failed":  # it was in use, so it is replaced before it is removed
                raise self._failed_in_use(change, record, voice)
            return await self._first_voice(change, desired, voice, release, settle=True)
        waiting = replace(record, successor=successor_record(desired, change.successor))
        self._run.ledger.conclude(None, self._under_new_key(change, waiting))
        voice = await self._wait(change, change.successor.voice_id, release, seen=change.successor)
        return await self._successor_voice(change, desired, voice, release, settle=True)

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
        voice = await self._wait(change, actual.voice_id, release, seen=actual)
        if imported and voice.status == "failed":  # not made by us, so not ours to remove
            self._run.ledger.conclude(None, {change.key: None})
            raise ProcessingFailedError(voice, fix="the voice was left as it is, and not adopted")
        return await self._first_voice(change, desired, voice, release, settle=True)

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
        await self._ready_again(change, actual.voice_id, release)
        return actual.voice_id, self._unkept(change.key)

    async def _ready_again(self, change: Change, voice_id: str, release: Release) -> None:
        """Wait for a voice that a server processes anew because of an update; most do not."""
        written = self._run.ledger.voices[change.key]
        if written.ready:
            return
        voice = await self._wait(change, voice_id, release)
        again = replace(written, status="ready")
        if voice.status == "failed":
            raise self._failed_in_use(change, again, voice)
        self._run.ledger.conclude(None, {change.key: again})

    def _failed_in_use(self, change: Change, record: VoiceRecord, voice: wire.Voice) -> ProcessingFailedError:
        """Leave a voice that consumers have as it was; return why."""
        error = ProcessingFailedError(voice, fix=REPLACED_NEXT)
        failed = replace(record, last_error=LastError(error.what, voice.problems))
        self._run.ledger.conclude(None, {change.key: failed})
        return error

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
        ours = actual is not None and self._is_ours(actual)
        if record is not None and record.manage == Manage.OBSERVE:
            kept = replace(record, status=FORGOTTEN) if ours or record.retired or record.successor else None
            self._run.ledger.conclude(None, {change.key: kept})
            return None, ""
        if actual is None or not ours:
            self._run.ledger.conclude(None, {change.key: None})
            return None, ""
        forgotten = replace(self._record(change), status=FORGOTTEN, manage=Manage.OBSERVE.value)

        def keep(now: ActualVoice) -> dict[str, VoiceRecord | None]:
            return {change.key: forgotten if self._is_ours(now) else None}

        try:
            await self._fields.unmark(change, actual, keep)
        except ApiRefusedError as error:
            if error.status not in NO_SUCH_TEXT:
                raise
            self._run.ledger.conclude(None, {change.key: forgotten})
        still = change.key in self._run.ledger.voices
        return None, "the server keeps our mark in its description; state remembers it as forgotten" if still else ""

    def _is_ours(self, voice: ActualVoice) -> bool:
        mark = read_mark(voice.description)
        return mark is not None and mark.scope == self._run.scope

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

    async def _wait(
        self, change: Change, voice_id: str, release: Release, *, seen: ActualVoice | None = None
    ) -> wire.Voice:
        """Return the voice once the server is done with it."""
        if seen is not None and seen.status in FINAL:
            voice = await self._run.session.client.get_voice(voice_id)
            if voice is not None:
                return voice
        if not self._wait_at_all:
            raise StillPending(voice_id, "not waited for")
        release()
        self._run.listener(Event(change, Step.PROCESSING, voice_id))
        waiting = asyncio.ensure_future(self._processing.wait(voice_id))
        stopping = asyncio.ensure_future(self._run.stop.wait())
        try:
            await asyncio.wait({waiting, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if waiting.done():
                return await self._whole(waiting.result())
        finally:
            waiting.cancel()
            stopping.cancel()
        raise StillPending(voice_id, "still processing when the run ended; the next apply goes on")

    async def _whole(self, voice: wire.Voice) -> wire.Voice:
        """Return the voice with all its fields: a page of the list may leave some out."""
        if voice.complete:
            return voice
        return await self._run.session.client.get_voice(voice.voice_id) or voice

    async def _first_voice(
        self, change: Change, desired: DesiredVoice, voice: wire.Voice, release: Release, *, settle: bool
    ) -> Ended:
        """End a key's first voice: ready, or failed and removed. With `settle`, fields changed since are written."""
        ledger, actual = self._run.ledger, to_actual(voice)
        before = ledger.voices[change.key]
        if voice.status == "failed":
            error = ProcessingFailedError(voice)
            failed = replace(before, status="failed", last_error=LastError(error.what, voice.problems))
            ledger.conclude(None, {change.key: failed})
            await self._maker.remove(change.key, voice.voice_id, {change.key: replace(failed, voice_id=None)})
            raise error
        ready = replace(voice_record(desired, actual, self._run.scope, retired=before.retired), status="ready")
        await self._take_over(change, desired, ready, actual, release, settle=settle)
        return voice.voice_id, self._unkept(change.key, None if settle else voice)

    async def _successor_voice(
        self, change: Change, desired: DesiredVoice, voice: wire.Voice, release: Release, *, settle: bool
    ) -> Ended:
        """End a replacement: the new voice takes over, or the old one stays as if nothing had been."""
        ledger = self._run.ledger
        before = ledger.voices[change.key]
        if voice.status == "failed":
            error = ProcessingFailedError(voice)
            kept = replace(before, last_error=LastError(error.what, voice.problems))
            ledger.conclude(None, {change.key: kept})
            await self._maker.remove(change.key, voice.voice_id, {change.key: replace(kept, successor=None)})
            raise error
        grace = desired.spec.lifecycle.keep_replaced
        earlier = tuple(old for old in before.retired if old.voice_id != voice.voice_id)
        retired = earlier
        if before.voice_id is not None and change.actual is not None:
            retired = (*earlier, before.retire(stamp(self._run.clock() + grace)))
        new = voice_record(desired, to_actual(voice), self._run.scope, retired=retired)
        await self._take_over(change, desired, new, to_actual(voice), release, settle=settle)
        if retired != earlier and not grace:
            left = replace(ledger.voices[change.key], retired=earlier)
            await self._maker.remove(change.key, retired[-1].voice_id, {change.key: left})
        return voice.voice_id, self._unkept(change.key, None if settle else voice)

    async def _bring_back(self, change: Change, desired: DesiredVoice, voice_id: str, release: Release) -> Ended:
        """Let a replaced voice that was kept be the key's again."""
        voice = await self._run.session.client.get_voice(voice_id)
        if voice is None or voice.status != "ready":
            shown = "gone" if voice is None else voice.status
            raise VoicectlError(f"The kept voice {voice_id} is {shown}", fix="plan again")
        self._run.ledger.conclude(None, self._under_new_key(change, self._record(change)))
        return await self._successor_voice(change, desired, voice, release, settle=True)

    async def _take_over(
        self,
        change: Change,
        desired: DesiredVoice,
        ready: VoiceRecord,
        actual: ActualVoice,
        release: Release,
        *,
        settle: bool,
    ) -> None:
        """Let a ready voice be the key's. With `settle`, fields whose file changed since they were sent are written."""
        if not settle:
            self._run.ledger.conclude(None, {change.key: ready})
            return

        def keep(now: ActualVoice) -> dict[str, VoiceRecord | None]:
            return {change.key: refreshed_record(ready, desired, now, self._run.scope)}

        # What it shows was not sent by this run, so none of it is "kept in another form" yet.
        ready = replace(ready, observed=None)
        if self._run.ledger.voices[change.key].voice_id != ready.voice_id:
            self._run.ledger.conclude(None, {change.key: ready})
        changed = diff.updates(desired, actual, None, self._run.scope)
        await self._fields.write(replace(change, fields=changed), ready, actual, keep, force_mark=True)
        await self._ready_again(change, actual.voice_id, release)

    def _unkept(self, key: str, made: wire.Voice | None = None) -> str:
        """Say which fields the server keeps in another form than they were sent in; for a new voice, the mark too."""
        observed = self._run.ledger.voices[key].observed or {}
        said = [f"the server keeps {path} as {value!r}" for path, value in sorted(observed.items())]
        if made is not None and made.complete and self._run.ownership_mark and not self._is_ours(to_actual(made)):
            said.append(MARK_LOST)
        return "; ".join(said)


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
