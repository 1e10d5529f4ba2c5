"""A server of Terraform's HTTP protocol for state, as strict as the protocol lets one be.

A reading of its own: it shares nothing with `reconciler.backends`. What it keeps survives a restart. Every request is
in `requests`; `troubles` are what happens to the next ones.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

FIELDS = {"ID", "Operation", "Info", "Who", "Version", "Created", "Path"}


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Trouble:
    """What happens to one request."""

    status: int = 0
    """Answered without doing anything; 0: the connection is dropped."""
    method: str = ""
    """Of the request; any when empty."""
    after: bool = False
    """Carried out first."""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class TerraformStateServer:
    """Serves documents and their locks, by path, until it is closed."""

    def __init__(
        self,
        *,
        username: str = "",
        password: str = "",
        methods: Mapping[str, str] | None = None,
        lock_path: str = "",
        empty_is_200: bool = False,
    ) -> None:
        self.documents: dict[str, bytes] = {}
        self.locks: dict[str, dict[str, Any]] = {}
        self.requests: list[Request] = []
        self.troubles: deque[Trouble] = deque()
        self.methods = {"update": "POST", "lock": "LOCK", "unlock": "UNLOCK", **(methods or {})}
        self.lock_path = lock_path
        """Added to the document's path for its lock, as with GitLab."""
        self.empty_is_200 = empty_is_200
        self._expected = f"Basic {base64.b64encode(f'{username}:{password}'.encode()).decode()}" if username else ""
        self._mutex = threading.Lock()
        self._port = 0
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Serve, again on the port that it had."""
        state = self

        class Handler(_Handler):
            server_state = state

        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), Handler)
        self._server.daemon_threads = True
        self._port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Go away, and keep everything."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def methods_sent(self) -> list[str]:
        return [request.method for request in self.requests]

    def answer(self, request: Request) -> tuple[int, bytes]:
        """Carry out one request; they come one at a time."""
        given = request.headers.get("authorization")
        if self._expected and given != self._expected:
            return (401, b"who are you?") if given is None else (403, f"not you: {given}".encode())
        if request.body and not _md5_fits(request):
            return 400, b"Content-MD5 does not fit"
        document = request.path.removesuffix(self.lock_path) if self.lock_path else request.path
        doings: dict[str, Callable[[str, Request], tuple[int, bytes]]] = {}
        if request.path.endswith(self.lock_path):
            doings |= {self.methods["lock"]: self._lock, self.methods["unlock"]: self._unlock}
        if not self.lock_path or document == request.path:
            doings |= {"GET": self._read, self.methods["update"]: self._update}
        do = doings.get(request.method)
        return do(document, request) if do else (405, b"")

    def _read(self, document: str, request: Request) -> tuple[int, bytes]:
        body = self.documents.get(document)
        return (200 if self.empty_is_200 else 404, b"") if body is None else (200, body)

    def _update(self, document: str, request: Request) -> tuple[int, bytes]:
        holder = self.locks.get(document)
        given = request.query.get("ID", [""])[0]
        if holder is not None and given != holder["ID"]:
            return 423, json.dumps(holder).encode()
        if holder is None and given:
            return 409, b"that lock is not held"
        self.documents[document] = request.body
        return 200, b""

    def _lock(self, document: str, request: Request) -> tuple[int, bytes]:
        wanted = json.loads(request.body)
        if set(wanted) != FIELDS or not all(isinstance(value, str) for value in wanted.values()) or not wanted["ID"]:
            return 400, b"that is no lock info"
        if document in self.locks:
            return 423, json.dumps(self.locks[document]).encode()
        self.locks[document] = wanted
        return 200, b""

    def _unlock(self, document: str, request: Request) -> tuple[int, bytes]:
        holder = self.locks.get(document)
        if holder is None:
            return 404, b"it is not locked"
        if request.body and json.loads(request.body)["ID"] != holder["ID"]:
            return 409, json.dumps(holder).encode()
        del self.locks[document]
        return 200, b""

    def take(self, request: Request) -> tuple[int, Mapping[str, str], bytes]:
        with self._mutex:
            self.requests.append(request)
            trouble = self.troubles[0] if self.troubles else None
            if trouble is None or trouble.method not in ("", request.method):
                status, body = self.answer(request)
                return status, {}, body
            self.troubles.popleft()
            if trouble.after:
                self.answer(request)
            return trouble.status, trouble.headers, trouble.body


class _Handler(BaseHTTPRequestHandler):
    server_state: TerraformStateServer
    protocol_version = "HTTP/1.1"

    def _do(self) -> None:
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, parts.path, parse_qs(parts.query), headers, self.rfile.read(length))
        status, extra, body = self.server_state.take(request)
        self.close_connection = True
        if not status:
            return
        self.send_response(status)
        for name, value in extra.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body if status != 204 else b"")

    do_GET = do_POST = do_PUT = do_DELETE = do_LOCK = do_UNLOCK = _do  # noqa: N815 - as http.server has it

    def log_message(self, *args: Any) -> None:
        pass


def _md5_fits(request: Request) -> bool:
    digest = base64.b64encode(hashlib.md5(request.body).digest()).decode()
    return request.headers.get("content-md5") == digest
