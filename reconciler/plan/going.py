"""Which names that consumers may hold, voice ids and keys, a plan takes away."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum

from reconciler.plan.change import Action, Change, Plan


class Kind(StrEnum):
    """What a name is."""

    ID = "voice id"
    KEY = "key"


@dataclass(frozen=True, slots=True)
class Going:
    """One name, and the change that takes it away."""

    name: str
    kind: Kind
    change: Change


def going(plan: Plan, declared: Collection[str]) -> tuple[Going, ...]:
    """Return every name that means nothing any more once the plan is carried out; `declared` are the files' keys."""
    found: dict[str, Going] = {}
    for change in plan.changes:
        for kind, name in (*_ids(change), *_keys(change, declared)):
            found.setdefault(name, Going(name, kind, change))
    return tuple(found.values())


def _keys(change: Change, declared: Collection[str]) -> Iterator[tuple[Kind, str]]:
    keys = [change.key] if change.action in (Action.DELETE, Action.FORGET) else []
    keys += [change.previous_key] if change.previous_key is not None else []
    yield from ((Kind.KEY, key) for key in keys if key not in declared)


def _ids(change: Change) -> Iterator[tuple[Kind, str]]:
    match change.action:
        case Action.DELETE | Action.CLEAN:
            voice_id = change.voice_id
        case Action.REPLACE if change.destroy_first or not _is_kept(change):
            voice_id = change.voice_id
        case Action.RESUME | Action.ADOPT if change.successor and change.actual and not _is_kept(change):
            voice_id = change.actual.voice_id
        case _:
            voice_id = None
    if voice_id is not None:
        yield Kind.ID, voice_id


def _is_kept(change: Change) -> bool:
    """Whether the replaced voice lives on for a time."""
    return change.desired is not None and bool(change.desired.spec.lifecycle.keep_replaced)
