"""Making one voice on the server, exactly once: reserve it, upload its sample, know it whatever happens."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from reconciler.apply.actual_side import check_account, to_actual
from reconciler.apply.clock import Clock, stamp
from reconciler.apply.events import Event, Listener, Step
from reconciler.apply.lost_creates import find_lost
from reconciler.apply.session import Session
from reconciler.apply.upload import Upload
from reconciler.desired.identity import read_identity
from reconciler.errors import ApiUnknownError, RefusedError, UploadError
from reconciler.palabra.client import NewVoice, Reserved
from reconciler.palabra.upload import Sample, server_clock
from reconciler.plan.change import Change
from reconciler.plan.mark import Mark, with_mark
from reconciler.plan.marked import known_ids
from reconciler.plan.record import desired_mark
from reconciler.plan.sides import ActualVoice, DesiredVoice
from reconciler.state.document import VoiceRecord
from reconciler.state.journal import CreateIntent
from reconciler.state.ledger import Ledger

ATTEMPTS = 3
"""Voices that are reserved for one change at most: each earlier one was lost or came to nothing, and is removed."""

Keep = Callable[[ActualVoice | None], dict[str, VoiceRecord | None]]
"""What state keeps while a voice is made; None: there is no such voice (any more)."""


class Stopped(Exception):  # noqa: N818 - not an error: somebody asked for it
    """The run was asked to stop before this step began."""


class StillPending(Exception):  # noqa: N818 - not an error: the next apply goes on
    """The server has the sample, and nobody waits for the voice any more."""

    def __init__(self, voice_id: str, why: str) -> None:
        super().__init__(why)
        self.voice_id = voice_id
        self.why = why


@dataclass(frozen=True, slots=True)
class RunContext:
    """What all steps of a run share."""

    session: Session
    ledger: Ledger
    uploads: Mapping[str, Upload]
    """By key."""
    scope: str
    ownership_mark: bool
    state_filename: str
    clock: Clock
    stop: asyncio.Event
    listener: Listener
    suspects: set[str]
    """Keys for which a create was lost and never found: its voice may yet show up."""
    made: set[str]
    """Keys for which a voice was made."""
    removed: set[str]
    """Ids of voices that were deleted: a list from before that may still show them."""
    spared: frozenset[str]
    """Ids of replaced voices that state has lost, and that are kept for a time."""
    before: frozenset[str]
    """Ids of the voices that the account had when the plan was made."""
    account_seen: asyncio.Event
    """Set once a voice was made: then it is known whose account this is, as far as the server tells."""

    def check_stop(self) -> None:
        """Raise Stopped if the run was asked to stop."""
        if self.stop.is_set():
            raise Stopped


class Maker:
    """Reserves voices and uploads their samples."""

    def __init__(self, run: RunContext) -> None:
        self._run = run

    async def make(self, change: Change, keep: Keep) -> str:
        """Return the id of a voice that has its sample. Raises VoicectlError, having cleaned up after itself."""
        desired, upload, size = self._checked(change)
        for attempt in range(1, ATTEMPTS + 1):
            self._run.check_stop()
            reserved = await self._reserve(change, desired, upload, keep)
            voice_id = reserved.voice.voice_id
            try:
                self._run.check_stop()
                await self._upload(change, reserved, upload, size, keep)
            except UploadError as error:
                voice = await self._run.session.client.get_voice(voice_id)
                if voice is not None and voice.status != "created":
                    return voice_id  # only the answer was lost: the sample is there
                await self.remove(change.key, voice_id, keep(None))
                if not error.expired or attempt == ATTEMPTS:
                    raise
            else:
                return voice_id
        raise AssertionError("the last attempt returns or raises")

    async def remove(self, key: str, voice_id: str, records: dict[str, VoiceRecord | None]) -> None:
        """Delete a voice of ours; `records` are what state keeps once it is gone."""
        intent = await self._run.ledger.intend("delete", key, voice_id=voice_id)
        await self._run.session.client.delete(voice_id)
        self._run.removed.add(voice_id)
        self._run.ledger.conclude(intent, records)

    def _checked(self, change: Change) -> tuple[DesiredVoice, Upload, int]:
        """Make sure that the bytes to send are the bytes that were planned, and return their number, too."""
        assert change.desired is not None
        sample, upload = change.desired.sample, self._run.uploads[change.key]
        assert sample is not None, "no voice is made without a recording"
        identity = read_identity(upload.path)
        if identity.pointer or identity.sha256 != sample.sha256:  # a pointer names the sha256, and holds no audio
            raise RefusedError(f"{sample.file} changed after it was planned", fix="plan again")
        return change.desired, upload, identity.size

    async def _reserve(self, change: Change, desired: DesiredVoice, upload: Upload, keep: Keep) -> Reserved:
        new = self._new_voice(desired, upload)
        client, ledger = self._run.session.client, self._run.ledger
        for attempt in range(1, ATTEMPTS + 1):
            self._run.check_stop()  # what follows a lost answer is another create
            intent = self._intent(desired, new)
            number = await ledger.intend_create(intent)
            try:
                reserved = await client.create(new)
            except ApiUnknownError:
                self._run.listener(Event(change, Step.LOOKING))
                if await self._resolve(intent, number, change.key):
                    continue
                if attempt == ATTEMPTS:
                    raise
            except Exception:
                ledger.conclude(number)  # a definite no: nothing was made
                raise
            else:
                await self._know(reserved, number, change, keep)
                return reserved
        raise ApiUnknownError(
            "The server loses its answers to creates", request="POST /saas/voice/clone", fix="run again later"
        )

    async def _resolve(self, intent: CreateIntent, number: int, key: str) -> bool:
        """Find the voice of a lost answer and remove it: its upload form was lost too. Return whether there was one."""
        ledger = self._run.ledger
        session = self._run.session
        found = await find_lost(
            session.client, [intent], known_ids(ledger.voices), seconds=session.settle, before=self._run.before
        )
        voices = found[intent]
        for voice in voices:
            await self.remove(key, voice.voice_id, {})
        ledger.conclude(number)
        if not voices:
            self._run.suspects.add(key)
        return bool(voices)

    async def _know(self, reserved: Reserved, number: int, change: Change, keep: Keep) -> None:
        """Write the new voice down, after a look at whose account it is in."""
        ledger, voice = self._run.ledger, reserved.voice
        if voice.user_id is not None and ledger.account is not None and voice.user_id != ledger.account:
            ledger.conclude(number)
            await self.remove(change.key, voice.voice_id, {})
            check_account(ledger.account, voice.user_id, filename=self._run.state_filename)
        ledger.account = ledger.account or voice.user_id
        ledger.conclude(number, keep(to_actual(voice)))
        self._run.made.add(change.key)
        self._run.account_seen.set()
        self._run.listener(Event(change, Step.RESERVED, voice.voice_id))

    def _mark(self, desired: DesiredVoice) -> Mark | None:
        return desired_mark(desired, self._run.scope) if self._run.ownership_mark else None

    def _intent(self, desired: DesiredVoice, new: NewVoice) -> CreateIntent:
        now, date = self._run.clock(), self._run.session.client.server_date
        mark = self._mark(desired)
        return CreateIntent(
            key=desired.spec.key,
            name=new.name,
            mark=str(mark) if mark else None,
            since=stamp(server_clock(date)()) if date else None,
            at=now.timestamp(),
        )

    async def _upload(self, change: Change, reserved: Reserved, upload: Upload, size: int, keep: Keep) -> None:
        voice_id, ledger = reserved.voice.voice_id, self._run.ledger

        def progress(sent: int) -> None:
            self._run.listener(Event(change, Step.UPLOADING, voice_id, sent=sent, total=size))

        intent = await ledger.intend("upload", change.key, voice_id=voice_id)
        sample = Sample(upload.path, upload.filename, upload.mime_type, size)
        await self._run.session.uploader.upload(
            reserved.form, sample, now=server_clock(reserved.date), progress=progress
        )
        uploaded = to_actual(reserved.voice)
        ledger.conclude(intent, keep(ActualVoice(voice_id, "pending", created_at=uploaded.created_at)))

    def _new_voice(self, desired: DesiredVoice, upload: Upload) -> NewVoice:
        spec = desired.spec
        return NewVoice(
            name=spec.name,
            description=with_mark(spec.description, self._mark(desired)),
            labels={label: value for label, value in spec.labels.items() if value is not None},
            filename=upload.filename,
            mime_type=upload.mime_type,
            lang_code=spec.sample.lang_code,
            denoise=spec.sample.denoise,
            speech_normalization=spec.sample.speech_normalization,
            display_name=spec.sample.display_name,
            sample_description=spec.sample.description,
        )
