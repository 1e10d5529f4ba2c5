"""Everything that watch knows, and the view that follows from it. It is told what happened; it waits for nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from reconciler.apply.actual_side import AccountView
from reconciler.apply.clock import Clock, stamp
from reconciler.apply.desired_side import with_stream
from reconciler.apply.planning import Planned, imported_ids
from reconciler.apply.workspace import Workspace
from reconciler.errors import Diagnostic, VoicectlError
from reconciler.plan.change import Action, Change, Plan
from reconciler.plan.sides import DesiredVoice
from reconciler.state.document import VoiceRecord
from reconciler.state.lock import Holder
from reconciler.state.store import LoadedState
from reconciler.watch.account import Looked, remembered
from reconciler.watch.files import Repository, VoiceFiles
from reconciler.watch.planner import Sides, make_plan, mend_plan
from reconciler.watch.verdicts import Verdict, Verdicts, known_verdicts
from reconciler.watch.view import Declared, Heard, Row, Seen, View

MANY = 100
"""Voices in one save: for more of them the whole plan is made anew."""


class World:
    """One environment of one repository, over time."""

    def __init__(self, workspace: Workspace, clock: Clock) -> None:
        self.workspace = workspace
        self.files = VoiceFiles(workspace)
        self.loaded: LoadedState | None = None
        self.repository: Repository | None = None
        self.seen = Seen()
        self.holder: Holder | None = None
        self.plan: Plan | None = None
        self.sides: Sides | None = None
        self.verdicts: dict[str, Verdict] = {}
        self._clock = clock
        self._account: AccountView | None = None
        """As it was last seen; after a change of state, as state has it until the next look."""
        self._troubles: dict[str, VoicectlError] = {}
        """What cannot be read, by what it is."""
        self._streams: dict[str, tuple[DesiredVoice, VoiceRecord | None, DesiredVoice]] = {}
        self.rows: dict[str, Row] = {}
        self._stale: set[str] | None = None
        """Keys whose row may be another one by now; None: all."""

    def read_state(self) -> bool:
        """Read the state document; returns whether it has changed.

        If it has, the account is as state says until somebody has looked.
        """
        try:
            loaded = self.workspace.store.load()
        except VoicectlError as error:
            self._troubles["state"] = error
            self.loaded = None
            return False
        self._troubles.pop("state", None)
        if self.loaded is not None and _same(loaded, self.loaded):
            return False
        self.loaded = loaded
        self._account = remembered(loaded)
        return True

    def read_files(self, changed: Iterable[str] | None = None) -> None:
        """Read the files that have changed, by path; None: look at all of them."""
        try:
            self.repository = self.files.read(changed)
        except VoicectlError as error:
            self._troubles["files"] = error
            return
        self._troubles.pop("files", None)

    def fail(self, what: str, error: VoicectlError) -> None:
        """Note that something cannot be read."""
        self._troubles[what] = error

    def look(self, looked: Looked, seen: Seen) -> bool:
        """Take over how a look at the account ended; returns False for one that was made with an older state."""
        self.seen = seen
        if looked.view is None:
            return True
        if looked.loaded is not self.loaded:
            return False
        self._account = looked.view
        return True

    def hear(self, verdicts: Verdicts) -> None:
        """Take over what was found in samples."""
        self.verdicts |= verdicts
        if self._stale is not None:
            self._stale |= verdicts.keys()

    @property
    def planned(self) -> Planned | None:
        """The plan with its sides, as the review page wants them."""
        if self.plan is None or self.sides is None or self.repository is None:
            return None
        desired = replace(self.repository.desired, voices=self.sides.voices)
        plan = self.plan.with_diagnostics(self.repository.desired.diagnostics)
        return Planned(plan, desired, {}, (), (), self.sides.account, self.sides.actual)

    @property
    def saving(self) -> bool:
        """Whether a file is being saved, and has to be looked at again."""
        return self.repository is not None and bool(self.repository.saving)

    @property
    def imports(self) -> Collection[str]:
        """Voice ids of the account that files ask to adopt."""
        if self.repository is None or self.loaded is None:
            return ()
        return imported_ids(self.repository.desired, self.loaded)

    @property
    def unheard(self) -> list[tuple[DesiredVoice, Path]]:
        """The samples that the plan would upload, and that nobody has measured."""
        if self.plan is None or self.repository is None:
            return []
        paths = self.repository.desired.paths
        wanted = [change.desired for change in self.plan.changes if change.uploads and change.desired is not None]
        return [
            (voice, paths[voice.spec.key])
            for voice in wanted
            if voice.spec.key in paths and voice.sample is not None and not self._verdict(voice)
        ]

    def replan(self) -> None:
        """Make the plan of what is known now."""
        before, old = self.sides, self.plan
        repository, loaded, account = self.repository, self.loaded, self._account
        if loaded is None or repository is None or account is None:
            self.plan, self.sides, self._stale = None, None, None
            return
        voices = self._streamed(repository, loaded)
        sides = Sides(voices, repository.frozen, loaded, account.actual, loaded.account or account.account)
        if before is None or old is None or not _only_files(before, sides):
            self.plan = make_plan(self.workspace, sides, self._clock())
            self._stale = None
            self._hear_known(voices, voices.keys())
        else:
            touched = {
                key for key in voices.keys() | before.voices.keys() if before.voices.get(key) is not voices.get(key)
            }
            plan = mend_plan(self.workspace, old, before, sides, touched) if len(touched) <= MANY else None
            self.plan = plan or make_plan(self.workspace, sides, self._clock())
            self._note_stale(old, self.plan, touched | repository.touched)
            self._hear_known(voices, touched & voices.keys())
        self.sides = sides

    def view(self) -> View:
        """Return what is to be seen now."""
        if self.repository is None or self.sides is None or self.plan is None:
            name = self.workspace.environment.name
            return View(name, self.rows, (), None, (), self._trouble, self.seen, self.holder)
        moved = self._renew_rows(self.repository, self.sides, self.plan)
        own = [*self.repository.desired.diagnostics, *self.plan.diagnostics]
        general = tuple(note for note in own if note.key is None or note.key not in self.rows)
        return View(
            environment=self.workspace.environment.name,
            rows=self.rows,
            moved=moved,
            plan=self.plan,
            problems=general,
            trouble=self._trouble,
            seen=self.seen,
            holder=self.holder,
        )

    @property
    def _trouble(self) -> VoicectlError | None:
        return next(iter(self._troubles.values()), None)

    @property
    def now(self) -> str:
        """The time, RFC 3339, UTC."""
        return stamp(self._clock())

    def _streamed(self, repository: Repository, loaded: LoadedState) -> Mapping[str, DesiredVoice]:
        """Return the voices with the hash of their audio, which is read for changed ones only."""
        before, self._streams = self._streams, {}
        for key, voice in repository.desired.voices.items():
            record, known = loaded.voices.get(key), before.get(key)
            if known is None or known[0] is not voice or known[1] is not record:
                path = repository.desired.paths.get(key)
                streamed = voice if path is None else with_stream(self.workspace, voice, path, record)
                known = voice, record, streamed
            self._streams[key] = known
        self.workspace.cache.save()
        return {key: streamed for key, (_, _, streamed) in self._streams.items()}

    def _note_stale(self, old: Plan, new: Plan, touched: Collection[str]) -> None:
        if self._stale is None:
            return
        was = {(change.key, change.action): change for change in old.changes}
        now = {(change.key, change.action): change for change in new.changes}
        self._stale |= {*touched}
        self._stale |= {place[0] for place in was.keys() | now.keys() if was.get(place) is not now.get(place)}
        self._stale |= {note.key for note in (*old.diagnostics, *new.diagnostics) if note.key is not None}

    def _verdict(self, voice: DesiredVoice) -> Verdict | None:
        known = self.verdicts.get(voice.spec.key)
        return known if known is not None and known.holds_for(voice) else None

    def _hear_known(self, voices: Mapping[str, DesiredVoice], keys: Iterable[str]) -> None:
        assert self.repository is not None
        unheard = [voices[key] for key in keys if not self._verdict(voices[key])]
        self.hear(known_verdicts(self.workspace, unheard, self.repository.desired.paths))
        for key in self.verdicts.keys() - voices.keys():
            del self.verdicts[key]

    def _renew_rows(self, repository: Repository, sides: Sides, plan: Plan) -> tuple[str, ...]:
        """Make the rows that may be other ones anew; returns the keys of those that are."""
        keys = {*sides.voices, *repository.frozen, *sides.loaded.voices}
        keys |= {change.key for change in plan.changes}
        stale = keys if self._stale is None else self._stale & keys
        changes: dict[str, list[Change]] = defaultdict(list)
        for change in plan.changes:
            changes[change.key].append(change)
        said: dict[str | None, list[Diagnostic]] = defaultdict(list)
        for note in (*repository.desired.diagnostics, *plan.diagnostics):
            said[note.key].append(note)
        drifted = {drift.key for drift in plan.drift}
        fresh = {key: self._row(key, repository, sides, changes[key], said[key], key in drifted) for key in stale}
        moved = {key for key, row in fresh.items() if self.rows.get(key) != row} | (self.rows.keys() - keys)
        if self.rows.keys() == keys:
            self.rows = {**self.rows, **fresh}
        else:
            rows = {**self.rows, **fresh}
            self.rows = {key: rows[key] for key in sorted(keys)}
        self._stale = set()
        return tuple(sorted(moved))

    def _row(
        self,
        key: str,
        repository: Repository,
        sides: Sides,
        changes: list[Change],
        said: list[Diagnostic],
        drifted: bool,
    ) -> Row:
        voice, record = sides.voices.get(key), sides.loaded.voices.get(key)
        change = next((c for c in changes if c.action is not Action.CLEAN), changes[0] if changes else None)
        verdict = self._verdict(voice) if voice is not None else None
        if voice is not None:
            declared = Declared.DECLARED
        elif key in repository.saving:
            declared = Declared.SAVING
        else:
            declared = Declared.BROKEN if key in repository.frozen else Declared.REMOVED
        return Row(
            key=key,
            declared=declared,
            action=change.action if change else Action.UNCHANGED,
            reason=change.reason if change else "",
            fields=change.fields if change else (),
            previous_key=change.previous_key if change else None,
            uploads=change is not None and change.uploads,
            heard=verdict.heard if verdict else Heard.WAITING if change and change.uploads else Heard.UNKNOWN,
            remote=self._remote(record, change, sides),
            drifted=drifted,
            problems=tuple(said),
            findings=verdict.problems if verdict else (),
        )

    def _remote(self, record: VoiceRecord | None, change: Change | None, sides: Sides) -> str:
        voice_id = (record.voice_id if record else None) or (change.voice_id if change else None)
        if voice_id is None:
            return "-"
        voice = sides.actual.voices.get(voice_id)
        return voice.status if voice is not None else "gone"


def _same(one: LoadedState, other: LoadedState) -> bool:
    """Whether two readings of the state say the same; a document that is not there yet has a new lineage each time."""
    return (one.snapshot, one.voices, one.unknown) == (other.snapshot, other.voices, other.unknown)


def _only_files(before: Sides, now: Sides) -> bool:
    """Whether nothing but voice files and samples has changed, and no voice came or went."""
    same = before.loaded is now.loaded and before.actual is now.actual
    return same and before.voices.keys() | before.frozen == now.voices.keys() | now.frozen
