"""Where a project is, and where its state is by default. Light, because every lookup of a voice id starts here."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

FILENAME: Final = "voicectl.yaml"
WORK_FOLDER: Final = ".voicectl"
DEFAULT: Final = "default"
LOCAL: Final = "local"
"""The built-in environment: its API is the embedded emulator."""


def find_root(start: Path) -> Path:
    """Return the project's folder: the nearest with voicectl.yaml, else the nearest with .git, else `start`."""
    start = start.resolve()
    return _nearest(start, FILENAME) or _nearest(start, ".git") or start


def find_repository(root: Path) -> Path:
    """Return the git working tree that `root` is in, else `root`. Samples must stay inside it."""
    root = root.resolve()
    return _nearest(root, ".git") or root


def _nearest(start: Path, name: str) -> Path | None:
    return next((folder for folder in (start, *start.parents) if os.path.lexists(folder / name)), None)


def work_folder(root: Path, environment: str) -> Path:
    """Return the git-ignored folder of an environment: journal, lock, caches."""
    return root / WORK_FOLDER / LOCAL if environment == LOCAL else root / WORK_FOLDER


def default_state_path(root: Path, environment: str) -> Path:
    """Return where the state document is unless voicectl.yaml says otherwise (design/cli.md, "Files")."""
    if environment == LOCAL:
        return work_folder(root, LOCAL) / "voices.state.json"
    return root / ("voices.state.json" if environment == DEFAULT else f"voices.{environment}.state.json")
