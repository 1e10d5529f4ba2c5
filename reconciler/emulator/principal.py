"""Who is asking: the three schemes of section 2 of the API page."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING
from uuid import UUID, uuid5

from reconciler.emulator.problems import ProblemError

if TYPE_CHECKING:
    from starlette.datastructures import Headers

ACCOUNTS = UUID("6d1d1b52-51a4-4a56-9a33-7a3f5d3c2f10")


def user_id(headers: Headers, api_key: str | None) -> str:
    """Return the account of the credentials, always the same for the same key or client id.

    Raises ProblemError 401 if there are none, both schemes at once, or others than `api_key` allows.
    """
    scheme, _, token = headers.get("authorization", "").partition(" ")
    client_id, client_secret = headers.get("clientid", ""), headers.get("clientsecret", "")
    if scheme and (client_id or client_secret):
        raise _unauthorized("Send either Authorization or ClientId and ClientSecret, not both.")
    if scheme.lower() == "bearer" and token.strip():
        principal, secret = f"bearer:{token.strip()}", token.strip()
    elif client_id and client_secret:
        principal, secret = f"client:{client_id}", f"{client_id}:{client_secret}"
    else:
        raise _unauthorized("Send Authorization: Bearer, or ClientId and ClientSecret.")
    if api_key is not None and secret != api_key:
        raise _unauthorized("The credentials are not valid.")
    return str(uuid5(ACCOUNTS, principal))


def _unauthorized(detail: str) -> ProblemError:
    return ProblemError(HTTPStatus.UNAUTHORIZED, detail, headers={"WWW-Authenticate": "Bearer"})
