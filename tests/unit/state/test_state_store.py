"""The document, the journal of a dead run, and how one is folded into the other."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.errors import StateError
from reconciler.state.document import StateDocument, VoiceRecord
from reconciler.state.journal import CreateIntent
from reconciler.state.ledger import Ledger
from reconciler.state.lock import Holder
from reconciler.state.reading import parse
from reconciler.state.store import StateStore

ANNA = VoiceRecord("v1", "ready", "Anna", None, {}, None)
BELLA = VoiceRecord("v2", "ready", "Bella", None, {}, None)
HOLDER = Holder("me", "here", 1, "2026-01-01T00:00:00Z", "voicectl apply")
INTENT = CreateIntent("clara", "Clara", "[voicectl p/clara 01234567]", None, 1.5)


def store_at(root: Path, environment: str = "default") -> StateStore:
    return StateStore.of_file(root / "voices.state.json", root / ".voicectl", environment)


def document_of(store: StateStore) -> Path:
    assert store.file is not None
    return store.file


def journal_of(store: StateStore) -> Path:
    return store.work / f"{store.environment}.journal"


@pytest.fixture
def store(tmp_path: Path) -> StateStore:
    return store_at(tmp_path)


@contextmanager
def run(store: StateStore) -> Iterator[Ledger]:
    """Begin a run, which dies unless it is closed."""
    with store.hold(HOLDER) as hold:
        ledger = Ledger(hold, hold.load())
        ledger.open()
        yield ledger
        hold.journal.close()


def applied(store: StateStore, **voices: VoiceRecord | None) -> StateDocument:
    """Carry out a run that ends well."""
    with run(store) as ledger:
        ledger.account = "user"
        ledger.conclude(None, voices)
        return ledger.close()


def died(store: StateStore, *, unknown: CreateIntent | None = None, **voices: VoiceRecord | None) -> None:
    """Carry out a run that is killed before its end."""
    with run(store) as ledger:
        ledger.account = "user"
        if unknown:
            asyncio.run(ledger.intend_create(unknown))
        ledger.conclude(None, voices)


def test_without_a_file_state_is_empty_and_nothing_is_written(store: StateStore) -> None:
    loaded = store.load()

    assert (loaded.exists, loaded.voices, loaded.account, loaded.unknown) == (False, {}, None, ())
    assert not document_of(store).exists()


def test_a_run_that_ends_well_leaves_a_document_and_no_journal(store: StateStore) -> None:
    document = applied(store, anna=ANNA)

    assert parse(document_of(store).read_text(), filename="") == document
    assert (document.serial, document.account, document.voices) == (1, "user", {"anna": ANNA})
    assert not journal_of(store).exists()


def test_a_run_that_changes_nothing_leaves_the_bytes_alone(store: StateStore) -> None:
    applied(store, anna=ANNA)
    before = (document_of(store).read_bytes(), document_of(store).stat().st_mtime_ns)

    applied(store, anna=ANNA)

    assert (document_of(store).read_bytes(), document_of(store).stat().st_mtime_ns) == before


def test_what_a_dead_run_did_is_known_to_readers_and_nothing_is_written_by_them(store: StateStore) -> None:
    applied(store, anna=ANNA)
    before = document_of(store).read_bytes()
    died(store, unknown=INTENT, anna=None, bella=BELLA)

    for _ in range(2):
        loaded = store.load()
        assert (loaded.voices, loaded.unknown, loaded.account) == ({"bella": BELLA}, (INTENT,), "user")
    assert document_of(store).read_bytes() == before


def test_the_next_run_folds_the_journal_and_carries_unknown_creates_on(store: StateStore) -> None:
    died(store, unknown=INTENT, anna=ANNA)

    with run(store) as ledger:
        assert list(ledger.unknown.values()) == [INTENT]

    assert parse(document_of(store).read_text(), filename="").voices == {"anna": ANNA}
    assert store.load().unknown == (INTENT,)


def test_a_run_that_ends_with_an_unknown_create_keeps_a_journal_for_it(store: StateStore) -> None:
    with run(store) as ledger:
        asyncio.run(ledger.intend_create(INTENT))
        ledger.close()
    assert store.load().unknown == (INTENT,)

    with run(store) as again:
        (number,) = again.unknown
        again.conclude(number, {"clara": ANNA})
        again.close()

    assert store.load().unknown == ()
    assert not journal_of(store).exists()


def test_dying_between_the_document_and_the_end_of_the_journal_changes_nothing(store: StateStore) -> None:
    """The journal is folded twice then, and the second time must be as if there had been none."""
    applied(store, anna=ANNA)
    died(store, anna=None, bella=BELLA)
    journal = journal_of(store).read_bytes()
    applied(store, bella=replace(BELLA, name="Bella B"))
    document = document_of(store).read_bytes()
    journal_of(store).write_bytes(journal)

    loaded = store.load()

    assert loaded.voices == {"bella": replace(BELLA, name="Bella B")}
    applied(store)
    assert document_of(store).read_bytes() == document


def test_a_voice_that_a_moved_on_document_does_not_know_is_not_forgotten(store: StateStore) -> None:
    """Another machine has applied since this journal's run died here: its records win, ours are added."""
    applied(store, anna=ANNA)
    died(store, anna=None, bella=BELLA)
    journal = journal_of(store).read_bytes()
    journal_of(store).unlink()
    applied(store, anna=replace(ANNA, name="Anna A"))
    journal_of(store).write_bytes(journal)

    assert store.load().voices == {"anna": replace(ANNA, name="Anna A"), "bella": BELLA}


def test_a_lost_document_comes_back_from_the_journal_with_its_line(store: StateStore) -> None:
    lineage = applied(store, anna=ANNA).lineage
    died(store, bella=BELLA)
    document_of(store).unlink()

    loaded = store.load()
    assert not loaded.exists
    assert (loaded.document.lineage, loaded.voices) == (lineage, {"bella": BELLA})

    document = applied(store)
    assert (document.lineage, document.voices) == (lineage, {"bella": BELLA})
    assert document_of(store).exists()


def test_the_journal_of_another_line_is_a_hard_stop(store: StateStore, tmp_path: Path) -> None:
    died(store, anna=ANNA)
    applied(store_at(tmp_path / "elsewhere"), bella=BELLA)
    (tmp_path / "elsewhere/voices.state.json").rename(document_of(store))

    with pytest.raises(StateError, match="belongs to another state document"):
        store.load()


def test_the_document_of_another_environment_is_a_hard_stop(store: StateStore, tmp_path: Path) -> None:
    applied(store, anna=ANNA)

    with pytest.raises(StateError, match="belongs to the environment 'default', not 'staging'"):
        store_at(tmp_path, "staging").load()


@pytest.mark.parametrize("content", [b"\xff\xfe", b"{", b'{"version": 2}'])
def test_a_document_that_cannot_be_trusted_is_never_taken_for_an_empty_one(store: StateStore, content: bytes) -> None:
    document_of(store).write_bytes(content)

    with pytest.raises(StateError):
        store.load()


def test_a_document_that_is_a_folder_is_a_state_error(store: StateStore) -> None:
    document_of(store).mkdir()

    with pytest.raises(StateError):
        store.load()


def test_the_records_a_plan_sees_during_a_run_are_those_of_the_journal(store: StateStore) -> None:
    with run(store) as ledger:
        number = asyncio.run(ledger.intend_create(INTENT))
        assert ledger.loaded.unknown == (INTENT,)

        ledger.conclude(number, {"clara": ANNA, "gone": None})
        now = ledger.loaded

    assert now.voices == {"clara": ANNA}
    assert len(now.unknown) == 0
    assert store.load().voices == {"clara": ANNA}
    ledger.close()
