"""The upload: a presigned POST to the storage host, exactly as S3 wants it (section 7 of the API page)."""

from __future__ import annotations

import asyncio
import base64
import html
import io
import json
import re
from collections.abc import AsyncIterable, AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from reconciler.crash_points import crash_point
from reconciler.errors import ApiUnknownError, UploadError
from reconciler.palabra.http import connect_timeout, deadline, log, readable
from reconciler.palabra.limiter import BeforeWrite, Limiter, nothing
from reconciler.palabra.retry import TOO_MANY_REQUESTS, read_http_date, read_retry_after, retrying
from reconciler.palabra.wire import UploadForm

PIECE = 64 * 1024
"""Bytes of a body that are sent at once."""
HOPS = 3
"""Redirects that are followed at most."""
REPLAYING_REDIRECTS = (307, 308)
THROTTLED = (TOO_MANY_REQUESTS, 503)
"""S3 says SlowDown with 503."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What the form's signed policy lets in."""

    expires: datetime | None
    smallest: int | None
    """Bytes."""
    largest: int | None
    """Bytes."""


def read_policy(form: UploadForm) -> Policy | None:
    """Decode the policy; None when it cannot be read, because then the server alone decides."""
    try:
        policy = json.loads(base64.b64decode(form.fields["policy"], validate=True))
        expires = datetime.fromisoformat(policy["expiration"]) if "expiration" in policy else None
        ranges = [c for c in policy["conditions"] if isinstance(c, list) and c[0] == "content-length-range"]
        smallest, largest = ranges[0][1:] if ranges else (None, None)
        if any(type(bound) not in (int, type(None)) for bound in (smallest, largest)):
            return None
    except (KeyError, ValueError, TypeError, IndexError, OverflowError, RecursionError):
        return None
    if expires is not None and expires.tzinfo is None:
        expires = expires.replace(tzinfo=UTC)
    return Policy(expires, smallest, largest)


def check_policy(form: UploadForm, *, size: int, now: datetime) -> None:
    """Raise UploadError for a file that the policy would not let in. `now` is the server's time."""
    policy = read_policy(form)
    if policy is None:
        return
    if policy.expires is not None and now >= policy.expires:
        raise UploadError("The upload form has expired", why=f"it was valid until {policy.expires}", expired=True)
    too_small = policy.smallest is not None and size < policy.smallest
    too_large = policy.largest is not None and size > policy.largest
    if too_small or too_large:
        raise UploadError(
            f"The sample has {size} bytes, the upload host takes {policy.smallest} to {policy.largest}",
            fix="use a shorter or longer recording, or another format",
        )


class _Reporting(io.RawIOBase):
    """A file that tells how far it was read."""

    def __init__(self, file: io.BufferedReader, told: Callable[[int], None]) -> None:
        self._file = file
        self._told = told

    def read(self, size: int = -1, /) -> bytes:
        chunk = self._file.read(size)
        if chunk:
            self._told(self._file.tell())
        return chunk

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def fileno(self) -> int:
        return self._file.fileno()


class _Joined(httpx.AsyncByteStream):
    """A body in pieces that are worth a system call each; a form alone has a dozen tiny ones."""

    def __init__(self, body: AsyncIterable[bytes]) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        piece = bytearray()
        async for part in self._body:
            piece += part
            if len(piece) >= PIECE:
                yield bytes(piece)
                piece.clear()
        if piece:
            yield bytes(piece)


@dataclass(frozen=True, slots=True)
class Sample:
    """The file to upload."""

    path: Path
    filename: str
    mime_type: str
    size: int
    """Bytes."""


class Uploader:
    """Sends samples to the upload host, under the limit that the whole run shares."""

    def __init__(
        self, client: httpx.AsyncClient, limiter: Limiter, *, seconds: float, before_write: BeforeWrite = nothing
    ) -> None:
        """`seconds` bounds each pause in sending, and the wait for the answer after the last byte.

        `before_write` is called before each piece of the sample.
        """
        self._client = client
        self._limiter = limiter
        self._seconds = seconds
        self._before_write = before_write

    async def upload(
        self, form: UploadForm, sample: Sample, *, now: Callable[[], datetime], progress: Callable[[int], None]
    ) -> None:
        """Send the sample; `progress` is told the bytes sent so far.

        The form may be used again until it expires, so passing failures are tried again. Raises UploadError.
        """

        async def once() -> None:
            async with self._limiter.slot():
                self._before_write()
                check_policy(form, size=sample.size, now=now())
                try:
                    await self._follow(form, sample, progress)
                except UploadError as error:
                    if error.status in THROTTLED:
                        self._limiter.throttled(error.retry_after)
                    raise

        await retrying(once, idempotent=True)

    async def _follow(self, form: UploadForm, sample: Sample, progress: Callable[[int], None]) -> None:
        url = _plain_url(form.url)
        for _ in range(HOPS):
            crash_point("http before upload")
            try:
                response = await self._post(url, form.fields, sample, progress)
            except (httpx.HTTPError, httpx.InvalidURL, ApiUnknownError) as error:
                why = str(error) or type(error).__name__
                what = "The upload host cannot be reached"
                raise UploadError(what, where=_shown(url), why=why, retryable=True) from error
            except OSError as error:
                raise UploadError(f"Cannot read {sample.path.name}", why=error.strerror or str(error)) from error
            crash_point("http after upload")
            log.debug("POST %s -> %s", _shown(url), response.status_code)
            if response.is_success:
                return
            if response.status_code not in REPLAYING_REDIRECTS:
                raise _refused(response)
            url = _redirected(url, response)
        raise UploadError("The upload host redirects in circles", where=_shown(url))

    async def _post(
        self, url: httpx.URL, fields: Mapping[str, str], sample: Sample, progress: Callable[[int], None]
    ) -> httpx.Response:
        """POST the fields in their order and the file last, streamed, with a Content-Length."""
        clock = asyncio.get_running_loop().time
        async with deadline(connect_timeout(self._seconds) + self._seconds, f"POST {_shown(url)}") as timeout:

            def told(position: int) -> None:
                self._before_write()
                timeout.reschedule(clock() + self._seconds)
                progress(position)

            with sample.path.open("rb") as file:
                part = (sample.filename, _Reporting(file, told), sample.mime_type)
                request = self._client.build_request(
                    "POST",
                    url,
                    data=dict(fields),
                    files={"file": part},  # type: ignore[dict-item]
                )
                assert isinstance(request.stream, AsyncIterable)
                request.stream = _Joined(request.stream)
                return await self._client.send(request)


def _plain_url(text: str) -> httpx.URL:
    """Return the URL without a user name and password, which httpx would send as credentials."""
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, TypeError) as error:
        raise UploadError("The upload form has no usable URL", why=str(error)) from error
    if url.scheme not in ("http", "https") or not url.host:
        raise UploadError("The upload form has no usable URL")
    return url.copy_with(username=None, password=None) if url.userinfo else url


def _redirected(url: httpx.URL, response: httpx.Response) -> httpx.URL:
    """Follow to https, or within the same host; anything else could be anybody."""
    try:
        target = _plain_url(str(url.join(response.headers.get("Location", ""))))
    except httpx.InvalidURL as error:
        raise UploadError("The upload host redirects to no usable URL", where=_shown(url), why=str(error)) from error
    if target.scheme == "https" or (target.host, target.scheme) == (url.host, url.scheme):
        return target
    raise UploadError("The upload host redirects to where a sample must not go", where=_shown(target))


def _refused(response: httpx.Response) -> UploadError:
    status = response.status_code
    code, message = (_element(readable(response), name) for name in ("Code", "Message"))
    retryable = status >= 500 or status in (408, TOO_MANY_REQUESTS)
    return UploadError(
        f"The upload host refused the sample ({status}{f' {code}' if code else ''})",
        where=_shown(response.request.url),
        why=message,
        status=status,
        retry_after=read_retry_after(response.headers.get("Retry-After"), response.headers.get("Date")),
        retryable=retryable,
        expired=status == 403 and "expired" in f"{code} {message}".lower(),
    )


def _element(text: str, name: str) -> str:
    """Return the text of an element of S3's XML errors, leniently: the body may be anything."""
    found = re.search(rf"<{name}>([^<]{{0,500}})</{name}>", text[:10_000])
    return " ".join(html.unescape(found[1]).split()) if found else ""


def _shown(url: httpx.URL) -> str:
    """Return the part of an upload URL that may be shown: its query could be a signature."""
    return f"{url.scheme}://{url.netloc.decode()}{url.path}"


def server_clock(date: str | None) -> Callable[[], datetime]:
    """Return a clock that goes as the server's: our own clock may be wrong, and policies expire by the server's."""
    moment = read_http_date(date)
    offset = moment - datetime.now(UTC) if moment is not None else timedelta(0)
    return lambda: datetime.now(UTC) + offset
