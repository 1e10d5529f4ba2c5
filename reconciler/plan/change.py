"""What a plan is made of."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from reconciler.errors import Diagnostic
from reconciler.plan.sides import ActualVoice, DesiredVoice, PlanOptions, Quota, Recorded
from reconciler.state.document import Retired, VoiceRecord


class Action(StrEnum):
    """What happens to a key. The order is the order of the summary."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    ADOPT = "adopt"
    MOVE = "move"
    RESUME = "resume"
    FORGET = "forget"
    CLEAN = "clean"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that differs. Values are plain JSON."""

    path: str
    """As in the voice file, such as `labels.mood` or `samples[0].sha256`."""
    before: Any
    after: Any
    forces_replacement: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that apply would do, with all that it needs to know."""

    key: str
    action: Action
    reason: str
    voice_id: str | None = None
    """The voice that it is done to; None for a create."""
    previous_key: str | None = None
    fields: tuple[FieldChange, ...] = ()
    desired: DesiredVoice | None = None
    record: VoiceRecord | None = None
    """What state holds for the key now (for a move: for the previous key)."""
    actual: ActualVoice | None = None
    """The voice that the change is about."""
    successor: ActualVoice | None = None
    """A replacement that a run left on its way, or one that was replaced itself and comes back."""
    destroy_first: bool = False

    @property
    def destructive(self) -> bool:
        """Whether a voice id that consumers may hold ceases to be valid."""
        return self.action in (Action.DELETE, Action.REPLACE)

    @property
    def brings_back(self) -> bool:
        """Whether a voice that was replaced, and kept, takes the place of the one in use."""
        return self.action is Action.ADOPT and self.successor is not None and self.actual is not None

    @property
    def uploads(self) -> bool:
        """Whether the sample's bytes are sent."""
        return self.action in (Action.CREATE, Action.REPLACE)


@dataclass(frozen=True, slots=True)
class Drift:
    """A voice that is not as the last apply left it, and not as the files say either."""

    key: str
    voice_id: str
    fields: tuple[FieldChange, ...]
    """before: recorded (for a voice that is only observed: declared), after: actual."""
    observed: bool = False
    """The voice is only observed: nothing is done about it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The difference between what the repository says and what the account holds."""

    recorded: Recorded
    options: PlanOptions
    changes: tuple[Change, ...]
    """In the order of their keys; `unchanged` voices are counted only."""
    unchanged: int
    drift: tuple[Drift, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    quota: Quota | None = None
    refreshed: dict[str, VoiceRecord] = field(default_factory=dict)
    """Records of unchanged voices that state holds in an older form: written along with the next apply."""
    kept: dict[str, tuple[Retired, ...]] = field(default_factory=dict)
    """Replaced voices by key that state has lost, and whose time is not over: written along with the next apply."""
    unmanaged: int = 0
    """Voices of the account that are not ours."""
    living: tuple[str, ...] = ()
    """Ids of recorded voices that the account has."""

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self.changes

    def count(self, action: Action) -> int:
        """Return how many changes have this action."""
        if action is Action.UNCHANGED:
            return self.unchanged
        return sum(change.action is action for change in self.changes)

    def with_diagnostics(self, diagnostics: Sequence[Diagnostic]) -> Plan:
        """Return the same plan that says more."""
        return dataclasses.replace(self, diagnostics=(*self.diagnostics, *diagnostics))
