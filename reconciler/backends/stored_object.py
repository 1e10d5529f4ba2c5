"""One object of a store: read whole, and replaced only where it still is what was read.

obstore tries nothing again here: this does, because a store that is restarted refuses connections for seconds, and
because a write whose answer was lost has to be told from one that came too late.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeVar

import stamina
import stamina.instrumentation

from reconciler.backends.store_trouble import Trouble, names_bucket, trouble_of
from reconciler.errors import StateError
from reconciler.state.backend import MovedError, Snapshot

if TYPE_CHECKING:
    from obstore import PutMode, UpdateVersion
    from obstore.store import ObjectStore as Store

LOOKING: Final = 15.0
"""Seconds for which a store that cannot be reached is asked again by somebody who only reads."""
HOLDING: Final = 60.0
"""The same, for who holds a lease: an apply survives a store that is restarted."""

T = TypeVar("T")

stamina.instrumentation.set_on_retry_hooks(())  # the run reports its own retries; nothing else may print


class StoredObject:
    """A text in an object store."""

    def __init__(self, store: Store, key: str, name: str) -> None:
        """`name` is the address, for people."""
        self._store = store
        self._key = key
        self.name = name

    def read(self, patience: float) -> Snapshot | None:
        """Return the text, None where there is no such object. Raises StateError.

        A store that cannot be reached is asked again for `patience` seconds.
        """
        import obstore  # noqa: PLC0415 - an extra, and 25 ms that files need not pay

        def get() -> Snapshot | None:
            try:
                found = obstore.get(self._store, self._key)
                meta, raw = found.meta, bytes(found.bytes())
            except FileNotFoundError as error:
                if names_bucket(error):
                    raise
                return None
            return Snapshot(_decoded(raw, self.name), meta["e_tag"] or "", meta["version"] or "")

        return self._persist(get, "Cannot read the state document", patience)

    def write(self, text: str, replaces: Snapshot | None, patience: float) -> Snapshot:
        """Write the text in place of what was read (None: of nothing). Raises MovedError, StateError."""
        import obstore  # noqa: PLC0415 - as above
        from obstore.exceptions import AlreadyExistsError, PreconditionError  # noqa: PLC0415

        raw = text.encode()

        def put() -> Snapshot:
            made = obstore.put(self._store, self._key, raw, mode=_mode(replaces), use_multipart=False)
            return Snapshot(text, made["e_tag"] or "", made["version"] or "")

        try:
            return self._persist(put, "Cannot write the state document", patience)
        except (AlreadyExistsError, PreconditionError):
            now = self.read(patience)
            if now is not None and now.text == text:
                return now  # it was written, only the answer was lost
            raise MovedError from None

    def require_conditions(self, written: Snapshot, patience: float) -> None:
        """Make sure that this store keeps the conditions of writes: some ignore them, and some refuse what fits.

        `written` is what the object was made with a moment ago. Raises StateError, having removed the object.
        """
        other = f"{written.text}\n"
        stale = Snapshot("", '"0x0"', "0")
        ignored = any(self._replaces(other, before, patience) for before in (None, stale))
        if ignored or not (self._replaces(other, written, patience) or self.read(patience) != written):
            import obstore  # noqa: PLC0415 - as above

            self._persist(lambda: obstore.delete(self._store, self._key), "Cannot write the state document", patience)
            raise StateError(
                "This store cannot keep a state document for several machines",
                where=self.name,
                why="it ignores the condition of a write" if ignored else "it refuses writes whose condition holds",
                fix="use one with conditional writes (If-Match and If-None-Match on PUT), or a newer version of it",
            )

    def _replaces(self, text: str, replaces: Snapshot | None, patience: float) -> bool:
        try:
            self.write(text, replaces, patience)
        except MovedError:
            return False
        return True

    def _persist(self, call: Callable[[], T], what: str, patience: float) -> T:
        """Call, again and again while the trouble may pass."""
        from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError  # noqa: PLC0415

        def once() -> T:
            try:
                return call()
            except (AlreadyExistsError, PreconditionError):
                raise
            except (BaseError, FileNotFoundError, ValueError) as error:
                raise trouble_of(error) from None  # its text may have a signature in it

        try:
            for attempt in stamina.retry_context(
                on=_may_pass, attempts=None, timeout=patience, wait_initial=0.1, wait_max=2.0, wait_jitter=0.3
            ):
                with attempt:
                    return once()
        except Trouble as trouble:
            raise StateError(what, where=self.name, why=trouble.why, fix=trouble.fix) from None
        raise AssertionError("stamina ends with a result or an error")


def _may_pass(error: Exception) -> bool:
    return isinstance(error, Trouble) and error.passing


def _mode(replaces: Snapshot | None) -> PutMode:
    if replaces is None:
        return "create"
    known: UpdateVersion = {}
    if replaces.e_tag:
        known["e_tag"] = replaces.e_tag
    if replaces.version:
        known["version"] = replaces.version
    return known


def _decoded(raw: bytes, name: str) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise StateError("Cannot read the state document", where=name, why=str(error)) from error
