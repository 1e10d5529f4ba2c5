"""From where a state document is to what reads and writes it there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from reconciler.desired.state_address import OBJECTS
from reconciler.state.backend import Backend, LocalFile


def open_backend(location: Path | str, environ: Mapping[str, str], root: Path | None = None) -> Backend:
    """Return what keeps the state document at a file's path or an address. Asks nothing and nobody yet.

    `root` is the folder below which people know files.

    Raises UsageError for settings in the environment that make no sense.
    """
    if isinstance(location, Path):
        below = location.relative_to(root).as_posix() if root and location.is_relative_to(root) else ""
        return LocalFile(location, below)
    if location.partition("://")[0] in OBJECTS:
        from reconciler.backends.object_store import ObjectStore  # noqa: PLC0415 - only who names one pays for it

        return ObjectStore(location, environ)
    from reconciler.backends.http import HttpState  # noqa: PLC0415 - httpx takes 100 ms, and files need none
    from reconciler.backends.http_settings import HttpSettings  # noqa: PLC0415

    return HttpState(HttpSettings.read(location, environ))
