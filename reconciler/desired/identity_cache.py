"""Which bytes samples are, remembered: an unchanged one costs one stat, and its stream is read once in its life."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from msgspec import Struct

from reconciler.desired.identity import FileIdentity, changing, read_identity, read_stamped, stream_sha256
from reconciler.desired.kept import load_kept, save_kept
from reconciler.desired.stamp import Stamp, is_settled, read_stamp
from reconciler.errors import SampleError

BASIS: Final = b"identities 3"
"""Another one for another meaning of what is kept."""


class Kept(Struct):
    """What the file has."""

    files: dict[str, tuple[Stamp, FileIdentity]] = {}
    """By real path."""
    streams: dict[str, str] = {}
    """sha256 of a file -> that of its audio stream."""


class IdentityCache:
    """Remembers identities in one file, which can be deleted at any time."""

    def __init__(self, path: Path, clock: Callable[[], int] = time.time_ns) -> None:
        """`clock` says how many nanoseconds have passed since 1970."""
        self._path = path
        self._clock = clock
        kept = load_kept(path, BASIS, Kept) or Kept()
        self._files = kept.files
        self._streams = kept.streams
        self._seen: set[str] = set()
        """Files asked for in this run."""
        self._changed = False

    def identify(self, sample: Path | str) -> FileIdentity:
        """Return the identity of `sample`, read again only if its stat has changed. Raises SampleError."""
        name = str(sample)
        stamp = read_stamp(name)
        known = self.known(name, stamp) if stamp else None
        if known is not None:
            return known
        self._seen.add(name)
        started = self._clock()
        identity, stamp = read_stamped(sample)
        if is_settled(stamp, started):
            self._files[name] = stamp, identity
            self._changed = True
        elif self._files.pop(name, None) is not None:
            self._changed = True
        return identity

    def known(self, name: str, stamp: Stamp) -> FileIdentity | None:
        """Return the identity of the file with this real path, if it still has the stamp that it was read with."""
        entry = self._files.get(name)
        if entry is None or entry[0] != stamp:
            return None
        self._seen.add(name)
        return entry[1]

    def stream(self, sample: Path, identity: FileIdentity) -> str:
        """Return the audio-stream hash of `sample`, remembered by its sha256. Raises SampleError."""
        if identity.sha256 in self._streams:
            return self._streams[identity.sha256]
        if identity.pointer:
            raise SampleError(
                "sample.lfs-pointer",
                f"{sample.name} is a Git LFS pointer: the audio itself is not here",
                where=str(sample),
                why="the sample has changed, and only its audio can tell whether that matters",
                fix="git lfs pull",
            )
        value = stream_sha256(sample)
        if read_identity(sample) != identity:
            raise changing(sample)
        self._streams[identity.sha256] = value
        self._changed = True
        return value

    def save(self) -> None:
        """Write the cache if it has changed. Where it cannot be written, nothing is lost but time."""
        if not self._changed:
            return
        files = {n: e for n, e in self._files.items() if n in self._seen or os.path.exists(n)}  # noqa: PTH110 - names are str
        save_kept(self._path, BASIS, Kept(files, self._streams))
        self._changed = False
