"""How a project, or one voice, wants samples to be checked: `checks` in voicectl.yaml and in voice files."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field

from reconciler.desired.checks import CheckSpec
from reconciler.desired.model import STRICT, nullable

_RULE: Final = re.compile(r"(sample|audio)\.[a-z0-9-]+")

# Checks raise ValueError(what is wrong, what to do): both are shown, after the field's name.


def _rule(value: str) -> str:
    if not _RULE.fullmatch(value):
        raise ValueError("is not a rule id", "Write for example `audio.noise` or `sample.duration`.")
    return value


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError("is not a number to compare with", "Write a finite number.")
    return value


class CheckEntry(BaseModel):
    """How one sample check is applied. A severity alone may be written in its place."""

    model_config = STRICT

    severity: Literal["error", "warning", "off"] | None = Field(
        default=None,
        description="How much a finding matters.",
        examples=["warning"],
        json_schema_extra=nullable("Stops apply.", "Is reported.", "Is not checked.", "As built in."),
    )
    threshold: Annotated[float, AfterValidator(_finite)] | None = Field(
        default=None, description="The limit, in the unit that the rule's findings are reported in.", examples=[15]
    )


def _check(value: object) -> object:
    return {"severity": value} if isinstance(value, str) else value


Rule = Annotated[str, AfterValidator(_rule)]
Check = Annotated[
    CheckEntry, BeforeValidator(_check, json_schema_input_type=CheckEntry | Literal["error", "warning", "off"])
]


def check_specs(written: Mapping[str, CheckEntry] | None) -> Mapping[str, CheckSpec]:
    """Return the checks of a file, by rule id."""
    return {rule: CheckSpec(entry.severity, entry.threshold) for rule, entry in (written or {}).items()}
