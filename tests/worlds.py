"""A model of Palabra in memory: what an account holds, and what the API page says happens to it.

A reading of the contract of its own: it shares nothing with `reconciler.palabra` and nothing with the emulator.

    world = World()
    httpx.AsyncClient(transport=httpx.MockTransport(world.handle))

It has no clock: `world.now` is asked for the time. Habits are what servers may differ in; troubles are what may
happen to one request.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from enum import StrEnum
from typing import Any, NoReturn

import httpx

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
API = "https://api.test"
UPLOADS = "https://uploads.test/bucket"
USER = "11111111-2222-3333-4444-555555555555"

Fields = dict[str, Any]
"""name, description, labels."""


class Died(BaseException):
    """The process that asked was killed."""


class Trouble(StrEnum):
    """What happens to one request."""

    KILLED_BEFORE = "the process dies before it is sent"
    KILLED_AFTER = "the process dies before it has the answer"
    LOST = "carried out, and the answer is lost"
    BUSY = "503, not carried out"
    THROTTLED = "429, not carried out"


@dataclass(frozen=True)
class Habits:
    """What servers may differ in."""

    forms: tuple[str, ...] = ()
    """Names of FORMS: how the server rewrites what it is sent."""
    page_size: int = 50
    lag: float = 0.0
    """Seconds after which the list knows of a create or a delete."""
    short_list: bool = False
    """Items of the list have no description and no labels."""
    looks: int = 1
    """How often a voice is seen pending before it is ready."""
    merges_labels: bool = False
    """An update of labels keeps those that it does not name."""


def _titled(labels: Any) -> Any:
    return {k: v.title() if isinstance(v, str) else v for k, v in (labels or {}).items()}


def _text(change: Callable[[str], str]) -> Callable[[Fields], Fields]:
    def applied(fields: Fields) -> Fields:
        texts = {k: change(v) for k, v in fields.items() if k != "labels" and isinstance(v, str)}
        return fields | texts

    return applied


def _labels(change: Callable[[Any], Any]) -> Callable[[Fields], Fields]:
    return lambda fields: fields | ({"labels": change(fields["labels"])} if "labels" in fields else {})


FORMS: Mapping[str, Callable[[Fields], Fields]] = {
    "trim": _text(str.strip),
    "nfc": _text(lambda text: unicodedata.normalize("NFC", text)),
    "nfd": _text(lambda text: unicodedata.normalize("NFD", text)),
    "newlines": _text(lambda text: text.replace("\r\n", "\n").replace("\r", "\n")),
    "collapse": _text(lambda text: " ".join(text.split())),
    "lower names": lambda fields: fields | ({"name": fields["name"].lower()} if "name" in fields else {}),
    "null for empty": lambda fields: {k: None if v in ("", {}) else v for k, v in fields.items()},
    "empty for null": lambda fields: {k: "" if v is None and k == "description" else v for k, v in fields.items()},
    "title labels": _labels(_titled),
    "no null labels": _labels(lambda labels: {k: v for k, v in (labels or {}).items() if v is not None}),
    "no moods": _labels(lambda labels: {k: v for k, v in (labels or {}).items() if k != "mood"}),
    "all labels": _labels(lambda labels: dict.fromkeys(("gender", "age_group", "mood")) | (labels or {})),
}


@dataclass(frozen=True)
class Stored:
    """One voice of the account."""

    voice_id: str
    fields: Fields
    made: Fields
    """The sample's part of the request that made it."""
    born: float
    """Seconds since EPOCH."""
    status: str = "created"
    data: bytes | None = None
    """The sample, once uploaded."""
    looks_left: int = 0
    mine: bool = False
    """Made by a request, and not by the test."""


@dataclass
class World:
    """An account, and everything that was asked of it."""

    habits: Habits = field(default_factory=Habits)
    now: Callable[[], float] = lambda: 0.0
    """Seconds since EPOCH."""
    on_death: Callable[[], None] = lambda: None
    """Called at the moment in which the process that asks is killed."""
    voices: dict[str, Stored] = field(default_factory=dict)
    ghosts: dict[str, tuple[Stored, float]] = field(default_factory=dict)
    """Deleted voices that the list still shows, and until when."""
    bad_samples: set[bytes] = field(default_factory=set)
    """Samples that the processing refuses."""
    troubles: dict[int, Trouble] = field(default_factory=dict)
    """By number of the request, the next one being 0."""
    log: list[tuple[str, str]] = field(default_factory=list)
    """Method and path of every request."""
    deleted: list[tuple[Stored, dict[str, Stored]]] = field(default_factory=list)
    """Every voice that a request deleted, and what was left at that moment."""
    _count: int = 0
    _asked: int = 0
    _dead: bool = False

    # -- what the test does to it ----------------------------------------------------------------------------------

    def put(self, name: str, description: str | None = None, labels: Any = None, status: str = "ready") -> Stored:
        """Add a voice that somebody else made."""
        fields = self.stored({"name": name, "description": description, "labels": labels})
        self._count += 1
        voice = Stored(f"foreign-{self._count}", fields, {}, self.now(), status)
        self.voices[voice.voice_id] = voice
        return voice

    def expect(self, troubles: Mapping[int, Trouble]) -> None:
        """Let these things happen to the coming requests. A process that died before is a new one now."""
        self.troubles, self._asked, self._dead = dict(troubles), 0, False

    def stored(self, fields: Fields) -> Fields:
        """Return what this server makes of the fields that it is sent."""
        for form in self.habits.forms:
            fields = FORMS[form](fields)
        return fields

    # -- what requests do to it ------------------------------------------------------------------------------------

    async def handle(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        trouble = self.troubles.get(self._asked)
        self._asked += 1
        if self._dead or trouble is Trouble.KILLED_BEFORE:
            self._die()
        self.log.append((request.method, request.url.path))
        if trouble is Trouble.BUSY:
            return _problem(503, "Service is overloaded")
        if trouble is Trouble.THROTTLED:
            return _problem(429, "Too many requests", {"Retry-After": "3"})
        response = self._upload(request) if str(request.url).startswith(UPLOADS) else self._api(request)
        if trouble is Trouble.KILLED_AFTER:
            self._die()
        if trouble is Trouble.LOST:
            raise httpx.ReadError("connection reset", request=request)
        response.headers["Date"] = format_datetime(EPOCH + timedelta(seconds=self.now()), usegmt=True)
        return response

    def _die(self) -> NoReturn:
        if not self._dead:
            self._dead = True
            self.on_death()
        raise Died

    def _api(self, request: httpx.Request) -> httpx.Response:
        assert request.headers["Authorization"] == "Bearer key"
        data = json.loads(request.content)["data"] if request.content else {}
        match request.method, request.url.path.split("/")[2:]:
            case "POST", ["voice", "clone"]:
                return self._create(data)
            case "GET", ["voice"]:
                return self._list(request.url.params)
            case "GET", ["voice", "limits"]:
                return _ok({"limit": 100_000, "total": len(self.voices), "remaining": 100_000 - len(self.voices)})
            case method, ["voice", "m", voice_id] if voice_id:
                return self._one(method, voice_id, data)
        raise AssertionError(f"never to be sent: {request.method} {request.url.path}")

    def _create(self, data: Fields) -> httpx.Response:
        assert 3 <= len(data["name"]) <= 64
        assert len(data["samples"]) == 1
        assert {"filename", "mime_type", "lang_code"} <= data["samples"][0].keys()
        assert None not in (data.get("labels") or {}).values()
        self._count += 1
        fields = self.stored({key: data.get(key) for key in ("name", "description", "labels")})
        voice = Stored(f"voice-{self._count}", fields, data["samples"][0], self.now(), mine=True)
        self.voices[voice.voice_id] = voice
        form = {"key": f"blob/{voice.voice_id}", "acl": "private"}
        return _ok(
            self._json(voice) | {"samples": [{"item_id": "i", "blob_id": "b", "url": UPLOADS, "form_data": form}]}
        )

    def _upload(self, request: httpx.Request) -> httpx.Response:
        assert not {"authorization", "clientid", "clientsecret"} & set(request.headers)
        boundary = request.headers["Content-Type"].partition("boundary=")[2].encode()
        parts = [part.partition(b"\r\n\r\n") for part in request.content.split(b"--" + boundary)[1:-1]]
        assert b'name="file"' in parts[-1][0]
        key = next(content for head, _, content in parts if b'name="key"' in head)
        voice = self.voices.get(key.strip().decode().removeprefix("blob/"))
        data = parts[-1][2].removesuffix(b"\r\n")
        if voice is not None and voice.status == "created":
            self.voices[voice.voice_id] = replace(voice, status="pending", data=data, looks_left=self.habits.looks)
        return httpx.Response(204)

    def _list(self, query: httpx.QueryParams) -> httpx.Response:
        assert int(query.get("page_size", "50")) <= 50
        shown = {v.voice_id: v for v in self.voices.values() if not v.mine or v.born + self.habits.lag <= self.now()}
        shown |= {v.voice_id: v for v, until in self.ghosts.values() if self.now() < until}
        ordered = sorted(shown.values(), key=lambda v: (v.born, v.voice_id))
        start = int(query.get("token", "0"))
        page = [self._json(self._looked_at(v)) for v in ordered[start : start + self.habits.page_size]]
        if self.habits.short_list:
            page = [{k: v for k, v in item.items() if k not in ("description", "labels")} for item in page]
        end = start + self.habits.page_size
        return _ok({"items": page, "next": str(end) if end < len(ordered) else None})

    def _one(self, method: str, voice_id: str, data: Fields) -> httpx.Response:
        voice = self.voices.get(voice_id)
        if voice is None:
            return _problem(404, "No such voice")
        if method == "GET":
            return _ok(self._json(self._looked_at(voice)))
        if method == "DELETE":
            del self.voices[voice_id]
            self.ghosts[voice_id] = (voice, self.now() + self.habits.lag)
            self.deleted.append((voice, dict(self.voices)))
            return httpx.Response(204)
        assert method == "POST"
        assert data
        assert data.keys() <= {"name", "description", "labels"}
        if "labels" in data and self.habits.merges_labels:
            data = data | {"labels": (voice.fields["labels"] or {}) | data["labels"]}
        voice = replace(voice, fields=voice.fields | self.stored(data))
        self.voices[voice_id] = voice
        return _ok(self._json(voice))

    def _looked_at(self, voice: Stored) -> Stored:
        if voice.status != "pending" or voice.voice_id not in self.voices or not voice.mine:
            return voice
        after = replace(voice, looks_left=voice.looks_left - 1)
        if voice.looks_left <= 0:
            after = replace(voice, status="failed" if voice.data in self.bad_samples else "ready")
        self.voices[voice.voice_id] = after
        return after

    def _json(self, voice: Stored) -> dict[str, Any]:
        problem = {
            "type": "about:blank",
            "status": 424,
            "title": "Failed Dependency",
            "detail": "Depended action failed.",
        }
        return {
            "voice_id": voice.voice_id,
            "user_id": USER,
            "utc_created_at": (EPOCH + timedelta(seconds=voice.born)).replace(tzinfo=None).isoformat(),
            "voice_type": "instantly_cloned",
            "processing_status": voice.status,
            "processing_result": {"errors": [problem]} if voice.status == "failed" else None,
            **voice.fields,
        }


def _ok(data: Any) -> httpx.Response:
    return httpx.Response(200, json={"ok": True, "data": data})


def _problem(status: int, detail: str, headers: Mapping[str, str] | None = None) -> httpx.Response:
    problem = {"type": "about:blank", "status": status, "title": detail, "detail": detail}
    return httpx.Response(status, json={"ok": False, "errors": [problem]}, headers=headers)
