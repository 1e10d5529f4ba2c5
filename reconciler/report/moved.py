"""What `mv` moved: files, and records of state documents."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from reconciler.authoring.carry_move import Moved
from reconciler.report.paint import printable


def moved_text(moved: Moved, root: Path, *, dry_run: bool, next_steps: bool) -> str:
    """Return a line for each thing that was moved or written, and what is left to do."""
    return "".join(f"{printable(line)}\n" for line in _lines(moved, root, dry_run=dry_run, next_steps=next_steps))


def _lines(moved: Moved, root: Path, *, dry_run: bool, next_steps: bool) -> Iterator[str]:
    move, would = moved.move, "would be " if dry_run else ""
    for rename in move.renames:
        source, target = (path.relative_to(root).as_posix() for path in (rename.source, rename.target))
        yield f"{would}moved    {source} -> {target}"
    for path in move.texts:
        yield f"{would}written  {path.relative_to(root).as_posix()}"
    for name in moved.recorded:
        yield f"{would}moved    {move.old} -> {move.new} in the state of {name}"
    if next_steps and not dry_run:
        for name in moved.elsewhere:
            yield f"The state of {name} is elsewhere: its next apply moves the voice, by `previously`."
        yield "Commit the files and the state documents together; `voicectl plan` shows what is left to do."
