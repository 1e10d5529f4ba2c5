"""How a server of Terraform's HTTP protocol is spoken to: addresses, methods and credentials, from TF_HTTP_*."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit

from reconciler.errors import UsageError


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """The variables are those that Terraform and OpenTofu read, with their defaults, but for the lock's address."""

    address: str
    lock_address: str | None
    """None: without a lock. TF_HTTP_LOCK_ADDRESS; the state's own address unless that is set."""
    unlock_address: str | None
    update_method: str = "POST"
    lock_method: str = "LOCK"
    unlock_method: str = "UNLOCK"
    username: str = ""
    password: str = field(default="", repr=False)
    retries: int = 2
    """Tries after the first one."""
    wait_min: float = 1.0
    """Seconds before the first of them; each further one takes twice as long."""
    wait_max: float = 30.0
    """Seconds."""

    @classmethod
    def read(cls, address: str, environ: Mapping[str, str]) -> Self:
        """Return the settings for the state at `address`. Raises UsageError for a variable that makes no sense."""
        lock = _address(environ, "TF_HTTP_LOCK_ADDRESS", address)
        return cls(
            address=address,
            lock_address=lock,
            unlock_address=lock and (_address(environ, "TF_HTTP_UNLOCK_ADDRESS", lock) or lock),
            update_method=_method(environ, "TF_HTTP_UPDATE_METHOD", "POST"),
            lock_method=_method(environ, "TF_HTTP_LOCK_METHOD", "LOCK"),
            unlock_method=_method(environ, "TF_HTTP_UNLOCK_METHOD", "UNLOCK"),
            username=environ.get("TF_HTTP_USERNAME", ""),
            password=environ.get("TF_HTTP_PASSWORD", ""),
            retries=int(_number(environ, "TF_HTTP_RETRY_MAX", 2)),
            wait_min=_number(environ, "TF_HTTP_RETRY_WAIT_MIN", 1),
            wait_max=_number(environ, "TF_HTTP_RETRY_WAIT_MAX", 30),
        )

    @property
    def name(self) -> str:
        """The address for people: a query may hold a token."""
        return shown(self.address)


def shown(address: str) -> str:
    """Return an address without its query, which may hold a token."""
    return address.partition("?")[0]


def _address(environ: Mapping[str, str], variable: str, default: str) -> str | None:
    value = environ.get(variable)
    if value is None:
        return default
    if not value:
        return None
    try:
        parts = urlsplit(value)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.username is not None or parts.password is not None:
        raise UsageError(
            f"{variable} is not a plain http(s) address",
            why="the value is not shown: it may hold a password",
            fix="write scheme, host, port and path; credentials come from TF_HTTP_USERNAME and TF_HTTP_PASSWORD",
        )
    return value


def _method(environ: Mapping[str, str], variable: str, default: str) -> str:
    value = environ.get(variable) or default
    if not value.isascii() or not value.isalpha():
        raise UsageError(f"{variable} is {value!r}", fix=f"write the name of an HTTP method, such as {default}")
    return value.upper()


def _number(environ: Mapping[str, str], variable: str, default: float) -> float:
    text = environ.get(variable)
    try:
        number = float(text) if text else default
    except ValueError:
        number = math.nan
    if not 0 <= number <= 3600:
        raise UsageError(f"{variable} is {text!r}", fix=f"write a number, such as {default:.0f}")
    return number
