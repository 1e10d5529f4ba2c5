"""What Terraform's HTTP protocol says about a lock: who holds it, since when, and for what."""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass
from typing import Self

from reconciler import __version__
from reconciler.state.lock import Holder

LONGEST = 200
"""Characters of a field that are shown: the text is the server's."""


@dataclass(frozen=True, slots=True)
class LockInfo:
    """The JSON object that LOCK sends, and that a server shows to whoever comes second.

    The names are those of OpenTofu's `statemgr.LockInfo`.
    """

    id: str
    operation: str = ""
    info: str = ""
    who: str = ""
    version: str = ""
    created: str = ""
    path: str = ""

    @classmethod
    def of(cls, holder: Holder, path: str) -> Self:
        """Return a new lock's info."""
        return cls(
            id=str(uuid.uuid4()),
            operation=holder.command,
            info=f"process {holder.pid}",
            who=f"{holder.who}@{holder.host}",
            version=f"voicectl {__version__}",
            created=holder.since,
            path=path,
        )

    @classmethod
    def read(cls, body: bytes) -> Self | None:
        """Return what a server says about a lock; None when it does not say it in JSON."""
        try:
            plain = json.loads(body)
        except (ValueError, RecursionError):
            return None
        if not isinstance(plain, dict):
            return None
        return cls(**{field: _inert(plain.get(name)) for field, name in _NAMES.items()})

    def to_json(self) -> bytes:
        """Return the body of LOCK and UNLOCK."""
        return json.dumps({name: getattr(self, field) for field, name in _NAMES.items()}).encode()

    @property
    def holder(self) -> Holder:
        """Return the holder as the rest of the program knows one; process 0 when it was not voicectl."""
        who, _, host = self.who.partition("@")
        process = re.fullmatch(r"process (\d{1,10})", self.info)
        return Holder(
            who=who or "somebody",
            host=host or "an unknown host",
            pid=int(process[1]) if process else 0,
            since=self.created or "an unknown time",
            command=self.operation or "without a reason",
        )


_NAMES = {
    "id": "ID",
    "operation": "Operation",
    "info": "Info",
    "who": "Who",
    "version": "Version",
    "created": "Created",
    "path": "Path",
}


def _inert(value: object) -> str:
    """Return a server's text without anything that could steer a terminal."""
    return "".join(c for c in value if c.isprintable())[:LONGEST] if isinstance(value, str) else ""
