"""safety.references: a plan must not take away what the repository's own code still names."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Sequence
from pathlib import Path

from reconciler.apply.names import Names
from reconciler.apply.workspace import Workspace
from reconciler.desired.root import WORK_FOLDER
from reconciler.errors import Diagnostic, Position, Range, Severity
from reconciler.git.tracked import files_below
from reconciler.plan.change import Action, Plan
from reconciler.plan.going import Going, Kind, going
from reconciler.state.exported import EXPORT_MARK

RULE = "safety.references"
LFS_POINTER = b"version https://git-lfs.github.com/spec/v1"
HEAD = 8000
"""Bytes in which a binary file has a zero, as git has it."""
BESIDE = {Kind.ID: "-", Kind.KEY: "-/"}
"""What, besides letters, digits and `_`, makes a longer name of one that stands next to it."""


def find_references(
    workspace: Workspace, plan: Plan, declared: Collection[str], outputs: Collection[Path]
) -> tuple[Diagnostic, ...]:
    """Return where files that use voices name one that the plan takes away: an error for each file and name.

    `declared` are the keys of all voice files; `outputs` are files that this run writes anew. A pattern that matches
    no file at all is a warning. Nothing is read unless the setting is there and something is about to go.
    """
    patterns = workspace.project.safety.references
    gone = {one.name: one for one in going(plan, declared)} if patterns else {}
    if not gone:
        return ()
    paths = files_below(workspace.root, workspace.environ, without=frozenset({".git", WORK_FOLDER}))
    matching = [list(filter(re.compile(regex_of(pattern)).fullmatch, paths)) for pattern in patterns]
    found = [_matches_nothing(workspace, number) for number, those in enumerate(matching) if not those]
    names = Names({name: BESIDE[one.kind] for name, one in gone.items()})
    skipped = _others(workspace) | {path.resolve() for path in outputs}
    for path in sorted({path for those in matching for path in those}):
        places: dict[str, list[Position]] = defaultdict(list)
        for name, line, column in names.find(_text(workspace, path, skipped)):
            places[name].append(Position(line, column))
        shown = path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        found += [_reference(gone[name], shown, those) for name, those in places.items()]
    return tuple(found)


def regex_of(pattern: str) -> str:
    """Return what a pattern means: `*` and `?` stay within a folder, `**` goes through any; a folder is all of it."""
    *folders, last = pattern.split("/")
    above = "".join("(?:[^/]+/)*" if part == "**" else f"{_part(part)}/" for part in folders)
    if last == "**":
        return f"{above}.+"
    return above + _part(last) + ("" if set("*?") & set(last) else "(?:/.+)?")


def _part(part: str) -> str:
    return re.sub(r"(\\\*)+", "[^/]*", re.escape(part)).replace(r"\?", "[^/]")


def _others(workspace: Workspace) -> set[Path]:
    """Return state documents: they name voices, and follow by themselves."""
    return {path.resolve() for path in workspace.project.state_files}


def _text(workspace: Workspace, path: str, skipped: Collection[Path]) -> str:
    """Return the text of a file that uses voices; nothing for one that is gone, binary, or not written by people."""
    file = (workspace.root / path).resolve()
    inside = file.is_relative_to(workspace.repository) and not path.startswith(f"{workspace.project.voices_dir}/")
    if not inside or file in skipped or not file.is_file():
        return ""
    try:
        raw = file.read_bytes()
    except OSError:
        return ""
    if b"\0" in raw[:HEAD] or raw.startswith(LFS_POINTER):
        return ""
    text = raw.decode("utf-8", "replace")
    return "" if EXPORT_MARK in text.partition("\n")[0] else text


def _reference(gone: Going, path: str, places: Sequence[Position]) -> Diagnostic:
    first, others = places[0], sorted({place.line for place in places} - {places[0].line})
    also = f"Also on line{'s' * (len(others) > 1)} {', '.join(map(str, others))}. " if others else ""
    return Diagnostic(
        Severity.ERROR,
        RULE,
        f"The {gone.kind.value} {gone.name!r} is still used here, and {_fate(gone)}",
        f"{also}Let the code use another voice first; if it is meant as it is, apply with --allow-deletes.",
        gone.change.key,
        Range(path, first),
    )


def _fate(gone: Going) -> str:
    """Return what becomes of a name, as the end of a sentence."""
    change = gone.change
    match change.action:
        case Action.DELETE:
            return "would be deleted"
        case Action.FORGET:
            return "would be forgotten"
        case Action.CLEAN:
            return f"is a voice of {change.key!r} that would be cleaned up"
        case _ if gone.kind is Kind.KEY:
            return f"would become {change.key!r}"
        case _:
            return f"would go once {change.key!r} is replaced (`keep_replaced` keeps it for a time)"


def _matches_nothing(workspace: Workspace, number: int) -> Diagnostic:
    return Diagnostic(
        Severity.WARNING,
        RULE,
        f"No file matches {workspace.project.safety.references[number]!r}",
        "Where there is git, only what it tracks is looked at.",
        range=workspace.project.source.at("safety", "references", number),
    )
