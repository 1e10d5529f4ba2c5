"""What to do about one voice that has a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from reconciler.desired.voice import ReplaceOrder
from reconciler.errors import Diagnostic, Severity
from reconciler.plan import diff
from reconciler.plan.change import Action, Change, Drift, FieldChange
from reconciler.plan.mark import MARK, Mark, read_mark
from reconciler.plan.marked import ADOPTABLE, HALF_MADE, MarkedVoices
from reconciler.plan.record import NO_SAMPLE, desired_mark, refreshed_record, sample_record, voice_record
from reconciler.plan.sides import Actual, ActualVoice, DesiredVoice, PlanOptions
from reconciler.state.document import Retired, VoiceRecord


@dataclass(slots=True)
class Decisions:
    """What was decided so far."""

    changes: list[Change] = field(default_factory=list)
    drift: list[Drift] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    refreshed: dict[str, VoiceRecord] = field(default_factory=dict)
    kept: dict[str, tuple[Retired, ...]] = field(default_factory=dict)
    unchanged: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class DeclaredVoice:
    """One voice file, what state records for it, and the world around it."""

    key: str
    desired: DesiredVoice
    record: VoiceRecord | None
    """For a moved voice, the record of its previous key."""
    previous_key: str | None
    all_desired: Mapping[str, DesiredVoice]
    all_recorded: Mapping[str, VoiceRecord]
    actual: Actual
    marked: MarkedVoices
    options: PlanOptions
    into: Decisions

    def decide(self) -> None:
        """Add what has to happen to the decisions."""
        record = self.record
        if record is None or record.voice_id is None:
            self._unrecorded(record)
            return
        voice = self.actual.voices.get(record.voice_id)
        if voice is None:
            self._gone(record)
        elif record.status != "ready":
            self._unfinished(record, voice)
        else:
            self._established(record, voice)

    def _unrecorded(self, record: VoiceRecord | None) -> None:
        """No voice is recorded: adopt the one that is kept, carries our mark or was asked for, or make one."""
        kept = record is not None and self._bring_back(record, None)
        if not kept and not self._adopt_marked() and not self._import():
            self._create("new voice" if record is None else "the last attempt failed")

    def _import(self) -> bool:
        """Adopt the voice that the file names. Return whether it names one."""
        wanted = self.desired.spec.import_id
        if wanted is None:
            return False
        voice = self.actual.voices.get(wanted)
        if wanted in self.marked.known:
            self._bad_import(f"The voice {wanted} already belongs to {self.marked.known[wanted]!r}", "Remove `import`.")
        elif voice is None:
            why = "Check the id, and whose credentials these are."
            self._bad_import(f"There is no voice {wanted} in this account", why)
        elif voice.status not in ADOPTABLE:
            self._bad_import(f"The voice {wanted} is {voice.status}: it cannot be adopted", "Import one that is ready.")
        else:
            self._note_other_owner(voice)
            self._adopt(voice, "imported by the voice file")
        return True

    def _import_another(self, record: VoiceRecord) -> bool:
        """In place of a voice that is gone, adopt the one that the file names, if it is another one and there."""
        wanted = self.desired.spec.import_id
        there = wanted in self.actual.voices and wanted not in self.marked.known
        return wanted != record.voice_id and there and self._import()

    def _adopt_marked(self) -> bool:
        """Adopt a voice with our mark for this key (or a key it had before) rather than clone again."""
        useful = self._marked_for_us()
        mark = desired_mark(self.desired, self.options.scope)
        any_will_do = self.desired.sample is None or self.desired.is_observed
        for key, other, voice in useful:
            if any_will_do or (mark is not None and other.fingerprint == mark.fingerprint):
                self._adopt(voice, "carries our mark, but state does not know it", key if key != self.key else None)
                return True
        for _, other, voice in useful:
            if voice.status == "ready":
                self.marked.take(voice)
                record = replace(voice_record(self.desired, voice, self.options.scope), sample=None)
                self._replace(record, voice, _added_or_changed(other))
                return True
        return False

    def _marked_for_us(self) -> list[tuple[str, Mark, ActualVoice]]:
        """Return what carries our mark for this key, a key it had before, or the one other key of this very making."""
        keys = [self.key, *self.desired.spec.previously]
        mark = desired_mark(self.desired, self.options.scope)
        if mark is not None and self.desired.sample is not None and self.desired.spec.import_id is None:
            known = {**self.all_desired, **self.all_recorded}
            alike = self.marked.made_alike(mark.fingerprint, besides=known)
            keys += alike if len(alike) == 1 else []
        return [(k, m, v) for k in keys for m, v in self.marked.candidates(k) if v.status not in HALF_MADE]

    def _adopt(self, voice: ActualVoice, reason: str, previous_key: str | None = None) -> None:
        self.marked.take(voice)
        fields = diff.updates(self.desired, voice, None, self.options.scope)
        self._change(Action.ADOPT, reason, voice=voice, fields=fields, previous_key=previous_key)

    def _gone(self, record: VoiceRecord) -> None:
        """The recorded voice is no longer on the server."""
        successor = self._successor(record)
        if successor is not None:
            self._resume(None, "its replacement is on its way", successor)
        elif not self._bring_back(record, None) and not self._adopt_marked() and not self._import_another(record):
            self._create(f"the voice {record.voice_id} no longer exists on the server")

    def _unfinished(self, record: VoiceRecord, voice: ActualVoice) -> None:
        """The recorded voice was never seen ready by us, so no consumer has it."""
        changed = diff.making(self.desired, record.sample)
        if not (changed and voice.status == "ready"):
            self._successor(record, wanted=False)
        if voice.status == "created" and record.status == "pending" and _is_fresh(voice, self.options):
            self._resume(voice, "its sample was uploaded, and the server has not noticed yet")
        elif voice.status == "created":
            self._clean(voice, "made by a run that stopped, was never uploaded")
            self._create("the voice of an earlier run was not finished")
        elif changed and voice.status != "ready":
            self._clean(voice, "of an older sample, and not ready")
            self._create(_why(changed))
        elif changed:
            self._replacement(record, voice, _why(changed))
        else:
            states = {"ready": "is ready now", "failed": "has failed", "pending": "is still processing"}
            said = states.get(voice.status, f"has the status {voice.status!r}")
            self._resume(voice, f"made by an earlier run, {said}")

    def _established(self, record: VoiceRecord, voice: ActualVoice) -> None:
        """The recorded voice was ready when we last looked: consumers may hold its id."""
        mark = read_mark(voice.description)
        if record.sample is None and mark is not None and mark == desired_mark(self.desired, self.options.scope):
            record = replace(record, sample=sample_record(self.desired))  # lost from state, but the voice says it
        changed = diff.making(self.desired, record.sample)
        if changed:
            self._replacement(record, voice, _why(changed) if record.sample else _added_or_changed(mark))
        elif self.key in self.options.replace:
            self._replacement(record, voice, "asked for")
        elif voice.status in HALF_MADE:
            self._replacement(record, voice, f"the server shows it as {voice.status}")
        elif voice.status != "ready":
            self._successor(record, wanted=False)
            self._resume(voice, f"it was ready, and the server shows it as {voice.status}")
        else:
            self._successor(record, wanted=False)
            self._same_voice(record, voice)

    def _same_voice(self, record: VoiceRecord, voice: ActualVoice) -> None:
        """Nothing that makes the voice has changed: its id stays."""
        fields = diff.updates(self.desired, voice, record, self.options.scope)
        drifted = diff.drifted(record, voice, self.options.scope)
        if drifted and fields:
            self.into.drift.append(Drift(self.key, voice.voice_id, drifted))
        protect = self.desired.spec.lifecycle.prevent_destroy
        if record.prevent_destroy != protect:
            fields += (FieldChange("lifecycle.prevent_destroy", record.prevent_destroy, protect),)
        if record.manage is not None:
            fields += (FieldChange("manage", record.manage, self.desired.spec.manage.value),)
        if self.previous_key is None:
            fields += self._outdated_mark(voice)
        self._note_unsent(record)
        self._note_kept_sample(record)
        self._note_same_audio(record)
        if self.previous_key is not None:
            self._change(Action.MOVE, f"renamed from {self.previous_key}", voice=voice, fields=fields)
        elif fields:
            names = ", ".join(f.path for f in fields)
            self._change(Action.UPDATE, f"{names} changed", voice=voice, fields=fields)
        else:
            self.into.unchanged.append(self.key)
            refreshed = refreshed_record(record, self.desired, voice, self.options.scope)
            living = tuple(old for old in record.retired if old.voice_id in self.actual.voices)
            refreshed = replace(refreshed, retired=living)
            if refreshed != self.record and record.successor is None:
                self.into.refreshed[self.key] = refreshed

    def _outdated_mark(self, voice: ActualVoice) -> tuple[FieldChange, ...]:
        """Return what changes when our mark names another key, as after `state mv`: without state it would be believed.

        Case does not count: a server may keep descriptions in its own.
        """
        mark = read_mark(voice.description)
        if not self.options.marks or mark is None or mark.scope != self.options.scope:
            return ()
        if mark.key.casefold() == self.key.casefold() or self.marked.known.get(voice.voice_id) != self.key:
            return ()
        return (FieldChange(MARK, mark.key, self.key),)

    def _replacement(self, record: VoiceRecord, voice: ActualVoice, reason: str) -> None:
        """Replace the voice, or go on with a replacement that an earlier run began."""
        successor = self._successor(record)
        if self.desired.sample is None and successor is None:
            self._cannot_make(reason, "or leave the voice as it is")
            return
        mark = desired_mark(self.desired, self.options.scope)
        if successor is None and mark is not None and self.key not in self.options.replace:
            alike = [v for m, v in self.marked.candidates(self.key) if m.fingerprint == mark.fingerprint]
            successor = next((v for v in alike if v.status not in HALF_MADE), None)
        if successor is not None:
            self.marked.take(successor)
            self._resume(voice, "its replacement is on its way", successor)
        elif not self._bring_back(record, voice):
            self._replace(record, voice, reason)

    def _bring_back(self, record: VoiceRecord, voice: ActualVoice | None) -> bool:
        """Let a replaced voice that is still kept be the key's again, if it was made from what the file says."""
        kept = self._kept(record)
        if kept is None or self.key in self.options.replace:
            return False
        fields = diff.updates(self.desired, kept, None, self.options.scope)
        change = self._make(Action.ADOPT, "it was replaced, and is kept: no re-clone", voice=voice, fields=fields)
        self.into.changes.append(replace(change, successor=kept, voice_id=kept.voice_id))
        return True

    def _kept(self, record: VoiceRecord) -> ActualVoice | None:
        mark = desired_mark(self.desired, self.options.scope)
        for old in reversed(record.retired):
            voice = self.actual.voices.get(old.voice_id)
            if voice is None or voice.status != "ready" or old.until <= self.options.now or self.desired.sample is None:
                continue
            if old.sample is not None and not diff.making(self.desired, old.sample):
                return voice
            if old.sample is None and mark is not None and read_mark(voice.description) == mark:
                return voice  # an older voicectl kept the id alone, but the voice says what it was made from
        return None

    def _successor(self, record: VoiceRecord, *, wanted: bool = True) -> ActualVoice | None:
        """Return the recorded replacement if it can still become one; clean it otherwise."""
        if record.successor is None:
            return None
        voice = self.actual.voices.get(record.successor.voice_id)
        if voice is None:
            return None
        noticing = record.successor.status == "pending" and _is_fresh(voice, self.options)
        if (
            wanted
            and (voice.status != "created" or noticing)
            and not diff.making(self.desired, record.successor.sample)
        ):
            return voice
        self._clean(voice, "a replacement that was not finished")
        return None

    def _cannot_make(self, reason: str, way_out: str) -> None:
        at = self.desired.spec.source.at("samples", 0, "file")
        summary = f"This voice would have to be made ({reason}), but its recording is not in the repository"
        detail = f"Add the recording and name it under `samples[0].file`, {way_out}."
        self.into.diagnostics.append(Diagnostic(Severity.ERROR, "plan.no-sample", summary, detail, self.key, at))

    def _create(self, reason: str) -> None:
        if self.desired.sample is None:
            self._cannot_make(reason, "or adopt a voice that exists: `import: VOICE_ID`")
            return
        fields = [FieldChange(path, None, value) for path, value in diff.declared_fields(self.desired).items()]
        self._change(Action.CREATE, reason, fields=(*fields, *diff.making_fields(self.desired)))

    def _replace(self, record: VoiceRecord, voice: ActualVoice, reason: str) -> None:
        fields = diff.making(self.desired, record.sample)
        fields += diff.updates(self.desired, voice, record, self.options.scope)
        drifted = diff.drifted(record, voice, self.options.scope)
        if drifted:
            self.into.drift.append(Drift(self.key, voice.voice_id, drifted))
        destroy_first = self.desired.spec.lifecycle.replace is ReplaceOrder.DESTROY_FIRST
        change = self._make(Action.REPLACE, reason, voice=voice, fields=fields)
        self.into.changes.append(replace(change, record=record, destroy_first=destroy_first))

    def _resume(self, voice: ActualVoice | None, reason: str, successor: ActualVoice | None = None) -> None:
        change = self._make(Action.RESUME, reason, voice=voice)
        waited_for = successor or voice
        voice_id = waited_for.voice_id if waited_for else None
        self.into.changes.append(replace(change, successor=successor, voice_id=voice_id))

    def _clean(self, voice: ActualVoice, reason: str) -> None:
        self._change(Action.CLEAN, reason, voice=voice)

    def _change(
        self,
        action: Action,
        reason: str,
        *,
        voice: ActualVoice | None = None,
        fields: tuple[FieldChange, ...] = (),
        previous_key: str | None = None,
    ) -> None:
        change = self._make(action, reason, voice=voice, fields=fields)
        self.into.changes.append(replace(change, previous_key=previous_key or change.previous_key))

    def _make(
        self, action: Action, reason: str, *, voice: ActualVoice | None, fields: tuple[FieldChange, ...] = ()
    ) -> Change:
        voice_id = voice.voice_id if voice else None
        return Change(
            self.key, action, reason, voice_id, self.previous_key, fields, self.desired, self.record, actual=voice
        )

    def _bad_import(self, summary: str, detail: str) -> None:
        at = self.desired.spec.source.at("import")
        self.into.diagnostics.append(Diagnostic(Severity.ERROR, "plan.import", summary, detail, self.key, at))

    def _note_other_owner(self, voice: ActualVoice) -> None:
        """Say that another project, or another environment of this one, says that the voice is its own."""
        mark = read_mark(voice.description)
        if mark is not None and mark.scope != self.options.scope and not self.desired.is_observed:
            summary = f"The voice {voice.voice_id} carries the mark of {mark.scope}/{mark.key}: it has another owner"
            detail = "Both would write to it. Let the other one forget it first, or set `manage: observe` here."
            at = self.desired.spec.source.at("import")
            self.into.diagnostics.append(Diagnostic(Severity.WARNING, "plan.import", summary, detail, self.key, at))

    def _note_unsent(self, record: VoiceRecord) -> None:
        """Say which declared fields wait for the next replacement, because the API takes them at creation only."""
        spec, sent = self.desired.spec.sample, record.sample
        for name in ("display_name", "description"):
            now = getattr(spec, name)
            if sent is not None and now is not None and now != getattr(sent, name):
                summary = f"samples[0].{name} takes effect with the next replacement"
                detail = "The API takes it at creation only."
                at = self.desired.spec.source.at("samples", 0, name)
                note = Diagnostic(Severity.INFO, "plan.next-replacement", summary, detail, self.key, at)
                self.into.diagnostics.append(note)

    def _note_kept_sample(self, record: VoiceRecord) -> None:
        if record.sample is not None and self.desired.sample is None:
            summary = f"{record.sample.file} is not named any more: the voice stays as it was made from it"
            at = self.desired.spec.source.at("samples", 0, "file")
            self.into.diagnostics.append(Diagnostic(Severity.INFO, "plan.no-sample", summary, "", self.key, at))

    def _note_same_audio(self, record: VoiceRecord) -> None:
        sample = self.desired.sample
        if record.sample is not None and sample is not None and record.sample.sha256 != sample.sha256:
            summary = f"{sample.file} is another file with the same audio: no re-clone"
            at = self.desired.spec.source.at("samples", 0, "file")
            self.into.diagnostics.append(Diagnostic(Severity.INFO, "plan.same-audio", summary, "", self.key, at))


def _added_or_changed(mark: Mark | None) -> str:
    """Return why a sample makes another voice of one for which none is recorded; its mark knows if it had one."""
    had_one = mark is not None and mark.fingerprint != NO_SAMPLE
    return "the sample changed since this voice was made" if had_one else "a sample was added"


def _is_fresh(voice: ActualVoice, options: PlanOptions) -> bool:
    """Whether the upload form of a voice can still be valid. Both times are UTC, so their seconds sort as text."""
    return voice.created_at is not None and voice.created_at[:19] >= options.forms_since[:19]


def _why(changed: tuple[FieldChange, ...]) -> str:
    names = ["sample" if f.path.endswith("sha256") else f.path.removeprefix("samples[0].") for f in changed]
    return (f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]) + " changed"
