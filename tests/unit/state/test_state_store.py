"""The document, the journal of a dead run, and how one is folded into the other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.errors import StateError
from reconciler.state.document import StateDocument, VoiceRecord
from reconciler.state.journal import CreateIntent
from reconciler.state.reading import parse
from reconciler.state.store import Ledger, StateStore

ANNA = VoiceRecord("v1", "ready", "Anna", None, {}, None)
BELLA = VoiceRecord("v2", "ready", "Bella", None, {}, None)
INTENT = CreateIntent("clara", "Clara", "[voicectl p/clara 01234567]", None, 1.5)


def store_at(root: Path, environment: str = "default") -> StateStore:
    return StateStore(root / "voices.state.json", root / ".voicectl", environment)


@pytest.fixture
def store(tmp_path: Path) -> StateStore:
    return store_at(tmp_path)


def applied(store: StateStore, **voices: VoiceRecord | None) -> StateDocument:
    """Carry out a run that ends well."""
    ledger = Ledger(store, store.load())
    ledger.open()
    ledger.account = "user"
    ledger.conclude(None, voices)
    return ledger.close()


def died(store: StateStore, *, unknown: CreateIntent | None = None, **voices: VoiceRecord | None) -> None:
    """Carry out a run that is killed before its end."""
    ledger = Ledger(store, store.load())
    ledger.open()
    ledger.account = "user"
    if unknown:
        ledger.intend_create(unknown)
    ledger.conclude(None, voices)
    store.journal.close()


def test_without_a_file_state_is_empty_and_nothing_is_written(store: StateStore) -> None:
    loaded = store.load()

    assert (loaded.exists, loaded.voices, loaded.account, loaded.unknown) == (False, {}, None, ())
    assert not store.path.exists()


def test_a_run_that_ends_well_leaves_a_document_and_no_journal(store: StateStore) -> None:
    document = applied(store, anna=ANNA)

    assert parse(store.path.read_text(), filename="") == document
    assert (document.serial, document.account, document.voices) == (1, "user", {"anna": ANNA})
    assert not store.journal.path.exists()


def test_a_run_that_changes_nothing_leaves_the_bytes_alone(store: StateStore) -> None:
    applied(store, anna=ANNA)
    before = (store.path.read_bytes(), store.path.stat().st_mtime_ns)

    applied(store, anna=ANNA)

    assert (store.path.read_bytes(), store.path.stat().st_mtime_ns) == before


def test_what_a_dead_run_did_is_known_to_readers_and_nothing_is_written_by_them(store: StateStore) -> None:
    applied(store, anna=ANNA)
    before = store.path.read_bytes()
    died(store, unknown=INTENT, anna=None, bella=BELLA)

    for _ in range(2):
        loaded = store.load()
        assert (loaded.voices, loaded.unknown, loaded.account) == ({"bella": BELLA}, (INTENT,), "user")
    assert store.path.read_bytes() == before


def test_the_next_run_folds_the_journal_and_carries_unknown_creates_on(store: StateStore) -> None:
    died(store, unknown=INTENT, anna=ANNA)

    ledger = Ledger(store, store.load())
    ledger.open()
    store.journal.close()

    assert parse(store.path.read_text(), filename="").voices == {"anna": ANNA}
    assert store.load().unknown == (INTENT,)
    assert list(ledger.unknown.values()) == [INTENT]


def test_a_run_that_ends_with_an_unknown_create_keeps_a_journal_for_it(store: StateStore) -> None:
    ledger = Ledger(store, store.load())
    ledger.open()
    number = ledger.intend_create(INTENT)
    ledger.close()
    assert store.load().unknown == (INTENT,)

    again = Ledger(store, store.load())
    again.open()
    (number,) = again.unknown
    again.conclude(number, {"clara": ANNA})
    again.close()

    assert store.load().unknown == ()
    assert not store.journal.path.exists()


def test_dying_between_the_document_and_the_end_of_the_journal_changes_nothing(store: StateStore) -> None:
    """The journal is folded twice then, and the second time must be as if there had been none."""
    applied(store, anna=ANNA)
    died(store, anna=None, bella=BELLA)
    journal = store.journal.path.read_bytes()
    applied(store, bella=replace(BELLA, name="Bella B"))
    document = store.path.read_bytes()
    store.journal.path.write_bytes(journal)

    loaded = store.load()

    assert loaded.voices == {"bella": replace(BELLA, name="Bella B")}
    applied(store)
    assert store.path.read_bytes() == document


def test_a_voice_that_a_moved_on_document_does_not_know_is_not_forgotten(store: StateStore) -> None:
    """Another machine has applied since this journal's run died here: its records win, ours are added."""
    applied(store, anna=ANNA)
    died(store, anna=None, bella=BELLA)
    journal = store.journal.path.read_bytes()
    store.journal.path.unlink()
    applied(store, anna=replace(ANNA, name="Anna A"))
    store.journal.path.write_bytes(journal)

    assert store.load().voices == {"anna": replace(ANNA, name="Anna A"), "bella": BELLA}


def test_a_lost_document_comes_back_from_the_journal_with_its_line(store: StateStore) -> None:
    lineage = applied(store, anna=ANNA).lineage
    died(store, bella=BELLA)
    store.path.unlink()

    loaded = store.load()
    assert not loaded.exists
    assert (loaded.document.lineage, loaded.voices) == (lineage, {"bella": BELLA})

    document = applied(store)
    assert (document.lineage, document.voices) == (lineage, {"bella": BELLA})
    assert store.path.exists()


def test_the_journal_of_another_line_is_a_hard_stop(store: StateStore, tmp_path: Path) -> None:
    died(store, anna=ANNA)
    applied(store_at(tmp_path / "elsewhere"), bella=BELLA)
    (tmp_path / "elsewhere/voices.state.json").rename(store.path)

    with pytest.raises(StateError, match="belongs to another state document"):
        store.load()


def test_the_document_of_another_environment_is_a_hard_stop(store: StateStore, tmp_path: Path) -> None:
    applied(store, anna=ANNA)

    with pytest.raises(StateError, match="belongs to the environment 'default', not 'staging'"):
        store_at(tmp_path, "staging").load()


@pytest.mark.parametrize("content", [b"\xff\xfe", b"{", b'{"version": 2}'])
def test_a_document_that_cannot_be_trusted_is_never_taken_for_an_empty_one(store: StateStore, content: bytes) -> None:
    store.path.write_bytes(content)

    with pytest.raises(StateError):
        store.load()


def test_a_document_that_is_a_folder_is_a_state_error(store: StateStore) -> None:
    store.path.mkdir()

    with pytest.raises(StateError):
        store.load()


def test_the_records_a_plan_sees_during_a_run_are_those_of_the_journal(store: StateStore) -> None:
    ledger = Ledger(store, store.load())
    ledger.open()
    number = ledger.intend_create(INTENT)
    assert ledger.loaded.unknown == (INTENT,)

    ledger.conclude(number, {"clara": ANNA, "gone": None})

    now = ledger.loaded
    assert now.voices == {"clara": ANNA}
    assert len(now.unknown) == 0
    assert store.load().voices == {"clara": ANNA}
    ledger.close()
