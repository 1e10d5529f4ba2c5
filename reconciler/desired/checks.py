"""How a project, or one voice, wants a sample rule to be applied. check_file.py has it as it is written."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct


class CheckSpec(Struct, frozen=True, array_like=True, gc=False):
    """How one rule is wished to be applied."""

    severity: Literal["error", "warning", "off"] | None = None
    """None: as built in."""
    threshold: float | None = None
    """In the rule's unit; None: as built in."""
