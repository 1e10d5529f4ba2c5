"""A file of the repository as it was read, so that whatever is said of it later has its place."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.errors import Range

if TYPE_CHECKING:
    from reconciler.desired.yaml_source import Spans


class Source(Struct, frozen=True, array_like=True, eq=False, gc=False):
    """The file something was read from."""

    filename: str
    """Relative to the project's root, with forward slashes."""
    location: str
    """The absolute path, as text: there are ten thousand of these."""
    raw: bytes | None = b""
    """What was read, so that a place is the place in what was read; None for a file that was not, as it was known."""
    overlays: tuple[Part, ...] = ()
    """What is written over this file elsewhere; what comes later is written over what comes earlier."""

    def __eq__(self, other: object) -> bool:
        """Whether it is the same file, whatever was read of it."""
        if not isinstance(other, Source):
            return NotImplemented
        return (self.filename, self.location) == (other.filename, other.location)

    def __hash__(self) -> int:
        """As equality has it."""
        return hash((self.filename, self.location))

    def __repr__(self) -> str:
        """Name the file, without all that is in it."""
        return f"Source({self.filename!r})"

    @property
    def path(self) -> Path:
        """The absolute path."""
        return Path(self.location)

    @property
    def content(self) -> bytes:
        """What was read, or would be now: nothing when it is gone."""
        if self.raw is not None:
            return self.raw
        try:
            return self.path.read_bytes()
        except OSError:
            return b""

    def at(self, *path: str | int) -> Range:
        """Return where a field's value is. The file is parsed again for it: for messages only."""
        for overlay in reversed(self.overlays if path else ()):
            if (place := overlay.written(*path)) is not None:
                return place
        return _spans(self.content, self.filename).value(*path)

    def at_key(self, *path: str | int) -> Range:
        """Return where a field's key is."""
        return _spans(self.content, self.filename).key(*path)


class Part(Struct, frozen=True, array_like=True, gc=False):
    """A part of a file."""

    source: Source
    path: tuple[str | int, ...]

    def written(self, *path: str | int) -> Range | None:
        """Return where a field's value is, or None when the part does not say anything of it."""
        return _spans(self.source.content, self.source.filename).written(*self.path, *path)


@lru_cache(maxsize=2)  # many voices may have something to say of the one voicectl.yaml
def _spans(raw: bytes, filename: str) -> Spans:
    from reconciler.desired.yaml_source import spans  # noqa: PLC0415 - most runs have nothing to say

    return spans(raw, filename)
