"""Where a state document is kept: a file here, an object in a store, an address of a company's own.

A write names the version that it replaces, so no backend can lose an update. A backend that several machines share
also lends leases: the right to change some voices of the document, for as long as the lease is kept alive.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from reconciler.errors import StateError
from reconciler.key_patterns import KeyPatterns
from reconciler.state.files import write_atomically
from reconciler.state.lock import Holder


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A document as it was read."""

    text: str
    e_tag: str = ""
    version: str = ""
    """What the backend knows this version by; a store may have one of these, or both."""


class MovedError(Exception):
    """The document is no longer the version that a write wanted to replace. Nothing was written."""


class Lease(ABC):
    """The right to change some voices."""

    patterns: tuple[str, ...] = ()
    """Keys, or patterns of keys; none means all voices."""

    @abstractmethod
    def check(self) -> None:
        """Raise LockedError if the right has been lost: then nothing more may be sent to the API."""

    def on_lost(self, told: Callable[[], None]) -> None:  # noqa: B027 - nothing to tell where nothing can be lost
        """Call this, in any thread, once the right is lost."""

    def extend(self, keys: Iterable[str]) -> None:  # noqa: B027 - what is for all voices needs no more of them
        """Take these voices too. Raises LockedError when somebody else has one of them."""

    @property
    def covered(self) -> KeyPatterns:
        """The voices that the lease is for."""
        return KeyPatterns(self.patterns)


class Backend(ABC):
    """One state document. All methods raise StateError when it cannot be reached."""

    name: str
    """For people: a file's name, or an address without anything secret."""
    file: Path | None = None
    """Where the document is a file of this machine: that."""

    @abstractmethod
    def read(self) -> Snapshot | None:
        """Return the document, or None when there is none."""

    @abstractmethod
    def write(self, text: str, replaces: Snapshot | None) -> Snapshot:
        """Write the document whole or not at all, in place of the version that was read (None: of nothing).

        Raises MovedError when something else is there now.
        """

    @property
    def shared(self) -> bool:
        """Whether several machines may apply different voices of this document at once."""
        return self.file is None

    @abstractmethod
    def lease(self, holder: Holder, patterns: tuple[str, ...]) -> AbstractContextManager[Lease]:
        """Take a lease on these voices. Raises LockedError, at once, when somebody else has one on any of them."""

    @abstractmethod
    def holders(self) -> tuple[Holder, ...]:
        """Return who holds leases now."""

    @abstractmethod
    def break_leases(self, *, force: bool) -> tuple[Holder, ...]:
        """Remove leases that were left behind, with `force` all of them; returns whose they were.

        Raises LockedError when only living ones are there, unless forced.
        """


class LocalFile(Backend):
    """A file of this machine. Its lock is the one of the machine (see store.py), so it lends nothing itself."""

    def __init__(self, path: Path, name: str = "") -> None:
        """`name` is for people, such as the path below the project's folder."""
        self.file = path
        self.name = name or path.name

    def read(self) -> Snapshot | None:
        """Read the file."""
        assert self.file is not None
        try:
            return Snapshot(self.file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise StateError("Cannot read the state document", where=self.name, why=str(error)) from error

    def write(self, text: str, replaces: Snapshot | None) -> Snapshot:
        """Replace the file, unless a checkout or an editor has changed it meanwhile."""
        assert self.file is not None
        if self.read() != replaces:
            raise MovedError
        write_atomically(self.file, text)
        return Snapshot(text)

    @contextmanager
    def lease(self, holder: Holder, patterns: tuple[str, ...]) -> Iterator[Lease]:
        """Return a lease on everything, which cannot be lost."""
        del holder, patterns
        yield _Whole()

    def holders(self) -> tuple[Holder, ...]:
        """Return nobody."""
        return ()

    def break_leases(self, *, force: bool) -> tuple[Holder, ...]:
        """Do nothing."""
        del force
        return ()


class _Whole(Lease):
    def check(self) -> None:
        """Do nothing: the kernel keeps the lock for as long as the process lives."""
