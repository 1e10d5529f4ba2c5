"""The rules a sample is held against, and how a project changes their limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from reconciler.errors import Severity


@dataclass(frozen=True, slots=True)
class Rule:
    """A check, as it is built in.

    A `threshold` in voicectl.yaml replaces the limits. With a severity beside it, it is that severity's only limit.
    Without one, it is the error limit of a rule that has one, and a warning limit stays only while it is reached
    earlier; a rule that only warns, warns from the threshold on. A severity alone caps errors to warnings, or
    raises warnings to errors, at the limits that are built in.
    """

    id: str
    about: str
    """What is checked, as the beginning of a sentence in the reference."""
    unit: str | None = None
    """Of the value and the limits: `dB`, `%`, `s` ..."""
    bad: Literal["above", "below"] | None = None
    """On which side of a limit a value is bad; None for a rule that has no limit to set."""
    warning: float | None = None
    """The limit from which on the value is warned of; None: never, or not by a limit."""
    error: float | None = None
    """The limit from which on the value is an error; None: never, or not by a limit."""


@dataclass(frozen=True, slots=True)
class CheckSetting:
    """How a project, or a voice, wants one rule to be applied."""

    severity: Severity | None = None
    """None: as built in."""
    off: bool = False
    threshold: float | None = None
    """In the rule's unit; None: as built in."""


Settings = Mapping[str, CheckSetting]
"""By rule id; a rule that is not named is applied as it is built in."""

AS_BUILT_IN = CheckSetting()


@dataclass(frozen=True, slots=True)
class Limits:
    """From which value on a rule warns, and from which it is an error, after the settings."""

    bad: Literal["above", "below"]
    warning: float | None
    error: float | None

    def passed_by(self, value: float) -> tuple[Severity, float] | None:
        """Return the worst limit that the value has passed, if any. A value at its limit is still good."""
        if self.error is not None and _is_worse(value, self.error, self.bad):
            return Severity.ERROR, self.error
        if self.warning is not None and _is_worse(value, self.warning, self.bad):
            return Severity.WARNING, self.warning
        return None


def limits_of(rule: Rule, setting: CheckSetting) -> Limits:
    """Return the limits of a rule that has some, as the setting wants them."""
    assert rule.bad is not None
    threshold, severity = setting.threshold, setting.severity
    if threshold is None:
        mildest = rule.error if rule.warning is None else rule.warning
        if severity is Severity.ERROR:
            return Limits(rule.bad, None, mildest)
        if severity is Severity.WARNING:
            return Limits(rule.bad, mildest, None)
        return Limits(rule.bad, rule.warning, rule.error)
    if severity is Severity.ERROR or (severity is None and rule.error is not None):
        # A warning is kept where it comes before the error, if the severity of all that is bad was not named.
        earlier = severity is None and rule.warning is not None and _is_worse(threshold, rule.warning, rule.bad)
        return Limits(rule.bad, rule.warning if earlier else None, threshold)
    return Limits(rule.bad, threshold, None)


def _is_worse(value: float, than: float, bad: Literal["above", "below"]) -> bool:
    return value > than if bad == "above" else value < than


def severity_of(built_in: Severity, setting: CheckSetting) -> Severity | None:
    """Return the severity of a finding without a limit, as the setting wants it; None: it is off."""
    return None if setting.off else setting.severity or built_in
