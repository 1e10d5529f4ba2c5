"""What a git repository is like right now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from reconciler.errors import VoicectlError
from reconciler.git.process import Git

UNFINISHED = {
    "MERGE_HEAD": "merge",
    "rebase-merge": "rebase",
    "rebase-apply": "rebase",
    "CHERRY_PICK_HEAD": "cherry-pick",
    "REVERT_HEAD": "revert",
}
"""Files in git's folder that say what somebody has begun."""


@dataclass(frozen=True, slots=True)
class Upstream:
    """Where a branch is pushed to."""

    remote: str
    branch: str
    """Without refs/heads/."""

    def __str__(self) -> str:
        """Return it as git shows it."""
        return f"{self.remote}/{self.branch}"


class Repository:
    """A working tree and its history."""

    def __init__(self, git: Git, top: Path) -> None:
        """Use open_repository."""
        self.git = git
        self.top = top

    def relative(self, path: Path) -> str | None:
        """Return a path as git writes it, or None for one outside of the working tree. Symlinks are followed."""
        resolved = path.resolve()
        return resolved.relative_to(self.top).as_posix() if resolved.is_relative_to(self.top) else None

    @property
    def head(self) -> str | None:
        """The commit that is checked out; None before the first one."""
        ended = self.git.run("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
        return ended.text if ended.ok else None

    @property
    def branch(self) -> str | None:
        """The branch that is checked out; None on a detached HEAD."""
        ended = self.git.run("symbolic-ref", "--quiet", "--short", "HEAD")
        return ended.text if ended.ok else None

    def upstream(self, branch: str) -> Upstream | None:
        """Return where a branch is pushed to, None where nothing is set up."""
        remote = self.git.run("config", "--get", f"branch.{branch}.remote")
        merge = self.git.run("config", "--get", f"branch.{branch}.merge")
        return Upstream(remote.text, merge.text.removeprefix("refs/heads/")) if remote.ok and merge.ok else None

    def last_seen_upstream(self, branch: str | None) -> str | None:
        """Return the commit of a branch's upstream as of the last fetch or push; None where nothing is known."""
        ended = self.git.run("rev-parse", "--verify", "--quiet", f"{branch}@{{upstream}}")
        return ended.text if ended.ok else None

    @property
    def unfinished(self) -> str | None:
        """A merge, rebase, cherry-pick or revert that somebody has begun."""
        asked = [word for name in UNFINISHED for word in ("--git-path", name)]
        paths = self.git.text("rev-parse", *asked).splitlines()
        for path, what in zip(paths, UNFINISHED.values(), strict=True):
            if (self.git.folder / path).exists():
                return what
        return None

    @property
    def staged(self) -> tuple[str, ...]:
        """Paths that are staged, or in conflict."""
        names = self.git.text("diff", "--cached", "--name-only", "-z", "--no-ext-diff", "--no-renames")
        return tuple(name for name in names.split("\0") if name)

    def is_ignored(self, path: str) -> bool:
        """Whether a path is untracked and meant to stay so."""
        takes_no_magic = {"GIT_LITERAL_PATHSPECS": "0"}  # check-ignore refuses to run with it
        return self.git.run("check-ignore", "--quiet", "--", f"./{path}", environ=takes_no_magic).ok

    @property
    def identity_problem(self) -> str | None:
        """Git's words about a missing author or committer; None where both are known."""
        for variable in ("GIT_AUTHOR_IDENT", "GIT_COMMITTER_IDENT"):
            ended = self.git.run("var", variable)
            if not ended.ok:
                return ended.words
        return None

    @property
    def is_shallow(self) -> bool:
        """Whether the history is cut off."""
        return self.git.text("rev-parse", "--is-shallow-repository") == "true"

    @cached_property
    def common_folder(self) -> Path:
        """Git's own folder, which all working trees share."""
        return (self.git.folder / self.git.text("rev-parse", "--git-common-dir")).resolve()

    def blob(self, revision: str, path: str) -> bytes | None:
        """Return a file as it is in a commit, or None."""
        ended = self.git.run("cat-file", "blob", f"{revision}:{path}")
        return ended.out if ended.ok else None


def open_repository(folder: Path, environ: Mapping[str, str]) -> Repository:
    """Find the repository that a folder is in. Raises VoicectlError, with git's words."""
    git = Git(folder, environ)
    ended = git.run("rev-parse", "--show-toplevel")
    if not ended.ok:
        dubious = "dubious ownership" in ended.err
        raise VoicectlError(
            "git does not trust this repository" if dubious else "This is no git repository",
            where=str(folder),
            why=ended.words,
            fix="" if dubious else "run it in a clone, or start one with `git init`",
        )
    top = Path(ended.text)
    return Repository(Git(top, environ), top.resolve())
