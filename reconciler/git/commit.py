"""Committing the state document, and only that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from reconciler.errors import RefusedError, StateError, VoicectlError
from reconciler.git.repository import Repository, Upstream, open_repository
from reconciler.state.document import StateDocument
from reconciler.state.reading import parse


@dataclass(frozen=True, slots=True)
class Place:
    """Where the state document is committed."""

    repository: Repository
    path: str
    """The document as git names it, from the top of the working tree."""
    environment: str
    branch: str | None
    """None on a detached HEAD."""
    upstream: Upstream | None
    """Where to push; None when nobody asked for that."""

    def document_at(self, revision: str) -> StateDocument | None:
        """Return the document as a commit has it; None where there is none. Raises StateError for a broken one."""
        raw = self.repository.blob(revision, self.path)
        if raw is None:
            return None
        try:
            return parse(raw.decode("utf-8"), filename=self.path)
        except UnicodeDecodeError as error:
            raise StateError(
                "The state document is corrupt", where=f"{revision}:{self.path}", why=str(error)
            ) from error


def check_place(root: Path, state: Path, environment: str, environ: Mapping[str, str], *, push: bool) -> Place:
    """Make sure, before anything is applied, that the state document can be committed afterwards.

    Raises RefusedError for everything that would make the commit fail, or mix other people's work into it.
    """
    try:
        repository = open_repository(root, environ)
    except VoicectlError as error:
        raise RefusedError(f"Cannot commit: {error.what}", where=error.where, why=error.why, fix=error.fix) from error
    path = repository.relative(state)
    if path is None:
        raise RefusedError("Cannot commit: the state document is outside of the git repository", where=str(state))
    if repository.is_ignored(path):
        raise RefusedError(
            f"Cannot commit: git ignores the state document of the environment {environment!r}",
            where=path,
            fix="`git check-ignore -v` names the line that ignores it; the environment `local` is never committed",
        )
    unfinished = repository.unfinished
    if unfinished is not None:
        raise RefusedError(
            f"Cannot commit in the middle of a {unfinished}",
            fix=f"end it with `git {unfinished} --continue` or --abort",
        )
    staged = repository.staged
    if staged:
        raise RefusedError(
            "Cannot commit: other changes are staged",
            why=", ".join(staged[:5]) + (f" and {len(staged) - 5} more" if len(staged) > 5 else ""),
            fix="commit them, or take them out of the index with `git restore --staged .`",
        )
    problem = repository.identity_problem
    if problem is not None:
        raise RefusedError(
            "Cannot commit: git does not know who you are",
            why=problem.partition("fatal: ")[2] or problem,
            fix='`git config user.name "NAME"` and `git config user.email ADDRESS`; '
            "in CI a name such as voicectl[bot] will do",
        )
    branch = repository.branch
    return Place(repository, path, environment, branch, _upstream(repository, branch) if push else None)


def _upstream(repository: Repository, branch: str | None) -> Upstream:
    if branch is None:
        raise RefusedError(
            "Cannot push: no branch is checked out",
            why="HEAD is detached",
            fix="check the branch out by its name, `git switch BRANCH`",
        )
    upstream = repository.upstream(branch)
    if upstream is None:
        raise RefusedError(
            f"Cannot push: the branch {branch!r} has no upstream",
            fix="set one up, for example with `git push --set-upstream origin HEAD`",
        )
    return upstream


def commit(place: Place, message: str) -> str | None:
    """Commit the document as it is on disk; returns the commit's id, None when there is nothing to commit.

    Everything else, staged or not, stays as it is. Raises VoicectlError, with git's words or those of a hook.
    """
    git = place.repository.git
    if not git.text("status", "--porcelain", "--untracked-files=all", "--", place.path):
        return None
    is_new = not git.run("ls-files", "--error-unmatch", "--", place.path).ok
    if is_new:
        git.text("add", "--intent-to-add", "--", place.path)
    ended = git.run("commit", "--quiet", "--only", "--cleanup=verbatim", "--file=-", "--", place.path,
                    stdin=message.encode("utf-8", "replace"))  # fmt: skip
    if not ended.ok:
        if is_new:
            git.run("rm", "--cached", "--quiet", "--", place.path)
        raise VoicectlError(
            "The state document could not be committed",
            where=place.path,
            why=ended.words,
            fix="it is saved on disk with all that was done: commit it yourself",
        )
    return git.text("rev-parse", "HEAD")
