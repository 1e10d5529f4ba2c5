"""The state of one environment: how its document, the journals of runs, and the right to change it fit together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

from reconciler.crash_points import crash_point
from reconciler.errors import LockedError, StateError
from reconciler.state.backend import Backend, Lease, LocalFile, MovedError, Snapshot
from reconciler.state.backup import back_up, backup_path
from reconciler.state.copy import OfflineCopy
from reconciler.state.document import StateDocument, VoiceRecord, digest, render
from reconciler.state.files import remove_leftovers
from reconciler.state.journal import CreateIntent, Journal, Replay
from reconciler.state.lock import Holder, Lock, break_lock
from reconciler.state.reading import parse


@dataclass(frozen=True, slots=True)
class LoadedState:
    """The state document with what the journals of dead runs add to it."""

    document: StateDocument
    """As it was written (a new, empty one when there is none)."""
    snapshot: Snapshot | None
    """What was read; None when there is none."""
    voices: dict[str, VoiceRecord]
    """The records with the journals folded in."""
    account: str | None
    unknown: tuple[CreateIntent, ...] = ()
    """Creates of dead runs whose outcome nobody knows."""
    copied: bool = False
    """Whether this is a copy of a document that was not asked for now."""

    @property
    def exists(self) -> bool:
        """Whether there is a document."""
        return self.snapshot is not None


Wait = Callable[[LockedError], None]
"""Returns when a lock may be tried again, and raises the error, or another one, when not."""


def at_once(error: LockedError) -> None:
    """Wait for no lock."""
    raise error


class StateStore:
    """The state document of one environment, and the folder of this machine's journals and locks."""

    def __init__(self, backend: Backend, work: Path, environment: str) -> None:
        self.backend = backend
        self.work = work
        self.environment = environment
        self.lock_path = work / f"{environment}.lock"
        """Of the first run on this machine; where the document is a file, of the only one."""
        self._copy = OfflineCopy(work, environment) if backend.shared else None

    @classmethod
    def of_file(cls, path: Path, work: Path, environment: str) -> StateStore:
        """Return the store of a document that is a file."""
        return cls(LocalFile(path), work, environment)

    @property
    def name(self) -> str:
        """The document's name, for people."""
        return self.backend.name

    @property
    def file(self) -> Path | None:
        """The document's file, where it is one."""
        return self.backend.file

    def journals(self) -> list[Journal]:
        """Return the journals that are there: of dead runs, and of living ones."""
        slots = (_Slot(self.work, self.environment, number) for number in _numbers(self.work, self.environment))
        return [slot.journal for slot in slots if slot.journal.path.exists()]

    def load(self, *, offline: bool = False) -> LoadedState:
        """Read document and journals. Raises StateError rather than guess.

        `offline` asks nobody: a document that is not a file here is read from the copy of it.
        """
        return self._load(self.journals(), offline=offline)

    def _load(self, journals: list[Journal], *, offline: bool = False) -> LoadedState:
        copied = offline and self._copy is not None
        snapshot = self._copy.read(self.name) if offline and self._copy else self._read()
        document = self.parse(snapshot)
        loaded = LoadedState(document, snapshot, dict(document.voices), document.account, copied=copied)
        for journal in journals:
            replay = journal.replay()
            if replay is not None:
                loaded = self._fold(loaded, replay, journal)
        return loaded

    def _read(self) -> Snapshot | None:
        snapshot = self.backend.read()
        if self._copy is not None and snapshot is not None:
            self._copy.keep(snapshot)
        return snapshot

    def parse(self, snapshot: Snapshot | None) -> StateDocument:
        """Return the document that was read, a new one for None. Raises StateError for one that is not ours."""
        if snapshot is None:
            return StateDocument.new(self.environment)
        document = parse(snapshot.text, filename=self.name)
        if document.environment != self.environment:
            raise StateError(
                f"The state document belongs to the environment {document.environment!r}, not {self.environment!r}",
                where=self.name,
                fix="name the right file in voicectl.yaml under environments, or restore it from git",
            )
        return document

    def _fold(self, loaded: LoadedState, replay: Replay, journal: Journal) -> LoadedState:
        document, voices = loaded.document, dict(loaded.voices)
        begun = loaded.exists or loaded.voices or loaded.unknown
        if not begun:
            document = replace(document, lineage=replay.lineage, serial=replay.serial)
        if replay.environment != self.environment or replay.lineage != document.lineage:
            raise StateError(
                "The journal of a run that died belongs to another state document",
                where=str(journal.path),
                why=f"its lineage is {replay.lineage}, the document's is {document.lineage}",
                fix="restore the state document that the run worked on, or move the journal away: "
                "marked voices on the server are adopted by the next apply",
            )
        moved_on = document.serial > replay.serial  # this run was folded already, or somebody has applied since
        for key, record in replay.records.items():
            untouched = digest(document.voices.get(key)) == replay.written.get(key)
            if moved_on and not untouched and (record is None or key in voices):
                continue
            if record is None:
                voices.pop(key, None)
            else:
                voices[key] = record
        account = replay.account or loaded.account
        return replace(
            loaded, document=document, voices=voices, account=account, unknown=(*loaded.unknown, *replay.unknown)
        )

    def save(
        self, document: StateDocument, *, base: StateDocument, replaces: Snapshot | None
    ) -> tuple[StateDocument, Snapshot]:
        """Write a document that was made from `base`, and return it as it then is, with what others wrote meanwhile.

        Raises StateError when it cannot be written, or when somebody else changed the same voices.
        """
        while True:
            crash_point("state before save")
            try:
                written = self.backend.write(render(document), replaces)
            except MovedError:
                replaces = self._read()
                if replaces is None:
                    continue
                theirs = self.parse(replaces)
                if not base.serial:
                    base = replace(theirs, voices={}, account=None, serial=0)  # nobody had begun when we looked
                    document = replace(document, lineage=theirs.lineage)
                document = self._merged(base, document, theirs)
                base = theirs
                if document == theirs:
                    return theirs, replaces
            else:
                crash_point("state after save")
                if self._copy is not None:
                    self._copy.keep(written)
                return document, written

    def _merged(self, base: StateDocument, ours: StateDocument, theirs: StateDocument) -> StateDocument:
        from reconciler.state.merge import MergeConflict, merge_documents  # noqa: PLC0415 - only where somebody else wrote

        try:
            return merge_documents(base, ours, theirs)
        except MergeConflict as conflict:
            raise StateError(
                "Somebody else changed the state document meanwhile",
                where=self.name,
                why="; ".join(conflict.reasons),
                fix="what this run did is kept in its journal here; `voicectl plan` shows what is left to do",
            ) from conflict

    @contextmanager
    def hold(self, holder: Holder, patterns: tuple[str, ...] = (), *, wait: Wait = at_once) -> Iterator[Hold]:
        """Take the right to change voices: keys or patterns of keys, none for all. Raises LockedError."""
        with ExitStack() as stack:
            while True:
                try:
                    hold = self._take(stack, holder, patterns)
                except LockedError as error:
                    wait(error)
                else:
                    break
            yield hold

    def _take(self, stack: ExitStack, holder: Holder, patterns: tuple[str, ...]) -> Hold:
        with ExitStack() as attempt:
            lease = attempt.enter_context(self.backend.lease(holder, patterns))
            slot = self._take_slot(attempt, holder, lease)
            hold = Hold(self, lease, slot.journal, self._take_left(attempt, holder, slot, lease))
            stack.push(attempt.pop_all())
            return hold

    def _take_slot(self, stack: ExitStack, holder: Holder, lease: Lease) -> _Slot:
        """Take a place for this run on this machine. Where the document is a file there is one."""
        for number in count(1):
            slot = _Slot(self.work, self.environment, number)
            with ExitStack() as attempt:
                try:
                    attempt.enter_context(Lock(slot.lock_path, holder))
                except LockedError:
                    if not self.backend.shared:
                        raise
                    continue
                if slot.left_for(lease):
                    stack.push(attempt.pop_all())
                    return slot
        raise AssertionError("there is always one more place")

    def _take_left(self, stack: ExitStack, holder: Holder, own: _Slot, lease: Lease) -> list[Journal]:
        """Take over the journals of dead runs that are about voices of this lease only."""
        taken = []
        for number in _numbers(self.work, self.environment):
            slot = _Slot(self.work, self.environment, number)
            if number != own.number:
                try:
                    stack.enter_context(Lock(slot.lock_path, holder))
                except LockedError:
                    continue
            if slot.left_for(lease):
                taken.append(slot.journal)
        return taken

    def break_lock(self, *, force: bool) -> tuple[Holder, ...]:
        """Clear what a dead run left behind; returns whose it was. Raises LockedError for a living one."""
        if self.backend.shared:
            return self.backend.break_leases(force=force)
        holder = break_lock(self.lock_path, force=force)
        return (holder,) if holder else ()


class Hold:
    """One run's right to change voices of a state document."""

    def __init__(self, store: StateStore, lease: Lease, journal: Journal, left: list[Journal]) -> None:
        self.store = store
        self.lease = lease
        self.journal = journal
        """Where this run writes."""
        self._left = left

    def load(self) -> LoadedState:
        """Read the document, and what dead runs left for this one to finish."""
        return self.store._load(self._left)  # noqa: SLF001 - the other half of one class

    def remove_leftovers(self) -> None:
        """Remove temporary files of writers that were killed."""
        paths = [self.journal.path, *([self.store.file] if self.store.file else [])]
        for path in paths:
            remove_leftovers(path)

    def set_aside(self, now: str) -> list[Path]:
        """Move the document and the journals that are there to the backups; returns where they are now.

        `now` is an RFC 3339 time.
        """
        import shutil  # noqa: PLC0415 - only here

        work, environment = self.store.work, self.store.environment
        kept = []
        for path, ending in ((self.store.file, "json"), *((journal.path, "journal") for journal in self._left)):
            if path is not None and path.exists():
                try:
                    kept.append(Path(shutil.move(path, backup_path(work, environment, now, ending))))
                except OSError as error:
                    raise StateError("Cannot set the old state aside", where=str(path), why=str(error)) from error
        if self.store.file is None and (snapshot := self.store.backend.read()) is not None:
            kept.append(back_up(work, environment, now, snapshot.text))
        self._left = []
        return kept

    def replace_document(self, document: StateDocument) -> None:
        """Write a document of another line over the one that is there. Raises LockedError."""
        while True:
            self.lease.check()
            with suppress(MovedError):  # an editor, or a run that lost its right to write: it is written over too
                self.store.backend.write(render(document), self.store.backend.read())
                return

    def end_left_journals(self) -> None:
        """Remove the journals of dead runs, once this run's has what they left open."""
        for journal in self._left:
            if journal.path != self.journal.path:
                journal.end()
        self._left = []


class _Slot:
    """A place for one run on this machine: its lock and its journal."""

    def __init__(self, work: Path, environment: str, number: int) -> None:
        name = environment if number == 1 else f"{environment}+{number}"  # no environment has a plus in its name
        self.number = number
        self.lock_path = work / f"{name}.lock"
        self.journal = Journal(work / f"{name}.journal")

    def left_for(self, lease: Lease) -> bool:
        """Whether what a dead run left here, if anything, is about voices of this lease only."""
        if not lease.patterns:
            return True  # and the journal need not be read to know
        replay = self.journal.replay()
        covered = lease.covered
        return replay is None or all(key in covered for key in replay.keys)


def _numbers(work: Path, environment: str) -> list[int]:
    """Return the places that have a journal."""
    further = (path.stem.removeprefix(f"{environment}+") for path in work.glob(f"{environment}+*.journal"))
    first = [1] if (work / f"{environment}.journal").exists() else []
    return first + sorted(int(number) for number in further if number.isdecimal())
