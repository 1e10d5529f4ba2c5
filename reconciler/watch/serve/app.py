"""The web server of the live page. It answers this machine alone, and only who asks for it by its own name."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reconciler.errors import VoicectlError
from reconciler.report.html.page import live_policy
from reconciler.watch.serve.live_page import LivePage

HOST = "127.0.0.1"
HEARTBEAT = 15.0
"""Seconds after which a browser that waits is told that there is nothing new: so its end is noticed."""
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


def live_app(page: LivePage, port: int) -> ASGIApp:
    """Return the page, its news, and its recordings."""

    async def show(_: Request) -> Response:
        if not page.html:
            await page.next_version(0)
        policy = f"{live_policy()}; frame-ancestors 'none'"
        return Response(page.html, media_type="text/html", headers={"Content-Security-Policy": policy})

    async def events(_: Request) -> Response:
        return StreamingResponse(_news(page), media_type="text/event-stream")

    async def audio(request: Request) -> Response:
        clip = page.clips.get(request.path_params["sha256"])
        if clip is None or not clip.path.is_file():
            return PlainTextResponse("There is no such recording on the page.", 404)
        return FileResponse(clip.path, media_type=clip.mime_type)

    routes = [Route("/", show), Route("/events", events), Route("/audio/{sha256}", audio)]
    return _OwnName(Starlette(routes=routes), port)


async def _news(page: LivePage) -> AsyncIterator[str]:
    """Yield an event for each new version of the page."""
    seen = page.version
    yield f"retry: 1000\nid: {seen}\n\n"
    while not page.closed:
        try:
            seen = await asyncio.wait_for(page.next_version(seen), HEARTBEAT)
        except TimeoutError:
            yield ": still here\n\n"
        else:
            yield f"id: {seen}\ndata: {seen}\n\n"


class _OwnName:
    """Refuses requests for another host: a page of somebody else's whose name was made to lead here (DNS rebinding)."""

    def __init__(self, app: ASGIApp, port: int) -> None:
        self._app = app
        self._names = {f"{HOST}:{port}".encode(), f"localhost:{port}".encode()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, with the headers that each answer has."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                names = {name.lower() for name, _ in message["headers"]}
                more = [
                    (n.lower().encode(), v.encode()) for n, v in _HEADERS.items() if n.lower().encode() not in names
                ]
                message["headers"] = [*message["headers"], *more]
            await send(message)

        hosts = [value for name, value in scope["headers"] if name == b"host"]
        if len(hosts) != 1 or hosts[0] not in self._names:
            await PlainTextResponse("This server has another name.", 421)(scope, receive, with_headers)
            return
        await self._app(scope, receive, with_headers)


class LiveServer:
    """Serves the page on a port of this machine."""

    def __init__(self, page: LivePage, port: int) -> None:
        """Take the port, 0 for any free one. Raises VoicectlError where it is taken."""
        self._page = page
        self._socket = _listen(port)
        self.url = f"http://{HOST}:{self._socket.getsockname()[1]}/"

    async def run(self) -> None:
        """Serve until cancelled."""
        port = self._socket.getsockname()[1]
        config = uvicorn.Config(
            live_app(self._page, port), ws="none", lifespan="off", log_config=None, access_log=False,
            timeout_graceful_shutdown=1, server_header=False,
        )  # fmt: skip
        server = _Server(config)
        serving = asyncio.ensure_future(server.serve(sockets=[self._socket]))
        try:
            await asyncio.shield(serving)
        finally:
            self._page.close()
            server.should_exit = True
            await serving
            self._socket.close()


class _Server(uvicorn.Server):
    """uvicorn, which leaves signals to who started it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture nothing."""
        yield


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen()
    except OSError as error:
        listener.close()
        raise VoicectlError(
            f"The page cannot be served on port {port}",
            why=error.strerror or str(error),
            fix="name another port, or none for any free one",
        ) from error
    return listener
