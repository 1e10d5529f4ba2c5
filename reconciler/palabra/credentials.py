"""Whose account it is. Exactly one scheme goes on a request (section 2 of the API page)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.errors import CredentialsError

API_KEY = "PALABRA_API_KEY"
CLIENT_ID = "PALABRA_CLIENT_ID"
CLIENT_SECRET = "PALABRA_CLIENT_SECRET"  # noqa: S105 - the variable's name, not a secret


@dataclass(frozen=True, slots=True)
class Credentials:
    """The headers that authenticate a request. Cannot be printed."""

    headers: Mapping[str, str] = field(repr=False)


def read_credentials(environ: Mapping[str, str], *, api_key_env: str | None = None) -> Credentials:
    """Read credentials from the environment: an API key, else a client pair.

    With `api_key_env` only that variable counts, because another account's key must never stand in for it.
    Raises CredentialsError, which names variables and never shows a value.
    """
    name = api_key_env or API_KEY
    key = environ.get(name, "").strip()
    if key:
        return Credentials({"Authorization": f"Bearer {_printable(name, key)}"})
    if api_key_env is not None:
        why = "voicectl.yaml names it as this environment's API key, and no other credentials count for it"
        raise CredentialsError(f"{api_key_env} is not set", why=why, fix=f"set {api_key_env}")
    pair = {variable: environ.get(variable, "").strip() for variable in (CLIENT_ID, CLIENT_SECRET)}
    missing = [variable for variable, value in pair.items() if not value]
    if not missing:
        client_id, secret = (_printable(variable, value) for variable, value in pair.items())
        return Credentials({"ClientId": client_id, "ClientSecret": secret})
    if len(missing) == 1:
        raise CredentialsError(f"{missing[0]} is not set", why="the other half of the client pair is", fix=_HOW)
    raise CredentialsError("No credentials for the Palabra API", fix=_HOW)


_HOW = f"set {API_KEY} (or {CLIENT_ID} and {CLIENT_SECRET}); to try voicectl without an account, add `--env local`"


def _printable(name: str, value: str) -> str:
    if not value.isascii() or not value.isprintable():
        raise CredentialsError(
            f"{name} has characters that cannot stand in an HTTP header", fix="copy it again, without line breaks"
        )
    return value
