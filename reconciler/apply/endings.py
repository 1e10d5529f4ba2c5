"""How a voice ends once the server has its sample: it is ready and becomes its key's, or it failed and all stays."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from reconciler.apply.actual_side import to_actual
from reconciler.apply.clock import stamp
from reconciler.apply.events import Event, Step
from reconciler.apply.fields import FieldWriter
from reconciler.apply.making import Maker, RunContext, StillPending
from reconciler.apply.processing import FINAL, Processing
from reconciler.errors import VoicectlError
from reconciler.palabra import wire
from reconciler.plan import diff
from reconciler.plan.change import Change
from reconciler.plan.mark import is_marked
from reconciler.plan.record import refreshed_record, voice_record
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


class ProcessingFailedError(VoicectlError):
    """The server took the sample and could not make a voice of it."""

    def __init__(
        self, voice: wire.Voice, fix: str = "the half-made voice was removed; mend the sample and apply again"
    ) -> None:
        what = "The server could not make a voice of the sample"
        super().__init__(what, why="; ".join(voice.problems), fix=fix)
        self.problems = voice.problems


class Endings:
    """Waits for voices, and writes down how they ended. Raises VoicectlError, Stopped or StillPending."""

    def __init__(
        self, run: RunContext, maker: Maker, fields: FieldWriter, processing: Processing, *, wait: bool
    ) -> None:
        self._run = run
        self._maker = maker
        self._fields = fields
        self._processing = processing
        self._wait_at_all = wait

    async def wait(
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

    async def first_voice(
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
        return voice.voice_id, self.unkept(change.key, None if settle else voice)

    async def successor_voice(
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
        return voice.voice_id, self.unkept(change.key, None if settle else voice)

    async def ready_again(self, change: Change, voice_id: str, release: Release) -> None:
        """Wait for a voice that a server processes anew because of an update; most do not."""
        written = self._run.ledger.voices[change.key]
        if written.ready:
            return
        voice = await self.wait(change, voice_id, release)
        again = replace(written, status="ready")
        if voice.status == "failed":
            raise self.failed_in_use(change, again, voice)
        self._run.ledger.conclude(None, {change.key: again})

    def failed_in_use(self, change: Change, record: VoiceRecord, voice: wire.Voice) -> ProcessingFailedError:
        """Leave a voice that consumers have as it was; return why."""
        error = ProcessingFailedError(voice, fix=REPLACED_NEXT)
        failed = replace(record, last_error=LastError(error.what, voice.problems))
        self._run.ledger.conclude(None, {change.key: failed})
        return error

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
        await self.ready_again(change, actual.voice_id, release)

    def unkept(self, key: str, made: wire.Voice | None = None) -> str:
        """Say which fields the server keeps in another form than they were sent in; for a new voice, the mark too."""
        observed = self._run.ledger.voices[key].observed or {}
        said = [f"the server keeps {path} as {value!r}" for path, value in sorted(observed.items())]
        if (
            made is not None
            and made.complete
            and self._run.ownership_mark
            and not is_marked(made.description, self._run.scope)
        ):
            said.append(MARK_LOST)
        return "; ".join(said)
