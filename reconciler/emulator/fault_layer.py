"""An ASGI layer that makes requests go wrong as the faults file says."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from reconciler.emulator.connection import close_connection, reset_connection
from reconciler.emulator.problems import problem_response
from reconciler.emulator.s3_error import S3Error
from reconciler.errors import VoicectlError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from reconciler.emulator.faults import Fault, Faults, Host

GARBAGE = Response("<html><body>Welcome to the coffee shop's network", media_type="text/html")


class FaultLayer:
    """Wraps the API or the upload host."""

    def __init__(self, app: ASGIApp, host: Host, faults: Faults) -> None:
        self._app = app
        self._host = host
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, well or badly."""
        try:
            fault = self._faults.next(self._host, scope["method"], scope["path"])
        except VoicectlError as error:
            detail = f"{error.what}: {error.where}: {error.why}"
            await problem_response(500, [detail], scope["path"])(scope, receive, send)
            return
        if fault is None:
            await self._app(scope, receive, send)
        else:
            with suppress(asyncio.CancelledError):  # the emulator closes; uvicorn would report it as a bug
                await self._go_wrong(fault, scope, receive, send)

    async def _go_wrong(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        match fault:
            case _ if fault.delay is not None:
                request = await _read_whole(receive)
                await asyncio.sleep(fault.delay)  # and then it is carried out, though the client may be gone
                await self._app(scope, request, send)
            case _ if fault.list_lag is not None:
                scope["state"]["list_lag"] = fault.list_lag
                await self._app(scope, receive, send)
            case _ if fault.reset == "before":
                await reset_connection(scope, receive)
            case _ if fault.hang is not None and not fault.after:
                await _hang(fault.hang, scope, receive)
            case _ if fault.status is not None and not fault.after:
                await _read_whole(receive)
                await self._refusal(fault, scope)(scope, receive, send)
            case _ if fault.duplicate:
                request = await _read_whole(receive)
                await self._app({**scope, "state": dict(scope["state"])}, request, _Answer().keep)
                await self._app(scope, request, send)
            case _:
                answer = _Answer()
                await self._app(scope, receive, answer.keep)
                await self._spoil(fault, answer, scope, receive, send)

    async def _spoil(self, fault: Fault, answer: _Answer, scope: Scope, receive: Receive, send: Send) -> None:
        """Lose or damage the answer of a request that was carried out."""
        if fault.reset:
            await reset_connection(scope, receive)
        elif fault.hang is not None:
            await _hang(fault.hang, scope, receive)
        elif fault.status is not None:
            await self._refusal(fault, scope)(scope, receive, send)
        elif fault.garbage:
            await GARBAGE(scope, receive, send)
        elif fault.truncate is not None:
            await send(answer.start)
            await send(_body(answer.body[: fault.truncate], more=True))
            await close_connection(scope, receive)
        elif fault.trickle is not None:
            await send(answer.start)
            for byte in answer.body:
                await send(_body(bytes([byte]), more=True))
                if await _gone_within(fault.trickle, receive):
                    return
            await send(_body(b"", more=False))

    def _refusal(self, fault: Fault, scope: Scope) -> Response:
        assert fault.status is not None
        if fault.body is not None:
            response = Response(fault.body, fault.status)
        elif self._host == "upload":
            code = "SlowDown" if fault.status in (429, 503) else "InternalError"
            response = S3Error(fault.status, code, "A fault of the faults file.").response(scope["path"])
        else:
            response = problem_response(fault.status, ["A fault of the faults file."], scope["path"])
        if fault.retry_after is not None:
            response.headers["Retry-After"] = str(fault.retry_after)
        return response


@dataclass(slots=True)
class _Answer:
    """An answer kept instead of sent."""

    start: Message = field(default_factory=dict)
    body: bytes = b""

    async def keep(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.start = message
        else:
            self.body += message.get("body", b"")


def _body(content: bytes, *, more: bool) -> dict[str, Any]:
    return {"type": "http.response.body", "body": content, "more_body": more}


async def _read_whole(receive: Receive) -> Receive:
    """Read a request to its end, and return a `receive` that gives it as often as it is asked."""
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)

    async def replay() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


async def _hang(seconds: float, scope: Scope, receive: Receive) -> None:
    if not await _gone_within(seconds, receive):
        await reset_connection(scope, receive)


async def _gone_within(seconds: float, receive: Receive) -> bool:
    """Wait; return at once and True if the client goes away."""
    try:
        async with asyncio.timeout(seconds):
            while (await receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:
        return False
    return True
