"""What an environment writes over voice files: `environments.NAME.overrides` in voicectl.yaml.

An overlay is a voice file in which nothing is required. It is merged into the file before that is checked, so what
comes out is a voice file like any other. overlay_file.py checks its own values where they stand, whichever voice they
end up in.
"""

from __future__ import annotations

import fnmatch
import functools
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from operator import itemgetter
from typing import Any, Final

from reconciler.desired.source import Part, Source
from reconciler.errors import Diagnostic, Severity
from reconciler.suggest import suggest

Written = Mapping[str, Any]
"""Some fields of a voice file, as they are written."""

_LEFT_OUT: Final = object()


def merged(below: Any, above: Any) -> Any:
    """Return `below` with what `above` says: mappings merge, lists merge entry by entry, anything else replaces."""
    if isinstance(below, Mapping) and isinstance(above, Mapping):
        return {**below, **{name: merged(below.get(name), value) for name, value in above.items()}}
    if isinstance(below, list) and isinstance(above, list):
        pairs = zip_longest(below, above, fillvalue=_LEFT_OUT)
        return [one if two is _LEFT_OUT else two if one is _LEFT_OUT else merged(one, two) for one, two in pairs]
    return above


@dataclass(frozen=True, slots=True)
class Override:
    """One entry of `overrides`."""

    fields: Written
    part: Part
    """Where it stands."""


@dataclass(frozen=True, slots=True)
class Overrides:
    """All entries of one environment."""

    environment: str
    written: Mapping[str, Written]
    """By key or pattern, in the order of the file."""
    source: Source
    """voicectl.yaml."""

    def of(self, key: str) -> tuple[Override, ...]:
        """Return those for one voice, in their order: patterns as they are written, and its very key last."""
        found: list[tuple[bool, Override]] = []
        for pattern, fields in self.written.items():
            text = unicodedata.normalize("NFC", pattern)  # as keys are
            if text == key or fnmatch.fnmatchcase(key, text):
                found.append((text == key, Override(fields, Part(self.source, self._path(pattern)))))
        return tuple(override for _, override in sorted(found, key=itemgetter(0)))

    def idle(self, used: Iterable[Override], keys: Iterable[str]) -> Iterator[Diagnostic]:
        """Return a warning for each entry that is for no voice. `used` are those that are for one of the `keys`."""
        paths = {override.part.path for override in used}
        for pattern in self.written:
            path = self._path(pattern)
            if path not in paths:
                near = suggest(pattern, keys)
                summary = f"no voice is called `{pattern}`, so nothing is overridden"
                detail = f"Did you mean `{near}`?" if near else "`voicectl status` lists the keys. `*` stands for all."
                where = self.source.at_key(*path)
                yield Diagnostic(Severity.WARNING, "project.override", summary, detail, range=where)

    def _path(self, pattern: str) -> tuple[str, ...]:
        return ("environments", self.environment, "overrides", pattern)


def overlay(written: object, overrides: Iterable[Override]) -> object:
    """Return what a voice file says with its overrides merged in; a file that is no mapping is left to be refused."""
    if not isinstance(written, Mapping):
        return written
    return functools.reduce(merged, (override.fields for override in overrides), written)
