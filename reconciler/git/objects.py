"""`git cat-file --batch`: one process that answers for any number of objects."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice

from reconciler.errors import VoicectlError
from reconciler.git.process import Git

CHUNK = 1 << 20
"""Bytes."""
AHEAD = 64
"""Questions asked before the first answer is read: two processes that wait for each other at every one are slow.

So many names fit into a pipe, so that asking never waits.
"""


class Objects:
    """Answers questions about objects, in order."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        """Use open_objects."""
        assert process.stdin is not None
        assert process.stdout is not None
        self._ask, self._answers = process.stdin, process.stdout

    def read(self, name: str) -> bytes | None:
        """Return an object's content; None for one that this clone does not have."""
        ((_, content),) = self.read_all([name])
        return content

    def read_all(self, names: Iterable[str]) -> Iterator[tuple[str, bytes | None]]:
        """Yield each name with its content. Read it to the end before asking again."""
        for name, size in self._sizes(names):
            yield name, None if size is None else b"".join(self._content(size))

    def hash_all(self, names: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Yield each name that this clone has with its content's sha256. Read it to the end before asking again."""
        for name, size in self._sizes(names):
            if size is not None:
                digest = hashlib.sha256()
                for chunk in self._content(size):
                    digest.update(chunk)
                yield name, digest.hexdigest()

    def _sizes(self, names: Iterable[str]) -> Iterator[tuple[str, int | None]]:
        waiting = iter(names)
        while window := list(islice(waiting, AHEAD)):
            self._ask.write("".join(f"{name}\n" for name in window).encode())
            self._ask.flush()
            for name in window:
                words = self._answers.readline().split()  # NAME TYPE SIZE, or NAME missing
                yield name, int(words[2]) if len(words) == 3 and words[2].isdigit() else None

    def _content(self, size: int) -> Iterator[bytes]:
        while size:
            chunk = self._answers.read(min(size, CHUNK))
            if not chunk:
                raise VoicectlError("git ended in the middle of an object", fix="`git fsck` looks for damage")
            size -= len(chunk)
            yield chunk
        self._answers.read(1)


@contextmanager
def open_objects(git: Git) -> Iterator[Objects]:
    """Start the process, and end it with the block."""
    with git.conversation("cat-file", "--batch") as process:
        yield Objects(process)


def sizes(git: Git, names: Iterable[str]) -> dict[str, int]:
    """Return the size in bytes of each object that this clone has."""
    asked = "".join(f"{name}\n" for name in names).encode()
    lines = git.text("cat-file", "--batch-check=%(objectname) %(objectsize)", stdin=asked).splitlines()
    return {name: int(size) for name, size in (line.split(" ", 1) for line in lines) if size.isdigit()}
