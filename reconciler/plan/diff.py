"""How one voice is compared: declared fields only, both sides in one canonical form, by one function.

Rules from design/architecture.md, "How a voice is compared".
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

from reconciler.plan.change import FieldChange
from reconciler.plan.mark import without_mark
from reconciler.plan.sides import ActualVoice, DesiredVoice, SampleBytes
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


def canonical(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return fields in the form in which they are compared."""
    return {
        path: canonical_label(value) if path.startswith("labels.") else canonical_text(value)
        for path, value in fields.items()
    }


def differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """Return the paths whose values differ, in the order of `one`. Both sides are canonical and have the same paths."""
    return [path for path, value in one.items() if value != other[path]]


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
    before = {path: sent.get(path) if _not_shown(path, actual) else shown.get(path) for path in declared}
    wanted, found = canonical(declared), canonical(before)
    for path in seen:
        settled = path in wanted and wanted[path] == canonical({path: sent.get(path)})[path]
        if settled and seen[path] == before[path]:
            found[path] = wanted[path]
    return tuple(FieldChange(path, before[path], declared[path]) for path in differing(wanted, found))


def _not_shown(path: str, actual: ActualVoice) -> bool:
    if path.startswith("labels."):
        return actual.labels is None
    return path == "name" and actual.name is None


def observed(sent: Mapping[str, Any], actual: ActualVoice, scope: str) -> dict[str, Any] | None:
    """Return what the server shows for the fields that it keeps in another form than they were sent in."""
    shown = shown_fields(actual, scope)
    compared = {path: value for path, value in sent.items() if not _not_shown(path, actual)}
    kept = {path: shown.get(path) for path in compared}
    return {path: kept[path] for path in differing(canonical(compared), canonical(kept))} or None


def making(desired: DesiredVoice, recorded: RecordedSample | None) -> tuple[FieldChange, ...]:
    """Return the differences that only another clone can bring: sample bytes and settings sent with them.

    A voice recorded without a sample was adopted without one, so any sample declared for it makes a new voice. Where
    none is declared there is nothing to compare: a recording that is not in the repository is no other recording.
    """
    if recorded is None:
        sample = desired.sample
        return (FieldChange("samples[0].sha256", None, sample.sha256, forces_replacement=True),) if sample else ()
    changes = []
    for path, value in _makers(desired).items():
        before = getattr(recorded, path)
        if not same_sample(desired.sample, recorded) if path == "sha256" else before != value:
            changes.append(FieldChange(f"samples[0].{path}", before, value, forces_replacement=True))
    return tuple(changes)


def making_fields(desired: DesiredVoice) -> tuple[FieldChange, ...]:
    """Return everything that makes a voice, for one that is made for the first time."""
    return tuple(FieldChange(f"samples[0].{path}", None, value) for path, value in _makers(desired).items())


def observed_drift(
    desired: DesiredVoice, record: VoiceRecord | None, actual: ActualVoice, scope: str
) -> tuple[FieldChange, ...]:
    """Return how a voice that is only observed differs. before: declared, after: as it is."""
    fields = updates(desired, actual, None, scope)
    if record is not None and record.sample is not None:
        fields += making(desired, record.sample)
    return tuple(FieldChange(field.path, field.after, field.before) for field in fields)


def _makers(desired: DesiredVoice) -> dict[str, Any]:
    sample = desired.spec.sample
    return {
        "sha256": desired.sample and desired.sample.sha256,
        "lang_code": sample.lang_code,
        "denoise": sample.denoise,
        "speech_normalization": sample.speech_normalization,
    }


def same_sample(sample: SampleBytes | None, recorded: RecordedSample) -> bool:
    """Whether a file holds the audio that was recorded: the same file, or the same audio stream in it."""
    if sample is None or sample.sha256 == recorded.sha256:
        return True
    return sample.stream_sha256 is not None and sample.stream_sha256 == recorded.stream_sha256


def drifted(record: VoiceRecord, actual: ActualVoice, scope: str) -> tuple[FieldChange, ...]:
    """Return what somebody else changed on the server since the last apply."""
    shown = shown_fields(actual, scope)
    left = {path: value for path, value in recorded_fields(record).items() if not _not_shown(path, actual)}
    left |= {path: value for path, value in (record.observed or {}).items() if path in left}
    now = {path: shown.get(path) for path in left}
    return tuple(FieldChange(path, left[path], now[path]) for path in differing(canonical(left), canonical(now)))
