"""`git log --raw`: which commits changed a file, and from which content to which."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from reconciler.errors import VoicectlError
from reconciler.git.process import Git

_FORMAT = "--format=%x01%H%x00%P%x00%aN%x00%aE%x00%aI%x00%s%x00%(trailers:only,unfold,separator=%x1f)"
_COMPARED = ("--raw", "-z", "--no-abbrev", "--no-renames", "--no-ext-diff", "--ignore-submodules")
_SETTINGS = ("-c", "log.showSignature=false", "-c", "log.follow=false", "-c", "i18n.logOutputEncoding=UTF-8")
_PULL_REQUEST = re.compile(
    r"\((?:pull request )?#(\d+)\)$"  # GitHub's squash, Bitbucket
    r"|^Merge(?:d)? (?:pull request #|PR #?)(\d+)"  # GitHub's merge, Azure
    r"|^See merge request [^\s!]*!(\d+)$",  # GitLab
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Commit:
    """Who did something, and when."""

    id: str
    parents: tuple[str, ...]
    author: str
    email: str
    date: str
    """RFC 3339, in the author's zone."""
    subject: str
    trailers: tuple[str, ...]
    """Whole lines, such as `Reviewed-by: Anna`."""


@dataclass(frozen=True, slots=True)
class FileChange:
    """What one commit made of one file."""

    commit: Commit
    path: str
    before: tuple[str | None, ...]
    """The blob in each parent; None where there was no such file. More than one for a merge alone."""
    after: str | None
    """None when the file was deleted."""


def log_of_file(git: Git, revision: str, path: str) -> list[FileChange]:
    """Return every change of a file that led to `revision`, children before parents, along every branch.

    A merge is listed where its content is none of its parents'. A rename is followed to the older name.
    """
    found: list[FileChange] = []
    names = {path}
    while True:
        changes = list(_log(git, revision, path))
        born = next((change for change in reversed(changes) if change.before == (None,)), None)
        renamed = _renamed(git, born) if born is not None and born.commit.parents else None
        if born is None or renamed is None or renamed[0] in names:
            return found + changes
        path, blob = renamed
        names.add(path)
        found += [FileChange(c.commit, c.path, (blob,), c.after) if c is born else c for c in changes]
        revision = f"{born.commit.id}^"


def blobs_in_history(git: Git, revision: str, folder: str) -> Iterator[tuple[str, str]]:
    """Yield blob and path of every file that any commit put below a folder, the newest first."""
    arguments = (*_SETTINGS, "log", *_COMPARED, "-c", "--full-history", "--format=", revision, "--", folder or ".")
    tokens = iter(_printed(git, *arguments).split(b"\0"))
    for token in tokens:
        meta = token.lstrip(b"\n")
        if meta.startswith(b":"):
            _, after = _blobs(meta)
            path = next(tokens)
            if after is not None:
                yield after, path.decode("utf-8", "surrogateescape")


def pull_request(message: str) -> int | None:
    """Return the number of the pull request that a commit's message names."""
    found = _PULL_REQUEST.search(message)
    return next(int(number) for number in found.groups() if number) if found else None


def _log(git: Git, revision: str, path: str) -> Iterator[FileChange]:
    order = ("--topo-order", "--full-history", "-c")
    tokens = iter(_printed(git, *_SETTINGS, "log", *_COMPARED, *order, _FORMAT, revision, "--", path).split(b"\0"))
    commit: Commit | None = None
    for token in tokens:
        meta = token.lstrip(b"\n")
        if token.startswith(b"\x01"):
            fields = [token[1:], *(next(tokens) for _ in range(6))]
            name, parents, author, email, date, subject, trailers = (f.decode("utf-8", "replace") for f in fields)
            told = tuple(line for line in trailers.split("\x1f") if line)
            commit = Commit(name, tuple(parents.split()), author, email, date, subject, told)
        elif meta.startswith(b":"):
            assert commit is not None
            before, after = _blobs(meta)
            yield FileChange(commit, next(tokens).decode("utf-8", "surrogateescape"), before, after)


def _blobs(meta: bytes) -> tuple[tuple[str | None, ...], str | None]:
    """Read `:MODE MODE BLOB BLOB STATUS`, or with a colon, a mode and a blob more for each further parent."""
    parents = len(meta) - len(meta.lstrip(b":"))
    words = meta.decode("ascii").split(" ")
    blobs = tuple(None if set(word) == {"0"} else word for word in words[parents + 1 : 2 * parents + 2])
    return blobs[:-1], blobs[-1]


def _renamed(git: Git, born: FileChange) -> tuple[str, str] | None:
    """Return the name and the blob that a file had before the commit in which it seems to begin."""
    compared = ("diff-tree", "-r", "-z", "--raw", "--no-abbrev", "--find-renames", "--diff-filter=R", "--no-commit-id")
    tokens = iter(_printed(git, *compared, born.commit.id).split(b"\0"))
    for meta in tokens:
        if meta.startswith(b":"):
            old, new = (next(tokens).decode("utf-8", "surrogateescape") for _ in range(2))
            if new == born.path:
                return old, meta.decode("ascii").split(" ")[2]
    return None


def _printed(git: Git, *arguments: str) -> bytes:
    ended = git.run(*arguments)
    if not ended.ok:
        raise VoicectlError("git cannot read its history", where=str(git.folder), why=ended.words)
    return ended.out
