"""The ownership mark: how a voice on the server says that it is ours, without any field made for it.

A suffix of the description, `[voicectl SCOPE/KEY FP]` (design/architecture.md, "The ownership mark"). SCOPE is the
project; in an environment other than the default one it is PROJECT@ENVIRONMENT, so that two environments on one
account do not take each other's voices for their own.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from dataclasses import dataclass

_MARK = re.compile(r"\s*\[voicectl (?P<scope>[^\s/\[\]]+)/(?P<key>[^\s\[\]]+) (?P<fingerprint>[0-9a-f]{8})\]\s*\Z")

DEFAULT_ENVIRONMENT = "default"
MARK = "mark"
"""The path, among the fields of a change, of the key that the mark names."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Whose voice it is, and what made it."""

    scope: str
    key: str
    fingerprint: str
    """First 8 hex digits of `fingerprint()`."""

    def __str__(self) -> str:
        """Return the text as it stands in a description."""
        return f"[voicectl {self.scope}/{self.key} {self.fingerprint}]"


def mark_scope(project: str, environment: str) -> str:
    """Return the first half of the marks of a project in an environment."""
    return project if environment == DEFAULT_ENVIRONMENT else f"{project}@{environment}"


def fingerprint(stream_sha256: str, lang_code: str, *, denoise: bool, speech_normalization: bool) -> str:
    """Return 8 hex digits over everything that makes a voice: another fingerprint needs another voice."""
    makes = json.dumps([stream_sha256, lang_code, denoise, speech_normalization])
    return hashlib.sha256(makes.encode()).hexdigest()[:8]


def with_mark(text: str | None, mark: Mark | None) -> str | None:
    """Return the description to send."""
    if mark is None:
        return text
    return f"{text} {mark}" if text else str(mark)


def read_mark(description: str | None) -> Mark | None:
    """Return the mark at the end of a description, if there is one; a server may keep it in another Unicode form."""
    found = _MARK.search(unicodedata.normalize("NFC", description or ""))
    return Mark(**found.groupdict()) if found else None


def is_marked(description: str | None, scope: str) -> bool:
    """Whether a description ends with a mark of this scope."""
    mark = read_mark(description)
    return mark is not None and mark.scope == scope


def without_mark(description: str | None, scope: str) -> str:
    """Return a description as people wrote it. Marks of other scopes are theirs, and stay."""
    text = description or ""
    while (found := _MARK.search(text)) and found["scope"] == scope:
        text = text[: found.start()]
    return text
