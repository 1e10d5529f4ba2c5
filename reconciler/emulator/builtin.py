"""The built-in voices, the same for every account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

if TYPE_CHECKING:
    from reconciler.emulator.paging import PageQuery

BUILTIN = UUID("0a3ec0f2-3a0c-4d1e-8f63-5b9f4f0a7c11")
_CAST = (
    ("Alba", "es", "female"), ("Anton", "uk", "male"), ("Bruno", "pt", "male"), ("Claire", "fr", "female"),
    ("Daisy", "en", "female"), ("Emil", "de", "male"), ("Giulia", "it", "female"), ("Harvey", "en-gb", "male"),
    ("Kenji", "ja", "male"), ("Lena", "de", "female"), ("Mei", "zh", "female"), ("Nadia", "ar", "female"),
)  # fmt: skip
FIRST_CREATED = 1_735_689_600_000_000
"""Microseconds since 1970: 2025-01-01; each voice is one second younger than the one before."""


def builtin_page(query: PageQuery) -> list[tuple[int, dict[str, Any]]]:
    """Return time of creation (microseconds) and voice, up to one more than the page holds."""
    voices = [(FIRST_CREATED + index * 1_000_000, _voice(index, *voice)) for index, voice in enumerate(_CAST)]
    if not query.ascending:
        voices.reverse()
    if query.after:
        at, _ = query.after
        voices = [voice for voice in voices if (voice[0] > at if query.ascending else voice[0] < at)]
    return voices[: query.size + 1]


def _voice(index: int, name: str, language: str, gender: str) -> dict[str, Any]:
    created = f"2025-01-01T00:00:{index:02}"
    return {
        "voice_id": str(uuid5(BUILTIN, name)),
        "user_id": str(BUILTIN),
        "utc_created_at": created,
        "utc_updated_at": created,
        "voice_type": "instantly_cloned_builtin",
        "processing_status": "ready",
        "processing_result": None,
        "name": name,
        "description": None,
        "labels": {"gender": gender, "age_group": "adult", "mood": "neutral"},
        "lang_code": language,
        "samples": [],
    }
