"""State surgery: another key, no record, another document; with a backup each, and nothing lost that a dead run knew."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from record_values import documents

from reconciler.errors import LockedError, RefusedError, StateError, VoicectlError
from reconciler.state.document import Retired, StateDocument, Successor, VoiceRecord, render
from reconciler.state.journal import CreateIntent
from reconciler.state.ledger import Ledger
from reconciler.state.lock import Holder
from reconciler.state.push import push, read_pushed
from reconciler.state.reading import parse
from reconciler.state.selection import select
from reconciler.state.store import StateStore
from reconciler.state.surgery import Edit, Operated, forgetting, moving, operate

ANNA = VoiceRecord("v1", "ready", "Anna", None, {}, None)
BELLA = VoiceRecord("v2", "ready", "Bella", None, {}, None)
HOLDER = Holder("me", "here", 1, "2026-01-01T00:00:00Z", "voicectl state")
INTENT = CreateIntent("clara", "Clara", "[voicectl p/clara 01234567]", None, 1.5)


class Place:
    """A state document, and what is done to it."""

    def __init__(self, root: Path) -> None:
        self.store = StateStore.of_file(root / "voices.state.json", root / ".voicectl", "default")
        self.path = root / "voices.state.json"

    def put(self, *, serial: int = 7, account: str | None = "user", **voices: VoiceRecord) -> StateDocument:
        document = StateDocument("default", "line", serial, account, voices)
        self.path.write_text(render(document))
        return document

    @property
    def document(self) -> StateDocument:
        return parse(self.path.read_text(), filename="it")

    @contextmanager
    def run(self) -> Iterator[Ledger]:
        """Begin a run, which dies unless it is closed."""
        with self.store.hold(HOLDER) as hold:
            ledger = Ledger(hold, hold.load())
            ledger.open()
            yield ledger
            hold.journal.close()

    def died(self, *, unknown: CreateIntent | None = None, **voices: VoiceRecord | None) -> None:
        with self.run() as ledger:
            ledger.account = "user"
            if unknown:
                asyncio.run(ledger.intend_create(unknown))
            ledger.conclude(None, voices)

    def operate(self, edit: Edit, *, dry_run: bool = False) -> Operated:
        return operate(self.store, HOLDER, edit, dry_run=dry_run)

    def push(self, document: StateDocument, *, force: bool = False, dry_run: bool = False) -> Operated:
        return push(self.store, HOLDER, document, force=force, dry_run=dry_run)

    def files(self) -> dict[str, bytes]:
        """Return everything that is there, but for lock files."""
        root = self.path.parent
        return {
            str(path.relative_to(root)): path.read_bytes()
            for path in sorted(root.rglob("*"))
            if path.is_file() and path.suffix != ".lock"
        }


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


# -- mv and rm -------------------------------------------------------------------------------------------------------


def test_a_record_gets_another_key_and_is_the_same_record(place: Place) -> None:
    before = place.put(anna=ANNA, bella=BELLA)
    operated = place.operate(moving("anna", "support/anna"))
    (backup,) = operated.backups

    assert place.document == replace(before, serial=8, voices={"bella": BELLA, "support/anna": ANNA})
    assert parse(backup.read_text(), filename="it") == before
    assert backup.parent == place.store.work / "backups"
    assert operated.serial == 8


def test_a_record_is_forgotten(place: Place) -> None:
    before = place.put(anna=ANNA, bella=BELLA)
    operated = place.operate(forgetting(["anna"]))

    assert place.document == replace(before, serial=8, voices={"bella": BELLA})
    assert [(change.key, change.ids) for change in operated.changes] == [("anna", ("v1", None))]


@pytest.mark.parametrize(
    ("edit", "word"),
    [
        (moving("ana", "x"), "did you mean 'anna'?"),
        (moving("xyz", "x"), "state list"),
        (moving("anna", "bella"), "state rm bella"),
        (moving("anna", "anna"), "state rm anna"),
        (forgetting(["anna", "bela"]), "did you mean 'bella'?"),
    ],
)
@pytest.mark.parametrize("dry_run", [True, False])
def test_what_was_not_meant_is_refused_and_nothing_is_written(
    place: Place, edit: Edit, word: str, dry_run: bool
) -> None:
    place.put(anna=ANNA, bella=BELLA)
    before = place.files()
    with pytest.raises(VoicectlError) as refused:
        place.operate(edit, dry_run=dry_run)

    assert word in refused.value.fix
    assert place.files() == before


@pytest.mark.parametrize("edit", [moving("anna", "x"), forgetting(["anna"])])
def test_a_dry_run_says_what_would_be_and_writes_nothing(place: Place, edit: Edit) -> None:
    place.put(anna=ANNA)
    before = place.files()
    said = place.operate(edit, dry_run=True)

    assert place.files() == before
    done = place.operate(edit)
    assert said == replace(done, backups=())


def test_what_a_dead_run_knew_is_written_first_and_is_in_the_backup(place: Place) -> None:
    place.put(anna=ANNA)
    place.died(bella=BELLA)
    (backup,) = place.operate(moving("bella", "support/bella")).backups

    assert place.document.voices == {"anna": ANNA, "support/bella": BELLA}
    assert parse(backup.read_text(), filename="it").voices == {"anna": ANNA, "bella": BELLA}
    assert place.store.journals() == []


def test_a_create_whose_outcome_nobody_knows_outlives_surgery(place: Place) -> None:
    place.put(anna=ANNA, bella=BELLA)
    place.died(unknown=INTENT)
    place.operate(moving("anna", "x"))
    place.push(replace(place.document, serial=20))

    assert place.store.load().unknown == (INTENT,)
    assert list(place.document.voices) == ["bella", "x"]


def test_a_key_that_a_dead_run_may_have_made_a_voice_for_is_left_alone(place: Place) -> None:
    """Its voice will be found, and recorded under that key."""
    place.put(anna=ANNA)
    place.died(unknown=INTENT)
    with pytest.raises(VoicectlError, match="'clara', and nobody knows"):
        place.operate(moving("anna", "clara"))
    place.died(clara=BELLA)
    for edit in (moving("clara", "x"), forgetting(["anna", "clara"])):
        with pytest.raises(VoicectlError, match="'clara', and nobody knows"):
            place.operate(edit)
    place.operate(forgetting(["anna"]))

    assert place.document.voices == {"clara": BELLA}


def test_nothing_is_operated_on_while_somebody_applies(place: Place) -> None:
    document = place.put(anna=ANNA)
    with place.run():
        for edit in (moving("anna", "x"), forgetting(["anna"])):
            with pytest.raises(LockedError):
                place.operate(edit)
        with pytest.raises(LockedError):
            place.push(replace(document, serial=9), force=True)

    assert place.document == document


@settings(max_examples=20)  # each one writes and syncs a dozen files
@given(documents, st.data())
def test_moving_there_and_back_changes_nothing_but_the_serial(
    tmp_path_factory: pytest.TempPathFactory, document: StateDocument, data: st.DataObject
) -> None:
    assume(document.voices)
    place = Place(tmp_path_factory.mktemp("place"))
    document = replace(document, environment="default")
    place.path.write_text(render(document))
    key = data.draw(st.sampled_from(sorted(document.voices)))
    place.operate(moving(key, "a key that is free"))
    place.operate(moving("a key that is free", key))

    assert place.document == replace(document, serial=document.serial + 2)


# -- push ------------------------------------------------------------------------------------------------------------


def test_a_successor_is_written_as_it_is_and_what_was_there_is_kept(place: Place) -> None:
    before = place.put(anna=ANNA)
    pushed = replace(before, serial=9, voices={"anna": replace(ANNA, voice_id="v3"), "bella": BELLA})
    operated = place.push(pushed)
    (backup,) = operated.backups

    assert place.document == pushed
    assert parse(backup.read_text(), filename="it") == before
    assert [(change.key, change.kind) for change in operated.changes] == [("anna", "replaced"), ("bella", "added")]


def test_where_nothing_is_there_anything_is_a_successor(place: Place) -> None:
    pushed = StateDocument("default", "another line", 12, "user", {"anna": ANNA})
    operated = place.push(pushed)

    assert place.document == pushed
    assert operated.backups == ()


def test_a_run_that_died_before_it_did_anything_is_nothing(place: Place) -> None:
    """Its journal is of a line of documents that was never written."""
    with place.run():
        pass
    assert place.store.journals()
    pushed = StateDocument("default", "another line", 12, "user", {"anna": ANNA})
    place.push(pushed)

    assert place.store.load().voices == {"anna": ANNA}


def test_the_same_document_changes_nothing(place: Place) -> None:
    document = place.put(anna=ANNA)
    before = place.files()
    operated = place.push(document)

    assert (operated.changes, operated.serial, operated.backups) == ((), 7, ())
    assert place.files() == before


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda d: replace(d, serial=6), "older: serial 6, there it is 7"),
        (lambda d: replace(d, voices={}), "both have serial 7"),
        (lambda d: replace(d, serial=9, lineage="other"), "lineage other, there it is line"),
        (lambda d: replace(d, serial=9, account="bob"), "another account: bob, there it is user"),
    ],
)
def test_what_is_no_successor_is_refused_unless_forced(
    place: Place, change: Callable[[StateDocument], StateDocument], reason: str
) -> None:
    """A forced one has a serial above both, so that no saved plan takes it for what it was."""
    before = place.put(anna=ANNA)
    pushed = change(before)
    files = place.files()
    for dry_run in (True, False):
        with pytest.raises(RefusedError) as refused:
            place.push(pushed, dry_run=dry_run)
        assert reason in refused.value.why
    assert place.files() == files
    said = place.push(pushed, force=True, dry_run=True)
    assert place.files() == files
    operated = place.push(pushed, force=True)

    assert place.document == replace(pushed, serial=max(7, pushed.serial) + 1)
    assert parse(operated.backups[0].read_text(), filename="it") == before
    assert (said.changes, said.serial) == (operated.changes, operated.serial)


def test_what_a_dead_run_knew_is_not_pushed_over(place: Place) -> None:
    """The document that was pulled does not have it, so it is older than what is there."""
    pulled = place.put(anna=ANNA)
    place.died(bella=BELLA)
    for dry_run in (True, False):
        with pytest.raises(RefusedError, match="no successor"):
            place.push(pulled, dry_run=dry_run)
    assert place.store.load().voices == {"anna": ANNA, "bella": BELLA}
    (backup,) = place.push(pulled, force=True).backups

    assert place.store.load().voices == {"anna": ANNA}
    assert parse(backup.read_text(), filename="it").voices == {"anna": ANNA, "bella": BELLA}


def test_another_line_takes_the_place_of_what_a_dead_run_left_open_too(place: Place) -> None:
    """A journal of the old line would keep every command from reading the new one."""
    place.put(anna=ANNA)
    place.died(unknown=INTENT)
    operated = place.push(StateDocument("default", "other", 1, "user", {"bella": BELLA}), force=True)

    assert [backup.suffix for backup in operated.backups] == [".json", ".journal"]
    assert all(backup.exists() for backup in operated.backups)
    assert (place.store.load().voices, place.store.load().unknown) == ({"bella": BELLA}, ())


@pytest.mark.parametrize("there", [b"{", b"\xff\xfe", b'{"version": 99}', b"<<<<<<< ours (x)\n"])
def test_what_cannot_be_read_is_replaced_by_force_alone_and_kept(place: Place, there: bytes) -> None:
    place.path.write_bytes(there)
    pushed = StateDocument("default", "line", 3, "user", {"anna": ANNA})
    for dry_run in (True, False):
        with pytest.raises(StateError):
            place.push(pushed, dry_run=dry_run)
    said = place.push(pushed, force=True, dry_run=True)
    assert place.path.read_bytes() == there
    operated = place.push(pushed, force=True)

    assert place.document == pushed
    assert [backup.read_bytes() for backup in operated.backups] == [there]
    assert (said.changes, said.serial) == (operated.changes, operated.serial)


def test_another_environment_is_refused_whatever_is_said() -> None:
    text = render(StateDocument("staging", "line", 1))
    with pytest.raises(RefusedError) as refused:
        read_pushed(text, filename="it.json", environment="default")

    assert (refused.value.where, refused.value.fix) == ("it.json", "push it with `--env staging`")
    assert read_pushed(text, filename="it.json", environment="staging").serial == 1


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 99}', "<<<<<<< ours (x)\n"])
def test_what_is_no_document_is_not_pushed(text: str) -> None:
    with pytest.raises(StateError) as refused:
        read_pushed(text, filename="it.json", environment="default")

    assert refused.value.where == "it.json"
    assert "stays as it is" in refused.value.fix


# -- backups ---------------------------------------------------------------------------------------------------------


def test_no_backup_takes_the_place_of_another(place: Place) -> None:
    """Operations of one second, by a script."""
    place.put(anna=ANNA)
    for number in range(3):
        place.operate(moving("anna" if not number else f"a{number - 1}", f"a{number}"))
    backups = sorted(path.name for path in (place.store.work / "backups").iterdir())
    serials = [json.loads((place.store.work / "backups" / name).read_text())["serial"] for name in backups]

    assert backups == [f"default.2026-01-01T000000Z{nth}.json" for nth in ("", "_2", "_3")]
    assert serials == [7, 8, 9]


def test_without_a_place_for_the_backup_nothing_is_changed(place: Place) -> None:
    before = place.put(anna=ANNA)
    place.store.work.mkdir()
    (place.store.work / "backups").write_text("a file")
    with pytest.raises(StateError, match="backup"):
        place.operate(forgetting(["anna"]))
    with pytest.raises(StateError, match="backup"):
        place.push(replace(before, serial=9))

    assert place.document == before
    assert place.operate(forgetting(["anna"]), dry_run=True).serial == 8


# -- which records are meant -----------------------------------------------------------------------------------------


def test_records_are_chosen_by_key_by_pattern_and_by_any_voice_id_they_have(place: Place) -> None:
    successor = Successor("v9", "pending", "Anna", None, {}, None)
    kept = Retired("v8", "2026-01-01T00:00:00Z")
    anna = replace(ANNA, successor=successor, retired=(kept,))
    voices = {"support/anna": anna, "support/bella": BELLA, "zoe": replace(ANNA, voice_id="v3")}
    place.path.write_text(render(StateDocument("default", "line", 1, "user", voices)))
    loaded = place.store.load()

    def chosen(*patterns: str, voice_id: str | None = None) -> list[str]:
        return list(select(loaded, patterns, voice_id))

    assert chosen() == ["support/anna", "support/bella", "zoe"]
    assert chosen("zoe", "*/bella") == ["support/bella", "zoe"]
    assert chosen("nobody*") == []
    assert [chosen(voice_id=voice_id) for voice_id in ("v1", "v8", "v9")] == [["support/anna"]] * 3
    assert chosen("zoe", voice_id="v1") == []
    with pytest.raises(VoicectlError, match="'support'"):
        chosen("support")
