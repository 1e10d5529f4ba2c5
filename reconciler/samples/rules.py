"""Every rule a sample is held against, and the judgement on one measurement."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from reconciler.samples.audio_rules import AUDIO_RULES, audio_rules, not_checked, unheard
from reconciler.samples.filename import acceptable_filename
from reconciler.samples.finding import Finding, NotChecked
from reconciler.samples.hard_rules import HARD_RULES, hard_rules
from reconciler.samples.measurement import Measurement
from reconciler.samples.settings import CheckSetting, Limits, Rule, limits_of

__all__ = [
    "RULES",
    "CheckSetting",
    "Finding",
    "Limits",
    "NotChecked",
    "Rule",
    "acceptable_filename",
    "hard_rules",
    "judge",
    "limits_of",
    "not_checked",
    "unheard",
]

_RAISED: Final = (
    Rule("sample.unreadable", "the file can be read as audio"),
    Rule("sample.no-audio", "the file has an audio stream"),
    Rule("sample.lfs-pointer", "the file is the audio, not the Git LFS pointer to it"),
    Rule("sample.duplicate", "no other voice of the repository has the same audio"),
)
"""Rules that are not judged on a measurement: there is none, or it takes more than one sample."""

RULES: Final[Mapping[str, Rule]] = MappingProxyType(
    {**HARD_RULES, **{rule.id: rule for rule in _RAISED}, **AUDIO_RULES}
)


def judge(measurement: Measurement, settings: Mapping[str, CheckSetting]) -> tuple[Finding, ...]:
    """Return all findings: what the API states about files first, then what makes a voice hard to clone."""
    return (*hard_rules(measurement.probe, settings), *audio_rules(measurement, settings))
