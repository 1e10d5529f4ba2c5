"""The audit trail: what became of each voice, in which commit."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from reconciler.errors import StateError, VoicectlError
from reconciler.git.documents import Documents
from reconciler.git.log import Commit, FileChange, log_of_file, pull_request
from reconciler.git.objects import Objects, open_objects
from reconciler.git.repository import Repository, open_repository
from reconciler.state.changes import VoiceChange, voice_changes
from reconciler.state.document import RecordedSample, StateDocument, VoiceRecord
from reconciler.state.reading import parse

_WORD = r'("(?:[^"\\]|\\.)*"|[^\s"]+)'
_MOVED_ID = re.compile(rf"Voicectl-Voice: {_WORD} {_WORD} -> {_WORD}")


@dataclass(frozen=True, slots=True)
class Entry:
    """What one commit did to one voice."""

    change: VoiceChange
    commit: Commit | None
    """None for what is on disk and not committed yet."""
    pull_request: int | None = None
    inherited: bool = False
    """The commit is where this clone's history is cut off: the voice may be older."""

    @property
    def voice_ids(self) -> frozenset[str]:
        """Every voice id that the change is about."""
        return frozenset().union(*(record.voice_ids for record in (self.change.before, self.change.after) if record))


@dataclass(frozen=True, slots=True)
class Origin:
    """Which recording made a voice."""

    voice_id: str
    key: str
    sample: RecordedSample | None
    """None where no document in sight says."""
    entry: Entry
    """Where the id is seen first."""


class History:
    """The history of one environment's state document. Use open_history."""

    def __init__(
        self,
        repository: Repository,
        path: str,
        objects: Objects,
        changes: Sequence[FileChange],
        committed: StateDocument | None,
        on_disk: StateDocument | None,
    ) -> None:
        self.repository = repository
        self.path = path
        """The document, from the top of the working tree."""
        self.now = on_disk or committed
        """The document as it is now."""
        self.warnings: list[str] = []
        """What could not be seen; grows while entries are read."""
        self.complete = True
        """Whether nothing is hidden beyond the end of a shallow clone."""
        self._objects = objects
        self._documents = Documents(objects, [blob for c in changes for blob in (c.after, *c.before) if blob])
        self._changes = changes
        self._origins = {c.after: c.before[0] for c in changes if c.after is not None}
        before = committed.voices if committed else {}
        self._uncommitted = voice_changes(before, on_disk.voices) if on_disk else ()
        self._boundary = _boundary(repository)

    def entries(self) -> Iterator[Entry]:
        """Yield what became of each voice, the newest first."""
        for change in self._uncommitted:
            yield Entry(change, None)
        for file_change in self._changes:
            commit = file_change.commit
            changes = self._voice_changes(file_change)
            number = self._pull_request(commit) if changes else None
            for change in changes:
                yield Entry(change, commit, number, inherited=commit.id in self._boundary)

    def warn(self, text: str) -> None:
        """Note something that could not be seen."""
        if text not in self.warnings:
            self.warnings.append(text)

    def note_boundary(self) -> None:
        """Say where a shallow clone ends."""
        if self._boundary:
            self.complete = False
            ends = ", ".join(sorted(name[:10] for name in self._boundary)[:3])
            self.warn(
                f"This clone is shallow: what happened to {self.path} before commit {ends} cannot be seen. "
                "`git fetch --unshallow` brings the rest."
            )

    def _voice_changes(self, change: FileChange) -> tuple[VoiceChange, ...]:
        came_from = _came_from(change.commit.trailers)
        by_parent = [self._compared(change, before, came_from) for before in change.before]
        first, *others = by_parent
        keys = [{voice.key for voice in found} for found in others]
        return tuple(voice for voice in first if all(voice.key in found for found in keys))

    def _compared(
        self, change: FileChange, before: str | None, came_from: Mapping[str, str]
    ) -> tuple[VoiceChange, ...]:
        try:
            return voice_changes(*self._documents.difference(before, change.after), came_from)
        except StateError:
            if change.after is not None and not self._documents.is_readable(change.after):
                self.warn(f"Commit {change.commit.id[:10]} has a state document that cannot be read; it is skipped.")
                return ()
            if before is None:
                raise
            older = self._origins.get(before)  # the broken version's own predecessor stands in for it
            return self._compared(change, older, came_from)

    def _pull_request(self, commit: Commit) -> int | None:
        """Return the number that the message names; for a commit of apply, the one whose merge it applied."""
        own = pull_request(commit.subject)
        applied = any(line.startswith("Voicectl-Environment:") for line in commit.trailers)
        if own is not None or not applied or not commit.parents:
            return own
        raw = self._objects.read(commit.parents[0]) or b""
        return pull_request(raw.partition(b"\n\n")[2].decode("utf-8", "replace"))


@contextmanager
def open_history(root: Path, state: Path, environment: str, environ: Mapping[str, str]) -> Iterator[History]:
    """Open the history of a state document. Raises VoicectlError where there is no repository and no document."""
    repository = open_repository(root, environ)
    path = repository.relative(state)
    if path is None:
        raise VoicectlError("The state document is outside of the git repository", where=str(state))
    head = repository.head
    changes = log_of_file(repository.git, head, path) if head else []
    raw = state.read_bytes() if state.exists() else None
    if raw is None and not changes:
        raise VoicectlError(
            f"There is no state document of the environment {environment!r} yet",
            where=path,
            fix="`voicectl apply --commit` makes one and commits it",
        )
    with open_objects(repository.git) as objects:
        committed = _document(objects.read(f"{head}:{path}") if head else None)
        on_disk = _document(raw)
        history = History(repository, path, objects, changes, committed, on_disk)
        if raw is not None and on_disk is None:
            history.warn(f"{path} cannot be read as it is now; only what is committed is shown.")
        if not changes:
            why = "there is no commit yet" if head is None else "git does not have it"
            history.warn(f"{path} was never committed: {why}. `voicectl apply --commit` commits it.")
        history.note_boundary()
        yield history


def of_key(entries: Iterable[Entry], key: str) -> Iterator[Entry]:
    """Yield the entries of a voice, under this key and, before it moved, under the older ones; and where it went."""
    keys = {key}
    for entry in entries:
        if entry.change.previous_key in keys:
            yield entry
        elif entry.change.key in keys:
            if entry.change.previous_key is not None:
                keys.add(entry.change.previous_key)
            yield entry


def origin_of(voice_id: str, entries: Iterable[Entry]) -> Origin | None:
    """Return which recording made a voice, from the entries about it, the newest first; None for an unknown id."""
    origin: Origin | None = None
    for entry in entries:
        for record in (entry.change.after, entry.change.before):
            found = _made(voice_id, record)
            if found is not None:
                key = entry.change.previous_key if record is entry.change.before else None
                sample = found.sample or (origin.sample if origin else None)
                origin = Origin(voice_id, key or entry.change.key, sample, entry)
    return origin


def _made(voice_id: str, record: VoiceRecord | None) -> VoiceRecord | None:
    """Return the record, as it is for this voice id: its own, or the replacement's that is on its way."""
    if record is None:
        return None
    if record.voice_id == voice_id:
        return record
    if record.successor is not None and record.successor.voice_id == voice_id:
        return replace(record, voice_id=voice_id, sample=record.successor.sample)
    if any(old.voice_id == voice_id for old in record.retired):
        return replace(record, voice_id=voice_id, sample=None)
    return None


def _document(raw: bytes | None) -> StateDocument | None:
    try:
        return parse(raw.decode("utf-8"), filename="") if raw is not None else None
    except (StateError, UnicodeDecodeError):
        return None


def _boundary(repository: Repository) -> frozenset[str]:
    """Return the commits whose parents a shallow clone does not have."""
    file = repository.common_folder / "shallow"
    return frozenset(file.read_text(encoding="ascii").split()) if file.exists() else frozenset()


def _came_from(trailers: Sequence[str]) -> dict[str, str]:
    """Return the old voice id by key, as an apply wrote it; a key's first line is of the voice in use."""
    found = (_MOVED_ID.fullmatch(line) for line in reversed(trailers))
    return {_unquoted(line[1]): _unquoted(line[2]) for line in found if line is not None and line[2] != "-"}


def _unquoted(word: str) -> str:
    if not word.startswith('"'):
        return word
    try:
        return str(json.loads(word))
    except ValueError:  # not one of ours
        return word
