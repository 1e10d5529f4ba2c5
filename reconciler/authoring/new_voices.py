"""Many voices at once, from the rows of a table."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from reconciler.apply.sample_checks import OnChecked
from reconciler.apply.workspace import Workspace
from reconciler.authoring.draft import Draft, faults
from reconciler.authoring.new_voice import NewVoice, Wanted, drafted, look
from reconciler.authoring.table import Row, Table, boolean, problem
from reconciler.errors import Diagnostic, RepositoryError, VoicectlError


def voices_of(
    workspace: Workspace, table: Table, defaults: Draft, on_checked: OnChecked | None = None
) -> list[NewVoice]:
    """Return the voices that the rows of a table want; what a row leaves out is as in `defaults`.

    Raises RepositoryError with the problems of all rows.
    """
    problems = list(table.problems)
    voices = []
    wanted = [Wanted(row.key, row.sample) for row in table.rows]
    for row, looked in zip(table.rows, look(workspace, wanted, on_checked), strict=True):
        draft, wrong = _draft(row, defaults)
        problems += wrong
        try:
            if isinstance(looked, VoicectlError):
                raise looked
            if not wrong:
                voices.append(drafted(workspace.root, looked, draft))
        except VoicectlError as error:
            problems.append(_told(row, error))
    if problems:
        raise RepositoryError(tuple(sorted(problems, key=_line)))
    return voices


def _draft(row: Row, defaults: Draft) -> tuple[Draft, list[Diagnostic]]:
    """Return what the row says, and what is wrong with it."""
    texts: dict[str, Any] = {column: value for column, value in row.values.items() if column != "denoise"}
    draft = replace(defaults, **texts)
    wrong = [problem(row.where, fault.summary, fault.detail) for fault in faults(draft)]
    if "denoise" in row.values:
        draft = replace(draft, denoise=boolean(row.values["denoise"]))
        if draft.denoise is None:
            wrong.append(problem(row.where, f"`denoise` is {row.values['denoise']!r}", "Write true or false."))
    return draft, wrong


def _told(row: Row, error: VoicectlError) -> Diagnostic:
    """Return an error as what is wrong with a row."""
    named = (
        f"{error.what} ({_short(error.where)})" if error.where and _short(error.where) not in error.what else error.what
    )
    detail = f"{error.why}: {error.fix}" if error.why and error.fix else error.why or error.fix
    return problem(row.where, named, detail[:1].upper() + detail[1:])


def _short(where: str) -> str:
    """Leave out a path that the row itself names."""
    return Path(where).name if Path(where).is_absolute() else where


def _line(problem: Diagnostic) -> int:
    return problem.range.start.line if problem.range else 0
