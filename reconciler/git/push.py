"""Pushing; where the branch has moved, after putting our commits on top of what is there now. Never by force."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.errors import VoicectlError
from reconciler.git.commit import Place
from reconciler.git.process import Ended
from reconciler.git.rebase import DoesNotFit, rebase
from reconciler.git.repository import Upstream

ATTEMPTS = 5
"""How often the branch may move under our hands before we give up."""
MOVED = ("(fetch first)", "(non-fast-forward)", "(stale info)", "cannot lock ref", "failed to update ref")
"""Git's reasons for a refusal that only means that somebody else was faster."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """What is on the remote now."""

    commit: str
    rebased: bool
    left_behind: str = ""
    """Why the local branch could not follow; empty when it did."""


def push(place: Place, commit: str) -> Pushed:
    """Push `commit`, the tip of the branch, to the branch's upstream.

    Raises VoicectlError when that cannot be: then the local branch is as it was.
    """
    assert place.upstream is not None
    ours = commit
    for _ in range(ATTEMPTS):
        ended = _send(place, place.upstream, ours)
        if ended.ok:
            return Pushed(ours, ours != commit, _follow(place, commit, ours) if ours != commit else "")
        refusal = _refusal(ended)
        if not any(sign in refusal for sign in MOVED):
            raise _unpushed(place, commit, refusal, "push it yourself when the reason is gone: `git push`")
        ours = _rebased(place, place.upstream, commit)
    why = f"the branch moved {ATTEMPTS} times while we were pushing"
    raise _unpushed(place, commit, why, "`git pull --rebase` and `git push`")


def _send(place: Place, upstream: Upstream, commit: str) -> Ended:
    target = f"{commit}:refs/heads/{upstream.branch}"
    return place.repository.git.remote("push", "--porcelain", "--no-follow-tags", upstream.remote, target)


def _refusal(ended: Ended) -> str:
    """Return why a push was refused: the remote's words, those of a hook among them, and git's verdict."""
    verdicts = [line.split("\t")[-1] for line in ended.text.splitlines() if line.startswith("!")]
    said = [
        line.strip()
        for line in ended.err.splitlines()
        if line.strip() and not line.startswith(("To ", "error: failed to push", "hint:"))
    ]
    return "; ".join([*said, *verdicts]) or ended.words


def _rebased(place: Place, upstream: Upstream, commit: str) -> str:
    """Return our commit, and those before it that were not pushed, anew on top of what the remote has now."""
    git = place.repository.git
    known = place.repository.last_seen_upstream(place.branch)
    fetched = git.remote("fetch", "--quiet", "--no-tags", upstream.remote, f"refs/heads/{upstream.branch}")
    if not fetched.ok:
        raise _unpushed(place, commit, fetched.words, "`git pull --rebase` and `git push`")
    tip = git.text("rev-parse", "FETCH_HEAD")
    try:
        return rebase(place, commit, tip, last_seen=known)
    except DoesNotFit as error:
        raise _unpushed(
            place,
            commit,
            f"{upstream} has moved, and what is new there does not fit: {error}",
            "`voicectl state merge --install`, then `git pull --rebase` shows the conflict; keep one side of it, "
            "`voicectl plan`, then `git push`",
        ) from error


def _follow(place: Place, before: str, pushed: str) -> str:
    """Move the local branch to what was pushed; where a file with changes of its own is in the way, say so."""
    if place.repository.head != before:
        return "somebody has committed to it, or left it, in the meantime"
    place.repository.git.run("update-index", "-q", "--refresh")  # a file that was only touched is in nobody's way
    ended = place.repository.git.run("reset", "--quiet", "--keep", pushed)
    return "" if ended.ok else ended.words


def _unpushed(place: Place, commit: str, why: str, fix: str) -> VoicectlError:
    return VoicectlError(
        f"The state document is committed, but could not be pushed to {place.upstream}",
        where=f"commit {commit[:10]} on {place.branch}",
        why=why,
        fix=fix,
    )
