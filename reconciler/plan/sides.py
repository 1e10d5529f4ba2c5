"""The three sides that a plan compares, and what bounds the comparison."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from msgspec import Struct

from reconciler.desired.voice import Manage, VoiceSpec
from reconciler.state.document import VoiceRecord


class SampleBytes(Struct, frozen=True, gc=False):
    """Which bytes a declared sample is."""

    file: str
    """Relative to the project's root, with forward slashes."""
    sha256: str
    size: int
    stream_sha256: str | None = None
    """The audio-stream hash, where it was needed to decide; None otherwise."""
    pointer: bool = False
    """Only a Git LFS pointer is on disk: the file's hash is known, its audio is not at hand."""


class DesiredVoice(Struct, frozen=True, gc=False):
    """One voice file and the bytes of its sample."""

    spec: VoiceSpec
    sample: SampleBytes | None
    """None where the recording is not in the repository."""

    @property
    def is_observed(self) -> bool:
        """Whether nothing may be written to the voice."""
        return self.spec.manage is Manage.OBSERVE


class ActualVoice(Struct, frozen=True, gc=False):
    """One voice as the API shows it."""

    voice_id: str
    status: str
    """created, pending, ready, failed, or a word that we do not know yet."""
    name: str | None = None
    description: str | None = None
    """With the ownership mark, if it has one."""
    labels: Mapping[str, str | None] | None = None
    """None when the API did not show any labels field."""
    created_at: str | None = None
    problems: tuple[str, ...] = ()
    lang_code: str | None = None


@dataclass(frozen=True, slots=True)
class Quota:
    """GET /saas/voice/limits, as far as the server tells."""

    limit: int
    remaining: int | None


@dataclass(frozen=True, slots=True)
class Actual:
    """The account as it was read. A voice that is missing here was confirmed to be gone."""

    voices: Mapping[str, ActualVoice] = field(default_factory=dict)
    quota: Quota | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the state document and the journal say."""

    environment: str
    lineage: str
    serial: int
    account: str | None
    voices: Mapping[str, VoiceRecord]


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """What a person asked for, and the moment it is asked."""

    scope: str
    """The first half of our ownership marks: the project, and the environment unless it is the default one."""
    now: str
    """RFC 3339, UTC."""
    forms_since: str = ""
    """RFC 3339, UTC: upload forms of voices made before this moment have expired; "" where that is unknown."""
    scope_is_claimed: bool = True
    """The project's name is written down, so that its marks are a claim of ownership and no accident of a folder."""
    marks: bool = True
    """Whether voices get our mark at all."""
    targets: tuple[str, ...] = ()
    """Keys or patterns; none means all."""
    replace: tuple[str, ...] = ()
    """Keys to clone anew though nothing changed."""
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    """Voice id -> the branch whose state document has it, of voices that are neither declared nor recorded here."""
