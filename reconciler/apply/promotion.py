"""promote: which voices are ready in one environment, so that another may be brought to the same.

The source is read from its state document, its journals and the files alone: a job that writes to production needs
no credentials but production's.
"""

from __future__ import annotations

import fnmatch
import glob
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reconciler.apply.clock import Clock, stamp
from reconciler.apply.planning import read_sides
from reconciler.apply.recorded_side import trusted
from reconciler.apply.workspace import Workspace
from reconciler.errors import RefusedError, UsageError
from reconciler.plan.build import build_plan
from reconciler.plan.change import Action, Change
from reconciler.plan.sides import PlanOptions, Recorded
from reconciler.state.document import VoiceRecord
from reconciler.suggest import suggest


@dataclass(frozen=True, slots=True)
class Promotion:
    """What is ready to be carried over, and what is not."""

    source: str
    """The environment it was read from."""
    ready: tuple[str, ...]
    """Keys, sorted."""
    held: Mapping[str, str]
    """Why the others are left out, by key, sorted."""

    @property
    def targets(self) -> tuple[str, ...]:
        """The ready ones as targets of a plan: each stands for itself, also one that looks like a pattern."""
        return tuple(map(glob.escape, self.ready))


def find_promotable(source: Workspace, wanted: Sequence[str], clock: Clock) -> Promotion:
    """Compare the files with what is ready in `source`; `wanted` are keys or patterns, none for all declared voices.

    Raises UsageError for a word that no voice answers to, RefusedError for a key by name that is not ready, and
    RepositoryError for broken files.
    """
    loaded = source.store.load()
    desired = read_sides(source, loaded).voices
    document, name = loaded.document, source.environment.name
    recorded = Recorded(name, document.lineage, document.serial, loaded.account, loaded.voices)
    options = PlanOptions(source.scope, stamp(clock()), scope_is_claimed=source.project.name_is_explicit)
    plan = build_plan(desired, recorded, trusted(loaded.voices), options)
    changes = {change.key: change for change in plan.changes if change.action is not Action.CLEAN}
    held: dict[str, str] = {}
    keys = _chosen(wanted, desired, loaded.voices)
    for key in keys:
        why = _why_not(loaded.voices.get(key), changes.get(key), name) if key in desired else "its voice file is gone"
        if why is not None:
            held[key] = why
    _refuse({key: held[key] for key in wanted if key in held}, name)
    return Promotion(name, tuple(key for key in keys if key not in held), held)


def _chosen(wanted: Sequence[str], declared: Mapping[str, object], recorded: Mapping[str, object]) -> list[str]:
    if not wanted:
        return sorted(declared)
    known = {*declared, *recorded}
    chosen: set[str] = set()
    for word in wanted:
        found = {word} & known or set(fnmatch.filter(declared, word))
        if not found:
            near = suggest(word, known)
            fix = f"did you mean {near!r}?" if near else "`voicectl status` lists the keys"
            raise UsageError(f"{word}: there is no such voice", fix=fix)
        chosen |= found
    return sorted(chosen)


def _why_not(record: VoiceRecord | None, change: Change | None, source: str) -> str | None:
    """Return why a declared voice is not to be carried over; None for one that is ready and as its file says."""
    moved = change is not None and change.action is Action.MOVE
    if record is None and not moved:
        return f"not in {source}"
    if record is not None and not moved and (change is not None or not record.ready):
        statuses = {record.status, record.successor.status if record.successor else None}
        if record.last_error is not None:
            return f"failed in {source}: {'; '.join((record.last_error.summary, *record.last_error.problems))}"
        if "failed" in statuses:
            return f"failed in {source}"
        if statuses & {"created", "pending"}:
            return f"still processing in {source}"
    if change is not None:
        return f"changed since {source} was applied: {change.reason.removesuffix(' changed')}"
    return None


def _refuse(named: Mapping[str, str], source: str) -> None:
    if named:
        what = next(iter(named)) if len(named) == 1 else f"{len(named)} of the voices asked for"
        raise RefusedError(
            f"{what}: not ready in {source}, so not promoted",
            why="; ".join(f"{key}: {why}" for key, why in named.items()),
            fix=f"look at `voicectl --env {source} plan`, and apply it; or leave them out",
        )
