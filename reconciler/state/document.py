"""The state document: which voice id belongs to which key, and which bytes made it.

The file is made to be committed: sorted keys, two-space indent, no time that changes when nothing else does, no
secrets, no signed URLs (design/cli.md, "State document").
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from functools import cache
from typing import Any

VERSION = 1

RARE = {"rare": True}
"""Marks fields that most records do not have: they are left out of the file rather than written as null."""


@dataclass(frozen=True, slots=True)
class RecordedSample:
    """The sample and settings that made a voice, as they were sent."""

    file: str
    """Relative to the project's root, with forward slashes."""
    sha256: str
    size: int
    """Bytes."""
    stream_sha256: str | None
    """The audio-stream hash; null when the voice was adopted without its audio at hand."""
    lang_code: str
    denoise: bool
    speech_normalization: bool
    display_name: str | None = field(default=None, metadata=RARE)
    """Sent at creation only, so a later change waits for the next replacement."""
    description: str | None = field(default=None, metadata=RARE)
    """As display_name."""


@dataclass(frozen=True, slots=True)
class Retired:
    """A replaced voice that still lives on the server, and what its record was, for the day it is brought back."""

    voice_id: str
    until: str
    """RFC 3339, UTC: from then on apply removes it."""
    name: str | None = field(default=None, metadata=RARE)
    """None in a document of an older voicectl, which kept the id alone; so are all that follow."""
    description: str | None = field(default=None, metadata=RARE)
    labels: Mapping[str, str | None] | None = field(default=None, metadata=RARE)
    sample: RecordedSample | None = field(default=None, metadata=RARE)
    created_at: str | None = field(default=None, metadata=RARE)
    observed: Mapping[str, Any] | None = field(default=None, metadata=RARE)


@dataclass(frozen=True, slots=True)
class LastError:
    """Why the last attempt to make this voice failed, in the server's words."""

    summary: str
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Successor:
    """A replacement on its way. Consumers see the old voice until this one is ready."""

    voice_id: str
    status: str
    name: str
    description: str | None
    labels: Mapping[str, str | None]
    sample: RecordedSample | None
    """None when only the voice's existence is known."""
    created_at: str | None = None


@dataclass(frozen=True, slots=True)
class VoiceRecord:
    """What the last apply sent and saw for one key."""

    voice_id: str | None
    """None when the last attempt failed and was cleaned away."""
    status: str
    """The API's words: created, pending, ready, failed."""
    name: str
    description: str | None
    """Without the ownership mark; None when the voice file declares none."""
    labels: Mapping[str, str | None]
    sample: RecordedSample | None
    """None for a voice that was adopted without a sample."""
    created_at: str | None = None
    """As the server said it."""
    prevent_destroy: bool = False
    retired: tuple[Retired, ...] = ()
    last_error: LastError | None = None
    on_remove: str | None = field(default=None, metadata=RARE)
    """"forget" when the voice shall stay on the server after its file is gone."""
    successor: Successor | None = field(default=None, metadata=RARE)
    observed: Mapping[str, Any] | None = field(default=None, metadata=RARE)
    """Fields that the server keeps in another form than they were sent in: what it showed after the write."""
    manage: str | None = field(default=None, metadata=RARE)
    """"observe" when nothing may be written to the voice, also after its file is gone."""

    @property
    def ready(self) -> bool:
        """Whether consumers may use this voice."""
        return self.voice_id is not None and self.status == "ready"

    @property
    def voice_ids(self) -> tuple[str, ...]:
        """Every voice that the record is about: the one in use, one on its way, and those that were replaced."""
        current = () if self.voice_id is None else (self.voice_id,)
        successor = () if self.successor is None else (self.successor.voice_id,)
        return (*current, *successor, *(old.voice_id for old in self.retired))

    def retire(self, until: str) -> Retired:
        """Return what is kept of this voice, which there must be, once another one has taken its place."""
        assert self.voice_id is not None
        return Retired(
            self.voice_id,
            until,
            self.name,
            self.description,
            self.labels,
            self.sample,
            self.created_at,
            self.observed,
        )


@dataclass(frozen=True, slots=True)
class StateDocument:
    """All records of one environment."""

    environment: str
    lineage: str
    """Names this line of documents; two documents of different lineage are unrelated."""
    serial: int = 0
    """Grows by one with each changed write."""
    account: str | None = None
    """The API's user id, once a voice of the account was seen."""
    voices: Mapping[str, VoiceRecord] = field(default_factory=dict)
    version: int = VERSION

    @classmethod
    def new(cls, environment: str) -> StateDocument:
        """Return an empty document of a new lineage."""
        return cls(environment=environment, lineage=str(uuid.uuid4()))

    def with_voices(self, voices: Mapping[str, VoiceRecord], account: str | None) -> StateDocument:
        """Return the next serial with these records, or this very document when nothing differs."""
        if dict(voices) == dict(self.voices) and account == self.account:
            return self
        return replace(self, voices=dict(voices), account=account, serial=self.serial + 1)


def to_plain(value: Any) -> Any:
    """Return dataclasses as the plain JSON values of the contract."""
    kind = type(value)
    if kind in _FINAL:
        return value
    if is_dataclass(kind):
        named = ((name, getattr(value, name), rare) for name, rare in _named_fields(kind))
        return {name: to_plain(item) for name, item, rare in named if item is not None or not rare}
    if isinstance(value, Mapping):
        return {k: to_plain(v) for k, v in value.items()}
    if isinstance(value, tuple | list):
        return [to_plain(v) for v in value]
    return value


_FINAL = frozenset({str, int, bool, type(None)})


@cache
def _named_fields(kind: type) -> tuple[tuple[str, bool], ...]:
    """Return the names of a dataclass's fields, and which are left out where they are None."""
    return tuple((each.name, bool(each.metadata)) for each in fields(kind))


def render(document: StateDocument) -> str:
    """Return the file's text: the same bytes for the same document."""
    return json.dumps(to_plain(document), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def digest(record: VoiceRecord | None) -> str:
    """Return what tells one content of a record from another, in few characters."""
    plain = json.dumps(record and to_plain(record), sort_keys=True)
    return hashlib.sha256(plain.encode()).hexdigest()[:16]


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of the state document."""
    from pydantic import TypeAdapter  # noqa: PLC0415 - 100 ms that `get` need not pay

    schema = TypeAdapter(StateDocument).json_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "voicectl state document",
    }
