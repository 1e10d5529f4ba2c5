"""The last document that was read or written elsewhere, kept here for those who ask offline."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from reconciler.errors import StateError
from reconciler.state.backend import Snapshot
from reconciler.state.files import write_atomically


class OfflineCopy:
    """A copy of a document in the work folder. It is only read where nobody may be asked."""

    def __init__(self, work: Path, environment: str) -> None:
        self.path = work / f"{environment}.state.copy.json"

    def keep(self, snapshot: Snapshot) -> None:
        """Keep what was read or written. A folder that cannot be written keeps nothing, and nobody is stopped."""
        with suppress(StateError, OSError):
            if self._text() != snapshot.text:
                write_atomically(self.path, snapshot.text)

    def read(self, name: str) -> Snapshot:
        """Return what was kept last. Raises StateError where that is nothing; `name` is the document's."""
        text = self._text()
        if text is None:
            raise StateError(
                "There is no copy of the state document here",
                where=name,
                why=f"it is not a file of this machine, and nothing has read it from here yet (no {self.path.name})",
                fix="run `voicectl plan` or `voicectl status` once with the network",
            )
        return Snapshot(text)

    def _text(self) -> str | None:
        try:
            return self.path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return None
