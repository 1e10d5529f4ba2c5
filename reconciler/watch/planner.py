"""The plan of what is in memory. No file is opened here, and nobody is asked.

A save changes one voice of ten thousand. Where that voice is established (recorded, ready, and there), its part of
the plan depends on nothing but itself, so only that part is made anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime

from reconciler.apply.clock import stamp
from reconciler.apply.planning import UPLOAD_WINDOW
from reconciler.apply.workspace import Workspace
from reconciler.plan.build import build_plan
from reconciler.plan.change import Plan
from reconciler.plan.mark import read_mark
from reconciler.plan.safety import refusals
from reconciler.plan.sides import Actual, DesiredVoice, PlanOptions, Recorded
from reconciler.state.document import VoiceRecord
from reconciler.state.store import LoadedState


@dataclass(frozen=True, slots=True)
class Sides:
    """What a plan is made of."""

    voices: Mapping[str, DesiredVoice]
    frozen: frozenset[str]
    """Keys that are to be left as they are."""
    loaded: LoadedState
    actual: Actual
    account: str | None


def make_plan(workspace: Workspace, sides: Sides, now: datetime) -> Plan:
    """Return the plan, with what apply would refuse among its diagnostics."""
    recorded, actual = _thawed(workspace.scope, sides)
    return _with_refusals(workspace, build_plan(sides.voices, recorded, actual, _options(workspace, now)), sides)


def mend_plan(workspace: Workspace, plan: Plan, before: Sides, sides: Sides, touched: AbstractSet[str]) -> Plan | None:
    """Return the plan with the part of some voices made anew; None where they might concern others."""
    records = {key: sides.loaded.voices.get(key) for key in touched}
    if any(not _stands_alone(key, record, before, sides) for key, record in records.items()):
        return None
    voices = {key: sides.voices[key] for key in touched if key in sides.voices}
    alone = {key: record for key, record in records.items() if record is not None and key in voices}
    ids = {voice_id for record in alone.values() for voice_id in record.voice_ids}
    there = {voice_id: sides.actual.voices[voice_id] for voice_id in ids if voice_id in sides.actual.voices}
    part = build_plan(voices, replace(plan.recorded, voices=alone), Actual(there), plan.options)
    were = {change.key for change in plan.changes if change.key in touched}
    unchanged = plan.unchanged - len((touched & before.voices.keys()) - were) + part.unchanged
    changes = [change for change in plan.changes if change.key not in touched]
    changes += part.changes
    drift = [drift for drift in plan.drift if drift.key not in touched]
    kept = [note for note in plan.diagnostics if note.key not in touched and not note.rule.startswith("safety.")]
    refreshed = {key: record for key, record in plan.refreshed.items() if key not in touched}
    mended = replace(
        plan,
        changes=tuple(sorted(changes, key=lambda change: change.key)),
        unchanged=unchanged,
        drift=tuple(sorted([*drift, *part.drift], key=lambda drift: drift.key)),
        diagnostics=(*kept, *part.diagnostics),
        refreshed=refreshed | part.refreshed,
    )
    if sides.frozen != before.frozen:
        kept_records = {key: record for key, record in sides.loaded.voices.items() if key not in sides.frozen}
        living = sorted(str(r.voice_id) for r in kept_records.values() if r.voice_id in sides.actual.voices)
        mended = replace(mended, recorded=replace(plan.recorded, voices=kept_records), living=tuple(living))
    return _with_refusals(workspace, mended, sides)


def _stands_alone(key: str, record: VoiceRecord | None, before: Sides, sides: Sides) -> bool:
    """Whether the plan of this voice hangs on no other voice, and hung on none before."""
    established = record is not None and record.ready and record.voice_id in sides.actual.voices
    if record is None or not established or record.retired or record.successor is not None:
        return False
    specs = [side.voices[key].spec for side in (before, sides) if key in side.voices]
    claims = {(spec.previously, spec.import_id) for spec in specs}
    return len(claims) <= 1 if len(specs) == 2 else claims <= {((), None)}


def _options(workspace: Workspace, now: datetime) -> PlanOptions:
    return PlanOptions(
        scope=workspace.scope,
        now=stamp(now),
        forms_since=stamp(now - UPLOAD_WINDOW),
        scope_is_claimed=workspace.project.name_is_explicit,
        marks=workspace.project.ownership_mark,
    )


def _thawed(scope: str, sides: Sides) -> tuple[Recorded, Actual]:
    """Return state and account without the frozen voices, so that nothing is planned for them."""
    document, loaded = sides.loaded.document, sides.loaded
    records, there = loaded.voices, sides.actual
    if sides.frozen:
        ids = {i for key in sides.frozen & loaded.voices.keys() for i in loaded.voices[key].voice_ids}
        records = {key: record for key, record in loaded.voices.items() if key not in sides.frozen}
        marks = {voice_id: read_mark(voice.description) for voice_id, voice in there.voices.items()}
        ids |= {i for i, mark in marks.items() if mark and mark.scope == scope and mark.key in sides.frozen}
        there = replace(there, voices={i: voice for i, voice in there.voices.items() if i not in ids})
    return Recorded(document.environment, document.lineage, document.serial, sides.account, records), there


def _with_refusals(workspace: Workspace, plan: Plan, sides: Sides) -> Plan:
    declared = len(sides.voices) + len(sides.frozen)
    refused = refusals(plan, workspace.project.safety, declared=declared, allow_deletes=False)
    return plan.with_diagnostics(refused)
