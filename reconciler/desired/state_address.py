"""Where a state document is kept, as voicectl.yaml writes it: a file of the project, or an address."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import urlsplit

OBJECTS: Final = {"s3": "s3://bucket/key", "gs": "gs://bucket/key", "az": "az://container/key"}
"""Schemes of object stores, and how such an address is written."""
HTTP: Final = {"http": "http://host/path", "https": "https://host/path"}
"""Schemes of servers that speak Terraform's protocol."""

_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_BUCKET: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}")
_SEGMENT: Final = re.compile(r"[A-Za-z0-9._~@=+,!-]+")
"""What every store takes as it is, and no tool has to encode."""


def is_address(state: str) -> bool:
    """Whether this names something other than a file."""
    return _SCHEME.match(state) is not None


def checked_state(value: str) -> str:
    """Return `state` in its one form. Raises ValueError(what is wrong, what to do)."""
    scheme = _SCHEME.match(value)
    if scheme is None:
        return checked_path(value)
    name, rest = scheme[1].lower(), value[scheme.end() :]
    if name in OBJECTS:
        return _checked_object(name, rest)
    if name in HTTP:
        return _checked_url(f"{name}://{rest}")
    known = ", ".join(f"`{form}`" for form in {**OBJECTS, **HTTP}.values())
    raise ValueError(f"has the unknown scheme `{name}://`", f"Write {known}, or a path below the project's folder.")


def checked_path(value: str) -> str:
    """Return a path below the project's folder. Raises ValueError(what is wrong, what to do)."""
    path = PurePosixPath(value)
    if value != value.strip() or not value.isprintable() or path.is_absolute() or ".." in path.parts or not path.parts:
        raise ValueError("is not a path below the project's folder", "Write a relative path without `..`.")
    return str(path)


def _checked_object(scheme: str, rest: str) -> str:
    form = f"Write `{OBJECTS[scheme]}`."
    bucket, _, key = rest.partition("/")
    if {"@", "?", "#"} & set(rest):
        raise ValueError("has more than a bucket and a key", f"{form} Credentials come from environment variables.")
    if not _BUCKET.fullmatch(bucket):
        raise ValueError("names no bucket", form)
    segments = key.split("/")
    if not key or not all(_SEGMENT.fullmatch(segment) and segment.strip(".") for segment in segments):
        raise ValueError("names no object in the bucket", f"{form} Letters, digits, `/` and `._~=+,!-` make a key.")
    return f"{scheme}://{rest}"


def _checked_url(value: str) -> str:
    try:
        parts = urlsplit(value)
        usable = bool(parts.hostname) and parts.port != 0 and not re.search(r"[\s\x00-\x1f]", value)
    except ValueError:
        usable = False
    if not usable:
        raise ValueError("is not an http(s) address", "Write for example `https://state.example/voices`.")
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise ValueError("has more than scheme, host and path", "Credentials come from environment variables.")
    return value.rstrip("/")
