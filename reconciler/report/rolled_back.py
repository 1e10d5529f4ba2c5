"""A rollback, for people: which voice the key has, what became of the other one, and what the files say to it."""

from __future__ import annotations

from reconciler.apply.rollback import Rollback
from reconciler.errors import Diagnostic, Severity
from reconciler.git.last_commit import LastCommit
from reconciler.report.paint import Paint, printable


def rollback_text(rollback: Rollback, paint: Paint, *, done: bool) -> str:
    """Return what is done, or what would be."""
    before, after, key = rollback.before.voice_id, rollback.after, printable(rollback.key)
    lines = [
        f"{paint(key, 'bold')}: {printable(before or 'no voice')} -> {printable(after.voice_id or '')}"
        + ("" if done else "  (not done yet)")
    ]
    if after.sample is not None:
        lines.append(f"  made from {printable(after.sample.file)}, sha256 {printable(after.sample.sha256[:12])}")
    if rollback.kept is not None:
        lines.append(f"  {printable(rollback.kept.voice_id)} stays usable until {printable(rollback.kept.until)}")
    return "\n".join(lines) + "\n"


def undone_notes(rollback: Rollback, commit: LastCommit | None, *, state_in_git: bool) -> list[Diagnostic]:
    """Return what the next apply would make of it, because of what the files say; nothing where they agree.

    `commit` is the one that made them say so, if git knows it. git reverts nothing over changes of the state document.
    """
    rule, key, spec = "rollback.undone", rollback.key, rollback.spec
    if spec is None:
        what = f"No voice file declares {key!r} here, so the next apply would delete its voices"
        return [Diagnostic(Severity.WARNING, rule, what, "", key)]
    if not rollback.undone_by:
        return []
    paths = ", ".join(field.path for field in rollback.undone_by)
    what = f"The files still ask for another voice ({paths}), so the next apply would undo this"
    named = f"`git revert {commit.id}` ({commit.subject})" if commit else "undo that change (`git revert` its commit)"
    first = "commit the state document, then " if state_in_git else ""
    how = f"Next: {first}{named}. After that plan and apply have nothing to do for {key!r}."
    return [Diagnostic(Severity.WARNING, rule, what, how, key, spec.source.at("samples", 0, "file"))]
