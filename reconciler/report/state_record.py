"""Records of the state document, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reconciler.report.json_text import json_text
from reconciler.report.paint import printable
from reconciler.state.changes import Kind, VoiceChange
from reconciler.state.document import VoiceRecord, to_plain


def listing_json(records: Mapping[str, VoiceRecord]) -> str:
    """Return key, voice id and status of each record."""
    rows = [{"key": key, "voice_id": r.voice_id, "status": r.status} for key, r in records.items()]
    return json_text(rows, indent=2)


def record_json(record: VoiceRecord) -> str:
    """Return a record as it stands in the document."""
    return json_text(to_plain(record), indent=2, sort_keys=True)


def render_record(key: str, record: VoiceRecord) -> str:
    """Return a record in the form that voice files have: YAML."""
    import yaml  # noqa: PLC0415 - 15 ms that other commands need not pay

    text = yaml.safe_dump({key: to_plain(record)}, sort_keys=False, allow_unicode=True, width=1000)
    return "".join(f"{printable(line)}\n" for line in text.splitlines())


def render_changes(changes: Iterable[VoiceChange]) -> str:
    """Return a line for each voice: key, what became of its record, and the voice id, with tabs between."""
    return "".join(f"{printable(change.key)}\t{_what(change)}\n" for change in changes)


def _what(change: VoiceChange) -> str:
    before, after = (printable(voice_id) if voice_id else "-" for voice_id in change.ids)
    match change.kind:
        case Kind.MOVED:
            return f"moved from {printable(change.previous_key or '')}\t{after}"
        case Kind.REMOVED:
            return f"removed\t{before}"
        case Kind.REPLACED:
            return f"replaced {before}\t{after}"
        case Kind.ADDED | Kind.CHANGED:
            return f"{change.kind}\t{after}"
