"""What voice files declare, remembered: a file that has not changed costs one stat, as in git's index.

Only what is clean is remembered: a file with an error or a warning is read again, so nothing said of it is ever lost.
An entry holds for one version of a file (its stat), one basis (the program that read it, and voicectl.yaml, which may
write over it), and nothing else. A cache that is damaged, foreign or of another basis counts as empty.
"""

from __future__ import annotations

import time
from datetime import timedelta
from functools import lru_cache
from operator import attrgetter
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from reconciler.desired.checks import CheckSpec
from reconciler.desired.kept import load_kept, program, save_kept
from reconciler.desired.source import Source
from reconciler.desired.stamp import Stamp, is_settled, read_stamp
from reconciler.desired.voice import Lifecycle, Manage, OnRemove, ReplaceOrder, SampleSpec, VoiceSpec

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.desired.load import ReadVoice, VoicePath
    from reconciler.desired.project import Project

_Entry = tuple[Any, ...]
"""A stamp, and what was declared, as JSON has it."""

_SAMPLE: Final = attrgetter("file", "lang_code", "denoise", "speech_normalization", "display_name", "description")
_ORDERS: Final = {order.value: order for order in ReplaceOrder}
_REMOVALS: Final = {removal.value: removal for removal in OnRemove}
_MANAGED: Final = {manage.value: manage for manage in Manage}
"""Looked up rather than called: ten thousand calls of an enum are 4 ms."""


class VoiceCache:
    """The declared voices of one environment, by file."""

    def __init__(self, path: Path, basis: bytes, clock: Callable[[], int] = time.time_ns) -> None:
        """`clock` says how many nanoseconds have passed since 1970."""
        self._path = path
        self._clock = clock
        self._basis = basis
        self._known = load_kept(path, basis)
        self._now: dict[str, Any] = {}
        """The entries of files asked for in this run."""
        self._changed = False

    def read(self, file: VoicePath, fresh: Callable[[VoicePath], ReadVoice]) -> ReadVoice:
        """Return what `fresh` says of a file: from memory where the file is the one that it was said of."""
        stamp = read_stamp(file.path)
        entry = self._known.get(file.filename)
        if entry is not None and stamp is not None and entry[0] == stamp:
            self._now[file.filename] = entry
            return _decode(entry, file), []
        started = self._clock()
        spec, said = fresh(file)
        if spec is not None and not said and stamp and is_settled(stamp, started) and read_stamp(file.path) == stamp:
            self._now[file.filename] = _encode(stamp, spec)
            self._changed = True
        return spec, said

    def save(self) -> None:
        """Write the cache if it has changed. Where it cannot be written, nothing is lost but time."""
        if not self._changed and self._now.keys() == self._known.keys():
            return
        save_kept(self._path, self._basis, self._now)


def basis_of(project: Project, environment: str) -> bytes:
    """Return what the content of voice files is read with: this very program, and what voicectl.yaml says."""
    return repr((program(), environment, project.source.content)).encode()


def _encode(stamp: Stamp, spec: VoiceSpec) -> _Entry:
    life = spec.lifecycle
    return (
        stamp,
        spec.name,
        spec.description,
        dict(spec.labels),
        _SAMPLE(spec.sample),
        (life.prevent_destroy, life.replace.value, life.keep_replaced.total_seconds(), life.on_remove.value),
        spec.previously,
        spec.import_id,
        spec.manage.value,
        {rule: (check.severity, check.threshold) for rule, check in spec.checks.items()},
    )


def _decode(entry: _Entry, file: VoicePath) -> VoiceSpec:
    _, name, description, labels, sample, lifecycle, previously, import_id, manage, checks = entry
    return VoiceSpec(
        file.key,
        name,
        description,
        MappingProxyType(labels),
        SampleSpec(*sample),
        _lifecycle(*lifecycle),
        tuple(previously),
        import_id,
        Source(file.filename, file.path, None, tuple(override.part for override in file.overrides)),
        _MANAGED[manage],
        MappingProxyType({rule: CheckSpec(*check) for rule, check in checks.items()}),
    )


@lru_cache
def _lifecycle(prevent_destroy: bool, order: str, seconds: float, removal: str) -> Lifecycle:
    return Lifecycle(prevent_destroy, _ORDERS[order], timedelta(seconds=seconds), _REMOVALS[removal])
