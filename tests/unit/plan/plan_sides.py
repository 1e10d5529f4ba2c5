"""Short ways to write down the three sides of a plan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.desired.source import Source
from reconciler.desired.voice_file import VoiceFile
from reconciler.plan.build import build_plan
from reconciler.plan.change import Action, Change, Plan
from reconciler.plan.mark import Mark, fingerprint
from reconciler.plan.record import voice_record
from reconciler.plan.sides import Actual, ActualVoice, DesiredVoice, PlanOptions, Quota, Recorded, SampleBytes
from reconciler.state.document import Successor, VoiceRecord

NOW = "2026-01-01T00:00:00Z"
LATER = "2026-01-08T00:00:00Z"


def declared(
    key: str = "anna",
    *,
    audio: str | None = "a",
    file: str | None = None,
    pointer: bool = False,
    imports: str | None = None,
    **fields: Any,
) -> DesiredVoice:
    """Return a voice file whose sample holds `audio`; `file` are the bytes around it, if others than usual.

    None as `audio` is a recording that is not in the repository.

    Sample fields are given with the prefix `sample_`.
    """
    sample: dict[str, Any] = {"file": audio and "s.mp3", "lang_code": "en"}
    sample |= {k.removeprefix("sample_"): v for k, v in fields.items() if k.startswith("sample_")}
    written = {"name": "Anna", "samples": [sample]} | {k: v for k, v in fields.items() if not k.startswith("sample_")}
    if imports is not None:
        written["import"] = imports
    raw = repr(written).encode()
    spec = VoiceFile.model_validate(written).spec(key, Source(f"voices/{key}.yaml", f"/r/voices/{key}", raw))
    if audio is None:
        return DesiredVoice(spec, None)
    stream = None if pointer else f"stream-{audio}"
    return DesiredVoice(spec, SampleBytes("voices/s.mp3", f"file-{file or audio}", 100, stream, pointer=pointer))


def mark(key: str = "anna", audio: str = "a", scope: str = "p") -> str:
    """Return the mark of a voice made from `audio` with the usual settings."""
    return str(Mark(scope, key, fingerprint(f"stream-{audio}", "en", denoise=False, speech_normalization=True)))


def shown(voice_id: str = "v1", status: str = "ready", **fields: Any) -> ActualVoice:
    """Return a voice as the API shows it: as `declared()` has it, unless said otherwise."""
    usual: dict[str, Any] = {"name": "Anna", "description": mark(), "labels": {}, "created_at": "2026-01-01"}
    return ActualVoice(voice_id, status, **usual | fields)


def recorded(desired: DesiredVoice, voice_id: str | None = "v1", status: str = "ready", **fields: Any) -> VoiceRecord:
    """Return the record of a voice that was made from this file."""
    made = voice_record(desired, shown(voice_id or "", status, description=desired.spec.description), "p")
    values = {name: getattr(made, name) for name in made.__dataclass_fields__}
    usual = {"voice_id": voice_id, "observed": None}
    return VoiceRecord(**values | usual | fields)


def successor(desired: DesiredVoice, voice_id: str = "v2", status: str = "pending") -> Successor:
    """Return a recorded replacement made from this file."""
    record = recorded(desired, voice_id)
    return Successor(voice_id, status, record.name, record.description, record.labels, record.sample)


def plan_of(
    desired: Mapping[str, DesiredVoice] | DesiredVoice | None = None,
    records: Mapping[str, VoiceRecord] | VoiceRecord | None = None,
    voices: tuple[ActualVoice, ...] = (),
    *,
    quota: Quota | None = None,
    **options: Any,
) -> Plan:
    """Return the plan; a single file or record is of the key `anna`."""
    files = {"anna": desired} if isinstance(desired, DesiredVoice) else desired or {}
    known = {"anna": records} if isinstance(records, VoiceRecord) else records or {}
    return build_plan(
        files,
        Recorded("default", "line", 7, "user", known),
        Actual({voice.voice_id: voice for voice in voices}, quota),
        PlanOptions(**{"scope": "p", "now": NOW} | options),
    )


def told(plan: Plan) -> list[tuple[str, Action, str | None]]:
    """Return key, action and voice of every change."""
    return [(change.key, change.action, change.voice_id) for change in plan.changes]


def only(plan: Plan) -> Change:
    """Return the one change of the plan."""
    (change,) = plan.changes
    return change
