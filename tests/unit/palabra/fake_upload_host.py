"""An upload host that is a function, the form that leads to it, and the sample that goes there."""

from __future__ import annotations

import base64
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from reconciler.palabra.limiter import Limiter
from reconciler.palabra.upload import Sample, Uploader
from reconciler.palabra.wire import UploadForm

URL = "https://bucket.upload.test/"
SECRET = "5ecret-s1gnature"
NOW = datetime(2025, 6, 19, 11, 0, 0, tzinfo=UTC)
SMALLEST, LARGEST = 10, 1000


def encoded(policy: Any) -> str:
    return base64.b64encode(json.dumps(policy).encode()).decode()


POLICY = encoded(
    {
        "expiration": "2025-06-19T11:07:53Z",
        "conditions": [{"acl": "private"}, ["content-length-range", SMALLEST, LARGEST], {"key": "blob/anna.mp3"}],
    }
)
FIELDS = {
    "acl": "private",
    "bucket": "bucket",
    "key": "blob/anna.mp3",
    "x-amz-meta-filename": 'Anna "1" \u00e4.mp3',
    "Content-Type": "audio/mpeg",
    "x-amz-credential": "AKEXAMPLE/20250619/eu-central-1/s3/aws4_request",
    "policy": POLICY,
    "x-amz-signature": SECRET,
}


def form(url: str = URL, **fields: str) -> UploadForm:
    return UploadForm(url, {**FIELDS, **fields})


def sample(folder: Path, content: bytes = b"an mp3 of a voice") -> Sample:
    path = folder / "anna.mp3"
    path.write_bytes(content)
    return Sample(path, "anna 1.mp3", "audio/mpeg", len(content))


Handler = Callable[[httpx.Request], "httpx.Response | Exception"]


@dataclass
class FakeHost(httpx.AsyncBaseTransport):
    """Reads each request piece by piece, as it is sent, and keeps it."""

    handler: Handler = lambda _: httpx.Response(204)
    between: Callable[[bytes], Awaitable[None]] | None = None
    """What happens after each piece."""
    keep: bool = True
    requests: list[httpx.Request] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = b""
        assert isinstance(request.stream, httpx.AsyncByteStream)
        async for piece in request.stream:
            body += piece if self.keep else b""
            if self.between is not None:
                await self.between(piece)
        self.requests.append(request)
        self.bodies.append(body)
        answer = self.handler(request)
        if isinstance(answer, Exception):
            raise answer
        answer.request = request
        return answer

    def uploader(self, *, limiter: Limiter | None = None, seconds: float = 30.0) -> Uploader:
        return Uploader(httpx.AsyncClient(transport=self), limiter or Limiter(4), seconds=seconds)

    async def take(
        self,
        to: UploadForm,
        what: Sample,
        *,
        now: Callable[[], datetime] = lambda: NOW,
        progress: Callable[[int], None] = lambda _: None,
        seconds: float = 30.0,
    ) -> None:
        """Upload, by ours."""
        await self.uploader(seconds=seconds).upload(to, what, now=now, progress=progress)


def host(*answers: httpx.Response | Exception) -> FakeHost:
    """Answer in turn; the last answer stays."""
    left = list(answers)

    def handler(_: httpx.Request) -> httpx.Response | Exception:
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, Exception):
            return answer
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    return FakeHost(handler)


def s3_error(
    status: int, code: str, message: str = "Because.", headers: Mapping[str, str] | None = None
) -> httpx.Response:
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return httpx.Response(status, content=body.encode(), headers={"Content-Type": "application/xml", **(headers or {})})
