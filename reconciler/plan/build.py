"""build_plan: the difference between the three sides."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping

from reconciler.errors import Diagnostic, Severity
from reconciler.plan.change import Action, Change, Plan
from reconciler.plan.declared import Decisions, DeclaredVoice
from reconciler.plan.marked import HALF_MADE, MarkedVoices
from reconciler.plan.moves import find_moves
from reconciler.plan.sides import Actual, ActualVoice, DesiredVoice, PlanOptions, Recorded
from reconciler.state.document import VoiceRecord


def build_plan(desired: Mapping[str, DesiredVoice], recorded: Recorded, actual: Actual, options: PlanOptions) -> Plan:
    """Return what it takes to make the account as the files say.

    `desired` holds every voice file, also with targets: a plan narrowed to some keys still knows the others, so that
    it never takes their voices for orphans. Every voice id in `recorded` that is missing in `actual` is gone.
    """
    into = Decisions()
    marked = MarkedVoices(actual, recorded.voices, options)
    moves = find_moves(desired, recorded.voices)
    for key in sorted(desired):
        record = recorded.voices.get(moves.get(key, key))
        DeclaredVoice(
            key, desired[key], record, moves.get(key), desired, recorded.voices, actual, marked, options, into
        ).decide()
    declared = {*desired, *moves.values()}
    for key, record in sorted(recorded.voices.items()):
        _retired(key, record, actual, into, expires=options.now if key in declared else None)
        if key not in declared:
            _undeclared(key, record, actual, into)
    _left_over(desired, marked, options, into)
    return _narrowed(into, recorded, actual, options, marked.unmanaged())


def _undeclared(key: str, record: VoiceRecord, actual: Actual, into: Decisions) -> None:
    """Decide about a record whose voice file is gone."""
    if record.successor and (successor := actual.voices.get(record.successor.voice_id)):
        reason = "a replacement that was not finished, and its voice file is gone"
        into.changes.append(Change(key, Action.CLEAN, reason, successor.voice_id, record=record, actual=successor))
    voice = actual.voices.get(record.voice_id) if record.voice_id else None
    if voice is None:
        action, reason = Action.FORGET, "nothing of it is left on the server"
    elif record.status != "ready" and voice.status in HALF_MADE:
        action, reason = Action.CLEAN, "half-made, and its voice file is gone"
    elif record.on_remove == "forget":
        action, reason = Action.FORGET, "the voice file is gone, and it said on_remove: forget"
    else:
        action, reason = Action.DELETE, "the voice file is gone"
    into.changes.append(Change(key, action, reason, record.voice_id, record=record, actual=voice))


def _retired(key: str, record: VoiceRecord, actual: Actual, into: Decisions, *, expires: str | None) -> None:
    """Clean replaced voices whose time is over, or (with no `expires`) whose voice file is gone too."""
    for retired in record.retired:
        voice = actual.voices.get(retired.voice_id)
        if voice is not None and (expires is None or retired.until <= expires):
            reason = f"replaced, and kept until {retired.until}"
            into.changes.append(Change(key, Action.CLEAN, reason, voice.voice_id, record=record, actual=voice))


def _left_over(
    desired: Mapping[str, DesiredVoice], marked: MarkedVoices, options: PlanOptions, into: Decisions
) -> None:
    """Decide about voices that only a mark tells to be ours."""
    for key, voice in marked.left_over():
        if voice.status in HALF_MADE:
            action, reason = Action.CLEAN, f"ours and half-made ({voice.status}), but unknown to state"
        elif not options.scope_is_claimed:
            into.diagnostics.append(_orphan(key, voice, options))
            continue
        elif key in desired:
            action, reason = Action.CLEAN, "a second voice of ours for this key"
        else:
            action, reason = Action.DELETE, "carries our mark, but is neither declared nor in state"
        into.changes.append(Change(key, action, reason, voice.voice_id, actual=voice))


def _orphan(key: str, voice: ActualVoice, options: PlanOptions) -> Diagnostic:
    return Diagnostic(
        Severity.WARNING,
        "plan.orphan",
        f"The voice {voice.voice_id} carries the mark of {options.scope}/{key}, but state does not know it",
        "It is left alone: the project's name is only the folder's, so another project may have made it. "
        "If it is yours, write `project:` into voicectl.yaml, and the next apply removes it.",
        key,
    )


def _narrowed(into: Decisions, recorded: Recorded, actual: Actual, options: PlanOptions, unmanaged: int) -> Plan:
    """Return the plan of the targets, in an order that depends on nothing but its content."""

    def wanted(key: str | None) -> bool:
        patterns = options.targets
        return key is None or not patterns or any(key == p or fnmatch.fnmatchcase(key, p) for p in patterns)

    changes = [c for c in into.changes if wanted(c.key) or (c.previous_key is not None and wanted(c.previous_key))]
    return Plan(
        recorded=recorded,
        options=options,
        changes=tuple(sorted(changes, key=lambda c: (c.key, c.action is not Action.CLEAN, c.voice_id or ""))),
        unchanged=sum(wanted(key) for key in into.unchanged),
        drift=tuple(drift for drift in into.drift if wanted(drift.key)),
        diagnostics=tuple(note for note in into.diagnostics if wanted(note.key)),
        quota=actual.quota,
        refreshed={key: record for key, record in into.refreshed.items() if wanted(key)},
        unmanaged=unmanaged,
    )
