# pathlib takes 5 ms, and this is run at every press of Tab
# ruff: noqa: PTH100, PTH113, PTH118, PTH120, PTH123, PTH202
"""The names that completion offers: keys of voices, and environments, as far as files tell without being checked."""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from typing import Any

from reconciler.authoring.keys import voice_files

_SETTINGS = "voicectl.yaml"
_LOCAL, _DEFAULT = "local", "default"
_LARGEST = 5_000_000
"""Bytes of a state document that are read: some ten thousand voices."""


class Names:
    """The names of the project around a folder."""

    def __init__(self, folder: str, environment: str | None) -> None:
        self._root = _root(os.path.abspath(folder))
        self._environment = environment or _DEFAULT
        self._settings: dict[str, Any] = {}
        written = _read(os.path.join(self._root, _SETTINGS))
        if re.search(r"^(voices|environments|['\"{])", written, re.MULTILINE):
            self._settings = _parsed(written)

    def keys(self, begun: str) -> dict[str, str]:
        """Return the keys of the voice files, and of the voices in the environment's state document.

        Those that cannot begin with `begun` may be left out: of ten thousand voices one folder is read at once.
        """
        folder = self._settings.get("voices")
        folder = os.path.join(self._root, folder if isinstance(folder, str) else "voices")
        found = {key for key, _ in voice_files(folder, _folder_of(begun))} | self._recorded()
        return dict.fromkeys(sorted(found), "")

    def environments(self) -> dict[str, str]:
        """Return the environments that `--env` takes."""
        return dict.fromkeys(sorted({_DEFAULT, _LOCAL, *map(str, self._environments())}), "")

    def _environments(self) -> dict[str, Any]:
        written = self._settings.get("environments")
        return written if isinstance(written, dict) else {}

    def _recorded(self) -> set[str]:
        with suppress(ValueError, AttributeError, TypeError):
            return set(json.loads(_read(self._state()) or "{}").get("voices", {}))
        return set()

    def _state(self) -> str:
        name = self._environment
        if name == _LOCAL:
            return os.path.join(self._root, ".voicectl", _LOCAL, "voices.state.json")
        entry = self._environments().get(name)
        written = entry.get("state") if isinstance(entry, dict) else None
        if isinstance(written, str):
            return os.path.join(self._root, written)  # an address is no file, and nobody is asked
        return os.path.join(self._root, "voices.state.json" if name == _DEFAULT else f"voices.{name}.state.json")


def _folder_of(begun: str) -> str:
    folder, slash, _ = begun.rpartition("/")
    return folder + slash if not {"", ".", ".."} & set(folder.split("/")) else ""


def _root(folder: str) -> str:
    """Return the project's folder, as desired/root.py finds it."""
    above = [folder]
    while above[-1] != os.path.dirname(above[-1]):
        above.append(os.path.dirname(above[-1]))
    for name in (_SETTINGS, ".git"):
        for each in above:
            if os.path.lexists(os.path.join(each, name)):
                return each
    return folder


def _read(path: str) -> str:
    """Return a file's text; nothing for one that is not there, is no file, or is huge."""
    with suppress(OSError, UnicodeDecodeError):
        if os.path.isfile(path) and os.path.getsize(path) <= _LARGEST:
            with open(path, encoding="utf-8") as file:
                return file.read()
    return ""


def _parsed(written: str) -> dict[str, Any]:
    from reconciler.desired.yaml_source import parse
    from reconciler.errors import RepositoryError

    with suppress(RepositoryError):
        value = parse(written.encode(), _SETTINGS)
        if isinstance(value, dict):
            return value
    return {}
