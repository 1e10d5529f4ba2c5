"""How one voice is compared: declared fields only, both sides in one canonical form, by one function.

Rules from design/architecture.md, "How a voice is compared".
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

from reconciler.plan.change import FieldChange
from reconciler.plan.mark import without_mark
from reconciler.plan.sides import ActualVoice, DesiredVoice
from reconciler.state.document import RecordedSample, VoiceRecord


def canonical_text(text: str | None) -> str:
    """Return a name or description in the form in which two of them are compared."""
    return unicodedata.normalize("NFC", (text or "").replace("\r\n", "\n").replace("\r", "\n")).strip()


def canonical_label(value: str | None) -> str | None:
    """Return a label's value in the form in which two of them are compared; no value and "" are the same."""
    return canonical_text(str(value)).casefold() or None if value is not None else None


def declared_fields(desired: DesiredVoice) -> dict[str, Any]:
    """Return the fields that an update can change, as declared, by their path."""
    spec = desired.spec
    fields: dict[str, Any] = {"name": spec.name}
    if spec.description is not None:
        fields["description"] = spec.description
    fields |= {f"labels.{label}": value for label, value in spec.labels.items()}
    return fields


def shown_fields(actual: ActualVoice, scope: str) -> dict[str, Any]:
    """Return the same fields as the API shows them; a field that it does not show is absent."""
    fields: dict[str, Any] = {}
    if actual.name is not None:
        fields["name"] = actual.name
    if actual.description is not None:
        fields["description"] = without_mark(actual.description, scope)
    if actual.labels is not None:
        fields |= {f"labels.{label}": value for label, value in actual.labels.items()}
    return fields


def recorded_fields(record: VoiceRecord) -> dict[str, Any]:
    """Return the same fields as the last apply sent them."""
    fields: dict[str, Any] = {"name": record.name}
    if record.description is not None:
        fields["description"] = record.description
    return fields | {f"labels.{label}": value for label, value in record.labels.items()}


def same(path: str, one: Any, other: Any) -> bool:
    """Whether two values of a field mean the same."""
    canonical = canonical_label if path.startswith("labels.") else canonical_text
    return canonical(one) == canonical(other)


def updates(
    desired: DesiredVoice, actual: ActualVoice, record: VoiceRecord | None, scope: str
) -> tuple[FieldChange, ...]:
    """Return the declared fields that the server holds otherwise, and that an update can change in place.

    A server may keep a value in a form of its own (trimmed, folded). What was sent and what was seen after the
    write are both recorded, so such a value is equal as long as neither side has moved.
    """
    declared, shown = declared_fields(desired), shown_fields(actual, scope)
    sent = recorded_fields(record) if record else {}
    seen = (record.observed or {}) if record else {}
    changes = []
    for path, value in declared.items():
        group = path.partition(".")[0]
        if _not_shown(group, actual):
            differs = path in sent and not same(path, value, sent[path])
            before = sent.get(path)
        else:
            before = shown.get(path)
            settled = path in seen and same(path, value, sent.get(path)) and seen[path] == before
            differs = not settled and not same(path, value, before)
        if differs:
            changes.append(FieldChange(path, before, value))
    return tuple(changes)


def _not_shown(group: str, actual: ActualVoice) -> bool:
    if group == "labels":
        return actual.labels is None
    return group == "name" and actual.name is None


def observed(sent: Mapping[str, Any], actual: ActualVoice, scope: str) -> dict[str, Any] | None:
    """Return what the server shows for the fields that it keeps in another form than they were sent in."""
    shown = shown_fields(actual, scope)
    kept = {
        path: shown.get(path)
        for path, value in sent.items()
        if not _not_shown(path.partition(".")[0], actual) and not same(path, value, shown.get(path))
    }
    return kept or None


def making(desired: DesiredVoice, recorded: RecordedSample | None) -> tuple[FieldChange, ...]:
    """Return the differences that only another clone can bring: sample bytes and settings sent with them.

    A voice recorded without a sample was adopted without one, so any sample declared for it makes a new voice.
    """
    if recorded is None:
        return (FieldChange("samples[0].sha256", None, desired.sample.sha256, forces_replacement=True),)
    changes = []
    for path, value in _makers(desired).items():
        before = getattr(recorded, path)
        if not same_sample(desired, recorded) if path == "sha256" else before != value:
            changes.append(FieldChange(f"samples[0].{path}", before, value, forces_replacement=True))
    return tuple(changes)


def making_fields(desired: DesiredVoice) -> tuple[FieldChange, ...]:
    """Return everything that makes a voice, for one that is made for the first time."""
    return tuple(FieldChange(f"samples[0].{path}", None, value) for path, value in _makers(desired).items())


def _makers(desired: DesiredVoice) -> dict[str, Any]:
    sample = desired.spec.sample
    return {
        "sha256": desired.sample.sha256,
        "lang_code": sample.lang_code,
        "denoise": sample.denoise,
        "speech_normalization": sample.speech_normalization,
    }


def same_sample(desired: DesiredVoice, recorded: RecordedSample) -> bool:
    """Whether the declared file holds the audio that was recorded: the same file, or the same audio stream in it."""
    sample = desired.sample
    if sample.sha256 == recorded.sha256:
        return True
    return sample.stream_sha256 is not None and sample.stream_sha256 == recorded.stream_sha256


def drifted(record: VoiceRecord, actual: ActualVoice, scope: str) -> tuple[FieldChange, ...]:
    """Return what somebody else changed on the server since the last apply."""
    shown, seen = shown_fields(actual, scope), record.observed or {}
    changes = []
    for path, sent in recorded_fields(record).items():
        if _not_shown(path.partition(".")[0], actual):
            continue
        now = shown.get(path)
        if not same(path, sent, now) and not (path in seen and seen[path] == now):
            changes.append(FieldChange(path, seen.get(path, sent), now))
    return tuple(changes)
