"""What of the state document consumers get, in whatever form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from reconciler.state.document import VoiceRecord

EXPORT_MARK: Final = "Made by `voicectl export`; do not edit."
"""Stands in the first line of an export, where the form has room for it: such a file follows state by itself."""


def exported(voices: Mapping[str, VoiceRecord]) -> dict[str, str]:
    """Return key and id of every voice that is ready."""
    return {key: record.voice_id for key, record in sorted(voices.items()) if record.ready and record.voice_id}
