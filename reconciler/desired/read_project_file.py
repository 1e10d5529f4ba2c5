"""Reading voicectl.yaml: bytes, YAML, and what the model says of them.

Whoever imports this pays for pydantic and PyYAML, 100 ms, so load.py does when the file has changed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from reconciler.desired.checked_file import checked, read_bytes
from reconciler.desired.load import unreadable
from reconciler.desired.project import Project
from reconciler.desired.project_file import ProjectFile
from reconciler.desired.root import FILENAME, LOCAL
from reconciler.desired.source import Source
from reconciler.desired.yaml_source import parse
from reconciler.errors import Diagnostic, RepositoryError, Severity


def read_project(root: Path) -> tuple[Project, tuple[Diagnostic, ...]]:
    """Return the settings of the project at `root`, and what is wrong with them.

    A file that is absent has defaults; so has one that cannot be used, next to the errors that say why.
    """
    root = root.resolve()
    defaults = ProjectFile().settings(root)
    path = root / FILENAME
    if not os.path.lexists(path):
        return defaults, ()
    try:
        raw = read_bytes(path)
        value = parse(raw, FILENAME)
        written = checked(ProjectFile, {} if value is None else value, raw, FILENAME)
    except OSError as error:
        return defaults, (unreadable("project.unreadable", FILENAME, error),)
    except RepositoryError as error:
        return defaults, error.diagnostics
    project = written.settings(root, raw)
    return project, tuple(_environment_problems(project, project.source))


def _environment_problems(project: Project, source: Source) -> Iterator[Diagnostic]:
    owners: dict[Path | str, str] = {}
    # those that say nothing of it come first: the line that names a document is the line to mend
    for name, environment in sorted(project.environments.items(), key=lambda item: item[1].state is not None):
        if name == LOCAL:
            for field in ("api_url", "state"):
                if getattr(environment, field) is not None:
                    summary = f"`environments.{LOCAL}.{field}` cannot be set"
                    detail = f"`{LOCAL}` is the emulator of this machine. Choose another name for this environment."
                    where = source.at("environments", LOCAL, field)
                    yield Diagnostic(Severity.ERROR, "project.value", summary, detail, range=where)
        state = project.state_location(name)
        if state in owners:
            summary = f"the environments `{owners[state]}` and `{name}` have the same state document"
            detail = "Each account needs its own, or the voices of one are taken for lost voices of the other."
            where = source.at("environments", name, "state")
            yield Diagnostic(Severity.ERROR, "project.value", summary, detail, range=where)
        owners[state] = name
