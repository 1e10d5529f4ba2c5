"""build_plan: the difference between the three sides."""

from __future__ import annotations

import fnmatch
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from reconciler.desired.voice import Manage
from reconciler.errors import Diagnostic, Severity
from reconciler.plan.change import Action, Change, Plan
from reconciler.plan.declared import Decisions, DeclaredVoice
from reconciler.plan.mark import read_mark
from reconciler.plan.marked import HALF_MADE, MarkedVoices
from reconciler.plan.moves import find_moves
from reconciler.plan.observed import FORGOTTEN, ObservedVoice
from reconciler.plan.record import desired_mark
from reconciler.plan.settled import is_settled
from reconciler.plan.sides import Actual, ActualVoice, DesiredVoice, PlanOptions, Recorded
from reconciler.state.document import Retired, VoiceRecord


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
        if record is not None and key not in moves and key not in options.replace:
            voice = actual.voices.get(record.voice_id or "")
            if voice is not None and is_settled(desired[key], record, voice, options.scope):
                into.unchanged.append(key)
                continue
        kind = ObservedVoice if desired[key].is_observed else DeclaredVoice
        kind(
            key, desired[key], record, moves.get(key), desired, recorded.voices, actual, marked, options, into
        ).decide()
    declared = {**desired, **{old: desired[new] for new, old in moves.items()}}
    in_use = _in_use(recorded, declared, into)
    for key, record in sorted(recorded.voices.items()):
        if key in declared and not record.retired and in_use.get(record.voice_id or "", key) == key:
            continue  # nothing of it is left over, which is most records
        if declared[key].is_observed if key in declared else record.manage == Manage.OBSERVE:
            if key not in declared:
                _no_longer_observed(key, record, actual, into)
            continue
        own = _without_shared(key, record, in_use, into)
        _retired(key, own, actual, into, expires=options.now if key in declared else None)
        if key not in declared and own.voice_id not in in_use:
            _undeclared(key, own, actual, into)
    _left_over(desired, marked, options, into)
    return _narrowed(into, recorded, actual, options, len(marked.unmanaged()))


def _in_use(recorded: Recorded, declared: Collection[str], into: Decisions) -> dict[str, str]:
    """Return voice id -> key of every voice that a declared key has. No two keys can have the same one."""
    in_use: dict[str, str] = {}
    for key, record in recorded.voices.items():
        if record.voice_id is not None and key in declared:
            if record.voice_id in in_use:
                into.diagnostics.append(_shared(record.voice_id, key, in_use[record.voice_id]))
            in_use[record.voice_id] = key
    return in_use


def _without_shared(key: str, record: VoiceRecord, in_use: Mapping[str, str], into: Decisions) -> VoiceRecord:
    """Return the record without replaced voices that a declared key has: state was put together wrongly by hand."""
    shared = [old.voice_id for old in record.retired if old.voice_id in in_use]
    if record.voice_id is not None and in_use.get(record.voice_id, key) != key:
        shared.append(record.voice_id)
    for voice_id in shared:
        into.diagnostics.append(_shared(voice_id, key, in_use[voice_id]))
    if not shared:
        return record
    return replace(record, retired=tuple(old for old in record.retired if old.voice_id not in in_use))


def _shared(voice_id: str, key: str, other: str) -> Diagnostic:
    return Diagnostic(
        Severity.ERROR,
        "state.shared-voice",
        f"State has the voice {voice_id} twice: under {key!r} and under {other!r}",
        "Nothing is done to it. Take the wrong record out with `voicectl state rm KEY`, or restore the document.",
        key,
    )


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


def _no_longer_observed(key: str, record: VoiceRecord, actual: Actual, into: Decisions) -> None:
    """Forget a voice that was only observed and whose file is gone.

    If it carries our mark from other times, state keeps its id as forgotten: otherwise the mark alone would be left,
    and the next plan would take the voice for an orphan of ours.
    """
    left = actual.voices.keys() & record.voice_ids
    if record.status == FORGOTTEN and left:
        return
    voice = actual.voices.get(record.voice_id) if record.voice_id else None
    reason = "the voice file is gone, and it was only observed" if left else "nothing of it is left on the server"
    into.changes.append(Change(key, Action.FORGET, reason, record.voice_id, record=record, actual=voice))


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
    into.diagnostics += [_made_elsewhere(key, voice, options) for key, voice in marked.elsewhere]
    for key, voice in marked.left_over():
        if key in desired and desired[key].is_observed:
            continue
        if voice.status in HALF_MADE:
            action, reason = Action.CLEAN, f"ours and half-made ({voice.status}), but unknown to state"
        elif not options.scope_is_claimed:
            into.diagnostics.append(_orphan(key, voice, options))
            continue
        elif key in desired and _was_kept(desired[key], voice, options):
            into.kept[key] = (*into.kept.get(key, ()), _kept(desired[key], voice, options))
            continue
        elif key in desired:
            action, reason = Action.CLEAN, "a second voice of ours for this key"
        else:
            action, reason = Action.DELETE, "carries our mark, but is neither declared nor in state"
        into.changes.append(Change(key, action, reason, voice.voice_id, actual=voice))


def _was_kept(desired: DesiredVoice, voice: ActualVoice, options: PlanOptions) -> bool:
    """Whether a voice that state has lost was replaced, and kept for a time: made otherwise than the file says now."""
    mark, wanted = read_mark(voice.description), desired_mark(desired, options.scope)
    made_alike = mark is not None and wanted is not None and mark.fingerprint == wanted.fingerprint
    return bool(desired.spec.lifecycle.keep_replaced) and voice.status == "ready" and not made_alike


def _kept(desired: DesiredVoice, voice: ActualVoice, options: PlanOptions) -> Retired:
    """Return what state keeps of it; when it was replaced nobody knows, so its time begins now."""
    until = datetime.fromisoformat(options.now) + desired.spec.lifecycle.keep_replaced
    return Retired(voice.voice_id, until.strftime("%Y-%m-%dT%H:%M:%SZ"))


def _orphan(key: str, voice: ActualVoice, options: PlanOptions) -> Diagnostic:
    return Diagnostic(
        Severity.WARNING,
        "plan.orphan",
        f"The voice {voice.voice_id} carries the mark of {options.scope}/{key}, but state does not know it",
        "It is left alone: the project's name is only the folder's, so another project may have made it. "
        "If it is yours, write `project:` into voicectl.yaml, and the next apply removes it.",
        key,
    )


def _made_elsewhere(key: str, voice: ActualVoice, options: PlanOptions) -> Diagnostic:
    return Diagnostic(
        Severity.WARNING,
        "plan.elsewhere",
        f"The voice {voice.voice_id} carries the mark of {options.scope}/{key}, but state does not know it",
        f"It is left alone: the state document of the branch {options.elsewhere[voice.voice_id]} has it. "
        "Merge that branch, and it is known here; delete the branch if nobody needs it, and the next apply removes it.",
        key,
    )


def _narrowed(into: Decisions, recorded: Recorded, actual: Actual, options: PlanOptions, unmanaged: int) -> Plan:
    """Return the plan of the targets, in an order that depends on nothing but its content."""
    exact = set(options.targets)
    patterns = [target for target in options.targets if set(target) & set("*?[")]

    def wanted(key: str | None) -> bool:
        named = key is None or not options.targets or key in exact
        return named or any(fnmatch.fnmatchcase(str(key), pattern) for pattern in patterns)

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
        kept={key: kept for key, kept in into.kept.items() if wanted(key)},
        unmanaged=unmanaged,
        living=tuple(sorted(str(r.voice_id) for r in recorded.voices.values() if r.voice_id in actual.voices)),
    )
