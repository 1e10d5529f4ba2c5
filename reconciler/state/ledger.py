"""The records during one apply: every change goes through the journal first, the document is written at the end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict

from reconciler.errors import VoicectlError
from reconciler.key_patterns import KeyPatterns
from reconciler.state.document import StateDocument, VoiceRecord, digest
from reconciler.state.group_commit import GroupCommit
from reconciler.state.journal import CreateIntent
from reconciler.state.store import Hold, LoadedState


class Ledger:
    """The records of one environment, while a run holds the right to change them."""

    def __init__(self, hold: Hold, loaded: LoadedState) -> None:
        self._hold = hold
        self._journal = hold.journal
        self._document = loaded.document
        self._snapshot = loaded.snapshot
        self.voices = dict(loaded.voices)
        self.account = loaded.account
        self._left_open = loaded.unknown
        self._open_creates: dict[int, CreateIntent] = {}
        self._commits = GroupCommit(self._journal.sync)

    def open(self) -> None:
        """Save what dead runs' journals knew, and start the journal of this run with what they left unknown."""
        self._hold.remove_leftovers()
        if self._snapshot is None and self._hold.store.backend.shared:
            self._save(self._document)  # all who begin at once must begin the same line
        self._fold()
        self._begin(self._left_open)
        self._hold.end_left_journals()

    def _begin(self, carried: Sequence[CreateIntent]) -> None:
        document = self._document
        numbers = self._journal.begin(
            lineage=document.lineage, environment=document.environment, serial=document.serial, carried=carried
        )
        self._open_creates = {number: intent for intent, number in numbers.items()}

    @property
    def loaded(self) -> LoadedState:
        """The state as it is now, for planning."""
        unknown = tuple(self._open_creates.values())
        return LoadedState(self._document, self._snapshot, self.voices, self.account, unknown)

    @property
    def unknown(self) -> Mapping[int, CreateIntent]:
        """Creates whose outcome nobody knows (yet), by their number in the journal."""
        return dict(self._open_creates)

    @property
    def covered(self) -> KeyPatterns:
        """The voices that this run may change."""
        return self._hold.lease.covered

    def extend(self, keys: Iterable[str]) -> None:
        """Have the right to change these voices too. Raises LockedError."""
        self._hold.lease.extend(keys)

    async def intend(self, op: str, key: str, **facts: object) -> int:
        """Return once an API write that is about to be sent is on disk.

        Raises LockedError when the right to it has been lost.
        """
        self._hold.lease.check()
        number = self._journal.intend(op, key, **facts)
        await self._commits.commit()
        self._hold.lease.check()  # a slow disk may have taken longer than the lease lasts
        return number

    async def intend_create(self, intent: CreateIntent) -> int:
        """Return once a create that is about to be sent is on disk. It counts as unknown until it is concluded."""
        facts = asdict(intent)
        number = await self.intend("create", facts.pop("key"), **facts)
        self._open_creates[number] = intent
        return number

    def conclude(self, intent: int | None, records: Mapping[str, VoiceRecord | None] | None = None) -> None:
        """Write down what became of an intent (or what was learned without one), and take over the records.

        It is on its way to the disk when this returns, and there before the next intent is.
        """
        records = records or {}
        written = {key: digest(self._document.voices.get(key)) for key in records}
        self._journal.conclude(intent, records, self.account, written)
        self._sync_soon()
        if intent is not None:
            self._open_creates.pop(intent, None)
        for key, record in records.items():
            if record is None:
                self.voices.pop(key, None)
            else:
                self.voices[key] = record

    def _sync_soon(self) -> None:
        try:
            self._commits.soon()
        except RuntimeError:  # nobody waits for anything here, so it may be waited for
            self._journal.sync()

    def close(self) -> StateDocument:
        """Write the document and end the journal, which lives on only for creates that are still unknown.

        Raises LockedError when the right to write has been lost: then the journal keeps what was done.
        """
        try:
            self._hold.lease.check()
            document = self._fold()
        except VoicectlError:
            self._journal.close()
            raise
        if self._open_creates:
            self._begin(tuple(self._open_creates.values()))
            self._journal.close()
        else:
            self._journal.end()
        return document

    def _fold(self) -> StateDocument:
        document = self._document.with_voices(self.voices, self.account)
        if document is not self._document:
            self._save(document)
        return self._document

    def _save(self, document: StateDocument) -> None:
        """Write the document; what others wrote meanwhile is in it, and known from now on."""
        self._document, self._snapshot = self._hold.store.save(document, base=self._document, replaces=self._snapshot)
        self.voices = dict(self._document.voices)
        self.account = self._document.account
