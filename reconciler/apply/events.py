"""What a run tells while it goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from reconciler.plan.change import Change


class Step(StrEnum):
    """Where a change is."""

    STARTED = "started"
    RESERVED = "reserved"
    UPLOADING = "uploading"
    PROCESSING = "processing"
    LOOKING = "looking"
    """An answer was lost: looking for the voice it may have made."""
    REMOVING = "removing"
    DONE = "done"
    PENDING = "pending"
    """Still processing on the server; the next apply goes on."""
    FAILED = "failed"
    SKIPPED = "skipped"
    """Never begun, because the run was stopped, or because its sample must not be uploaded."""

    @property
    def final(self) -> bool:
        """Whether nothing follows for this change."""
        return self in (Step.DONE, Step.PENDING, Step.FAILED, Step.SKIPPED)


@dataclass(frozen=True, slots=True)
class Event:
    """One step of one change."""

    change: Change
    step: Step
    voice_id: str | None = None
    sent: int | None = None
    """Bytes of the sample that were sent."""
    total: int | None = None
    """Bytes of the sample."""
    message: str = ""


Listener = Callable[[Event], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a change ended."""

    change: Change
    step: Step
    voice_id: str | None = None
    message: str = ""
    """Why, when it did not end well; a warning, when it did."""
    problems: tuple[str, ...] = ()
    """The server's own words."""
    seconds: float = 0.0
