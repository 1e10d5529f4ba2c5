"""The TCP connection below a request, for faults that no HTTP answer can express."""

from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    import asyncio

    from starlette.types import Receive, Scope

NO_LINGER = struct.pack("ii", 1, 0)
"""Closing sends RST instead of FIN, and drops what is unsent."""


class ExposedProtocol(H11Protocol):
    """uvicorn's protocol, with the transport in the state of each request."""

    def connection_made(self, transport: Any) -> None:
        """Remember the transport."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


async def reset_connection(scope: Scope, receive: Receive) -> None:
    """Reset the connection of a request without an answer."""
    transport: asyncio.Transport = scope["state"]["transport"]
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
    transport.abort()
    await _until_disconnected(receive)


async def close_connection(scope: Scope, receive: Receive) -> None:
    """Send what was written, then close, complete or not."""
    scope["state"]["transport"].close()
    await _until_disconnected(receive)


async def _until_disconnected(receive: Receive) -> None:
    """Wait until uvicorn knows, or it would answer 500 for us."""
    while (await receive())["type"] != "http.disconnect":
        pass
