"""What other branches know: a voice that was made there is no orphan, although our state has no record of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from reconciler.errors import StateError, VoicectlError
from reconciler.git.objects import open_objects
from reconciler.git.repository import Repository, open_repository
from reconciler.state.reading import parse


def recorded_elsewhere(
    root: Path, state: Path, voice_ids: Collection[str], environ: Mapping[str, str], *, fetch: bool
) -> dict[str, str]:
    """Return those of the voices that the state document of a branch that is not merged here has, and which branch.

    With `fetch` the upstream of the branch that is checked out is asked what it has now. Where there is no git, or it
    has no answer, nothing is known: to make sure that git works is not the business of a plan.
    """
    try:
        repository = open_repository(root, environ)
        path = repository.relative(state)
        if path is None:
            return {}
        branches = _unmerged(repository)
        if fetch:
            branches |= _fetched(repository)
        return _found(repository, path, branches, voice_ids)
    except VoicectlError:
        return {}


def _unmerged(repository: Repository) -> dict[str, str]:
    """Return commit -> name of each branch that has something which HEAD has not."""
    merged = ["--no-merged=HEAD"] if repository.head else []
    listed = repository.git.text("for-each-ref", "--format=%(objectname) %(refname:short)", *merged,
                                 "refs/heads", "refs/remotes")  # fmt: skip
    return dict(line.split(" ", 1) for line in listed.splitlines())


def _fetched(repository: Repository) -> dict[str, str]:
    """Return commit -> name of the upstream as it is now. What was seen of it last stays, for push to compare with."""
    upstream = repository.upstream(repository.branch or "")
    if upstream is None:
        return {}
    source = f"refs/heads/{upstream.branch}"
    if not repository.git.remote("fetch", "--quiet", "--no-tags", "--refmap=", upstream.remote, source).ok:
        return {}
    return {repository.git.text("rev-parse", "FETCH_HEAD"): str(upstream)}


def _found(
    repository: Repository, path: str, branches: Mapping[str, str], voice_ids: Collection[str]
) -> dict[str, str]:
    found: dict[str, str] = {}
    with open_objects(repository.git) as objects:
        names = {f"{commit}:{path}": name for commit, name in branches.items()}
        for asked, raw in objects.read_all(names):
            try:
                voices = parse((raw or b"").decode("utf-8"), filename=path).voices
            except (StateError, UnicodeDecodeError):
                continue
            known = {voice_id for record in voices.values() for voice_id in record.voice_ids}
            found |= dict.fromkeys(known.intersection(voice_ids), names[asked])
    return found
