"""Changes of the state document by hand: another key for a record, or none. Nothing is sent to the API."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from reconciler.errors import VoicectlError
from reconciler.state.backup import back_up
from reconciler.state.changes import VoiceChange, voice_changes
from reconciler.state.document import VoiceRecord
from reconciler.state.ledger import Ledger
from reconciler.state.lock import Holder
from reconciler.state.selection import check_known, listed
from reconciler.state.store import LoadedState, StateStore

Edit = Callable[[LoadedState], Mapping[str, VoiceRecord]]
"""Returns the records as they shall be. Raises VoicectlError rather than do what was not meant."""


@dataclass(frozen=True, slots=True)
class Operated:
    """What was done to a state document, or would be."""

    changes: tuple[VoiceChange, ...]
    serial: int
    """Of the document, afterwards."""
    backups: tuple[Path, ...] = ()
    """What was there before; none after a dry run, or where nothing was there."""


def moving(old: str, new: str) -> Edit:
    """Return the edit that puts the record of one key under another, which must be free."""

    def edit(loaded: LoadedState) -> dict[str, VoiceRecord]:
        check_known(loaded, [old])
        _check_settled(loaded, {old, new})
        if new in loaded.voices:
            raise VoicectlError(
                f"There is a record of {new!r} already",
                why=f"its voice is {loaded.voices[new].voice_id}",
                fix=f"`state rm {new}` forgets it first, if that is meant",
            )
        return {new if key == old else key: record for key, record in loaded.voices.items()}

    return edit


def forgetting(keys: Collection[str]) -> Edit:
    """Return the edit that takes records out."""

    def edit(loaded: LoadedState) -> dict[str, VoiceRecord]:
        check_known(loaded, keys)
        _check_settled(loaded, keys)
        return {key: record for key, record in loaded.voices.items() if key not in keys}

    return edit


def operate(store: StateStore, holder: Holder, edit: Edit, *, dry_run: bool) -> Operated:
    """Change the records, under the lock of the whole document, after what dead runs here left was folded in.

    Raises LockedError while anybody applies, and what the edit raises: nothing is written then.
    """
    if dry_run:
        loaded = store.load()
        changes = voice_changes(loaded.voices, edit(loaded))
        return Operated(changes, loaded.document.serial + bool(changes))
    with store.hold(holder) as hold:
        edit(hold.load())
        ledger = Ledger(hold, hold.load())
        ledger.open()
        before = ledger.loaded
        assert before.snapshot is not None, "a record is part of a document"
        backup = back_up(store.work, store.environment, holder.since, before.snapshot.text)
        ledger.voices = dict(edit(before))
        document = ledger.close()
    return Operated(voice_changes(before.voices, document.voices), document.serial, (backup,))


def _check_settled(loaded: LoadedState, keys: Collection[str]) -> None:
    """Raise VoicectlError when a dead run may have made a voice for a key: its finder would record it again."""
    open_keys = sorted({intent.key for intent in loaded.unknown if intent.key in keys})
    if open_keys:
        raise VoicectlError(
            f"A run died while it made a voice for {listed(open_keys)}, and nobody knows whether it did",
            fix="`voicectl apply` finds out; then come back",
        )
