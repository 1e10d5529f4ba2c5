"""The Palabra API, as far as voices need it. DELETE /saas/voice (delete all) is not in here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote

import httpx

from reconciler.errors import ApiError, ApiRefusedError, ApiUnknownError, UsageError
from reconciler.palabra import wire
from reconciler.palabra.credentials import Credentials
from reconciler.palabra.http import Answer, exchange
from reconciler.palabra.limiter import BeforeWrite, Limiter, nothing
from reconciler.palabra.retry import TOO_MANY_REQUESTS, retrying

DEFAULT_URL = "https://api.palabra.ai"
PAGE_SIZE = 50
"""The largest page that every version of the API page allows (section 11, row 16)."""
STALE_PAGES = 50
"""How many pages in a row may have no voice that was not there before; after them the list goes in circles."""
UNAUTHORIZED = 401
GONE = (404, 410)
NO_SUCH_METHOD = 405
UPDATE_METHODS = {"POST": "PATCH", "PATCH": "PUT"}
"""What to try after a 405 (section 11, row 17)."""
UNPROCESSABLE = 422

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class NewVoice:
    """What is sent to reserve a voice (section 5 of the API page)."""

    name: str
    description: str | None
    labels: Mapping[str, str]
    filename: str
    mime_type: str
    lang_code: str
    denoise: bool
    speech_normalization: bool
    display_name: str | None
    sample_description: str | None

    def to_wire(self) -> dict[str, Any]:
        """Return the request's `data`. `speech_normalization` is left out where it is the default (row 10)."""
        sample: dict[str, Any] = {
            "filename": self.filename,
            "mime_type": self.mime_type,
            "lang_code": self.lang_code,
            "denoise": self.denoise,
        }
        if not self.speech_normalization:
            sample["speech_normalization"] = False
        if self.display_name is not None:
            sample["display_name"] = self.display_name
        if self.sample_description is not None:
            sample["description"] = self.sample_description
        data: dict[str, Any] = {"name": self.name, "samples": [sample]}
        if self.description is not None:
            data["description"] = self.description
        if self.labels:
            data["labels"] = dict(self.labels)
        return data


@dataclass(frozen=True, slots=True)
class Reserved:
    """A voice that waits for its sample."""

    voice: wire.Voice
    form: wire.UploadForm
    date: str | None
    """The server's time at the answer (HTTP date)."""


class PalabraClient:
    """Speaks for one account. Every method raises ApiError."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        base_url: str,
        credentials: Credentials,
        limiter: Limiter,
        *,
        read_timeout: float,
        before_write: BeforeWrite = nothing,
    ) -> None:
        """`before_write` is called when the turn has come of a request that changes something, each try of it."""
        self._http = http
        # A name and password in the address would be sent too, as a second scheme beside the credentials.
        try:
            self._base = str(httpx.URL(base_url).copy_with(username=None, password=None)).rstrip("/")
        except httpx.InvalidURL as error:
            raise UsageError(
                "The API's address is none", why=str(error), fix=f"write for example {DEFAULT_URL}"
            ) from error
        self._credentials = credentials
        self._limiter = limiter
        self._seconds = read_timeout
        self._before_write = before_write
        self._update_method = "POST"
        self._wrapped = True
        self.server_date: str | None = None
        """The Date header of the newest answer: the server's own clock."""

    async def pages(self) -> AsyncIterator[Sequence[wire.Voice]]:
        """Yield the account's voices page by page, the oldest first, to the end."""
        query = {"page_size": str(PAGE_SIZE), "sort": "asc"}
        seen: set[str] = set()
        tokens: set[str] = set()
        stale = 0
        while True:
            answer = await self._send("GET", "/saas/voice", query=query)
            page = self._read(wire.read_page, answer, "GET /saas/voice")
            yield page.voices
            if page.next is None:
                return
            fresh = {voice.voice_id for voice in page.voices} - seen
            # Pages with nothing new are no circle yet: a server may filter them, or voices made since have moved all
            # others one page on.
            stale = 0 if fresh else stale + 1
            if page.next in tokens or stale == STALE_PAGES:
                why = "a page came twice, or page after page has nothing new on it"
                raise ApiRefusedError("The list of voices never ends", request="GET /saas/voice", why=why)
            seen |= fresh
            tokens.add(page.next)
            query = {"token": page.next}

    async def list_voices(self) -> dict[str, wire.Voice]:
        """Return every voice of the account by id, each with all its fields.

        On a server whose lists leave fields out, those voices are asked for one by one: the description has our mark.
        """
        listed = {voice.voice_id: voice async for page in self.pages() for voice in page}
        thin = [voice_id for voice_id, voice in listed.items() if not voice.complete]
        for voice_id, voice in zip(thin, await asyncio.gather(*map(self.get_voice, thin)), strict=True):
            if voice is None:
                del listed[voice_id]
            else:
                listed[voice_id] = voice
        return listed

    async def get_voice(self, voice_id: str) -> wire.Voice | None:
        """Return one voice; None when it does not exist."""
        path = _voice_path(voice_id)
        try:
            answer = await self._send("GET", path)
        except ApiError as error:
            if error.status in GONE:
                return None
            raise
        return self._read(lambda body: wire.read_voice(wire.unwrap(body)), answer, f"GET {path}")

    async def limits(self) -> wire.Limits | None:
        """Return the quota; None on a server that does not tell."""
        try:
            answer = await self._send("GET", "/saas/voice/limits")
        except (ApiRefusedError, ApiUnknownError) as error:
            if error.status == UNAUTHORIZED:
                raise
            return None
        return wire.read_limits(answer.body)

    async def create(self, new: NewVoice) -> Reserved:
        """Reserve a voice. There is no idempotency key, so this is never repeated after an unknown outcome."""
        answer = await self._send("POST", "/saas/voice/clone", data=new.to_wire(), idempotent=False)

        def read(body: Any) -> Reserved:
            payload = wire.unwrap(body)
            return Reserved(wire.read_voice(payload), wire.read_form(payload), answer.date)

        return self._read(read, answer, "POST /saas/voice/clone")

    async def update(self, voice_id: str, fields: Mapping[str, Any]) -> wire.Voice | None:
        """Change name, description or labels; returns the voice as it is now, None where the answer does not say."""
        path = _voice_path(voice_id)
        while True:
            method = self._update_method
            try:
                answer = await self._send(method, path, data=dict(fields))
            except ApiError as error:
                other = UPDATE_METHODS.get(method)
                if error.status != NO_SUCH_METHOD or other is None:
                    raise
                if self._update_method == method:  # nobody else has found out meanwhile
                    self._update_method = other
                continue
            payload = wire.unwrap(answer.body)
            usable = isinstance(payload, dict) and wire.is_usable_id(payload.get("voice_id"))
            return wire.read_voice(payload) if usable else None

    async def delete(self, voice_id: str) -> None:
        """Delete one voice; a voice that is gone already is as good."""
        try:
            await self._send("DELETE", _voice_path(voice_id))
        except ApiError as error:
            if error.status not in GONE:
                raise

    async def _send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        data: Any = None,
        idempotent: bool = True,
    ) -> Answer:
        url = str(httpx.URL(self._base + path, params=query)) if query else self._base + path

        async def send(body: Any) -> Answer:
            return await retrying(lambda: self._exchange(method, url, body), idempotent=idempotent)

        if data is None or not self._wrapped:
            return await send(data)
        try:
            return await send({"data": data})
        except ApiRefusedError as error:
            # Section 11, row 1: a server of the guide's kind wants bare bodies. A 422 has changed nothing, so one
            # resend is safe; the server's own word for it is a problem with `data`.
            if error.status != UNPROCESSABLE or "data" not in error.why:
                raise
            refused = error
        try:
            answer = await send(data)
        except ApiRefusedError:
            raise refused from None
        self._wrapped = False
        return answer

    async def _exchange(self, method: str, url: str, body: Any) -> Answer:
        async with self._limiter.slot():
            if method != "GET":
                self._before_write()
            try:
                answer = await exchange(
                    self._http, method, url, headers=self._credentials.headers, seconds=self._seconds, body=body
                )
            except ApiError as error:
                if error.status == TOO_MANY_REQUESTS:
                    self._limiter.throttled(error.retry_after)
                raise
            self._limiter.accepted()
            self.server_date = answer.date or self.server_date
            return answer

    @staticmethod
    def _read(read: Callable[[Any], T], answer: Answer, request: str) -> T:
        try:
            return read(answer.body)
        except wire.WireError as error:
            raise ApiUnknownError("The server's answer makes no sense", request=request, why=str(error)) from error


def _voice_path(voice_id: str) -> str:
    if not wire.is_usable_id(voice_id):
        raise ValueError(f"not a voice id: {voice_id!r}")
    return f"/saas/voice/m/{quote(voice_id, safe='')}"
