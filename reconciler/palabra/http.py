"""The one HTTP client of a run: time-outs, no redirects, no cookies, and answers turned into results or errors."""

from __future__ import annotations

import asyncio
import http.cookiejar
import json
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from reconciler import __version__
from reconciler.crash_points import crash_point
from reconciler.errors import ApiError, ApiRefusedError, ApiUnknownError, ApiUnreachableError
from reconciler.palabra import wire
from reconciler.palabra.connections import AiohttpTransport
from reconciler.palabra.retry import TOO_MANY_REQUESTS, read_retry_after

log = logging.getLogger("voicectl.http")

CONNECT_TIMEOUT = 10.0
"""Seconds."""
SHORTEST_SECRET = 8
"""Characters: taking shorter words out of a message would garble it."""
FORM_WORDS = ("form_data", '"policy"', "x-amz-")
"""What a body with (a part of) an upload form has in it (section 7 of the API page)."""
READ_TIMEOUT = 30.0
"""Seconds; VOICECTL_HTTP_TIMEOUT sets another."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A good answer."""

    body: Any
    """Decoded JSON; None for an empty body."""
    date: str | None
    """The server's Date header."""


def new_http_client(read_timeout: float, connections: int) -> httpx.AsyncClient:
    """Return the client that a run uses for the API and for the upload host.

    It holds no credentials: those are added to API requests one by one, so they cannot reach the upload host. For
    the same reason it keeps no cookies (a cookie set by 127.0.0.1:8080 would be sent to 127.0.0.1:9090).
    """
    client = httpx.AsyncClient(
        transport=AiohttpTransport(connections),
        timeout=httpx.Timeout(connect=connect_timeout(read_timeout), read=read_timeout, write=read_timeout, pool=None),
        headers={"User-Agent": f"voicectl/{__version__}"},
        follow_redirects=False,
    )
    client.cookies.jar = _NoCookies()
    return client


class _NoCookies(http.cookiejar.CookieJar):
    """Keeps nothing, and looks for nothing: that a policy refuses each cookie would cost a tenth of a request."""

    def extract_cookies(self, response: object, request: object) -> None:
        """Leave the cookies of an answer where they are."""

    def add_cookie_header(self, request: object) -> None:
        """Add none to a request."""


def connect_timeout(read_timeout: float) -> float:
    """Return how many seconds a connection may take."""
    return min(CONNECT_TIMEOUT, read_timeout)


@asynccontextmanager
async def deadline(seconds: float | None, request: str) -> AsyncIterator[asyncio.Timeout]:
    """Bound a whole exchange: a read time-out alone never ends with a server that sends a byte a second."""
    try:
        async with asyncio.timeout(seconds) as timeout:
            yield timeout
    except TimeoutError as error:
        raise ApiUnknownError(
            "The server did not answer in time", request=request, fix="VOICECTL_HTTP_TIMEOUT sets the seconds"
        ) from error


async def exchange(
    client: httpx.AsyncClient, method: str, url: str, *, headers: Mapping[str, str], seconds: float, body: Any = None
) -> Answer:
    """Send one JSON request and read its whole answer within `seconds` (plus connecting).

    Raises ApiUnreachableError when the request never left, ApiRefusedError for a definite no, ApiUnknownError for
    everything after which the request may or may not have been carried out.
    """
    request = f"{method} {url}"
    content = None if body is None else json.dumps(body, ensure_ascii=False).encode()
    sent = {"Accept": "application/json", "Content-Type": "application/json", **headers}
    crash_point(f"http before {method}")
    log.debug("%s", request)
    try:
        async with deadline(connect_timeout(seconds) + seconds, request):
            response = await client.request(method, url, content=content, headers=sent)
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        log.debug("%s -> cannot connect", request)
        raise ApiUnreachableError(
            "Cannot connect to the Palabra API",
            request=request,
            why=str(error),
            fix="check PALABRA_API_URL and network",
        ) from error
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise ApiRefusedError("The API's URL is not one", request=request, why=str(error)) from error
    except httpx.HTTPError as error:
        why = str(error) or type(error).__name__
        log.debug("%s -> %s", request, why)
        raise ApiUnknownError("The answer of the server was lost", request=request, why=why) from error
    finally:
        crash_point(f"http after {method}")
    log.debug("%s -> %s", request, response.status_code)
    try:
        return read_answer(response, request)
    except ApiError as error:  # a server may echo the key that it refuses
        for secret in {part for value in headers.values() for part in value.split() if len(part) >= SHORTEST_SECRET}:
            error.why = error.why.replace(secret, "***")
        raise


def read_answer(response: httpx.Response, request: str) -> Answer:
    """Turn a response into an answer or the error that it is."""
    try:
        body = json.loads(response.content) if response.content.strip() else None
        decoded = True
    except (ValueError, RecursionError):
        body, decoded = None, False
    if response.is_success and decoded:
        if isinstance(body, dict) and body.get("ok") is False:
            raise _error(response, request, body)
        return Answer(body, response.headers.get("Date"))
    if response.is_success:
        raise ApiUnknownError(
            "The server's answer is not JSON",
            request=request,
            why=_excerpt(response),
            status=response.status_code,
            request_id=_request_id(response),
        )
    raise _error(response, request, body)


def _error(response: httpx.Response, request: str, body: Any) -> ApiError:
    status = response.status_code
    problems = wire.read_problems(body)
    what, fix = _WORDS.get(status, (f"The server answered {status}", ""))
    if response.is_redirect:
        what = f"The server redirects to {_one_line(response.headers.get('Location', 'nowhere'))}"
        fix = "redirects are not followed with credentials; set PALABRA_API_URL to the right address"
    elif response.is_success:
        what = "The server says no"
    kind = ApiUnknownError if status >= 500 or status == 408 or response.is_success else ApiRefusedError
    return kind(
        what,
        request=request,
        status=status,
        why=_one_line("; ".join(problems)) or _excerpt(response),
        fix=fix,
        request_id=_request_id(response),
        retry_after=read_retry_after(response.headers.get("Retry-After"), response.headers.get("Date")),
    )


_WORDS = {
    401: ("The server does not accept the credentials (401)", "check PALABRA_API_KEY and whose account it is"),
    403: ("The server forbids this (403)", "check the plan and the quota of the account"),
    404: ("The server does not know this (404)", ""),
    TOO_MANY_REQUESTS: ("The server asks to slow down (429)", "run again later, or with a lower --parallelism"),
}


def readable(response: httpx.Response) -> str:
    """Return the start of a body as text, whatever charset it claims to be in."""
    return response.content[:10_000].decode("utf-8", "replace")


def _excerpt(response: httpx.Response) -> str:
    """Return the start of a body, but of none that may hold an upload form: that authorizes by itself."""
    text = readable(response)
    if any(word in text.lower() for word in FORM_WORDS):
        return f"a body of {len(response.content)} bytes, not shown because it may hold an upload form"
    return _one_line(text[:500])


def _one_line(text: str) -> str:
    """Return text of a server without anything that could steer a terminal."""
    return "".join(c for c in " ".join(text.split()) if c.isprintable())


def _request_id(response: httpx.Response) -> str | None:
    headers: Mapping[str, str] = response.headers
    return _one_line(headers.get("x-request-id") or headers.get("x-amz-request-id") or "") or None
