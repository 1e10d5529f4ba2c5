"""What `apply --commit --push` does once the run is over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reconciler.errors import StateError
from reconciler.git.commit import Place, commit
from reconciler.git.push import Pushed, push
from reconciler.state.document import StateDocument
from reconciler.state.reading import parse

Describe = Callable[[StateDocument, StateDocument], str]
"""Makes the commit's message of the document as it was committed last, and as it is now."""


@dataclass(frozen=True, slots=True)
class Committed:
    """How the state document got into git."""

    commit: str | None
    """None when there was nothing to commit."""
    branch: str | None
    pushed: Pushed | None = None
    """None when nothing was pushed."""
    upstream: str | None = None
    """Where it was pushed to."""


def commit_state(place: Place, describe: Describe) -> Committed:
    """Commit the document if it changed, and push it where that was asked for. Raises VoicectlError.

    What an earlier run has committed, and could not push, is pushed as well.
    """
    state = place.repository.top / place.path
    made = None
    if state.exists():
        after = parse(state.read_text(encoding="utf-8"), filename=place.path)
        made = commit(place, describe(_before(place, after), after))
    tip = made or _unpushed_tip(place)
    if tip is None or place.upstream is None:
        return Committed(made, place.branch)
    pushed = push(place, tip)
    return Committed(made and pushed.commit, place.branch, pushed, str(place.upstream))


def _unpushed_tip(place: Place) -> str | None:
    """Return the commit to push so that the remote gets the document as it is committed; None where it has it."""
    head = place.repository.head
    if head is None:
        return None
    known = place.repository.last_seen_upstream(place.branch)
    unpushed = [head, f"^{known}"] if known else [head]
    return head if place.repository.git.text("rev-list", "--max-count=1", *unpushed, "--", place.path) else None


def _before(place: Place, after: StateDocument) -> StateDocument:
    """Return the committed document; an empty one where there is none that can be read."""
    try:
        found = place.document_at("HEAD")
    except StateError:
        found = None
    return found or StateDocument(after.environment, after.lineage)
