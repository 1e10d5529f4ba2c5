from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from reconciler.emulator.store import NewVoice, QuotaExceededError, Store, read_voices

NEW = NewVoice("me", "A voice", None, None, {"lang_code": "en"})


def test_a_folder_without_an_emulator_holds_no_voices(tmp_path: Path) -> None:
    assert read_voices(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_what_one_connection_wrote_any_other_reads(tmp_path: Path) -> None:
    with closing(Store(tmp_path)) as store, closing(Store(tmp_path)) as other:
        voice = store.create(NEW, limit=5)

        assert read_voices(tmp_path) == other.all_voices() == [voice]
        assert other.signing_key() == store.signing_key()


def test_an_upload_is_pending_until_it_is_due_and_judged(tmp_path: Path) -> None:
    with closing(Store(tmp_path)) as store:
        slow, quick = store.create(NEW, limit=5), store.create(NEW, limit=5)
        slow_upload = store.uploaded(slow.blob_id, processing_time=1000)
        quick_upload = store.uploaded(quick.blob_id, processing_time=0)
        assert slow_upload
        assert quick_upload
        assert quick_upload.status == "pending"
        store.judge(slow_upload, [])
        store.judge(quick_upload, ["too short"])

        judged = {row.voice_id: (row.status, row.verdict) for row in store.all_voices()}
        assert judged == {slow.voice_id: ("pending", "ready"), quick.voice_id: ("failed", "failed")}
        assert store.counts("me") == {"failed": 1, "pending": 1}


def test_a_verdict_on_an_earlier_upload_is_dropped(tmp_path: Path) -> None:
    with closing(Store(tmp_path)) as store:
        voice = store.create(NEW, limit=5)
        first = store.uploaded(voice.blob_id, processing_time=0)
        assert first
        store.uploaded(voice.blob_id, processing_time=0)
        store.judge(first, [])

        assert [row.verdict for row in store.unjudged()] == [None]


def test_racing_creates_never_pass_the_limit(tmp_path: Path) -> None:
    refused = []

    def create_some() -> None:
        with closing(Store(tmp_path)) as store:
            for _ in range(5):
                try:
                    store.create(NEW, limit=7)
                except QuotaExceededError:
                    refused.append(1)

    threads = [threading.Thread(target=create_some) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (len(read_voices(tmp_path)), len(refused)) == (7, 13)


def test_nobody_else_writes_while_a_transaction_reads(tmp_path: Path) -> None:
    """Counting the voices and adding one is one step."""
    with (
        closing(Store(tmp_path)) as store,
        closing(sqlite3.connect(tmp_path / "emulator.sqlite", timeout=0)) as other,
        store.transaction(),
        pytest.raises(sqlite3.OperationalError, match="locked"),
    ):
        other.execute("DELETE FROM voice")


def test_a_failed_transaction_leaves_nothing(tmp_path: Path) -> None:
    with closing(Store(tmp_path)) as store:
        with pytest.raises(sqlite3.IntegrityError), store.transaction() as db:
            db.executemany("INSERT INTO fault_count VALUES ('r', 1, 1)", [()] * 2)

        with store.transaction() as db:
            assert db.execute("SELECT count(*) FROM fault_count").fetchone()[0] == 0
