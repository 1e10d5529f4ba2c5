"""Carrying out a move: files, voice file and state documents together, or nothing of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from reconciler.authoring.move import Move, Rename
from reconciler.errors import StateError, VoicectlError
from reconciler.state.backup import back_up
from reconciler.state.document import VoiceRecord
from reconciler.state.files import write_atomically
from reconciler.state.ledger import Ledger
from reconciler.state.lock import Holder
from reconciler.state.store import Hold, LoadedState, StateStore
from reconciler.state.surgery import moving

Undo = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Moved:
    """What was moved, or would be."""

    move: Move
    recorded: tuple[str, ...]
    """Environments whose state document had the voice, and has it under its new key."""
    elsewhere: tuple[str, ...]
    """Environments whose state document is not a file here: there the next apply moves the voice."""


def carry_out(move: Move, stores: Mapping[str, StateStore], holder: Holder, *, dry_run: bool) -> Moved:
    """Move the voice in the repository and in every state document that is a file here; `stores` are by environment.

    Raises LockedError while anybody applies, VoicectlError where a state document or the disk is in the way: all is
    as it was then.
    """
    here = {name: store for name, store in stores.items() if store.file is not None}
    elsewhere = tuple(name for name, store in stores.items() if store.file is None)
    if dry_run:
        return Moved(move, _recorded(here, here, move), elsewhere)
    with ExitStack() as stack, _undone_on_error() as undos:
        # The first apply of all has no document yet, and nothing may move under it either.
        holds = {name: stack.enter_context(store.hold(holder)) for name, store in here.items()}
        recorded = _recorded(here, holds, move)
        for rename in move.renames:
            _rename(rename, undos)
        for path, text in move.texts.items():
            _write(path, text, undos)
        for name in recorded:
            _record(holds[name], move, holder, undos)
    return Moved(move, recorded, elsewhere)


def _recorded(stores: Mapping[str, StateStore], loads: Mapping[str, StateStore | Hold], move: Move) -> tuple[str, ...]:
    """Return whose document has the voice; what only the journal of a dead run knows is moved by the next apply."""
    there = [name for name, store in stores.items() if store.file is not None and store.file.exists()]
    return tuple(name for name in there if _has_record(loads[name].load(), move))


def _has_record(loaded: LoadedState, move: Move) -> bool:
    """Whether the document knows the voice. Raises VoicectlError where its record cannot be moved."""
    if move.old not in loaded.voices and move.new not in loaded.voices:
        return False
    if move.old not in loaded.voices:
        raise VoicectlError(
            f"The state document of {loaded.document.environment!r} has a voice {move.new!r} still",
            why="its file is gone, and the next apply would remove it",
            fix="apply first, or choose another key",
        )
    moving(move.old, move.new)(loaded)
    return True


def _record(hold: Hold, move: Move, holder: Holder, undos: list[Undo]) -> None:
    """Put the record under the new key, as an apply would write it."""
    store = hold.store
    assert store.file is not None, "documents elsewhere are left alone"
    back_up(store.work, store.environment, holder.since, store.file.read_text(encoding="utf-8"))
    ledger = Ledger(hold, hold.load())
    ledger.open()
    before = store.file.read_text(encoding="utf-8")  # with what dead runs left: their journals are gone now
    undos.append(lambda: write_atomically(store.file or Path(), before))
    records = dict(moving(move.old, move.new)(ledger.loaded))
    ledger.voices = records | {move.new: _with_sample(records[move.new], move)}
    ledger.close()


def _with_sample(record: VoiceRecord, move: Move) -> VoiceRecord:
    if record.sample is None or record.sample.file not in move.samples:
        return record
    return replace(record, sample=replace(record.sample, file=move.samples[record.sample.file]))


def _rename(rename: Rename, undos: list[Undo]) -> None:
    missing = [folder for folder in rename.target.parents if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir()
        undos.append(folder.rmdir)
    rename.source.rename(rename.target)
    undos.append(lambda: _rename_back(rename))
    _remove_empty(rename.source.parent, undos)


def _rename_back(rename: Rename) -> None:
    rename.source.parent.mkdir(parents=True, exist_ok=True)
    rename.target.rename(rename.source)


def _remove_empty(folder: Path, undos: list[Undo]) -> None:
    """Remove folders that nothing is left in; git knows of none either. The voices folder has the voice still."""
    with suppress(OSError):
        while True:
            folder.rmdir()
            undos.append(partial(folder.mkdir, exist_ok=True))
            folder = folder.parent


def _write(path: Path, text: bytes, undos: list[Undo]) -> None:
    before = path.read_bytes()
    undos.append(lambda: write_atomically(path, before.decode()))
    write_atomically(path, text.decode())


@contextmanager
def _undone_on_error() -> Iterator[list[Undo]]:
    """Take everything back, newest first, when it cannot be completed; a Ctrl-C is such a case."""
    undos: list[Undo] = []
    try:
        yield undos
    except BaseException as error:
        left = [why for undo in reversed(undos) if (why := _failed(undo))]
        if isinstance(error, OSError):
            what, fix = "Cannot move the voice", "; ".join(left) or "everything is as it was"
            where = str(error.filename2 or error.filename or "")
            raise VoicectlError(what, where=where, why=error.strerror or str(error), fix=fix) from error
        raise


def _failed(undo: Undo) -> str:
    try:
        undo()
    except (OSError, StateError) as error:
        return f"could not be put back: {error}"
    return ""
