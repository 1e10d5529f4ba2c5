"""An emulator that listens: the API and the upload host, in one thread with its own event loop."""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

import uvicorn

from reconciler.emulator.api import VoicesApi
from reconciler.emulator.connection import ExposedProtocol
from reconciler.emulator.processing import Processing
from reconciler.emulator.store import Store
from reconciler.emulator.upload_host import UploadHost
from reconciler.errors import VoicectlError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

    from starlette.types import ASGIApp

    from reconciler.emulator.settings import EmulatorSettings

GRACE = 0.5
"""Seconds that requests under way get when the emulator closes."""
CUT = 0.1
"""Seconds they then get to notice that their connection is gone."""
REACHABLE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - said by the user, not chosen here


class EmulatorServer:
    """Serves while entered. Entering raises VoicectlError if a port is taken or the faults file is wrong."""

    def __init__(self, settings: EmulatorSettings) -> None:
        self._settings = settings
        self._started = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="emulator", daemon=True)
        self.url = ""
        """Of the API, without a slash at the end."""
        self.upload_url = ""
        """Of the upload host, without a slash at the end."""

    def __enter__(self) -> Self:
        """Return when both ports accept connections."""
        settings = self._settings
        self._api_socket = _listen(settings.host, settings.port)
        try:
            self._upload_socket = _listen(settings.host, settings.upload_port)
        except VoicectlError:
            self._api_socket.close()
            raise
        self.url = _url(self._api_socket)
        self.upload_url = _url(self._upload_socket)
        self._thread.start()
        self._started.wait()
        if self._failure is not None:
            self._thread.join()
            raise self._failure
        return self

    def __exit__(self, *_: object) -> None:
        """Finish requests under way, for half a second at most, then close."""
        with suppress(RuntimeError):  # the loop may have died of its own
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _run(self) -> None:
        with self._api_socket, self._upload_socket:
            try:
                asyncio.run(self._serve())
            except Exception as error:  # noqa: BLE001 - raised again in the thread that started us
                self._failure = error
            finally:
                self._started.set()

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        store = Store(self._settings.data)
        processing = Processing(store)
        try:
            upload_port = self._upload_socket.getsockname()[1]
            api: ASGIApp = VoicesApi(self._settings, store, processing, upload_port).app()
            upload_host: ASGIApp = UploadHost(self._settings, store, processing).app()
            if self._settings.faults is not None:
                api, upload_host = self._with_faults(api, upload_host, store)
            processing.resume()
            servers = [_Server(api, self._stop), _Server(upload_host, self._stop)]
            async with asyncio.TaskGroup() as group:
                for server, sock in zip(servers, (self._api_socket, self._upload_socket), strict=True):
                    group.create_task(server.serve(sockets=[sock]))
                for server in servers:
                    await server.listening.wait()
                self._started.set()
        finally:
            await processing.close()
            store.close()

    def _with_faults(self, api: ASGIApp, upload_host: ASGIApp, store: Store) -> tuple[ASGIApp, ASGIApp]:
        from reconciler.emulator.fault_layer import FaultLayer  # noqa: PLC0415 - starts quicker without
        from reconciler.emulator.faults import Faults  # noqa: PLC0415 - the same

        assert self._settings.faults is not None
        faults = Faults(self._settings.faults, store)
        return FaultLayer(api, "api", faults), FaultLayer(upload_host, "upload", faults)


class _Server(uvicorn.Server):
    """uvicorn, made to start and stop without waiting for its ticks."""

    def __init__(self, app: ASGIApp, stop: asyncio.Event) -> None:
        config = uvicorn.Config(app, http=ExposedProtocol, ws="none", lifespan="off", log_config=None, access_log=False)
        super().__init__(config)
        self.listening = asyncio.Event()
        self._stop = stop

    async def main_loop(self) -> None:
        """Serve until told to stop; a tick a second renews the Date header."""
        await self.on_tick(0)
        self.listening.set()
        while not self._stop.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), 1.0)
            await self.on_tick(0)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002 - closed by their servers
        """Close idle connections, give busy ones their grace, then cut them."""
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        if self.server_state.tasks:
            await asyncio.wait(self.server_state.tasks, timeout=GRACE)
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        if self.server_state.tasks:
            await asyncio.wait(self.server_state.tasks, timeout=CUT)
        for task in self.server_state.tasks:
            task.cancel()
        if self.server_state.tasks:
            await asyncio.wait(self.server_state.tasks)


def serve(settings: EmulatorSettings, ready: Callable[[EmulatorServer], None]) -> None:
    """Serve until SIGINT or SIGTERM, then close cleanly. `ready` is called once both ports accept connections.

    For the main thread only: signal handlers are replaced meanwhile. Raises VoicectlError as EmulatorServer does.
    """
    stop = threading.Event()
    signals = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda *_: stop.set()) for number in signals]
    try:
        with EmulatorServer(settings) as server:
            ready(server)
            stop.wait()
    finally:
        for number, handler in zip(signals, before, strict=True):
            signal.signal(number, handler)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle's algorithm off only where the protocol is named; with it each answer takes 40 ms
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen()
    except OSError as error:
        listener.close()
        raise VoicectlError(
            f"the emulator cannot listen on port {port} of {host}",
            why=str(error),
            fix="choose another port, or 0 for any free one",
        ) from error
    return listener


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    host = REACHABLE.get(host, host)
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"
