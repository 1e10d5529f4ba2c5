"""The merge driver of the state document: git calls it, we merge by voice."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import fnmatch
from pathlib import Path

from reconciler.errors import StateError, VoicectlError
from reconciler.git.repository import Repository
from reconciler.state.document import StateDocument, render
from reconciler.state.files import write_atomically
from reconciler.state.merge import MergeConflict, merge_documents, with_markers
from reconciler.state.reading import parse

NAME = "voicectl"
PATTERN = "voices*.state.json"
"""In .gitattributes: the state documents of all environments that do not name another file."""
COMMAND = "voicectl state merge %O %A %B %P"
"""As `git help attributes` has it: ancestor, ours (where the result is wanted), theirs, and the file's real name."""
HOW_TO_RESOLVE = (
    "keep one side of each part between the markers and run `voicectl plan`: "
    "a voice that only the other side knew is found by its mark"
)


def merge_files(base: Path, ours: Path, theirs: Path, name: str) -> None:
    """Merge as git wants it: the result replaces `ours`.

    Raises VoicectlError for a conflict; `ours` then has git's markers, which every reader of state documents refuses.
    """
    ancestor, left, right = (_read(path) for path in (base, ours, theirs))
    try:
        merged = _merge(ancestor, left, right, name)
    except MergeConflict as conflict:
        why = "; ".join(conflict.reasons)
        text = conflict.text or with_markers((_ended(left), _ended(right)), why)
        ours.write_bytes(text.encode("utf-8", "surrogateescape"))
        raise VoicectlError("The state document has a conflict", where=name, why=why, fix=HOW_TO_RESOLVE) from conflict
    write_atomically(ours, render(merged))


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8", "surrogateescape")
    except OSError as error:
        raise VoicectlError("Cannot read a side of the merge", where=str(path), why=error.strerror or "") from error


def _merge(base: str, ours: str, theirs: str, name: str) -> StateDocument:
    try:
        documents = [parse(text, filename=name) if text else None for text in (base, ours, theirs)]
    except StateError as error:
        raise MergeConflict((f"one side cannot be read: {error.why or error.what}",)) from error
    ancestor, left, right = documents
    if left is None or right is None:
        raise MergeConflict(("one side is empty",))
    return merge_documents(ancestor, left, right)


def _ended(text: str) -> str:
    return text if text.endswith("\n") or not text else f"{text}\n"


def install(repository: Repository, root: Path, state_paths: Iterable[Path]) -> tuple[str, ...]:
    """Make git merge state documents by voice in this clone; returns what was changed, nothing the second time.

    `root` is where .gitattributes is (or will be); `state_paths` are the documents of all environments.
    """
    done = []
    wanted = [f"{pattern} merge={NAME}" for pattern in _patterns(root, state_paths)]
    attributes = root / ".gitattributes"
    text = attributes.read_text(encoding="utf-8") if attributes.exists() else ""
    missing = [line for line in wanted if line not in text.splitlines()]
    if missing:
        write_atomically(attributes, _ended(text) + "".join(f"{line}\n" for line in missing))
        done.append(f".gitattributes: {', '.join(missing)}")
    settings = {f"merge.{NAME}.name": "voicectl state documents, by voice", f"merge.{NAME}.driver": COMMAND}
    for name, value in settings.items():
        if repository.git.run("config", "--get", name).text != value:
            repository.git.text("config", "--local", name, value)
            done.append(f"git config {name}")
    return tuple(done)


def _patterns(root: Path, state_paths: Iterable[Path]) -> list[str]:
    inside = [path.relative_to(root).as_posix() for path in state_paths if path.is_relative_to(root)]
    return [PATTERN, *sorted({_pattern(path) for path in inside if not fnmatch(Path(path).name, PATTERN)})]


def _pattern(path: str) -> str:
    """Return the pattern of one file: `git help gitattributes`, with quotes as in C where a word could end early."""
    pattern = "/" + re.sub(r"[*?\[\\]", r"\\\g<0>", path)
    if not re.search(r'[\s"]', pattern):
        return pattern
    return '"' + re.sub(r'[\x00-\x1f"\\]', lambda found: f"\\{ord(found[0]):03o}", pattern) + '"'


def is_installed(repository: Repository, path: str) -> bool:
    """Whether git, here, merges this file by voice."""
    attribute = repository.git.run("check-attr", "-z", "merge", "--", path).text.split("\0")
    return NAME in attribute[2:3] and repository.git.run("config", "--get", f"merge.{NAME}.driver").ok
