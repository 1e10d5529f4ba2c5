"""Putting commits of ours on top of others, the state document merged by voice. Neither index nor files are touched."""

from __future__ import annotations

import os
import shlex
import sys
import tempfile
from pathlib import Path

from reconciler.errors import StateError
from reconciler.git.commit import Place
from reconciler.git.merge_driver import NAME
from reconciler.git.process import Git
from reconciler.state.document import render
from reconciler.state.merge import MergeConflict, merge_documents

DRIVER = f"merge.{NAME}.driver={shlex.quote(sys.executable)} -m reconciler state merge %O %A %B %P"
"""For the documents of other environments, where this clone has no merge driver or that of another voicectl."""


class DoesNotFit(Exception):  # noqa: N818 - an answer, not an error: push tells it with what it knows
    """Our commits cannot be put on top of theirs without a person. Its text says why."""


def rebase(place: Place, commit: str, onto: str, *, last_seen: str | None) -> str:
    """Return `commit` anew, with all that leads to it and is not in `onto`, on top of `onto`. Raises DoesNotFit.

    Commits that would change nothing there are left out, so that the answer may be `onto` itself. `last_seen` is
    where the remote's branch was before: what others have taken back since then is not ours to bring back.
    """
    git = place.repository.git
    if last_seen is not None and not git.run("merge-base", "--is-ancestor", last_seen, onto).ok:
        raise DoesNotFit(f"its history was rewritten: it has no longer {last_seen[:10]}")
    if not git.run("merge-base", commit, onto).ok:
        raise DoesNotFit("they have no commit in common that this clone knows")
    ours = f"{onto}..{commit}"
    merge = git.text("rev-list", "--min-parents=2", "--max-count=1", ours)
    if merge:
        raise DoesNotFit(f"{merge[:10]} is a merge, and was not pushed")
    for each in git.text("rev-list", "--reverse", "--topo-order", ours).split():
        onto = _pick(place, each, onto)
    return onto


def _pick(place: Place, commit: str, onto: str) -> str:
    git = place.repository.git
    revisions = (f"{commit}^", commit, onto)
    before, mine, theirs = (_tree(git, revision, place.path, None) for revision in revisions)
    document = _merged_document(place, *revisions)
    tree = _tree(git, _merged_tree(git, commit, before, mine, theirs), place.path, document)
    parent, was, now = (git.text("rev-parse", f"{revision}^{{tree}}") for revision in revisions)
    if tree == now and parent != was:
        return onto
    return _commit_on(git, onto, tree, message_of=commit)


def _merged_document(place: Place, before: str, mine: str, theirs: str) -> bytes | None:
    """Return the state document as it is after `mine` on top of `theirs`; None where it is gone."""
    base, left, right = (place.repository.blob(revision, place.path) for revision in (before, mine, theirs))
    if left in (base, right):
        return right
    if right == base:
        return left
    if left is None or right is None:
        raise DoesNotFit(f"{place.path} was deleted on one side and changed on the other")
    try:
        ancestor, ours, others = (place.document_at(revision) for revision in (before, mine, theirs))
        assert ours is not None
        assert others is not None
        return render(merge_documents(ancestor, ours, others)).encode("utf-8")
    except (MergeConflict, StateError) as error:
        why = str(error) if isinstance(error, MergeConflict) else f"{error.what}: {error.why}"
        raise DoesNotFit(f"its state document does not fit that of {mine[:10]}: {why}") from error


def _merged_tree(git: Git, commit: str, before: str, mine: str, theirs: str) -> str:
    """Return the tree of everything else. As a rule one side has not changed it."""
    if mine in (before, theirs):
        return theirs
    if theirs == before:
        return mine
    # `git merge-tree` knows files and renames, and takes its base from history: so the trees get one.
    root = git.text("commit-tree", "-m", "base", before)
    left, right = (git.text("commit-tree", "-m", "side", "-p", root, tree) for tree in (theirs, mine))
    ended = git.run("-c", DRIVER, "merge-tree", "--write-tree", "--name-only", "--no-messages", left, right)
    tree, *conflicts = ended.text.splitlines() or [""]
    if ended.code == 1:
        raise DoesNotFit(f"{commit[:10]} changes {', '.join(conflicts)} in another way than what is new there")
    if not ended.ok:
        raise DoesNotFit(f"git cannot merge {commit[:10]}, which needs git 2.38 or newer: {ended.words[:200]}")
    return tree


def _tree(git: Git, treeish: str, path: str, content: bytes | None) -> str:
    """Return a tree with one file changed; None takes the file out."""
    with tempfile.TemporaryDirectory() as folder:
        index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        git.text("read-tree", treeish, environ=index)
        if content is None:
            git.text("update-index", "--force-remove", "--", path, environ=index)
        else:
            blob = git.text("hash-object", "-w", "--stdin", stdin=content)
            git.text("update-index", "--add", "--cacheinfo", f"100644,{blob},{path}", environ=index)
        return git.text("write-tree", environ=index)


def _commit_on(git: Git, parent: str, tree: str, *, message_of: str) -> str:
    shown = git.text(
        "show", "--no-patch", "--encoding=UTF-8", "--format=%an%x00%ae%x00%ad%x00%B", "--date=raw", message_of
    )
    name, email, date, message = shown.split("\0")
    author = {"GIT_AUTHOR_NAME": name, "GIT_AUTHOR_EMAIL": email, "GIT_AUTHOR_DATE": date}
    signed = ["-S"] if git.run("config", "--type=bool", "--get", "commit.gpgSign").text == "true" else []
    return git.text(
        "commit-tree", *signed, "-p", parent, "-F", "-", tree,
        stdin=os.fsencode(message.rstrip("\n") + "\n"), environ=author,
    )  # fmt: skip
