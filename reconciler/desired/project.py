"""Project: the settings of a project, as the rest of the program knows them. project_file.py has voicectl.yaml."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from reconciler.desired.checks import CheckSpec
from reconciler.desired.overlay import Written
from reconciler.desired.root import FILENAME, LOCAL, default_state_path
from reconciler.desired.source import Source
from reconciler.desired.state_address import is_address
from reconciler.errors import UsageError
from reconciler.suggest import suggest


@dataclass(frozen=True, slots=True)
class Environment:
    """One account, or one server, with its own state."""

    name: str
    api_key_env: str | None = None
    """The name of the variable that holds the key; never the key."""
    api_url: str | None = None
    state: str | None = None
    """The state document: a path relative to the root, or an address."""
    overrides: Mapping[str, Written] = field(default_factory=dict)
    """What is written over voice files here, by key or pattern, in its order."""


@dataclass(frozen=True, slots=True)
class Safety:
    """How many voices one plan may delete before somebody must say so."""

    max_deletes: float = 0.3
    """A share of the managed voices, 0 to 1."""
    min_voices: int = 10
    """Below this many voices the share means nothing and is not asked."""
    max_deletes_absolute: int = 20
    references: tuple[str, ...] = ()
    """Patterns of files, relative to the root, that must not name a voice that is about to go."""


@dataclass(frozen=True, slots=True)
class Project:
    """A repository of voices and its settings."""

    root: Path
    name: str
    """Part of the ownership mark."""
    name_is_explicit: bool
    """False: made from the folder's name, which differs from clone to clone."""
    voices_dir: str
    """Relative to the root, with forward slashes."""
    environments: Mapping[str, Environment]
    """Always with `default` and `local`."""
    safety: Safety
    parallelism: int
    ownership_mark: bool
    checks: Mapping[str, CheckSpec]
    """By rule id."""
    source: Source
    """voicectl.yaml; without content where there is none."""

    def state_location(self, environment: str) -> Path | str:
        """Return where the state document of an environment is: a file, or an address.

        Raises UsageError for an unknown one.
        """
        known = self.environments.get(environment)
        if known is None:
            near = suggest(environment, self.environments)
            fix = f"Did you mean `{near}`?" if near else f"Known: {', '.join(sorted(self.environments))}."
            raise UsageError(f"there is no environment `{environment}`", where=FILENAME, fix=fix)
        if known.state is None or environment == LOCAL:
            return default_state_path(self.root, environment)
        return known.state if is_address(known.state) else self.root / known.state

    @property
    def state_files(self) -> tuple[Path, ...]:
        """The state documents of all environments that are files."""
        locations = map(self.state_location, self.environments)
        return tuple(location for location in locations if isinstance(location, Path))


def fit_name(folder: str) -> str:
    """Return a project name made from a folder's name."""
    return re.sub(r"[^\w\-.]+", "-", folder).strip("-")[:64] or "voices"
