"""The voices that somebody names: by their keys, or by patterns of keys as a shell has them."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable

WILD = frozenset("*?[")
"""What makes a pattern of a key."""


class KeyPatterns:
    """Keys and patterns; none at all name every voice. Asking takes as long for thousands of keys as for one."""

    def __init__(self, named: Iterable[str]) -> None:
        self._exact = frozenset(named)
        self._patterns = tuple(word for word in self._exact if not WILD.isdisjoint(word))

    def __contains__(self, key: object) -> bool:
        """Whether a voice is named."""
        if not self._exact or key in self._exact:
            return True
        return isinstance(key, str) and any(fnmatch.fnmatchcase(key, pattern) for pattern in self._patterns)
