"""Where the state document of one environment lives, and how it, the journal and the lock fit together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from reconciler.crash_points import crash_point
from reconciler.errors import StateError
from reconciler.state.document import StateDocument, VoiceRecord, render
from reconciler.state.files import write_atomically
from reconciler.state.journal import CreateIntent, Journal, Replay
from reconciler.state.reading import parse


@dataclass(frozen=True, slots=True)
class LoadedState:
    """The state document with what a dead run's journal adds to it."""

    document: StateDocument
    """As it is on disk (a new, empty one when there is no file)."""
    exists: bool
    """Whether there is a file."""
    voices: dict[str, VoiceRecord]
    """The records with the journal folded in."""
    account: str | None
    unknown: tuple[CreateIntent, ...] = ()
    """Creates of a dead run whose outcome nobody knows."""


class StateStore:
    """The state document, journal and lock of one environment."""

    def __init__(self, path: Path, work: Path, environment: str) -> None:
        """`path` is the document, `work` the folder for journal and lock."""
        self.path = path
        self.environment = environment
        self.journal = Journal(work / f"{environment}.journal")
        self.lock_path = work / f"{environment}.lock"

    def load(self) -> LoadedState:
        """Read document and journal. Raises StateError rather than guess."""
        try:
            text = self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            document, exists = StateDocument.new(self.environment), False
        except (OSError, UnicodeDecodeError) as error:
            raise StateError("Cannot read the state document", where=self.path.name, why=str(error)) from error
        else:
            document, exists = parse(text, filename=self.path.name), True
        if document.environment != self.environment:
            raise StateError(
                f"The state document belongs to the environment {document.environment!r}, not {self.environment!r}",
                where=self.path.name,
                fix="name the right file in voicectl.yaml under environments, or restore it from git",
            )
        return self._fold(document, self.journal.replay(), exists=exists)

    def _fold(self, document: StateDocument, replay: Replay | None, *, exists: bool) -> LoadedState:
        voices = dict(document.voices)
        if replay is None:
            return LoadedState(document, exists, voices, document.account)
        if not exists:
            document = replace(document, lineage=replay.lineage, serial=replay.serial)
        if replay.environment != self.environment or (exists and replay.lineage != document.lineage):
            raise StateError(
                "The journal of a run that died belongs to another state document",
                where=str(self.journal.path),
                why=f"its lineage is {replay.lineage}, the document's is {document.lineage}",
                fix="restore the state document that the run worked on, or move the journal away: "
                "marked voices on the server are adopted by the next apply",
            )
        moved_on = document.serial > replay.serial  # this run was folded already, or another machine has applied since
        for key, record in replay.records.items():
            if moved_on and (record is None or key in voices):
                continue
            if record is None:
                voices.pop(key, None)
            else:
                voices[key] = record
        account = replay.account or document.account
        return LoadedState(document, exists, voices, account, tuple(replay.unknown))

    def save(self, document: StateDocument) -> None:
        """Write the document, whole or not at all."""
        crash_point("state before save")
        write_atomically(self.path, render(document))
        crash_point("state after save")


class Ledger:
    """The records during one apply: every change goes through the journal first, the document is written at the end."""

    def __init__(self, store: StateStore, loaded: LoadedState) -> None:
        self._store = store
        self._document = loaded.document
        self.voices = dict(loaded.voices)
        self.account = loaded.account
        self._left_open = loaded.unknown
        self._open_creates: dict[int, CreateIntent] = {}

    def open(self) -> None:
        """Save what a dead run's journal knew, and start the journal of this run with what it left unknown."""
        self._fold()
        self._begin(self._left_open)

    def _begin(self, carried: Sequence[CreateIntent]) -> None:
        document = self._document
        numbers = self._store.journal.begin(
            lineage=document.lineage, environment=document.environment, serial=document.serial, carried=carried
        )
        self._open_creates = {number: intent for intent, number in numbers.items()}

    @property
    def loaded(self) -> LoadedState:
        """The state as it is now, for planning."""
        unknown = tuple(self._open_creates.values())
        return LoadedState(self._document, self._document.serial > 0, self.voices, self.account, unknown)

    @property
    def unknown(self) -> Mapping[int, CreateIntent]:
        """Creates whose outcome nobody knows (yet), by their number in the journal."""
        return dict(self._open_creates)

    def intend(self, op: str, key: str, **facts: object) -> int:
        """Write down an API write before it is sent."""
        return self._store.journal.intend(op, key, **facts)

    def intend_create(self, intent: CreateIntent) -> int:
        """Write down a create before it is sent. It counts as unknown until it is concluded."""
        facts = asdict(intent)
        number = self.intend("create", facts.pop("key"), **facts)
        self._open_creates[number] = intent
        return number

    def conclude(self, intent: int | None, records: Mapping[str, VoiceRecord | None] | None = None) -> None:
        """Write down what became of an intent (or what was learned without one), and take over the records."""
        self._store.journal.conclude(intent, records or {}, self.account)
        if intent is not None:
            self._open_creates.pop(intent, None)
        for key, record in (records or {}).items():
            if record is None:
                self.voices.pop(key, None)
            else:
                self.voices[key] = record

    def close(self) -> StateDocument:
        """Write the document and end the journal, which lives on only for creates that are still unknown."""
        document = self._fold()
        if self._open_creates:
            self._begin(tuple(self._open_creates.values()))
            self._store.journal.close()
        else:
            self._store.journal.end()
        return document

    def _fold(self) -> StateDocument:
        document = self._document.with_voices(self.voices, self.account)
        if document is not self._document:
            self._store.save(document)
            self._document = document
        return document
