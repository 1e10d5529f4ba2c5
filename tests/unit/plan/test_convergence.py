"""The laws of convergence, exactly once and only ours, over histories that hypothesis invents.

A history is any order of edits, applies, deaths, lost answers, lost and old state documents, and strangers at work in
the same account. Whatever it was: when nothing disturbs the last apply, everything is as declared afterwards.
"""

from __future__ import annotations

import copy
import dataclasses
import shutil
import sys
import tempfile
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from odd_values import KEYS, foreign_texts, habits, in_place, labels, names, samples, voice_files
from reconciling import Repository, make_tracks
from worlds import Habits, Stored, Trouble

from reconciler.apply.events import Step
from reconciler.desired.identity_cache import IdentityCache
from reconciler.plan.change import Action
from reconciler.plan.diff import canonical_text
from reconciler.plan.mark import without_mark
from reconciler.plan.marked import known_ids
from reconciler.plan.observed import FORGOTTEN

keys = st.sampled_from(KEYS)
KILLED = (Trouble.KILLED_BEFORE, Trouble.KILLED_AFTER)
PASSING = (Trouble.LOST, Trouble.BUSY, Trouble.THROTTLED)


class Histories(RuleBasedStateMachine):
    """What may happen to a repository and its account, in any order."""

    tracks: Path
    cache: IdentityCache
    ownership_mark = True
    forgets_state = True

    @initialize(habits=habits, files=st.dictionaries(keys, voice_files, min_size=1, max_size=3), applied=st.booleans())
    def start(self, habits: Habits, files: dict[str, Any], applied: bool) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="voicectl-history-"))
        self.repository = Repository(self.root, self.tracks, self.cache, habits, self.ownership_mark)
        self.world = self.repository.world
        self.files = self.repository.files
        self.old_files: dict[str, dict[str, Any]] = {}
        self.old_states: list[str] = []
        self.strangers: dict[str, Stored] = {}
        self.files |= copy.deepcopy(files)
        if applied:
            self.settle()

    def teardown(self) -> None:
        try:
            if sys.exc_info()[0] is None:  # a history that failed on its way has said enough
                self.settle()
        finally:
            self.repository.close()
            shutil.rmtree(self.root)

    @rule()
    def settle(self) -> None:
        """Apply in peace: then the laws must hold."""
        self.apply({}, peaceful=True)
        self.check_everything_is_as_declared()
        self.check_planning_again_is_empty()

    # -- people edit files -----------------------------------------------------------------------------------------

    @rule(key=keys, file=voice_files)
    def write(self, key: str, file: dict[str, Any]) -> None:
        self.files[key] = copy.deepcopy(file)

    @precondition(lambda self: self.files)
    @rule(data=st.data(), fields=in_place)
    def edit_in_place(self, data: st.DataObject, fields: dict[str, Any]) -> None:
        key = data.draw(st.sampled_from(sorted(self.files)))
        self.files[key] = {**self.files[key], **copy.deepcopy(fields)}

    @precondition(lambda self: self.files)
    @rule(data=st.data(), sample=samples)
    def edit_sample(self, data: st.DataObject, sample: dict[str, Any]) -> None:
        key = data.draw(st.sampled_from(sorted(self.files)))
        self.files[key] = {**self.files[key], "samples": [dict(sample)]}

    @precondition(lambda self: self.files)
    @rule(data=st.data(), new=keys, said=st.booleans())
    def rename(self, data: st.DataObject, new: str, said: bool) -> None:
        old = data.draw(st.sampled_from(sorted(self.files)))
        if new not in self.files:
            self.files[new] = self.files.pop(old) | ({"previously": [old]} if said else {})

    @precondition(lambda self: self.files)
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        self.files.pop(data.draw(st.sampled_from(sorted(self.files))))

    @precondition(lambda self: self.strangers)
    @rule(key=keys, file=voice_files, data=st.data())
    def write_import(self, key: str, file: dict[str, Any], data: st.DataObject) -> None:
        wanted = data.draw(st.sampled_from(sorted(self.strangers)))
        ready = wanted in self.world.voices and self.world.voices[wanted].status == "ready"
        if ready and not any(f.get("import") == wanted for f in self.files.values()):
            self.files[key] = copy.deepcopy(file) | {"import": wanted}

    # -- things happen to state ------------------------------------------------------------------------------------

    @precondition(lambda self: self.forgets_state)
    @rule()
    def lose_state(self) -> None:
        self.let_go_of_state()
        self.repository.state.unlink(missing_ok=True)
        self.got_rid_of_state()

    @precondition(lambda self: self.forgets_state)
    @rule()
    def lose_journal(self) -> None:
        self.let_go_of_state()
        self.repository.journal.unlink(missing_ok=True)
        self.got_rid_of_state()

    @precondition(lambda self: self.forgets_state and self.old_states)
    @rule(data=st.data())
    def restore_old_state(self, data: st.DataObject) -> None:
        self.let_go_of_state()
        self.repository.journal.unlink(missing_ok=True)
        self.repository.state.write_text(data.draw(st.sampled_from(self.old_states)))
        self.got_rid_of_state()

    def let_go_of_state(self) -> None:
        """Do before state is lost what makes the rest decidable."""
        # Nothing could find a voice that neither state nor the list know yet.
        self.repository.loop.advance(self.world.habits.lag)

    def got_rid_of_state(self) -> None:
        """What was adopted by a run that died before it could mark it is a stranger's again."""
        known = known_ids(self.repository.voices())
        for voice_id, voice in self.world.voices.items():
            if not voice.mine and voice_id not in known and "[voicectl p/" not in str(voice.fields["description"]):
                self.strangers[voice_id] = voice

    # -- things happen in the account ------------------------------------------------------------------------------

    @rule(
        name=names, description=foreign_texts, labels=st.none() | labels, status=st.sampled_from(["ready", "created"])
    )
    def stranger_makes(self, name: str, description: str | None, labels: Any, status: str) -> None:
        voice = self.world.put(name, description, labels, status)
        self.strangers[voice.voice_id] = voice

    @precondition(lambda self: self.ours())
    @rule(data=st.data(), name=st.none() | names, text=st.none() | foreign_texts, labels=st.none() | labels)
    def stranger_edits_ours(self, data: st.DataObject, name: str | None, text: str | None, labels: Any) -> None:
        voice = self.world.voices[data.draw(st.sampled_from(sorted(self.ours())))]
        changed = {"name": name, "labels": labels}
        if text is not None and self.keeps_marks_of(voice):
            mark = str(voice.fields["description"] or "")[len(without_mark(voice.fields["description"], "p")) :]
            changed["description"] = text + " " + mark
        fields = voice.fields | self.world.stored({k: v for k, v in changed.items() if v is not None})
        self.world.voices[voice.voice_id] = dataclasses.replace(voice, fields=fields)

    def keeps_marks_of(self, voice: Stored) -> bool:
        return self.ownership_mark and "[voicectl p/" in str(voice.fields["description"])

    @precondition(lambda self: self.ours())
    @rule(data=st.data())
    def stranger_deletes_ours(self, data: st.DataObject) -> None:
        del self.world.voices[data.draw(st.sampled_from(sorted(self.ours())))]

    @rule(seconds=st.sampled_from([30, 7200]))
    def time_passes(self, seconds: int) -> None:
        self.repository.loop.advance(seconds)

    # -- applies ---------------------------------------------------------------------------------------------------

    @rule(at=st.integers(1, 12), trouble=st.sampled_from(KILLED))
    def apply_and_die(self, at: int, trouble: Trouble) -> None:
        self.apply({at: trouble})

    @rule(troubles=st.dictionaries(st.integers(1, 20), st.sampled_from(PASSING), min_size=1, max_size=4))
    def apply_with_troubles(self, troubles: dict[int, Trouble]) -> None:
        self.apply(troubles)

    @rule(bad=st.sampled_from(["a.flac", "b.flac"]))
    def apply_with_a_bad_sample(self, bad: str) -> None:
        self.world.bad_samples = {(self.tracks / bad).read_bytes()}
        self.apply({})
        self.world.bad_samples = set()

    def apply(self, troubles: dict[int, Trouble], *, peaceful: bool = False) -> None:
        self.mend_files()
        deleted = len(self.world.deleted)
        records = self.repository.voices()
        consumed = {key: str(r.voice_id) for key, r in records.items() if r.ready}
        quiet = self.observed_voices()
        applied = self.repository.apply(troubles)
        self.check_a_voice_that_works_stays(consumed, deleted)
        assert quiet == {voice_id: self.world.voices.get(voice_id) for voice_id in quiet}
        for change in applied.planned.plan.changes if applied else ():
            if change.action is Action.ADOPT and not self.is_observed(change.key):
                self.strangers.pop(str(change.voice_id), None)
        now = self.repository.voices()
        for voice_id in known_ids({key: r for key, r in now.items() if not r.manage}):
            self.strangers.pop(voice_id, None)  # also what a run adopted before it died
        known = known_ids(now)
        forgotten = {
            r.voice_id
            for key, r in records.items()
            if key not in self.files and (r.on_remove == "forget" or r.manage == "observe")
        }
        for voice_id in forgotten - known:
            if voice_id in self.world.voices:
                left = self.world.voices[str(voice_id)]
                self.strangers[left.voice_id] = self.world.voices[left.voice_id] = dataclasses.replace(left, mine=False)
        self.check_strangers_are_untouched()
        if self.repository.state.exists():
            self.old_states.append(self.repository.state.read_text())
        if peaceful:
            assert applied is not None
            assert [
                (o.change.key, o.change.action, o.message) for o in applied.outcomes if o.step is not Step.DONE
            ] == []

    def mend_files(self) -> None:
        """Do what people do when the plan says that a file is wrong or in the way."""
        claimed: set[str] = set()
        for file in self.files.values():
            left = [k for k in file.get("previously", ()) if k not in self.files and k not in claimed]
            claimed.update(left)
            file["previously"] = left
            if file.get("import") not in self.world.voices:
                file.pop("import", None)
        for _ in range(3):
            planned = self.repository.plan()
            for problem in planned.errors:
                file = self.files[str(problem.key)]
                match problem.rule:
                    case "plan.import":
                        file.pop("import")
                    case "plan.no-sample":
                        file["samples"][0]["file"] = "a.flac"
                    case "plan.observe":
                        file["manage"] = "full"
            for problem in planned.refused:
                file = self.files.setdefault(str(problem.key), self.old_files.get(str(problem.key), {}))
                file["lifecycle"] = {**file.get("lifecycle", {}), "prevent_destroy": False}
        self.old_files |= copy.deepcopy(self.files)

    # -- laws ------------------------------------------------------------------------------------------------------

    def is_observed(self, key: str) -> bool:
        return key in self.files and self.files[key].get("manage") == "observe"

    def observed_voices(self) -> dict[str, Stored | None]:
        """Return what nothing may be written to: all voices of keys that are only observed, as they are now."""
        records = self.repository.voices().items()
        observed = {key: r for key, r in records if (self.is_observed(key) if key in self.files else r.manage)}
        return {voice_id: self.world.voices.get(voice_id) for voice_id in known_ids(observed)}

    def ours(self) -> set[str]:
        return set(self.world.voices) - set(self.strangers)

    def check_strangers_are_untouched(self) -> None:
        still = {voice_id: self.world.voices.get(voice_id) for voice_id in self.strangers}
        assert still == self.strangers

    def check_a_voice_that_works_stays(self, consumed: dict[str, str], before: int) -> None:
        """A voice id that consumers hold goes only when its file is gone, or when another is ready for its key."""
        for voice, left in self.world.deleted[before:]:
            for key in [k for k, v in consumed.items() if v == voice.voice_id and voice.status == "ready"]:
                heirs = [k for k, f in self.files.items() if k == key or key in f.get("previously", ())]
                if any(self.files[k].get("lifecycle", {}).get("replace") == "destroy_first" for k in heirs):
                    continue
                assert not heirs or any(
                    other.status == "ready" and other.voice_id not in consumed.values() and self.is_of(heirs, other)
                    for other in left.values()
                ), f"{voice.voice_id} of {key} was deleted before there was another"

    def is_of(self, keys: list[str], voice: Stored) -> bool:
        text = unicodedata.normalize("NFC", str(voice.fields["description"]))  # a server may keep it decomposed
        return not self.ownership_mark or any(f"[voicectl p/{key} " in text for key in keys)

    def check_everything_is_as_declared(self) -> None:
        records, now = self.repository.voices(), self.repository.clock()
        assert {key for key, r in records.items() if r.status != FORGOTTEN} == set(self.files)
        assert len({r.voice_id for r in records.values()}) == len(records)
        for key, file in self.files.items():
            record = records[key]
            assert record.manage == ("observe" if self.is_observed(key) else None)
            if self.is_observed(key):
                continue
            voice = self.world.voices[str(record.voice_id)]
            assert record.ready
            assert voice.status == "ready"
            assert record.last_error is None
            assert canonical_text(voice.fields["name"]) == canonical_text(
                self.world.stored({"name": file["name"]})["name"]
            )
            if voice.mine and file["samples"][0]["file"] is not None:
                self.check_it_was_made_from(file, voice)
        known = {r.voice_id for r in records.values()}
        retired = {
            old.voice_id for r in records.values() for old in r.retired if old.until > f"{now:%Y-%m-%dT%H:%M:%SZ}"
        }
        observed = known_ids({key: record for key, record in records.items() if record.manage})
        left = [self.world.voices[voice_id] for voice_id in self.ours() - known - retired - observed]
        keys = [key for key in self.files if self.is_observed(key)]
        assert [voice for voice in left if not self.is_of(keys, voice)] == []

    def check_it_was_made_from(self, file: dict[str, Any], voice: Stored) -> None:
        sample = file["samples"][0]
        assert voice.data is not None
        audio = {(self.tracks / name).read_bytes(): name[0] for name in ("a.flac", "a-tagged.flac", "b.flac", "c.flac")}
        declared = (
            sample["file"][0],
            sample["lang_code"].lower(),
            sample.get("denoise", False),
            sample.get("speech_normalization", True),
        )
        made = voice.made
        assert declared == (
            audio[voice.data],
            made["lang_code"],
            made.get("denoise", False),
            made.get("speech_normalization", True),
        )

    def check_planning_again_is_empty(self) -> None:
        state, asked = self.repository.state, len(self.world.log)
        text = state.read_text() if state.exists() else None
        again = self.repository.plan()
        assert [(c.key, c.action, c.reason, c.fields) for c in again.plan.changes] == []
        assert [drift for drift in again.plan.drift if not drift.observed] == []
        assert {method for method, _ in self.world.log[asked:]} <= {"GET"}
        self.repository.apply()
        assert text == (state.read_text() if state.exists() else None)
        assert not self.repository.journal.exists()


@pytest.fixture(scope="module")
def tracks(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, IdentityCache]:
    folder = tmp_path_factory.mktemp("tracks")
    return folder, make_tracks(folder)


SETTINGS = settings(
    max_examples=60,
    stateful_step_count=8,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


def test_every_history_ends_as_declared(tracks: tuple[Path, IdentityCache]) -> None:
    class WithTracks(Histories):
        """Histories with the samples of this module."""

    WithTracks.tracks, WithTracks.cache = tracks
    run_state_machine_as_test(WithTracks, settings=SETTINGS)


def test_without_ownership_marks_every_history_that_keeps_its_state_ends_as_declared(
    tracks: tuple[Path, IdentityCache],
) -> None:
    class WithoutMarks(Histories):
        ownership_mark = False
        forgets_state = False

    WithoutMarks.tracks, WithoutMarks.cache = tracks
    run_state_machine_as_test(WithoutMarks, settings=SETTINGS)
