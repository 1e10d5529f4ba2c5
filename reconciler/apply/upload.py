"""What is known of a sample that would be sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from reconciler.errors import Diagnostic, Severity


@dataclass(frozen=True, slots=True)
class Upload:
    """A sample that can be sent, as it will be sent."""

    path: Path
    filename: str
    mime_type: str


@dataclass(frozen=True, slots=True)
class CheckedUploads:
    """What the checks say about all samples that a plan would send."""

    uploads: Mapping[str, Upload] = field(default_factory=dict)
    """By key; without those that cannot be sent at all."""
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """Why apply would refuse to send some of them."""
        return tuple(d for d in self.diagnostics if d.severity is Severity.ERROR)
