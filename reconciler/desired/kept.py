"""A cache file: exactly what was written to it, or nothing.

Its first line is a digest of the rest and of the basis that the content holds for, so a file that is damaged, foreign
or out of date counts as empty, and its content needs no checks of its own.
"""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from reconciler import __version__


def load_kept(path: Path, basis: bytes) -> dict[str, Any]:
    """Return what was kept for this basis; nothing where that is not what the file has."""
    try:
        digest, _, body = path.read_bytes().partition(b"\n")
    except OSError:
        return {}
    if digest != _digest(basis, body):
        return {}
    content: dict[str, Any] = json.loads(body)
    return content


def save_kept(path: Path, basis: bytes, content: dict[str, Any]) -> None:
    """Write the file, whole or not at all. Where it cannot be written, nothing is lost but time."""
    body = json.dumps(content, separators=(",", ":"), check_circular=False).encode("ascii")
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
