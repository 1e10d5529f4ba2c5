"""A private Palabra with other habits than our emulator's, written from the API page alone.

It shares no code with the emulator. Each habit is one word, and is off unless it is asked for:

    with OddServer({"bare", "no-user"}) as server: ...
"""

from __future__ import annotations

import email.utils
import json
import re
import threading
import time
import unicodedata
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from uuid import uuid4

HABITS = {
    "bare": "answers without the `data` envelope",
    "normalises": "names are trimmed, folded to single spaces and title case; descriptions lose white space at the end",
    "uppercase-labels": "label values come back in upper case",
    "slow": "every answer takes a fifth of a second",
    "thin-lists": "list items have no description and no labels",
    "statusless-lists": "list items have no status",
    "lingering": "a delete answers 202, and the voice stays in lists, as it was, for a while",
    "silent-updates": "an update answers 200 with an empty body",
    "keeps-descriptions": "an update to an empty description changes nothing",
    "reprocesses": "an update has the voice processed again",
    "no-user": "no voice tells whose it is",
    "queued": "a voice that is processed has the status `queued`, and then `processing`",
    "late": "a new voice is a 404 for a moment",
    "no-limits": "there is no limits endpoint",
    "throttles": "every fifth request is a 429 with a date in Retry-After",
    "small-pages": "pages hold two voices, whatever is asked for",
    "shuffled": "lists come newest first, whatever is asked for",
    "no-date": "answers have no Date header",
}
MOMENT = 0.6
"""Seconds that lingering, lateness and each step of the processing take."""


@dataclass(slots=True)
class Voice:
    """One voice."""

    fields: dict[str, Any]
    made: float
    uploaded: float | None = None
    deleted: float | None = None
    sample: bytes = b""


@dataclass(slots=True)
class OddServer:
    """Serves one account while entered."""

    habits: Collection[str] = ()
    refused: set[str] = field(default_factory=set)
    """Names of voices whose sample the processing cannot use from now on."""
    voices: dict[str, Voice] = field(default_factory=dict)
    requests: Counter[str] = field(default_factory=Counter)
    leaks: list[str] = field(default_factory=list)
    """Credentials that reached the upload host."""
    lock: threading.Lock = field(default_factory=threading.Lock)
    _server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        """The base URL."""
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def alive(self) -> dict[str, dict[str, Any]]:
        """Return every voice that was not deleted, as a GET would show it, and `sample`, the uploaded bytes."""
        with self.lock:
            return {
                voice_id: {**self.shown(voice_id), "sample": voice.sample}
                for voice_id, voice in self.voices.items()
                if voice.deleted is None
            }

    def __enter__(self) -> Self:
        """Listen."""
        self._server = _Quiet(("127.0.0.1", 0), type("Handler", (_Handler,), {"odd": self}))
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()

    # -- what it does ----------------------------------------------------------------------------------------------

    def create(self, data: dict[str, Any]) -> dict[str, Any]:
        voice_id = uuid4().hex
        sample = data.get("samples", [{}])[0]
        fields = {"name": data["name"], "description": data.get("description"), "labels": data.get("labels") or {}}
        self.voices[voice_id] = Voice({**self._kept(fields), "lang_code": sample["lang_code"]}, time.time())
        form = {"key": voice_id, "policy": "not-base64", "Content-Type": sample["mime_type"]}
        return {**self.shown(voice_id), "samples": [{"item_id": 0, "url": f"{self.url}/put", "form_data": form}]}

    def update(self, voice: Voice, data: dict[str, Any]) -> None:
        if "keeps-descriptions" in self.habits and data.get("description") == "":
            del data["description"]
        if "reprocesses" in self.habits:
            voice.uploaded = time.time()
        voice.fields |= self._kept({k: v for k, v in data.items() if k in ("name", "description", "labels")})

    def _kept(self, fields: dict[str, Any]) -> dict[str, Any]:
        """Return fields as this server keeps them."""
        kept = dict(fields)
        if "normalises" in self.habits:
            if kept.get("name"):
                kept["name"] = unicodedata.normalize("NFKC", " ".join(kept["name"].split())).title()
            if kept.get("description"):
                kept["description"] = kept["description"].rstrip()
        if "uppercase-labels" in self.habits and kept.get("labels"):
            kept["labels"] = {k: v.upper() if v else v for k, v in kept["labels"].items()}
        return kept

    def shown(self, voice_id: str) -> dict[str, Any]:
        voice = self.voices[voice_id]
        status = self._status(voice)
        failed = {"errors": [{"title": "Bad sample", "detail": "It hums."}], "warnings": []}
        shown = {
            "voice_id": voice_id,
            "processing_status": status,
            "processing_result": failed if status == "failed" else None,
            "utc_created_at": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(voice.made)),
            **voice.fields,
        }
        return shown if "no-user" in self.habits else {**shown, "user_id": "somebody"}

    def _status(self, voice: Voice) -> str:
        if voice.uploaded is None:
            return "created"
        age = time.time() - voice.uploaded
        if age < MOMENT:
            return "queued" if "queued" in self.habits else "pending"
        if age < 2 * MOMENT and "queued" in self.habits:
            return "processing"
        return "failed" if voice.fields["name"] in self.refused else "ready"

    def visible(self, voice_id: str, *, in_list: bool) -> bool:
        voice = self.voices.get(voice_id)
        if voice is None:
            return False
        if voice.deleted is not None:
            return in_list and "lingering" in self.habits and time.time() - voice.deleted < MOMENT
        return in_list or "late" not in self.habits or time.time() - voice.made >= MOMENT


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that hung up."""


class _Handler(BaseHTTPRequestHandler):
    odd: OddServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._answer()

    do_POST = do_DELETE = do_GET  # noqa: N815 - http.server's names

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        odd, path = self.odd, self.path.partition("?")[0]
        if "slow" in odd.habits:
            time.sleep(0.2)
        with odd.lock:
            odd.requests[self.command + " " + re.sub("[0-9a-f]{32}", "ID", path)] += 1
            if path == "/put":
                self._upload(body)
            elif "throttles" in odd.habits and sum(odd.requests.values()) % 5 == 0:
                soon = email.utils.formatdate(time.time() + 1, usegmt=True)
                self._send(429, {"errors": [{"title": "Slow down"}]}, {"Retry-After": soon})
            else:
                self._api(path, json.loads(body) if body else None)

    def _upload(self, body: bytes) -> None:
        self.odd.leaks += [n for n in ("Authorization", "ClientId", "Cookie") if n in self.headers]
        found = re.search(rb'name="key"\r\n\r\n([0-9a-f]{32})', body)
        voice = self.odd.voices.get(found[1].decode()) if found else None
        if voice is not None:
            part = body[body.index(b'name="file"') :]
            voice.sample = part[part.index(b"\r\n\r\n") + 4 : part.rindex(b"\r\n--")]
            voice.uploaded = time.time()
        self._send(204, None)

    def _api(self, path: str, body: Any) -> None:
        odd, voice_id = self.odd, path.rpartition("/")[2]
        data = body["data"] if isinstance(body, dict) and "data" in body else body
        if body is not None and ("data" in body) == ("bare" in odd.habits):
            wrong = "an unknown field" if "bare" in odd.habits else "missing"
            self._send(422, {"errors": [{"title": "Invalid", "detail": f"data: {wrong}"}]})
        elif self.command == "GET" and path == "/saas/voice":
            self._list()
        elif self.command == "GET" and path == "/saas/voice/limits" and "no-limits" not in odd.habits:
            self._send(200, {"limit": 50, "total": len(odd.voices), "remaining": 40})
        elif self.command == "POST" and path == "/saas/voice/clone":
            self._send(200, odd.create(data))
        elif path.startswith("/saas/voice/m/") and odd.visible(voice_id, in_list=False):
            self._one(voice_id, data)
        else:
            self._send(404, {"errors": [{"title": "Not found"}]})

    def _one(self, voice_id: str, data: Any) -> None:
        odd = self.odd
        voice = odd.voices[voice_id]
        if self.command == "DELETE":
            voice.deleted = time.time()
            self._send(202, None)
        elif self.command == "POST":
            odd.update(voice, data)
            self._send(200, None if "silent-updates" in odd.habits else odd.shown(voice_id))
        else:
            self._send(200, odd.shown(voice_id))

    def _list(self) -> None:
        odd = self.odd
        ids = [voice_id for voice_id in odd.voices if odd.visible(voice_id, in_list=True)]
        ids.sort(key=lambda i: odd.voices[i].made, reverse="shuffled" in odd.habits)
        size = 2 if "small-pages" in odd.habits else 50
        found = re.search(r"[?&]token=(\d+)", self.path)
        start = int(found[1]) if found else 0
        items = [odd.shown(voice_id) for voice_id in ids[start : start + size]]
        if "thin-lists" in odd.habits:
            items = [{k: v for k, v in item.items() if k not in ("description", "labels")} for item in items]
        if "statusless-lists" in odd.habits:
            items = [{k: v for k, v in item.items() if not k.startswith("processing_")} for item in items]
        more = str(start + size) if start + size < len(ids) else None
        self._send(200, {"items": items, "next": more})

    def _send(self, status: int, payload: Any, headers: dict[str, str] | None = None) -> None:
        wrapped = status == 200 and "bare" not in self.odd.habits
        body = b"" if payload is None else json.dumps({"ok": True, "data": payload} if wrapped else payload).encode()
        self.send_response_only(status)
        if "no-date" not in self.odd.habits:
            self.send_header("Date", self.date_time_string())
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its signature
        """Say nothing."""
