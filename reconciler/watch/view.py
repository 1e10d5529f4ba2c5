"""What watch shows: one row a voice, and what is to be known beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from reconciler.errors import Diagnostic, Severity, VoicectlError
from reconciler.plan.change import Action, FieldChange, Plan
from reconciler.state.lock import Holder


class Declared(StrEnum):
    """What the repository has of a voice."""

    DECLARED = "declared"
    BROKEN = "broken"
    """Its file or sample is in no state to act on: it is neither removed nor changed."""
    SAVING = "saving"
    """Somebody is still writing the file."""
    REMOVED = "removed"
    """Known to state, and its file is gone."""


class Heard(StrEnum):
    """What the checks say about a sample."""

    UNKNOWN = "-"
    """It was not measured, and nothing needs it."""
    WAITING = "measuring"
    GOOD = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Row:
    """One voice."""

    key: str
    declared: Declared
    action: Action
    reason: str = ""
    fields: tuple[FieldChange, ...] = ()
    previous_key: str | None = None
    uploads: bool = False
    """Whether the plan sends the sample."""
    heard: Heard = Heard.UNKNOWN
    remote: str = "-"
    """The status at the server, as it was last seen; `gone` for a recorded voice that is not there."""
    drifted: bool = False
    problems: tuple[Diagnostic, ...] = ()
    """About its file and its plan."""
    findings: tuple[Diagnostic, ...] = ()
    """About its sample."""

    @property
    def broken(self) -> bool:
        """Whether anything keeps its plan from being carried out."""
        held = any(problem.severity is Severity.ERROR for problem in self.problems)
        return held or self.declared is Declared.BROKEN or (self.uploads and self.heard is Heard.ERROR)

    @property
    def quiet(self) -> bool:
        """Whether there is nothing to say about it."""
        as_declared = self.action is Action.UNCHANGED and self.declared is Declared.DECLARED
        return as_declared and not self.problems and not self.drifted


@dataclass(frozen=True, slots=True)
class Seen:
    """How well the account is known."""

    at: str | None = None
    """RFC 3339, UTC: when it was last read; None: never, what is shown is what state remembers."""
    error: VoicectlError | None = None
    """Why the last look failed."""
    again_in: float | None = None
    """Seconds until the next look."""


@dataclass(frozen=True, slots=True)
class View:
    """Everything at one moment."""

    environment: str
    rows: Mapping[str, Row]
    """By key, sorted."""
    moved: tuple[str, ...]
    """Keys whose row is another one than in the view before."""
    plan: Plan | None
    """None as long as there is none: the project's settings or a folder cannot be read."""
    problems: tuple[Diagnostic, ...] = ()
    """Of no single voice."""
    trouble: VoicectlError | None = None
    """Why there is no plan, or why it is not of today."""
    seen: Seen = field(default_factory=Seen)
    holder: Holder | None = None
    """Another process that is applying."""

    @property
    def counts(self) -> Mapping[Action, int]:
        """How many voices each action has, those without any left out."""
        if self.plan is None:
            return {}
        return {action: count for action in Action if (count := self.plan.count(action))}
