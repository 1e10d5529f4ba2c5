"""What to do about a voice that is only observed: look at it, and write nothing to it, ever."""

from __future__ import annotations

from dataclasses import replace

from reconciler.errors import Diagnostic, Severity
from reconciler.plan import diff
from reconciler.plan.change import Action, Drift, FieldChange
from reconciler.plan.declared import DeclaredVoice
from reconciler.plan.record import observed_record
from reconciler.plan.sides import ActualVoice
from reconciler.state.document import VoiceRecord

FORGOTTEN = "forgotten"
"""The status of a record whose voice is observed no longer, and carries our mark from other times."""


class ObservedVoice(DeclaredVoice):
    """One voice file with `manage: observe`. Every change that comes of it is one of the state document alone."""

    def decide(self) -> None:
        """Add what state has to learn to the decisions, and how the voice differs from its file."""
        if self.key in self.options.replace:
            self._error("It is only observed, so nothing replaces it", "Have it managed first: `manage: full`.")
            return
        record = self.record
        voice = self.actual.voices.get(record.voice_id) if record and record.voice_id else None
        if record is not None and voice is not None:
            self._known(record, voice)
        elif record is not None and record.voice_id is not None and self.previous_key is None:
            if not self._import_another(record):
                self._gone_for_good(record)
        elif not self._adopt_marked() and not self._import():
            self._note_unknown()

    def _known(self, record: VoiceRecord, voice: ActualVoice) -> None:
        self._note_drift(voice, record)
        if self.previous_key is not None:
            self._change(Action.MOVE, f"renamed from {self.previous_key}", voice=voice)
        elif record.manage is None:
            now = FieldChange("manage", "full", self.desired.spec.manage.value)
            self._change(Action.UPDATE, "only observed from now on", voice=voice, fields=(now,))
        else:
            self.into.unchanged.append(self.key)
            refreshed = observed_record(record, self.desired, voice, self.options.scope)
            if refreshed != record:
                self.into.refreshed[self.key] = refreshed

    def _adopt(self, voice: ActualVoice, reason: str, previous_key: str | None = None) -> None:
        self.marked.take(voice)
        self._note_drift(voice, None)
        self._change(Action.ADOPT, f"{reason}; only observed", voice=voice, previous_key=previous_key)

    def _note_drift(self, voice: ActualVoice, record: VoiceRecord | None) -> None:
        differing = diff.observed_drift(self.desired, record, voice, self.options.scope)
        if differing:
            self.into.drift.append(Drift(self.key, voice.voice_id, differing, observed=True))

    def _gone_for_good(self, record: VoiceRecord) -> None:
        self.into.unchanged.append(self.key)
        observed = replace(record, manage=self.desired.spec.manage.value)
        if observed != record:
            self.into.refreshed[self.key] = observed
        summary = f"The observed voice {record.voice_id} no longer exists on the server"
        detail = "Remove the voice file, or name another voice under `import`."
        at = self.desired.spec.source.at("manage")
        self.into.diagnostics.append(Diagnostic(Severity.WARNING, "plan.observe", summary, detail, self.key, at))

    def _note_unknown(self) -> None:
        summary = "There is no voice to observe: none is in state, and the file names none"
        self._error(summary, "Name it: `import: VOICE_ID`. Or have a voice made: `manage: full`.")

    def _error(self, summary: str, detail: str) -> None:
        at = self.desired.spec.source.at("manage")
        self.into.diagnostics.append(Diagnostic(Severity.ERROR, "plan.observe", summary, detail, self.key, at))
