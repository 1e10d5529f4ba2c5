"""A state document in an object store of a cloud: S3 and what speaks like it, Google Cloud Storage, Azure."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from functools import cached_property
from typing import TYPE_CHECKING

from reconciler.errors import StateError
from reconciler.state.backend import Backend, Lease, Snapshot
from reconciler.state.lock import Holder

if TYPE_CHECKING:
    from reconciler.backends.leases import Leases
    from reconciler.backends.stored_object import StoredObject


class ObjectStore(Backend):
    """A document at `s3://bucket/key`, `gs://bucket/key` or `az://container/key`, and its leases at `key.lock`."""

    def __init__(self, address: str, environ: Mapping[str, str]) -> None:
        self.name = address
        self._environ = environ
        self._holding = False

    def read(self) -> Snapshot | None:
        """Get the object."""
        return self._document.read(self._patience)

    def write(self, text: str, replaces: Snapshot | None) -> Snapshot:
        """Put the object, on the condition that the store still has what was read."""
        return self._document.write(text, replaces, self._patience)

    def lease(self, holder: Holder, patterns: tuple[str, ...]) -> AbstractContextManager[Lease]:
        """Take a lease in the list of leases."""
        self._holding = True
        return self._leases.lend(holder, patterns)

    def holders(self) -> tuple[Holder, ...]:
        """Return who is in the list of leases."""
        return self._leases.holders()

    def break_leases(self, *, force: bool) -> tuple[Holder, ...]:
        """Take leases out of the list."""
        return self._leases.clear(force=force)

    @property
    def _patience(self) -> float:
        from reconciler.backends.stored_object import HOLDING, LOOKING  # noqa: PLC0415 - 30 ms that files need not pay

        return HOLDING if self._holding else LOOKING

    @cached_property
    def _document(self) -> StoredObject:
        return self._object("")

    @cached_property
    def _leases(self) -> Leases:
        from reconciler.backends.leases import Leases, lease_seconds  # noqa: PLC0415 - readers need none

        return Leases(self._object(".lock"), lease_seconds(self._environ))

    def _object(self, ending: str) -> StoredObject:
        try:
            import obstore  # noqa: F401, PLC0415 - asked here, so that its absence has a word
        except ImportError as error:
            raise StateError(
                "A state document in an object store needs a further package",
                where=self.name,
                why="obstore is not installed",
                fix="pip install 'voicectl[state]'",
            ) from error
        from reconciler.backends.stored_object import StoredObject  # noqa: PLC0415 - 30 ms that files need not pay
        from reconciler.backends.stores import open_store  # noqa: PLC0415

        store, key = open_store(self.name, self._environ)
        return StoredObject(store, key + ending, self.name + ending)
