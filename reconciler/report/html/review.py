"""What the review page is made of. Whoever gathers it has read the files; the page reads nothing."""

from __future__ import annotations

from dataclasses import dataclass, field

from reconciler.errors import Diagnostic
from reconciler.plan.change import Action, Plan
from reconciler.samples.finding import Finding, NotChecked
from reconciler.samples.measurement import Measurement
from reconciler.samples.settings import Settings


@dataclass(frozen=True, slots=True)
class EmbeddedAudio:
    """A clip inside the page."""

    content: bytes
    mime_type: str


@dataclass(frozen=True, slots=True)
class LinkedAudio:
    """A clip beside the page, which then plays only where the file can be reached."""

    path: str
    """Relative to the page's folder, with forward slashes, not percent-encoded."""
    mime_type: str


@dataclass(frozen=True, slots=True)
class SampleReview:
    """One sample, measured and judged."""

    file: str
    """As people know it, such as `voices/narrator/narrator.mp3`."""
    sha256: str
    measurement: Measurement
    findings: tuple[Finding, ...] = ()
    not_checked: tuple[NotChecked, ...] = ()
    """Shown as that, never as passed."""
    settings: Settings = field(default_factory=dict)
    """The checks as the project and the voice want them; for the limits that values are shown against."""
    spectrogram_png: bytes | None = None
    """From reconciler.samples.picture."""
    audio: EmbeddedAudio | LinkedAudio | None = None


@dataclass(frozen=True, slots=True)
class VoiceReview:
    """One voice: what would happen to it, and its sample before and after."""

    key: str
    name: str
    action: Action | None = None
    """None where there is no plan."""
    reason: str = ""
    now: SampleReview | None = None
    """None for a voice that goes, or whose sample cannot be read (diagnostics say why)."""
    before: SampleReview | None = None
    """The sample that the voice was made from, where it is another one and still at hand."""
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether the plan does something to it."""
        return self.action not in (None, Action.UNCHANGED)


@dataclass(frozen=True, slots=True)
class Page:
    """Everything that the page shows."""

    title: str
    project: str
    environment: str
    made_from: str
    """The commit; empty where there is none."""
    plan: Plan | None
    """None where there is no plan to show, only voices."""
    declared: int
    """How many voice files there are."""
    voices: tuple[VoiceReview, ...]
