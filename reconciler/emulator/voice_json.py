"""The voice object as the API sends it (section 6 of the API page)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.emulator.problems import problem
from reconciler.emulator.store import to_datetime

if TYPE_CHECKING:
    from reconciler.emulator.store import VoiceRow

ITEM_ID = "0"
"""Of the first and only sample: a string."""


def created_voice(voice: VoiceRow, url: str, form: dict[str, str]) -> dict[str, Any]:
    """Return the answer of a create, the only one that carries the upload form."""
    sample = {"item_id": ITEM_ID, "blob_id": voice.blob_id, "url": url, "form_data": form}
    return {**_identity(voice), **_content(voice), "samples": [sample]}


def read_voice(voice: VoiceRow, instance: str) -> dict[str, Any]:
    """Return a voice as reads and lists show it."""
    return {
        **_identity(voice),
        "utc_updated_at": _iso(voice.updated_at),
        "processing_result": _processing_result(voice, instance),
        **_content(voice),
        "samples": [{"item_id": ITEM_ID, "blob_id": voice.blob_id}],
    }


def _identity(voice: VoiceRow) -> dict[str, Any]:
    return {
        "voice_id": voice.voice_id,
        "user_id": voice.user_id,
        "utc_created_at": _iso(voice.created_at),
        "voice_type": "instantly_cloned",
        "processing_status": voice.status,
    }


def _content(voice: VoiceRow) -> dict[str, Any]:
    return {
        "name": voice.name,
        "description": voice.description,
        "labels": voice.labels,
        "lang_code": voice.sample["lang_code"],
    }


def _processing_result(voice: VoiceRow, instance: str) -> dict[str, Any] | None:
    if voice.status != "failed":
        return None
    return {"warnings": [], "errors": [problem(424, detail, instance) for detail in voice.problems]}


def _iso(microseconds: int) -> str:
    """Return the time as the API writes it: UTC, microseconds, no zone."""
    return to_datetime(microseconds).replace(tzinfo=None).isoformat(timespec="microseconds")
