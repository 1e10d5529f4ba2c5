"""State documents in a real object store: conditional writes, lost answers, a store that is away for a while."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

import pytest

from reconciler.backends.location import open_backend
from reconciler.backends.stored_object import StoredObject
from reconciler.backends.stores import open_store
from reconciler.errors import StateError
from reconciler.state.backend import Backend, MovedError, Snapshot
from reconciler.state.document import StateDocument
from reconciler.state.reading import parse
from reconciler.state.store import StateStore

if TYPE_CHECKING:
    from seaweed import Seaweed  # pytest imports it, to rewrite its asserts

pytest_plugins = ("seaweed",)
pytestmark = pytest.mark.xdist_group("seaweed")

BUCKET = "uploads"
_NUMBERS = count(1)
SECRET = "SKTESTSECRET"


@pytest.fixture
def environ(seaweed: Seaweed, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The variables of somebody who may use the store: obstore reads those of the process."""
    for name, value in seaweed.environ.items():
        monkeypatch.setenv(name, value)
    return dict(seaweed.environ)


@pytest.fixture
def address() -> str:
    return f"s3://{BUCKET}/unit/{next(_NUMBERS)}/voices.state.json"


@pytest.fixture
def backend(environ: dict[str, str], address: str) -> Backend:
    return open_backend(address, environ)


def test_a_document_is_written_once_and_then_in_place_of_what_was_read(backend: Backend) -> None:
    assert backend.read() is None

    first = backend.write("one", None)

    assert backend.read() == first
    with pytest.raises(MovedError):
        backend.write("two", None)
    second = backend.write("two", first)
    with pytest.raises(MovedError):
        backend.write("three", first)
    assert backend.read() == second
    assert second.text == "two"
    assert (backend.file, backend.shared) == (None, True)


def test_of_many_writes_in_place_of_one_document_one_is_made(backend: Backend) -> None:
    first = backend.write("nobody", None)
    barrier = threading.Barrier(8)

    def write(number: int) -> bool:
        barrier.wait()
        try:
            backend.write(f"number {number}", first)
        except MovedError:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(write, range(8))).count(True) == 1


def test_a_write_of_which_the_answer_was_lost_counts_as_written(
    seaweed: Seaweed, environ: dict[str, str], address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Forgetful(seaweed.url) as between:
        monkeypatch.setenv("AWS_ENDPOINT_URL", between.url)
        backend = open_backend(address, environ | {"AWS_ENDPOINT_URL": between.url})
        first = backend.write("one", None)
        between.answers_to_lose = 1

        second = backend.write("two", first)

        assert between.answers_to_lose == 0
        assert backend.read() == second


def test_a_write_of_which_the_answer_was_lost_and_that_was_overwritten_is_no_write_of_ours(
    seaweed: Seaweed, environ: dict[str, str], address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    direct = open_backend(address, environ)
    with Forgetful(seaweed.url) as between:
        monkeypatch.setenv("AWS_ENDPOINT_URL", between.url)
        backend = open_backend(address, environ | {"AWS_ENDPOINT_URL": between.url})
        first = backend.write("one", None)
        between.answers_to_lose = 1
        between.then = lambda: direct.write("theirs", direct.read())

        with pytest.raises(MovedError):
            backend.write("two", first)

    found = direct.read()
    assert found is not None
    assert found.text == "theirs"


def test_a_store_that_is_killed_and_started_again_is_waited_for(seaweed: Seaweed, backend: Backend) -> None:
    first = backend.write("one", None)
    seaweed.kill()
    with ThreadPoolExecutor(1) as thread:
        reading = thread.submit(backend.read)

        seaweed.start()

        assert reading.result() == first


def test_two_machines_that_begin_at_once_begin_one_line(environ: dict[str, str], address: str, tmp_path: Path) -> None:
    stores = [StateStore(open_backend(address, environ), tmp_path / name, "prod") for name in "ab"]

    written = [store.save(StateDocument.new("prod"), base=StateDocument.new("prod"), replaces=None) for store in stores]

    assert written[0][0].lineage == written[1][0].lineage
    found = stores[0].backend.read()
    assert found is not None
    assert parse(found.text, filename="x") == written[1][0]


def test_offline_the_copy_of_what_was_read_last_is_there(environ: dict[str, str], address: str, tmp_path: Path) -> None:
    store = StateStore(open_backend(address, environ), tmp_path, "prod")
    with pytest.raises(StateError, match="no copy"):
        store.load(offline=True)
    document, _ = store.save(StateDocument.new("prod"), base=StateDocument.new("prod"), replaces=None)

    away = StateStore(open_backend(address, {**environ, "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}), tmp_path, "prod")
    loaded = away.load(offline=True)

    assert (loaded.document, loaded.copied) == (document, True)
    assert store.load().copied is False


@pytest.mark.parametrize(
    ("changes", "why", "fix"),
    [
        ({"AWS_SECRET_ACCESS_KEY": "wrong"}, "secret key is another one", "credentials"),
        ({"AWS_ACCESS_KEY_ID": "AKIAUNKNOWN"}, "does not know the access key", "credentials"),
    ],
)
def test_wrong_credentials_are_told_at_once_without_them(
    environ: dict[str, str], address: str, monkeypatch: pytest.MonkeyPatch, changes: dict[str, str], why: str, fix: str
) -> None:
    for name, value in changes.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(StateError) as caught:
        open_backend(address, environ | changes).read()

    assert caught.value.where == address
    assert why in caught.value.why
    assert fix in caught.value.fix
    assert not {SECRET, *changes.values()} & set(f"{caught.value.why} {caught.value.fix}".split())


def test_a_missing_bucket_is_not_a_missing_document(environ: dict[str, str]) -> None:
    with pytest.raises(StateError) as caught:
        open_backend("s3://no-such-bucket/key", environ).read()

    assert "no such bucket" in caught.value.why


def test_a_store_that_stays_away_is_an_error_in_the_end(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    store, key = open_store("s3://bucket/key", environ | {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"})

    with pytest.raises(StateError) as caught:
        StoredObject(store, key, "s3://bucket/key").read(patience=0.2)

    assert "refuses the connection" in caught.value.why


def test_a_document_that_is_no_text_is_an_error(seaweed: Seaweed, backend: Backend, address: str) -> None:
    seaweed.client.put_object(Bucket=BUCKET, Key=address.partition(f"{BUCKET}/")[2], Body=b"\xff\xfe")

    with pytest.raises(StateError):
        backend.read()


def test_snapshots_of_one_text_in_two_versions_differ() -> None:
    assert Snapshot("a", "1") != Snapshot("a", "2")


class Forgetful:
    """A proxy that hands requests on, and loses the answers to writes while `answers_to_lose` is not 0."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._target = (parts.hostname, parts.port)
        self.answers_to_lose = 0
        self.then: Callable[[], object] = dict
        """Done before the client hears that the answer is lost."""

    def __enter__(self) -> Self:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._server.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, socket.create_connection(self._target) as server, contextlib.suppress(OSError):
            while request := _message(client):
                server.sendall(request)
                answer = _message(server)
                if self.answers_to_lose and request.startswith(b"PUT"):
                    self.answers_to_lose -= 1
                    self.then()
                    return
                client.sendall(answer)


def _message(sender: socket.socket) -> bytes:
    """Receive one request or answer; all here have a Content-Length or no body."""
    raw = b""
    while b"\r\n\r\n" not in raw:
        chunk = sender.recv(65536)
        if not chunk:
            return b""
        raw += chunk
    head, _, body = raw.partition(b"\r\n\r\n")
    lengths = [line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    missing = int(lengths[0]) - len(body) if lengths else 0
    while missing > 0:
        chunk = sender.recv(65536)
        raw += chunk
        missing -= len(chunk)
    return raw
