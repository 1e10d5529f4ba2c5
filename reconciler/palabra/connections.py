"""httpx over aiohttp's connections: a request costs half the CPU that httpcore takes, and no more with many open.

What became of a request decides whether it may be sent again, so each error says no more than is certain:
`ConnectError` and `ConnectTimeout` mean that nothing has left, every other one that the server may have acted.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from functools import cached_property
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx
from yarl import URL

KEEPALIVE = 5.0
"""Seconds that an idle connection is kept: less than servers and balancers keep it."""
LONGEST_FIELD = 65_536
"""Bytes of a header field, which aiohttp would end at 8 kB."""


class AiohttpTransport(httpx.AsyncBaseTransport):
    """Sends what httpx has built, as it is: no cookies, no redirects, no headers of its own."""

    def __init__(self, connections: int) -> None:
        """`connections`: how many are open at once, to all servers."""
        self._connections = connections
        self._proxies = getproxies()
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Return the response as soon as its head is there. Raises httpx.TransportError, or what the body raised."""
        timeout = request.extensions["timeout"]
        body = _Body(request.stream) if request.headers.get("Content-Length", "0") != "0" else None
        with _translated(body):
            answer = await self._open().request(
                request.method,
                URL(str(request.url), encoded=True),
                headers=request.headers.multi_items(),
                data=body,
                allow_redirects=False,
                proxy=self._proxy(request.url),
                ssl=self._tls if request.url.scheme == "https" else True,
                timeout=aiohttp.ClientTimeout(
                    connect=timeout["pool"], sock_connect=timeout["connect"], sock_read=timeout["read"]
                ),
            )
        return httpx.Response(
            answer.status,
            headers=list(answer.raw_headers),
            stream=_Answer(answer),
            extensions={"reason_phrase": (answer.reason or "").encode("ascii", "replace")},
        )

    async def aclose(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:  # which belongs to the event loop of its first request
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._connections, keepalive_timeout=KEEPALIVE),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type", "User-Agent"),
                max_line_size=LONGEST_FIELD,
                max_field_size=LONGEST_FIELD,
            )
        return self._session

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """The settings that httpx has itself, which read SSL_CERT_FILE. To load the certificates takes 20 ms."""
        return httpx.create_ssl_context()

    def _proxy(self, url: httpx.URL) -> str | None:
        """Return the proxy that the environment names for a server (HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY)."""
        proxy = self._proxies.get(url.scheme) or self._proxies.get("all")
        if proxy is None or proxy_bypass(url.netloc.decode("ascii")):
            return None
        return proxy if "://" in proxy else f"http://{proxy}"


class _Body:
    """A body that remembers why it could not be read to its end: aiohttp tells that as a lost connection."""

    def __init__(self, stream: httpx.AsyncByteStream | httpx.SyncByteStream) -> None:
        assert isinstance(stream, httpx.AsyncByteStream)
        self._stream = stream
        self.error: Exception | None = None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for piece in self._stream:
                yield piece
        except Exception as error:
            self.error = error
            raise


class _Answer(httpx.AsyncByteStream):
    """A response's body."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _translated():
            async for piece in self._answer.content.iter_any():
                yield piece

    async def aclose(self) -> None:
        # A connection whose answer was not read to its end is closed with it, else it is kept.
        self._answer.close() if not self._answer.content.at_eof() else self._answer.release()


@contextmanager
def _translated(body: _Body | None = None) -> Iterator[None]:
    """Turn aiohttp's errors into those of httpx; why the body could not be read goes before them."""
    try:
        yield
    except (aiohttp.ClientError, OSError, TimeoutError, UnicodeError) as error:
        if body is not None and body.error is not None:
            raise body.error from None
        raise _KINDS[next(kind for kind in _KINDS if isinstance(error, kind))](str(error)) from error


_KINDS: dict[type[Exception], type[httpx.TransportError]] = {
    aiohttp.ClientConnectorError: httpx.ConnectError,
    aiohttp.ConnectionTimeoutError: httpx.ConnectTimeout,
    UnicodeError: httpx.ConnectError,  # a name that no host can have
    aiohttp.ServerTimeoutError: httpx.ReadTimeout,
    aiohttp.ClientHttpProxyError: httpx.ProxyError,
    aiohttp.ClientResponseError: httpx.RemoteProtocolError,
    aiohttp.ClientPayloadError: httpx.RemoteProtocolError,
    aiohttp.ServerDisconnectedError: httpx.RemoteProtocolError,
    aiohttp.InvalidURL: httpx.UnsupportedProtocol,
    Exception: httpx.ReadError,
}
"""The first that fits."""
