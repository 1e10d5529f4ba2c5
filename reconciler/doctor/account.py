"""Credentials, the API, the clock, the quota."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from email.utils import parsedate_to_datetime

from reconciler.apply.clock import Clock
from reconciler.apply.session import Session, open_session
from reconciler.apply.workspace import Workspace
from reconciler.desired.root import LOCAL
from reconciler.doctor.check import Check, ok, problem, skipped, warning
from reconciler.errors import ApiError, ApiUnreachableError, CredentialsError, VoicectlError
from reconciler.palabra.client import UNAUTHORIZED
from reconciler.palabra.credentials import API_KEY, CLIENT_ID, CLIENT_SECRET, read_credentials
from reconciler.palabra.wire import Limits

ODD = 60.0
"""Seconds of skew that are no network's delay."""
WRONG = 900.0
"""Seconds of skew after which nothing fits any more: so long an upload form lives (section 7 of the API page)."""
ASKED_OF_API = ("api", "clock", "quota")


def check_credentials(workspace: Workspace) -> Check:
    """Say which variables hold the credentials, and never what they hold."""
    name = "credentials"
    if workspace.environment.name == LOCAL:
        return ok(name, "the environment `local` needs none")
    named = workspace.environment.api_key_env
    try:
        read_credentials(workspace.environ, api_key_env=named)
    except CredentialsError as error:
        return problem(name, f"{error.what}{f': {error.why}' if error.why else ''}", error.fix)
    key = named or API_KEY
    return ok(
        name, f"{key} is set" if workspace.environ.get(key, "").strip() else f"{CLIENT_ID} and {CLIENT_SECRET} are set"
    )


async def check_account(workspace: Workspace, clock: Clock) -> AsyncIterator[Check]:
    """Ask the API for the quota, and judge by the answer. Sends GET requests only."""
    try:
        async with open_session(workspace, 1) as session:
            limits = await _ask(session)
            now = clock()
            date = session.client.server_date
    except ApiError as error:
        yield _unusable(error)
        for name in ASKED_OF_API[1:]:
            yield skipped(name, "the API gave no usable answer")
    except VoicectlError as error:
        yield problem("api", error.what, error.fix or "look at the settings of the environment")
    else:
        yield ok("api", "reachable, and it takes the credentials")
        yield check_clock(date, now)
        yield check_quota(limits)


async def _ask(session: Session) -> Limits | None:
    limits = await session.client.limits()
    if limits is None:  # a server without quotas: then the list has to answer
        async for _ in session.client.pages():
            break
    return limits


def _unusable(error: ApiError) -> Check:
    why = f"{error.what}{f': {error.why}' if error.why else ''} ({error.where})"
    if error.status == UNAUTHORIZED:
        return problem("api", f"it does not take the credentials: {why}", "copy the key again, or make a new one")
    if isinstance(error, ApiUnreachableError):
        return problem(
            "api", f"it cannot be reached: {why}", error.fix or "look at the network, proxy and PALABRA_API_URL"
        )
    return problem("api", why, error.fix or "try again later; `voicectl -v status` shows the requests")


def check_clock(date: str | None, now: datetime) -> Check:
    """Compare the server's Date header with our own time."""
    try:
        skew = (now - parsedate_to_datetime(date or "")).total_seconds()
    except (TypeError, ValueError):
        return skipped("clock", "the API's answers have no date")
    if abs(skew) <= ODD:
        return ok("clock", "agrees with the API's")
    summary = f"{abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} the API's"
    fix = "set the clock, or let the system do it by NTP"
    return problem("clock", summary, fix) if abs(skew) > WRONG else warning("clock", summary, fix)


def check_quota(limits: Limits | None) -> Check:
    """Say how much room there is."""
    if limits is None or limits.remaining is None:
        return skipped("quota", "the API does not tell")
    if limits.remaining <= 0:
        fix = "delete voices that nobody needs, or replace with `lifecycle: {replace: destroy_first}`"
        return warning("quota", f"none of {limits.limit} voices left: nothing can be created", fix)
    return ok("quota", f"{limits.remaining} of {limits.limit} voices left")
