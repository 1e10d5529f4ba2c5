"""What differs between two state documents, voice by voice. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from reconciler.state.document import Retired, VoiceRecord, to_plain


class Kind(StrEnum):
    """What became of a voice."""

    ADDED = "added"
    REPLACED = "replaced"
    """Another voice id under the same key."""
    CHANGED = "changed"
    MOVED = "moved"
    """Another key; perhaps another voice id with it."""
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """One field of a record. Values are plain JSON."""

    path: str
    """Such as `labels.mood` or `sample.sha256`."""
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class VoiceChange:
    """What became of one voice."""

    key: str
    kind: Kind
    before: VoiceRecord | None
    after: VoiceRecord | None
    previous_key: str | None = None
    """Of a voice that moved."""

    @property
    def ids(self) -> tuple[str | None, str | None]:
        """The voice id before and after."""
        return (
            self.before.voice_id if self.before else None,
            self.after.voice_id if self.after else None,
        )

    @property
    def fields(self) -> tuple[FieldDifference, ...]:
        """Every field that differs, by its path; of replaced voices only which are kept, and until when."""
        before, after = (dict(_flat(to_plain(_in_short(r)))) if r else {} for r in (self.before, self.after))
        return tuple(
            FieldDifference(path, before.get(path), after.get(path))
            for path in sorted({*before, *after})
            if before.get(path) != after.get(path)
        )


def voice_changes(
    before: Mapping[str, VoiceRecord], after: Mapping[str, VoiceRecord], came_from: Mapping[str, str] | None = None
) -> tuple[VoiceChange, ...]:
    """Return what became of each voice that differs, by key.

    A key that went while another came with its voice is a move; `came_from` tells, by new key, the old voice id of
    moves that cannot be seen, because the voice was replaced on the way.
    """
    gone = {key: record for key, record in before.items() if key not in after}
    old_keys = {record.voice_id: key for key, record in gone.items() if record.voice_id is not None}
    changes = []
    for key in sorted(after):
        old, new = before.get(key), after[key]
        if old == new:
            continue
        hints = [new.voice_id, *(retired.voice_id for retired in new.retired), (came_from or {}).get(key)]
        previous = next((old_keys[i] for i in hints if i in old_keys), None) if old is None else None
        if previous is not None:
            record = gone.pop(previous)
            old_keys = {voice_id: old_key for voice_id, old_key in old_keys.items() if old_key != previous}
            changes.append(VoiceChange(key, Kind.MOVED, record, new, previous))
        else:
            changes.append(VoiceChange(key, _kind(old, new), old, new))
    changes += [VoiceChange(key, Kind.REMOVED, record, None) for key, record in gone.items()]
    return tuple(sorted(changes, key=lambda change: change.key))


def _kind(old: VoiceRecord | None, new: VoiceRecord) -> Kind:
    if old is None:
        return Kind.ADDED
    both = old.voice_id is not None and new.voice_id is not None
    return Kind.REPLACED if both and old.voice_id != new.voice_id else Kind.CHANGED


def _in_short(record: VoiceRecord) -> VoiceRecord:
    return replace(record, retired=tuple(Retired(old.voice_id, old.until) for old in record.retired))


def _flat(plain: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(plain, dict):
        for name, value in plain.items():
            yield from _flat(value, f"{path}.{name}" if path else name)
    else:
        yield path, plain
