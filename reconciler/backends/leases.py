"""Leases on voices, kept in one object beside the state document.

Every change of the list replaces the list that was read, so several voices are taken at once or not at all. A holder
renews its lease three times in its life, and trusts it for less than its life: its own clock alone, which goes on
while the machine sleeps, decides when it must stop. Who takes over a lease that has run out watches it for that long
first, so no two clocks have to agree.
"""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from reconciler.backends.heartbeat import RunLease, now
from reconciler.backends.lease_list import Entry, in_the_way, parse, render
from reconciler.backends.machine import is_gone, this_machine
from reconciler.backends.stored_object import HOLDING, LOOKING, StoredObject
from reconciler.errors import LockedError, StateError, UsageError
from reconciler.state.backend import MovedError, Snapshot
from reconciler.state.lock import Holder

VARIABLE: Final = "VOICECTL_LEASE"
SECONDS: Final = 60.0
"""How long a lease lasts when it is not renewed, unless VOICECTL_LEASE says otherwise."""
SHORTEST: Final = 1.0
LONGEST: Final = 86_400.0
TRUSTED: Final = 5 / 6
"""The part of its life for which a holder trusts its lease."""
LEAVING: Final = 5.0
"""Seconds for which it is tried to give a lease back: it would run out by itself."""
LOOK: Final = 0.25
"""Seconds between looks at a lease that has run out, at most."""


def lease_seconds(environ: Mapping[str, str]) -> float:
    """Return how long a lease lasts. Raises UsageError."""
    text = environ.get(VARIABLE)
    try:
        seconds = float(text) if text else SECONDS
    except ValueError:
        seconds = 0.0
    if not SHORTEST <= seconds <= LONGEST:
        raise UsageError(f"{VARIABLE} is {text!r}", fix="write a number of seconds, such as 60")
    return seconds


@dataclass(frozen=True, slots=True)
class _Seen:
    beat: int
    since: float


class Leases:
    """The list of leases of one state document."""

    def __init__(self, stored: StoredObject, seconds: float) -> None:
        self._stored = stored
        self._seconds = seconds

    @contextmanager
    def lend(self, holder: Holder, patterns: tuple[str, ...]) -> Iterator[RunLease]:
        """Take a lease, keep it alive meanwhile, and give it back. Raises LockedError, StateError."""
        entry = Entry(str(uuid.uuid4()), patterns, holder, this_machine(), self._seconds, self._expiry(), 0)
        begun = self._take(entry)
        lease = RunLease(entry.patterns, self, entry.id, seconds=self._seconds * TRUSTED, begun=begun)
        try:
            with lease.kept_alive(every=self._seconds / 3):
                yield lease
        finally:
            with suppress(StateError, LockedError):
                lease.check()  # one that is lost runs out, or is gone already
                self._change(lambda entries: [e for e in entries if e.id != entry.id], LEAVING)

    def renew(self, lease_id: str, patience: float, more: tuple[str, ...] = ()) -> tuple[str, ...] | None:
        """Say that the holder lives; returns the lease's patterns, None where the lease is gone.

        With `more`, it is for these voices too from now on. Raises LockedError when somebody else has one of them.
        """

        def renewed(entries: Sequence[Entry]) -> list[Entry]:
            others = [entry for entry in entries if entry.id != lease_id]
            own = [entry for entry in entries if entry.id == lease_id]
            if own and more and (held := in_the_way(others, more)):
                raise _locked(held[0])
            return [*others, *(self._beating(entry, more) for entry in own)]

        after = self._change(renewed, patience)
        return next((entry.patterns for entry in after if entry.id == lease_id), None)

    def holders(self) -> tuple[Holder, ...]:
        """Return who has leases that have not run out by our clock. Raises StateError."""
        return tuple(entry.holder for entry in self._read(LOOKING)[1] if not _expired(entry))

    def clear(self, *, force: bool) -> tuple[Holder, ...]:
        """Remove leases of the dead, with `force` all. Raises LockedError when only living ones are there."""
        removed: dict[str, Entry] = {}  # by all turns: one may have been written although its answer was lost

        def cleared(entries: Sequence[Entry]) -> list[Entry]:
            going = {entry.id: entry for entry in entries if force or _expired(entry) or _is_dead(entry)}
            removed.update(going)
            left = [entry for entry in entries if entry.id not in going]
            if left and not removed:
                raise _locked(left[0])
            return left

        self._change(cleared, LOOKING, force=force)
        return tuple(entry.holder for entry in removed.values())

    def _take(self, entry: Entry) -> float:
        """Put a lease into the list; returns when the attempt began that did it."""
        seen: dict[str, _Seen] = {}

        def taken(entries: Sequence[Entry]) -> list[Entry]:
            others = [other for other in entries if other.id != entry.id]  # ours is there if an answer was lost
            held = in_the_way(others, entry.patterns)
            living = [other for other in held if not (_is_dead(other) or _expired(other))]
            if living:
                raise _locked(living[0])
            left = [other for other in held if not (_is_dead(other) or _still(other, seen))]
            kept = [other for other in others if other not in held or other in left]
            return kept if left else [*kept, replace(entry, expires=self._expiry())]

        while True:
            begun = now()
            if any(other.id == entry.id for other in self._change(taken, HOLDING)):
                return begun
            time.sleep(min(LOOK, self._seconds / 10))

    def _change(
        self, change: Callable[[Sequence[Entry]], list[Entry]], patience: float, *, force: bool = False
    ) -> list[Entry]:
        """Replace the list by what `change` makes of it, however many others do the same meanwhile; returns it."""
        turn = 0
        while True:
            before, entries = self._read(patience, force=force)
            after = change(entries)
            if after == list(entries) and not (force and before):
                return after
            try:
                written = self._stored.write(render(after), before, patience)
                if before is None:
                    self._stored.require_conditions(written, patience)
            except MovedError:
                turn = min(turn + 1, 6)
                time.sleep(random.uniform(0.002, 0.01 * 2**turn))  # noqa: S311 - spreads load, keeps no secret
            else:
                return after

    def _read(self, patience: float, *, force: bool = False) -> tuple[Snapshot | None, tuple[Entry, ...]]:
        snapshot = self._stored.read(patience)
        if snapshot is None:
            return None, ()
        try:
            return snapshot, parse(snapshot.text, name=self._stored.name)
        except StateError:
            if force:
                return snapshot, ()
            raise

    def _beating(self, entry: Entry, more: tuple[str, ...]) -> Entry:
        return replace(entry, patterns=(*entry.patterns, *more), beat=entry.beat + 1, expires=self._expiry())

    def _expiry(self) -> str:
        moment = datetime.now(UTC) + timedelta(seconds=self._seconds)
        return moment.isoformat(timespec="milliseconds")


def _expired(entry: Entry) -> bool:
    """Whether a lease has run out by our clock, which may not be the holder's."""
    try:
        return datetime.fromisoformat(entry.expires) < datetime.now(UTC)
    except (ValueError, TypeError):
        return False


def _is_dead(entry: Entry) -> bool:
    """Whether the holder was a process of this machine that is no more."""
    return entry.machine == this_machine() and is_gone(entry.holder.pid)


def _still(entry: Entry, seen: dict[str, _Seen]) -> bool:
    """Whether a lease has not been renewed for as long as a living holder would trust it."""
    last = seen.get(entry.id)
    if last is None or last.beat != entry.beat:
        last = seen[entry.id] = _Seen(entry.beat, now())
    return now() - last.since > entry.ttl * TRUSTED


def _locked(entry: Entry) -> LockedError:
    voices = ", ".join(entry.patterns) or "all voices"
    return LockedError(
        "Somebody else is applying to these voices",
        why=f"{voices}: held by {entry.holder}",
        fix="wait for it to end, with `--lock-timeout 5m`; if it is gone for good, clear it with `voicectl unlock`",
    )
