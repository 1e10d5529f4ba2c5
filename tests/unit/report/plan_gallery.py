"""Plans and outcomes of every kind, as people will meet them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from reconciler.apply.events import Outcome, Step
from reconciler.desired.source import Source
from reconciler.desired.voice import Lifecycle
from reconciler.desired.voice_file import VoiceFile
from reconciler.errors import Diagnostic, Position, Range, Severity
from reconciler.plan.change import Action, Change, Drift, FieldChange, Plan
from reconciler.plan.sides import ActualVoice, DesiredVoice, PlanOptions, Quota, Recorded, SampleBytes
from reconciler.state.document import VoiceRecord

OLD, NEW = "0" * 64, "f" * 64
SAMPLE = FieldChange("samples[0].sha256", OLD, NEW, forces_replacement=True)


def declared(key: str, keep_replaced: str = "0s") -> DesiredVoice:
    file: dict[str, Any] = {"name": "Anna", "samples": [{"file": "a.mp3", "lang_code": "en"}]}
    file["lifecycle"] = {"keep_replaced": keep_replaced}
    spec = VoiceFile.model_validate(file).spec(key, Source(f"voices/{key}.yaml", "/r/voices.yaml"))
    assert spec.lifecycle == Lifecycle(keep_replaced=spec.lifecycle.keep_replaced)
    assert isinstance(spec.lifecycle.keep_replaced, timedelta)
    return DesiredVoice(spec, SampleBytes("voices/a.mp3", NEW, 100))


def record(voice_id: str | None = "v1", status: str = "ready", **fields: Any) -> VoiceRecord:
    return VoiceRecord(voice_id, status, "Anna", None, {}, None, **fields)


def plan(*changes: Change, **fields: Any) -> Plan:
    voices = {f"k{n}": record(f"v{n}") for n in range(2)}
    usual: dict[str, Any] = {"recorded": Recorded("default", "line", 7, "user", voices), "unchanged": 2}
    options = PlanOptions(scope="p", now="2026-01-01T00:00:00Z")
    usual |= {"options": options, "changes": changes}
    return Plan(**usual | fields)


def created(path: str, value: Any) -> FieldChange:
    return FieldChange(path, None, value)


CREATE = Change(
    "anna",
    Action.CREATE,
    "new voice",
    desired=declared("anna"),
    fields=(
        created("name", "Anna"),
        created("description", "Warm.\nCalm."),
        created("labels.mood", None),
        created("samples[0].sha256", NEW),
        created("samples[0].lang_code", "en"),
        created("samples[0].denoise", False),
        created("samples[0].speech_normalization", False),
    ),
)
UPDATE = Change(
    "bella",
    Action.UPDATE,
    "name, labels.mood changed",
    "v-bella",
    fields=(FieldChange("name", "Bella", "Zo\u00eb \u65e5\u672c"), FieldChange("labels.mood", "sad", None)),
)
REPLACE = Change("clara", Action.REPLACE, "sample changed", "v-clara", fields=(SAMPLE,), desired=declared("clara"))
KEPT = Change("dora", Action.REPLACE, "asked for", "v-dora", desired=declared("dora", "7d"))
DESTROY_FIRST = Change("emma", Action.REPLACE, "sample changed", "v-emma", fields=(SAMPLE,), destroy_first=True)
DELETE = Change("flora", Action.DELETE, "the voice file is gone", "v-flora")
ADOPT = Change("gina", Action.ADOPT, "imported by the voice file", "v-gina", fields=(FieldChange("name", "G", "Gina"),))
MOVE = Change("new/hanna", Action.MOVE, "renamed from old/hanna", "v-hanna", "old/hanna")
RESUME = Change("iris", Action.RESUME, "made by an earlier run, is still processing", "v-iris")
FORGET = Change("jana", Action.FORGET, "the voice file is gone, and it said on_remove: forget", "v-jana")
CLEAN = Change("anna", Action.CLEAN, "ours and half-made (created), but unknown to state", "v-half")
ALL = (CLEAN, CREATE, UPDATE, REPLACE, KEPT, DESTROY_FIRST, DELETE, ADOPT, MOVE, RESUME, FORGET)

AT = Range("voices/anna.yaml", Position(4, 3))
DIAGNOSTICS = (
    Diagnostic(Severity.INFO, "plan.same-audio", "voices/a.mp3 is another file with the same audio: no re-clone"),
    Diagnostic(Severity.WARNING, "sample.size", "a.mp3 has 10.2 MB", "The guide asks for less than 10 MB.", "anna", AT),
    Diagnostic(Severity.ERROR, "safety.quota", "The quota has room for 0 more of 50 voices", "Delete first.", "anna"),
)
DRIFT = Drift("bella", "v-bella", (FieldChange("name", "Bella", "Hacked"), FieldChange("labels.mood", None, "sad")))

PLANS = {
    "every action": plan(*ALL),
    "drift": plan(UPDATE, drift=(DRIFT,)),
    "diagnostics": plan(CREATE, diagnostics=DIAGNOSTICS),
    "diagnostics without a change": plan(diagnostics=DIAGNOSTICS[:1]),
    "quota": plan(CREATE, REPLACE, KEPT, DELETE, quota=Quota(50, 40)),
    "quota of a destroy first": plan(DESTROY_FIRST, quota=Quota(1, 0)),
    "quota that is not told": plan(CREATE, quota=Quota(50, None)),
    "one unmanaged": plan(CREATE, unmanaged=1),
    "several unmanaged": plan(CREATE, unmanaged=3),
    "clean": plan(),
    "clean, one voice, others unmanaged": plan(unchanged=1, unmanaged=3),
    "nothing declared": plan(unchanged=0, recorded=Recorded("default", "line", 0, None, {})),
}

OUTCOMES = {
    "all done": tuple(Outcome(change, Step.DONE, change.voice_id or "v-new") for change in ALL),
    "nothing to do": (),
    "a warning": (Outcome(UPDATE, Step.DONE, "v-bella", "the server keeps name as 'bella'"),),
    "in part": (
        Outcome(CREATE, Step.DONE, "v-new"),
        Outcome(REPLACE, Step.FAILED, "v-clara", "The server could not make a voice: too noisy", ("too noisy",)),
        Outcome(RESUME, Step.PENDING, "v-iris", "still processing after 600 s; the next apply goes on"),
        Outcome(DELETE, Step.SKIPPED, "v-flora", "the run was stopped"),
    ),
    "only pending": (Outcome(CREATE, Step.PENDING, "v-new", "not waited for"),),
}

ACTUAL = (
    ActualVoice("v-bella", "ready", "Bella", "Warm.", {}),
    ActualVoice("v-other", "ready", "Somebody's", "Cold. [voicectl q/x 01234567]", {}),
)
