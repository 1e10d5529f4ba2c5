"""What state remembers of a voice: records made from what was declared and what the server showed."""

from __future__ import annotations

from dataclasses import replace

from reconciler.desired.voice import Manage, OnRemove
from reconciler.plan.diff import declared_fields, observed
from reconciler.plan.mark import Mark, fingerprint
from reconciler.plan.sides import ActualVoice, DesiredVoice
from reconciler.state.document import RecordedSample, Retired, Successor, VoiceRecord

NO_SAMPLE = "00000000"
"""The fingerprint in the mark of a voice of which nobody here knows what it was made from."""


def sample_record(desired: DesiredVoice) -> RecordedSample | None:
    """Return the sample and the settings sent with it, as state keeps them; None where there is no recording."""
    sample, spec = desired.sample, desired.spec.sample
    if sample is None:
        return None
    return RecordedSample(
        file=sample.file,
        sha256=sample.sha256,
        size=sample.size,
        stream_sha256=sample.stream_sha256,
        lang_code=spec.lang_code,
        denoise=spec.denoise,
        speech_normalization=spec.speech_normalization,
        display_name=spec.display_name,
        description=spec.description,
    )


def voice_record(
    desired: DesiredVoice, actual: ActualVoice, scope: str, *, retired: tuple[Retired, ...] = (), finished: bool = True
) -> VoiceRecord:
    """Return the record of a voice that was made from, or adopted for, this voice file.

    A voice that is not `finished` shows what it likes, so nothing of that is kept as the server's own form.
    """
    spec = desired.spec
    return VoiceRecord(
        voice_id=actual.voice_id,
        status=actual.status,
        name=spec.name,
        description=spec.description,
        labels=dict(spec.labels),
        sample=sample_record(desired),
        created_at=actual.created_at,
        prevent_destroy=spec.lifecycle.prevent_destroy,
        retired=retired,
        on_remove=_on_remove(desired),
        observed=observed(declared_fields(desired), actual, scope) if finished else None,
        manage=_manage(desired),
    )


def successor_record(desired: DesiredVoice, actual: ActualVoice) -> Successor:
    """Return what state keeps of a replacement that is not ready yet."""
    spec = desired.spec
    return Successor(
        voice_id=actual.voice_id,
        status=actual.status,
        name=spec.name,
        description=spec.description,
        labels=dict(spec.labels),
        sample=sample_record(desired),
        created_at=actual.created_at,
    )


def refreshed_record(record: VoiceRecord, desired: DesiredVoice, actual: ActualVoice, scope: str) -> VoiceRecord:
    """Return the record of a voice that is as declared: the same voice, with today's file name and hashes.

    What was sent stays as it is where the server keeps it in a form of its own, since the pair of both is what
    tells such a voice from a drifted one.
    """
    sample = sample_record(desired)
    if sample is None:  # the file was taken away, and the voice is still made from it
        sample = record.sample
    elif record.sample is not None:  # what was sent at creation is not sent again
        sample = replace(sample, display_name=record.sample.display_name, description=record.sample.description)
        if sample.stream_sha256 is None and sample.sha256 == record.sample.sha256:
            sample = replace(sample, stream_sha256=record.sample.stream_sha256)
    spec = desired.spec
    return replace(
        record,
        status=actual.status,
        name=spec.name,
        description=spec.description,
        labels=dict(spec.labels),
        sample=sample,
        created_at=record.created_at or actual.created_at,
        prevent_destroy=spec.lifecycle.prevent_destroy,
        on_remove=_on_remove(desired),
        last_error=None,
        observed=observed(declared_fields(desired), actual, scope),
        manage=_manage(desired),
    )


def observed_record(record: VoiceRecord, desired: DesiredVoice, actual: ActualVoice, scope: str) -> VoiceRecord:
    """Return the record of a voice that is only observed.

    What the server shows is nothing that it made of what was sent, so it is not kept: once the voice is managed
    again, every difference counts.
    """
    return replace(refreshed_record(record, desired, actual, scope), sample=record.sample, observed=None)


def desired_mark(desired: DesiredVoice, scope: str) -> Mark | None:
    """Return the mark that the voice of this file carries; None while its audio stream is unknown (an LFS pointer).

    Without a recording there is nothing to take a fingerprint of: the mark then says whose voice it is, and no more.
    """
    sample, spec = desired.sample, desired.spec.sample
    if sample is None:
        return Mark(scope, desired.spec.key, NO_SAMPLE)
    if sample.stream_sha256 is None:
        return None
    made_by = fingerprint(
        sample.stream_sha256,
        spec.lang_code,
        denoise=spec.denoise,
        speech_normalization=spec.speech_normalization,
    )
    return Mark(scope, desired.spec.key, made_by)


def recorded_mark(key: str, sample: RecordedSample | None, scope: str) -> Mark | None:
    """Return the mark of a recorded voice."""
    if sample is None or sample.stream_sha256 is None:
        return None
    made_by = fingerprint(
        sample.stream_sha256,
        sample.lang_code,
        denoise=sample.denoise,
        speech_normalization=sample.speech_normalization,
    )
    return Mark(scope, key, made_by)


def _manage(desired: DesiredVoice) -> str | None:
    return Manage.OBSERVE.value if desired.is_observed else None


def _on_remove(desired: DesiredVoice) -> str | None:
    on_remove = desired.spec.lifecycle.on_remove
    return None if on_remove is OnRemove.DELETE else on_remove.value
