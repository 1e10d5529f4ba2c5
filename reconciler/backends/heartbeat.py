"""A lease of this process, kept alive by a thread for as long as the process runs, and no longer trusted after that."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from reconciler.errors import LockedError, StateError
from reconciler.state.backend import Lease

if TYPE_CHECKING:
    from reconciler.backends.leases import Leases

_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Goes on while the machine sleeps; on macOS CLOCK_MONOTONIC does."""
AGAIN = 0.2
"""Seconds after a renewal that failed."""
ENDING = 5.0
"""Seconds that the thread gets to end: it may be waiting for an answer."""


def now() -> float:
    """Return the seconds of a clock that nobody sets, and that goes on while the machine sleeps."""
    return time.clock_gettime(_CLOCK)


class RunLease(Lease):
    """A lease in the list of leases."""

    def __init__(
        self, patterns: tuple[str, ...], leases: Leases, lease_id: str, *, seconds: float, begun: float
    ) -> None:
        """`seconds` is how long a renewal is trusted, from the moment that it began."""
        self.patterns = patterns
        self._leases = leases
        self._id = lease_id
        self._seconds = seconds
        self._renewed = begun
        self._lost = ""
        self._told: Callable[[], None] | None = None
        self._turn = threading.Lock()
        self._ending = threading.Event()

    def check(self) -> None:
        """Raise LockedError once the lease is lost. It never comes back."""
        if self._left() <= 0:
            self._lose(self._overdue)
        if self._lost:
            raise LockedError(
                "The lease was lost, so nothing more was written",
                why=self._lost,
                fix="run again: what was done is kept in the journal here, and found by the marks on the voices",
            )

    def on_lost(self, told: Callable[[], None]) -> None:
        """Call this, in a thread of its own, once the lease is lost."""
        self._told = told

    def extend(self, keys: Iterable[str]) -> None:
        """Take these voices too. Raises LockedError when somebody else has one of them."""
        covered = self.covered
        more = tuple(sorted({key for key in keys if key not in covered}))
        self.check()
        if more:
            self._renew(more)
            self.check()

    @contextmanager
    def kept_alive(self, every: float) -> Iterator[None]:
        """Renew it meanwhile, each time these seconds have passed."""
        thread = threading.Thread(target=self._keep, args=(every,), name="voicectl lease", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._ending.set()
            thread.join(ENDING)

    def _keep(self, every: float) -> None:
        pause = every
        while not self._ending.wait(pause) and not self._lost:
            try:
                self._renew()
                pause = every
            except StateError:
                pause = min(AGAIN, every)

    def _renew(self, more: tuple[str, ...] = ()) -> None:
        with self._turn:
            begun, left = now(), self._left()
            patterns = self._leases.renew(self._id, left, more) if left > 0 else None
            if patterns is not None:
                self.patterns, self._renewed = patterns, begun
            else:
                self._lose("it was taken over, or cleared with `voicectl unlock`" if left > 0 else self._overdue)

    def _left(self) -> float:
        """Return the seconds for which the lease can still be trusted."""
        return self._renewed + self._seconds - now()

    @property
    def _overdue(self) -> str:
        return f"it was not renewed for {self._seconds:.0f} s: this process slept, or the store could not be reached"

    def _lose(self, why: str) -> None:
        if not self._lost and not self._ending.is_set():
            self._lost = why
            if self._told is not None:
                self._told()
