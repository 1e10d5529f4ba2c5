"""A connection to the account of an environment; for `local`, with the emulator behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass

from reconciler.apply.workspace import Workspace
from reconciler.desired.project import LOCAL
from reconciler.errors import UsageError
from reconciler.palabra.client import DEFAULT_URL, PalabraClient
from reconciler.palabra.credentials import Credentials, read_credentials
from reconciler.palabra.http import READ_TIMEOUT, new_http_client
from reconciler.palabra.limiter import Limiter
from reconciler.palabra.upload import Uploader

URL_VARIABLE = "PALABRA_API_URL"
TIMEOUT_VARIABLE = "VOICECTL_HTTP_TIMEOUT"
LOCAL_PROCESSING_TIME = 0.5
"""Seconds that the local environment takes for a voice."""
LOCAL_LIMIT = 100_000
"""Voices that the local environment has room for."""


@dataclass(frozen=True, slots=True)
class Session:
    """What speaks to the API and to the upload host."""

    client: PalabraClient
    uploader: Uploader
    local: bool


@asynccontextmanager
async def open_session(workspace: Workspace, parallelism: int) -> AsyncIterator[Session]:
    """Open the one HTTP client of a run. Raises CredentialsError or UsageError before anything is sent."""
    local = workspace.environment.name == LOCAL
    seconds = _read_timeout(workspace)
    with ExitStack() as stack:
        if local:
            url, credentials = _start_emulator(workspace, stack), Credentials({"Authorization": "Bearer local"})
        else:
            url = workspace.environ.get(URL_VARIABLE) or workspace.environment.api_url or DEFAULT_URL
            if not url.startswith(("http://", "https://")):
                raise UsageError(f"{URL_VARIABLE} is not an http(s) address", fix=f"write for example {DEFAULT_URL}")
            credentials = read_credentials(workspace.environ, api_key_env=workspace.environment.api_key_env)
        async with new_http_client(seconds, connections=parallelism + 4) as http:
            limiter = Limiter(parallelism)
            client = PalabraClient(http, url, credentials, limiter, read_timeout=seconds)
            yield Session(client, Uploader(http, limiter, seconds=seconds), local)


def _start_emulator(workspace: Workspace, stack: ExitStack) -> str:
    from reconciler.emulator.server import EmulatorServer  # noqa: PLC0415 - only `local` pays for a web server
    from reconciler.emulator.settings import EmulatorSettings  # noqa: PLC0415

    settings = EmulatorSettings(
        data=workspace.work / "emulator", processing_time=LOCAL_PROCESSING_TIME, limit=LOCAL_LIMIT
    )
    return stack.enter_context(EmulatorServer(settings)).url


def _read_timeout(workspace: Workspace) -> float:
    text = workspace.environ.get(TIMEOUT_VARIABLE)
    try:
        seconds = float(text) if text else READ_TIMEOUT
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < 86_400:
        raise UsageError(f"{TIMEOUT_VARIABLE} is {text!r}", fix="write a number of seconds, such as 30")
    return seconds
