"""A state document on a server of Terraform's HTTP protocol: GET, POST, LOCK, UNLOCK.

What the answers mean is OpenTofu's reading of it (internal/backend/remote-state/http/client.go). The protocol has no
conditional write, so all that keeps two runs apart is the lock, which is on the whole document. Nothing renews it: it
stays until it is given back.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from reconciler.backends.http_channel import HttpChannel
from reconciler.backends.http_settings import HttpSettings
from reconciler.backends.lock_info import LockInfo
from reconciler.errors import LockedError, StateError
from reconciler.state.backend import Backend, Lease, MovedError, Snapshot
from reconciler.state.lock import Holder

log = logging.getLogger("voicectl.state")

WRITTEN = (200, 201, 204)
NOTHING = (204, 404)
TAKEN = (409, 423)
"""What a server says to the second who wants the lock."""
UNKNOWN = (404, 405, 501)
"""What a server says to a method that it does not have."""

KEPT = "nothing is lost: what an apply did is kept in its journal here, and the next one goes on with it"


class HttpState(Backend):
    """One address of a server that keeps state."""

    def __init__(self, settings: HttpSettings) -> None:
        self.name = settings.name
        self._settings = settings
        self._channel = HttpChannel(settings)
        self._held: LockInfo | None = None

    def read(self) -> Snapshot | None:
        """Get the document. An empty answer is none, as with Terraform."""
        response = self._channel.send("GET", self._settings.address, redirects=True)
        if response.status_code in NOTHING or (response.status_code == 200 and not response.content.strip()):
            return None
        if response.status_code != 200:
            raise self._channel.failure("Cannot read the state document", response)
        try:
            return Snapshot(response.content.decode("utf-8"))
        except UnicodeDecodeError as error:
            raise StateError("Cannot read the state document", where=self.name, why=str(error)) from error

    def write(self, text: str, replaces: Snapshot | None) -> Snapshot:
        """Send the document, under the lock, if it is still the one that was read: more the protocol cannot do."""
        try:
            if self.read() != replaces:
                raise MovedError
            self._post(text)
        except StateError as error:
            error.fix = KEPT
            raise
        return Snapshot(text)

    def _post(self, text: str) -> None:
        url = httpx.URL(self._settings.address)
        if self._held is not None:
            url = url.copy_merge_params({"ID": self._held.id})
        response = self._channel.send(self._settings.update_method, str(url), text.encode())
        if response.status_code not in WRITTEN:
            raise self._refusal(response)

    @contextmanager
    def lease(self, holder: Holder, patterns: tuple[str, ...]) -> Iterator[Lease]:
        """Lock the document, all of it: this protocol knows nothing smaller."""
        del patterns
        if self._settings.lock_address is None:
            yield _Everything()
            return
        info = LockInfo.of(holder, self.name)
        if (taken := self._lock(info)) is not None:
            raise self._held_by(taken)
        self._held = info
        try:
            yield _Everything()
        finally:
            self._held = None
            self._give_back(info)

    def holders(self) -> tuple[Holder, ...]:
        """Try the lock: the protocol has no other way to ask."""
        taken = self._try()
        return () if taken is None else ((LockInfo.read(taken.content) or LockInfo("")).holder,)

    def break_leases(self, *, force: bool) -> tuple[Holder, ...]:
        """Unlock, with the id that the server tells, what a dead process of this machine or (forced) anybody holds."""
        taken = self._try()
        if taken is None:
            return ()
        info = LockInfo.read(taken.content)
        if not force and not (info and _is_dead(info.holder)):
            raise self._held_by(taken)
        self._unlock(taken.content)
        return ((info or LockInfo("")).holder,)

    def _try(self) -> httpx.Response | None:
        """Return the server's answer when somebody has the lock, None when nobody has."""
        if self._settings.lock_address is None:
            return None
        info = LockInfo(id="voicectl-looks", operation="voicectl looks who holds the lock", path=self.name)
        taken = self._lock(info)
        if taken is None:
            self._unlock(info.to_json())
        return taken

    def _lock(self, info: LockInfo) -> httpx.Response | None:
        """Return None when the lock is ours, else what the server says about whose it is."""
        settings = self._settings
        assert settings.lock_address is not None
        response = self._channel.send(settings.lock_method, settings.lock_address, info.to_json())
        if response.is_success:
            return None
        if response.status_code in TAKEN:
            other = LockInfo.read(response.content)
            ours = other is not None and other.id == info.id  # the answer to our first try was lost
            return None if ours else response
        failure = self._channel.failure("Cannot lock the state document", response)
        if response.status_code in UNKNOWN:
            failure.fix = (
                f"this server may not know {settings.lock_method} there: TF_HTTP_LOCK_ADDRESS and TF_HTTP_LOCK_METHOD "
                "say where and how; TF_HTTP_LOCK_ADDRESS set to nothing goes without a lock, "
                "and then nothing but you keeps two runs apart"
            )
        raise failure

    def _unlock(self, body: bytes) -> None:
        settings = self._settings
        assert settings.unlock_address is not None
        response = self._channel.send(settings.unlock_method, settings.unlock_address, body)
        if not response.is_success:
            raise self._channel.failure("Cannot unlock the state document", response)

    def _give_back(self, info: LockInfo) -> None:
        """Unlock at the end of a run, whose result must not be lost for it."""
        try:
            self._unlock(info.to_json())
        except StateError as error:
            log.warning(
                "warning: %s: %s. The lock may still be there: `voicectl unlock` removes it.", error.what, error.why
            )

    def _held_by(self, response: httpx.Response) -> LockedError:
        info = LockInfo.read(response.content)
        return LockedError(
            "Somebody else is applying to this state document",
            where=self.name,
            why=f"held by {info.holder}" if info else "the server does not say by whom",
            fix="its process is gone: clear the lock with `voicectl unlock`"
            if info and _is_dead(info.holder)
            else "wait for it to end; if it is gone for good, clear the lock with `voicectl unlock --force`",
        )

    def _refusal(self, response: httpx.Response) -> StateError:
        if response.status_code not in TAKEN:
            return self._channel.failure("Cannot write the state document", response)
        info = LockInfo.read(response.content)
        return StateError(
            "The lock of the state document was taken away during this run, so it cannot be written",
            where=self.name,
            why=f"now held by {info.holder}" if info and info.id else "the server does not say who has it now",
        )


class _Everything(Lease):
    """The lock of the whole document."""

    def check(self) -> None:
        """Do nothing: the protocol cannot ask. A write after the lock was taken away is refused by the server."""


def _is_dead(holder: Holder) -> bool:
    """Whether the holder was a process of this machine that is not there any more."""
    if holder.host != socket.gethostname() or not holder.pid:
        return False
    try:
        os.kill(holder.pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        pass
    return False
