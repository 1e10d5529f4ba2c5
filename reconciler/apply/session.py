"""A connection to the account of an environment; for `local`, with the emulator behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from reconciler.apply import lost_creates
from reconciler.apply.workspace import Workspace
from reconciler.desired.root import LOCAL
from reconciler.errors import StateError, UsageError
from reconciler.palabra.client import DEFAULT_URL, PalabraClient
from reconciler.palabra.credentials import Credentials, read_credentials
from reconciler.palabra.http import READ_TIMEOUT, new_http_client
from reconciler.palabra.limiter import BeforeWrite, Limiter, nothing
from reconciler.palabra.upload import Uploader

URL_VARIABLE = "PALABRA_API_URL"
TIMEOUT_VARIABLE = "VOICECTL_HTTP_TIMEOUT"
SETTLE_VARIABLE = "VOICECTL_SETTLE"
LOCAL_SETTLE = 0.001
"""Seconds: the emulator's answers never lag, and a request of a dead run died with the emulator in that run."""
LONGEST = 86_400
"""Seconds: what is longer was a slip of the keyboard."""
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
    settle: float
    """Seconds after which an answer must show a voice that was made before them."""


@asynccontextmanager
async def open_session(
    workspace: Workspace, parallelism: int, before_write: BeforeWrite = nothing
) -> AsyncIterator[Session]:
    """Open the one HTTP client of a run. Raises CredentialsError or UsageError before anything is sent.

    `before_write` raises once nothing may be changed any more.
    """
    local = workspace.environment.name == LOCAL
    seconds = _seconds(workspace, TIMEOUT_VARIABLE, READ_TIMEOUT)
    settle = _seconds(workspace, SETTLE_VARIABLE, LOCAL_SETTLE if local else lost_creates.SETTLE)
    with ExitStack() as stack:
        if local:
            url, credentials = _start_emulator(workspace, stack), Credentials({"Authorization": "Bearer local"})
        else:
            url = workspace.environ.get(URL_VARIABLE) or workspace.environment.api_url or DEFAULT_URL
            _check_url(url)
            credentials = read_credentials(workspace.environ, api_key_env=workspace.environment.api_key_env)
        async with new_http_client(seconds, connections=parallelism + 4) as http:
            limiter = Limiter(parallelism)
            client = PalabraClient(http, url, credentials, limiter, read_timeout=seconds, before_write=before_write)
            uploader = Uploader(http, limiter, seconds=seconds, before_write=before_write)
            yield Session(client, uploader, local, settle)


def _start_emulator(workspace: Workspace, stack: ExitStack) -> str:
    import sqlite3  # noqa: PLC0415 - only `local` pays for a web server and a database

    from reconciler.emulator.server import EmulatorServer  # noqa: PLC0415 - the same
    from reconciler.emulator.settings import EmulatorSettings  # noqa: PLC0415

    settings = EmulatorSettings(
        data=workspace.work / "emulator", processing_time=LOCAL_PROCESSING_TIME, limit=LOCAL_LIMIT
    )
    try:
        return stack.enter_context(EmulatorServer(settings)).url
    except (OSError, sqlite3.Error) as error:
        raise StateError(
            f"Cannot open the account of the environment {LOCAL!r}",
            where=str(settings.data),
            why=getattr(error, "strerror", None) or str(error),
            fix="free some space, or make the folder writable",
        ) from error


def _check_url(url: str) -> None:
    """Raise UsageError for an address that is none, or that has credentials in it: those would go on the wire too."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise UsageError(
            f"{URL_VARIABLE} is not a plain http(s) address",
            why="scheme, host, port and path are all it may have",
            fix=f"write for example {DEFAULT_URL}",
        )


def _seconds(workspace: Workspace, variable: str, default: float) -> float:
    text = workspace.environ.get(variable)
    try:
        seconds = float(text) if text else default
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < LONGEST:
        raise UsageError(f"{variable} is {text!r}", fix="write a number of seconds, such as 30")
    return seconds
