"""A cache file: exactly what was written to it, or nothing.

Its first line is a digest of the rest and of the basis that the content holds for, so a file that is damaged, foreign
or out of date counts as empty. What it says is read into its types all the same, by msgspec: ten thousand entries are
made in C.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import msgspec

from reconciler import __version__

T = TypeVar("T")


def load_kept(path: Path, basis: bytes, kind: type[T]) -> T | None:
    """Return what was kept for this basis, as a `kind`; None where that is not what the file has."""
    try:
        digest, _, body = path.read_bytes().partition(b"\n")
    except OSError:
        return None
    if digest != _digest(basis, body):
        return None
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.MsgspecError:
        return None


def save_kept(path: Path, basis: bytes, content: object) -> None:
    """Write the file, whole or not at all. Where it cannot be written, nothing is lost but time."""
    try:
        body = msgspec.json.encode(content)
    except UnicodeEncodeError:  # below a folder whose name is no text
        return
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            temporary.write_bytes(_digest(basis, body) + b"\n" + body)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


def program() -> tuple[str, list[tuple[str, int, int]]]:
    """Return what tells this very program from others that read files otherwise: its version, and its modules."""
    with os.scandir(Path(__file__).parent) as folder:
        modules = [(e.name, e.stat().st_size, e.stat().st_mtime_ns) for e in folder if e.name.endswith(".py")]
    return __version__, sorted(modules)


def _digest(basis: bytes, body: bytes) -> bytes:
    return hashlib.sha256(basis + b"\0" + body).hexdigest().encode("ascii")
