"""What voicectl.yaml says, remembered: while it has not changed, nobody waits for pydantic to check it again."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import astuple
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from reconciler.desired.checks import CheckSpec
from reconciler.desired.kept import load_kept, program, save_kept
from reconciler.desired.load import load_project
from reconciler.desired.project import Environment, Project, Safety
from reconciler.desired.root import FILENAME, WORK_FOLDER
from reconciler.desired.source import Source
from reconciler.desired.stamp import Stamp, is_settled, read_stamp
from reconciler.errors import Diagnostic

_KEPT: Final = tuple[Stamp, dict[str, Any]]


def remembered_project(root: Path, clock: Callable[[], int] = time.time_ns) -> tuple[Project, tuple[Diagnostic, ...]]:
    """Return what `load_project` does; nothing that there is to say of the file is ever forgotten.

    `clock` says how many nanoseconds have passed since 1970.
    """
    root = root.resolve()
    cache, basis = root / WORK_FOLDER / "project.json", repr((program(), str(root))).encode()
    stamp = read_stamp(str(root / FILENAME))
    known = load_kept(cache, basis, _KEPT)
    if known is not None and known[0] == stamp:
        return _decode(known[1], root), ()
    started = clock()
    project, said = load_project(root)
    settled = stamp is not None and is_settled(stamp, started) and read_stamp(str(root / FILENAME)) == stamp
    if settled and not said and cache.parent.is_dir():
        save_kept(cache, basis, (stamp, _encode(project)))
    return project, said


def _encode(project: Project) -> dict[str, Any]:
    return {
        "name": project.name,
        "name_is_explicit": project.name_is_explicit,
        "voices_dir": project.voices_dir,
        "environments": [
            (one.name, one.api_key_env, one.api_url, one.state, dict(one.overrides))
            for one in project.environments.values()
        ],
        "safety": astuple(project.safety),
        "parallelism": project.parallelism,
        "ownership_mark": project.ownership_mark,
        "checks": dict(project.checks),
    }


def _decode(plain: Mapping[str, Any], root: Path) -> Project:
    share, voices, absolute, references = plain["safety"]
    environments = {
        name: Environment(name, key, url, state, MappingProxyType(overrides))
        for name, key, url, state, overrides in plain["environments"]
    }
    return Project(
        root=root,
        name=plain["name"],
        name_is_explicit=plain["name_is_explicit"],
        voices_dir=plain["voices_dir"],
        environments=MappingProxyType(environments),
        safety=Safety(share, voices, absolute, tuple(references)),
        parallelism=plain["parallelism"],
        ownership_mark=plain["ownership_mark"],
        checks=MappingProxyType({rule: CheckSpec(*check) for rule, check in plain["checks"].items()}),
        source=Source(FILENAME, str(root / FILENAME), None),
    )
