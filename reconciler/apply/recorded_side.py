"""The account as state last saw it, and what state cannot vouch for."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.plan.sides import Actual, ActualVoice
from reconciler.state.document import VoiceRecord


def unknown_to_state(recorded: Mapping[str, VoiceRecord], now: str) -> set[str]:
    """Return the ids of voices that state cannot vouch for."""
    return unfinished(recorded) | {old.voice_id for r in recorded.values() for old in r.retired if old.until <= now}


def unfinished(recorded: Mapping[str, VoiceRecord]) -> set[str]:
    """Return the ids of voices that were on their way when state was written."""
    first = {r.voice_id for r in recorded.values() if r.voice_id and not r.ready}
    return first | {r.successor.voice_id for r in recorded.values() if r.successor}


def trusted(recorded: Mapping[str, VoiceRecord]) -> Actual:
    """Return the account as state last saw it."""
    voices: dict[str, ActualVoice] = {}
    for record in recorded.values():
        if record.voice_id:
            voices[record.voice_id] = _as_seen(record.voice_id, record)
        if record.successor:
            voices[record.successor.voice_id] = ActualVoice(record.successor.voice_id, record.successor.status)
        for old in record.retired:
            voices[old.voice_id] = ActualVoice(old.voice_id, "ready")
    return Actual(voices)


def _as_seen(voice_id: str, record: VoiceRecord) -> ActualVoice:
    name, description, labels = record.name, record.description, record.labels
    if seen := record.observed:
        name, description = seen.get("name", name), seen.get("description", description)
        labels = {**labels, **{p.removeprefix("labels."): v for p, v in seen.items() if p.startswith("labels.")}}
    return ActualVoice(voice_id, record.status, name, description, labels, record.created_at)
