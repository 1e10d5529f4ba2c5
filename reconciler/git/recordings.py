"""Where a recording is, by its hash: in the files that are checked out, in the history, or only in LFS storage."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.git.log import blobs_in_history
from reconciler.git.objects import Objects, open_objects, sizes
from reconciler.git.repository import Repository

POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n(?:ext-.*\n)*oid sha256:([0-9a-f]{64})\nsize (\d+)\n"
)
"""The whole content of a Git LFS pointer (its specification, version 1)."""
POINTER_SIZES = range(100, 1025)
"""Bytes: the specification's upper limit, and more than any shorter one could be."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A place where git still has a recording."""

    path: str
    """From the top of the working tree."""
    in_head: bool
    """In the commit that is checked out; otherwise only in the history."""
    lfs: bool
    """Git has a pointer; the bytes are in LFS storage."""
    downloaded: bool = True
    """Whether the bytes are in this clone."""


def find_recordings(repository: Repository, wanted: Mapping[str, int]) -> dict[str, Kept]:
    """Return where each recording is; `wanted` is their sizes in bytes by sha256. Missing ones are left out."""
    head = repository.head
    if not wanted or head is None:
        return {}
    git = repository.git
    with open_objects(git) as objects:
        listed = git.text("ls-tree", "-r", "-z", "--full-tree", head).split("\0")
        files = (line.partition("\t") for line in listed if " blob " in line)
        in_head = {meta.split(" ")[2]: path for meta, _, path in files}
        search = _Search(repository, objects, wanted)
        search.through(in_head, in_head=True)
        if search.left:
            older = {blob: path for blob, path in blobs_in_history(git, head, "") if blob not in in_head}
            search.through(older, in_head=False)
    return search.found


class _Search:
    def __init__(self, repository: Repository, objects: Objects, wanted: Mapping[str, int]) -> None:
        self._repository = repository
        self._objects = objects
        self.found: dict[str, Kept] = {}
        self.left: dict[int, set[str]] = defaultdict(set)
        """What is still to be found: hashes by size."""
        for sha256, size in wanted.items():
            self.left[size].add(sha256)

    def through(self, paths: Mapping[str, str], *, in_head: bool) -> None:
        """Look at blobs, by their paths, and only at those whose size fits."""
        by_size = sizes(self._repository.git, paths)
        pointers = [blob for blob, size in by_size.items() if size in POINTER_SIZES]
        for blob, content in self._objects.read_all(pointers):
            pointer = POINTER.fullmatch(content or b"")
            if pointer is not None:
                sha256 = pointer[1].decode("ascii")
                stored = self._repository.common_folder / "lfs" / "objects" / sha256[:2] / sha256[2:4] / sha256
                kept = Kept(paths[blob], in_head, lfs=True, downloaded=stored.exists())
                self._conclude(int(pointer[2]), sha256, kept)
        fitting = [blob for blob, size in by_size.items() if size in self.left]
        for blob, sha256 in self._objects.hash_all(fitting):
            self._conclude(by_size[blob], sha256, Kept(paths[blob], in_head, lfs=False))

    def _conclude(self, size: int, sha256: str, kept: Kept) -> None:
        if sha256 in self.left.get(size, ()):
            self.found[sha256] = kept
            self.left[size].discard(sha256)
            if not self.left[size]:
                del self.left[size]
