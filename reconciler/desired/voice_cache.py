"""What voice files declare, remembered: a file that has not changed costs one stat, as in git's index.

Only what is clean is remembered: a file with an error or a warning is read again, so nothing said of it is ever lost.
An entry holds for one version of a file (its stat), one basis (the program that read it, and voicectl.yaml, which may
write over it), and nothing else. A cache that is damaged, foreign or of another basis counts as empty.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from reconciler.desired.kept import load_kept, program, save_kept
from reconciler.desired.stamp import Stamp, is_settled, read_stamp
from reconciler.desired.voice import VoiceSpec

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.desired.load import ReadVoice, VoicePath
    from reconciler.desired.project import Project

_Entry = tuple[Stamp, VoiceSpec]
_KEPT: Final = dict[str, _Entry]
"""By file."""


class VoiceCache:
    """The declared voices of one environment, by file."""

    def __init__(self, path: Path, basis: bytes, clock: Callable[[], int] = time.time_ns) -> None:
        """`clock` says how many nanoseconds have passed since 1970."""
        self._path = path
        self._clock = clock
        self._basis = basis
        self._known = load_kept(path, basis, _KEPT) or {}
        self._now: dict[str, _Entry] = {}
        """The entries of files asked for in this run."""
        self._changed = False

    def read(self, file: VoicePath, fresh: Callable[[VoicePath], ReadVoice]) -> ReadVoice:
        """Return what `fresh` says of a file: from memory where the file is the one that it was said of."""
        stamp = read_stamp(file.path)
        entry = self._known.get(file.filename)
        if entry is not None and entry[0] == stamp:
            self._now[file.filename] = entry
            return _with_overlays(entry[1], file) if file.overrides else entry[1], []
        started = self._clock()
        spec, said = fresh(file)
        if spec is not None and not said and stamp and is_settled(stamp, started) and read_stamp(file.path) == stamp:
            self._now[file.filename] = stamp, replace(spec, source=replace(spec.source, raw=None, overlays=()))
            self._changed = True
        elif entry is not None:
            self._now[file.filename] = entry  # nobody believes it, and to take it out is to write ten thousand others
        return spec, said

    def save(self) -> None:
        """Write the cache if it has changed. Where it cannot be written, nothing is lost but time."""
        if not self._changed and self._now.keys() == self._known.keys():
            return
        save_kept(self._path, self._basis, self._now)


def basis_of(project: Project, environment: str) -> bytes:
    """Return what files are read with: this very program, where they are, and what voicectl.yaml says."""
    return repr((program(), environment, str(project.root), project.source.content)).encode()


def _with_overlays(spec: VoiceSpec, file: VoicePath) -> VoiceSpec:
    overlays = tuple(override.part for override in file.overrides)
    return replace(spec, source=replace(spec.source, overlays=overlays))
