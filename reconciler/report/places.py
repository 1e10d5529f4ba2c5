"""Where a finding is, as seen from the git repository: the project may be a folder of it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path, PurePath

from reconciler.desired.root import FILENAME, find_repository
from reconciler.errors import Position, Range


@dataclass(frozen=True, slots=True)
class Places:
    """Turns places in the project into places in the repository."""

    prefix: str
    """From the repository's root to the project's: "." or such as `apps/voices`."""

    @classmethod
    def of(cls, root: Path) -> Places:
        """Return the places of the project at `root`."""
        return cls(PurePath(os.path.relpath(root.resolve(), find_repository(root))).as_posix())

    def path(self, place: Range) -> str:
        """Return the file's path relative to the repository, with forward slashes."""
        return PurePath(os.path.normpath(PurePath(self.prefix, place.filename))).as_posix()

    @property
    def project(self) -> Range:
        """The place of what concerns the project and no file of it: the beginning of voicectl.yaml."""
        return Range(FILENAME, Position(1, 1))
