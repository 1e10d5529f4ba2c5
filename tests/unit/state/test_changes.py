"""What differs between two records, told in few words."""

from __future__ import annotations

from reconciler.state.changes import FieldDifference, voice_changes
from reconciler.state.document import VoiceRecord

ANNA = VoiceRecord("v1", "ready", "Anna", "Warm.", {"mood": "happy"}, None)


def test_of_a_kept_voice_only_its_id_and_its_time_are_told() -> None:
    after = VoiceRecord("v1", "ready", "Anna", "Warm.", {"mood": "happy"}, None, retired=(ANNA.retire("2026-11-29"),))

    (change,) = voice_changes({"anna": ANNA}, {"anna": after})

    assert change.fields == (FieldDifference("retired", [], [{"voice_id": "v1", "until": "2026-11-29"}]),)
