"""The voices that are as declared, told apart from the others without comparing field by field in canonical form."""

from __future__ import annotations

from reconciler.desired.voice import Manage, OnRemove
from reconciler.plan.mark import read_mark, without_mark
from reconciler.plan.sides import ActualVoice, DesiredVoice
from reconciler.state.document import RecordedSample, VoiceRecord

_BEGIN = "[voicectl "
_HEX = frozenset("0123456789abcdef")


def is_settled(desired: DesiredVoice, record: VoiceRecord, voice: ActualVoice, scope: str) -> bool:
    """Whether file, state and server say the same, to the letter, and nothing about this voice waits for anything.

    Then comparing can find nothing, which is most voices most of the time. False means: compare.
    """
    spec = desired.spec
    return (
        record.status == "ready" == voice.status
        and spec.name == record.name == voice.name
        and spec.description == record.description
        and spec.labels == record.labels
        and _shows_labels(desired, voice)
        and not record.retired
        and record.successor is None
        and record.last_error is None
        and record.observed is None
        and record.manage is None
        and spec.manage is Manage.FULL
        and record.prevent_destroy is spec.lifecycle.prevent_destroy
        and record.on_remove == (None if spec.lifecycle.on_remove is OnRemove.DELETE else spec.lifecycle.on_remove)
        and (record.created_at is not None or voice.created_at is None)
        and record.sample is not None
        and _same_making(desired, record.sample)
        and _shows_description(desired, voice, scope)
    )


def _shows_labels(desired: DesiredVoice, voice: ActualVoice) -> bool:
    labels, shown = desired.spec.labels, voice.labels
    return shown is not None and all(shown.get(label) == value for label, value in labels.items())


def _shows_description(desired: DesiredVoice, voice: ActualVoice, scope: str) -> bool:
    """Whether the description is as declared, and the mark at its end, if any, names this voice."""
    declared, shown = desired.spec.description, voice.description or ""
    if _BEGIN in shown:
        if declared and _BEGIN not in declared and _is_plainly_marked(shown, declared, scope, desired.spec.key):
            return True
        mark = read_mark(shown)
        if mark is not None and mark.scope == scope and mark.key != desired.spec.key:
            return False
        shown = without_mark(shown, scope)
    return declared is None or declared == shown


def _is_plainly_marked(shown: str, declared: str, scope: str, key: str) -> bool:
    """Whether a description is as declared, a space and this voice's mark: what reading the mark would say, sooner."""
    plain = f"{declared} {_BEGIN}{scope}/{key} "
    rest = shown.removeprefix(plain)
    return len(rest) == 9 and rest[8] == "]" and len(shown) == len(plain) + 9 and _HEX.issuperset(rest[:8])


def _same_making(desired: DesiredVoice, recorded: RecordedSample) -> bool:
    sample, spec = desired.sample, desired.spec.sample
    return (
        sample is not None
        and sample.sha256 == recorded.sha256
        and sample.size == recorded.size
        and sample.file == recorded.file
        and sample.stream_sha256 in (recorded.stream_sha256, None)
        and spec.lang_code == recorded.lang_code
        and spec.denoise is recorded.denoise
        and spec.speech_normalization is recorded.speech_normalization
        and spec.display_name in (recorded.display_name, None)
        and spec.description in (recorded.description, None)
    )
