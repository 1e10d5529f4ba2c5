"""What was measured on a sample, kept by its sha256: an unchanged file is looked at once."""

from __future__ import annotations

import json
import os
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from reconciler.errors import SampleError
from reconciler.samples.measurement import VERSION, Measurement, from_json, to_json

KEPT_DAYS = 90
"""An entry that was not asked for in so many days is removed."""

_DAY = 86_400
"""Seconds; how often the time of use is noted, and the folder is cleaned."""

_HEAD = f'{{"version": {VERSION}, '.encode()
"""How each entry of this version begins, so that cleaning needs to read no more of it."""


class MeasurementCache:
    """One small file a sample. Where the folder cannot be written, nothing is lost but time."""

    def __init__(self, folder: Path) -> None:
        """`folder` is made when the first entry is put."""
        self._folder = folder
        self._cleaned = False

    def get(self, sha256: str) -> Measurement | SampleError | None:
        """Return what was found in these bytes; None if that is not known, damaged, or of another version.

        The words of a SampleError are about the path that it was found at, which is its `where`.
        """
        path = self._path(sha256)
        try:
            with path.open("rb") as file:
                content = file.read()
                used = os.fstat(file.fileno()).st_mtime
            document = json.loads(content)
            if document["version"] != VERSION or document["sha256"] != sha256:
                return None
            result = result_from_json(document["result"])
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None
        if time.time() - used > _DAY:
            with suppress(OSError):
                os.utime(path)
        return result

    def put(self, sha256: str, result: Measurement | SampleError) -> None:
        """Keep what was found in these bytes."""
        document = {"version": VERSION, "sha256": sha256, "result": result_to_json(result)}
        path = self._path(sha256)
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor, temporary = tempfile.mkstemp(prefix=".", suffix=".tmp", dir=path.parent)
            try:
                with os.fdopen(descriptor, "w", encoding="ascii") as file:
                    json.dump(document, file)
                Path(temporary).replace(path)
            except OSError:
                Path(temporary).unlink()
                raise
            self._clean_once_a_day()

    def _path(self, sha256: str) -> Path:
        return self._folder / sha256[:2] / f"{sha256}.json"

    def _clean_once_a_day(self) -> None:
        """Remove what nobody asked for in a long time, and what another version left."""
        if self._cleaned:
            return
        self._cleaned = True
        mark, now = self._folder / ".cleaned", time.time()
        with suppress(FileNotFoundError):
            if now - mark.stat().st_mtime < _DAY:
                return
        mark.touch()
        for path in self._folder.glob("*/*"):
            # a neighbour may be cleaning as well, or be in the middle of writing
            with suppress(OSError):
                age = now - path.stat().st_mtime
                if age > KEPT_DAYS * _DAY or (age > _DAY and not _is_current(path)):
                    path.unlink()


def _is_current(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_HEAD)) == _HEAD


def result_to_json(result: Measurement | SampleError) -> dict[str, Any]:
    """Return what json.dumps can write and `result_from_json` reads."""
    if isinstance(result, Measurement):
        return {"measurement": to_json(result)}
    words = {"what": result.what, "where": result.where, "why": result.why, "fix": result.fix}
    return {"error": {"rule": result.rule, **words}}


def result_from_json(content: dict[str, Any]) -> Measurement | SampleError:
    """Return what `result_to_json` was given. Raises ValueError, KeyError or TypeError for anything else."""
    if "measurement" in content:
        return from_json(content["measurement"])
    words = content["error"]
    if not isinstance(words, dict) or not all(isinstance(word, str) for word in words.values()):
        raise TypeError
    return SampleError(words["rule"], words["what"], where=words["where"], why=words["why"], fix=words["fix"])
