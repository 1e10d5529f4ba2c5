"""state push: another document in the place of the one that is there, without losing what nobody has seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from reconciler.errors import RefusedError, StateError
from reconciler.state.backend import MovedError
from reconciler.state.backup import back_up, backup_path
from reconciler.state.changes import voice_changes
from reconciler.state.document import StateDocument, render
from reconciler.state.ledger import Ledger
from reconciler.state.lock import Holder
from reconciler.state.reading import parse
from reconciler.state.store import Hold, LoadedState, StateStore
from reconciler.state.surgery import Operated


def read_pushed(text: str, *, filename: str, environment: str) -> StateDocument:
    """Read what shall be pushed. Raises StateError for no document, RefusedError for one of another environment."""
    try:
        document = parse(text, filename=filename)
    except StateError as error:
        error.fix = "nothing was pushed: what is there stays as it is"
        raise
    if document.environment != environment:
        raise RefusedError(
            f"The document belongs to the environment {document.environment!r}, not {environment!r}",
            where=filename,
            why="its voices carry marks of that environment, and may be of another account",
            fix=f"push it with `--env {document.environment}`",
        )
    counted = Counter(voice_id for record in document.voices.values() for voice_id in record.voice_ids)
    shared = [voice_id for voice_id, count in counted.items() if count > 1]
    if shared:
        raise RefusedError(
            f"The document has the voice {shared[0]} twice",
            where=filename,
            why="a voice has one key: an apply would take it away under the one and use it under the other",
            fix="take one of the records out; nothing was pushed",
        )
    return document


def push(store: StateStore, holder: Holder, pushed: StateDocument, *, force: bool, dry_run: bool) -> Operated:
    """Write the document as it is, serial and lineage too; a forced one gets a serial above both.

    Raises RefusedError for one that is not a successor of what is there, unless forced, StateError for what is there
    and cannot be read, unless forced, and LockedError while anybody applies. Where nothing is there, anything is a
    successor.
    """
    if dry_run:
        try:
            loaded = store.load()
        except StateError:
            if not force or (store.file is None and store.backend.read() is None):
                raise
            return Operated(voice_changes({}, pushed.voices), pushed.serial)
        document = _successor(loaded, pushed, force=force)
        return Operated(voice_changes(loaded.voices, document.voices), document.serial)
    with store.hold(holder) as hold:
        try:
            loaded = hold.load()
        except StateError:
            if not force:
                raise
            backups = hold.set_aside(holder.since)
            hold.replace_document(pushed)
            return Operated(voice_changes({}, pushed.voices), pushed.serial, tuple(backups))
        _successor(loaded, pushed, force=force)
        loaded = _settled(hold, loaded)
        return _replace(hold, loaded, _successor(loaded, pushed, force=force), holder.since)


def _replace(hold: Hold, loaded: LoadedState, document: StateDocument, now: str) -> Operated:
    store, there = hold.store, loaded.document
    changes = voice_changes(there.voices, document.voices)
    if loaded.snapshot is not None and document == there:
        return Operated(changes, document.serial)
    backups = []
    if loaded.snapshot is not None and not _is_empty(loaded):
        backups.append(back_up(store.work, store.environment, now, loaded.snapshot.text))
    try:
        store.backend.write(render(document), loaded.snapshot)
    except MovedError as error:
        raise StateError(
            "Somebody else changed the state document meanwhile", where=store.name, fix="pull it, look, push again"
        ) from error
    if loaded.unknown and document.lineage != there.lineage:  # a journal is of one line of documents
        aside = backup_path(store.work, store.environment, now, "journal")
        backups.append(hold.journal.path.replace(aside))
    return Operated(changes, document.serial, tuple(backups))


def _settled(hold: Hold, loaded: LoadedState) -> LoadedState:
    """Write down what dead runs left; what nobody knows stays in a journal, for the next apply."""
    ledger = Ledger(hold, loaded)
    ledger.open()
    ledger.close()
    return ledger.loaded


def _is_empty(loaded: LoadedState) -> bool:
    """Whether no run has ever written anything there."""
    return loaded.document.serial == 0 and not loaded.voices and not loaded.unknown


def _successor(loaded: LoadedState, pushed: StateDocument, *, force: bool) -> StateDocument:
    """Return the document to write. Raises RefusedError for one that would undo what it knows nothing of."""
    there = loaded.document.with_voices(loaded.voices, loaded.account)
    if _is_empty(loaded) or pushed == there:
        return pushed
    reasons = list(_reasons(there, pushed))
    if not reasons:
        return pushed
    if not force:
        raise RefusedError(
            "This document is no successor of the one that is there",
            why="; ".join(reasons),
            fix="pull that one and make the change in it; with --force this one takes its place, which is backed up",
        )
    return replace(pushed, serial=max(pushed.serial, there.serial) + 1)


def _reasons(there: StateDocument, pushed: StateDocument) -> Iterator[str]:
    if pushed.lineage != there.lineage:
        yield f"it is of another line of documents: lineage {pushed.lineage}, there it is {there.lineage}"
    elif pushed.serial < there.serial:
        yield f"it is older: serial {pushed.serial}, there it is {there.serial}"
    elif pushed.serial == there.serial:
        yield f"both have serial {there.serial}, and what they say differs"
    if None not in (pushed.account, there.account) and pushed.account != there.account:
        yield f"it is of another account: {pushed.account}, there it is {there.account}"
