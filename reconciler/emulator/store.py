"""All truth of an emulator: one SQLite file, shared by every process that serves the data folder."""

from __future__ import annotations

import fcntl
import json
import secrets
import sqlite3
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from reconciler.emulator.post_policy import SigningKey

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SCHEMA = """
CREATE TABLE IF NOT EXISTS voice (
    voice_id TEXT PRIMARY KEY, user_id TEXT NOT NULL, blob_id TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
    name TEXT NOT NULL, description TEXT, labels TEXT NOT NULL, sample TEXT NOT NULL,
    uploaded_at INTEGER, due_at INTEGER, verdict TEXT, problems TEXT NOT NULL DEFAULT '[]'
);
CREATE INDEX IF NOT EXISTS voice_order ON voice (user_id, created_at, voice_id);
CREATE TABLE IF NOT EXISTS signing_key (
    one INTEGER PRIMARY KEY CHECK (one = 1), access_key TEXT NOT NULL, secret_key TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS fault_count (
    rule TEXT PRIMARY KEY, seen INTEGER NOT NULL, fired INTEGER NOT NULL
);
"""
SELECT = """
SELECT *, CASE WHEN uploaded_at IS NULL THEN 'created' WHEN verdict IS NULL OR due_at > :now THEN 'pending'
          ELSE verdict END AS status
FROM voice
"""


@dataclass(frozen=True, slots=True)
class VoiceRow:
    """One voice of any account. Times are microseconds since 1970, UTC."""

    voice_id: str
    user_id: str
    blob_id: str
    created_at: int
    updated_at: int
    name: str
    description: str | None
    labels: dict[str, str | None] | None
    sample: dict[str, Any]
    """filename, mime_type, lang_code, display_name, description, denoise, speech_normalization."""
    uploaded_at: int | None
    due_at: int | None
    """When the verdict may be shown."""
    verdict: str | None
    """ready or failed, as soon as the audio was probed."""
    problems: list[str]
    """Why it failed."""
    status: str
    """created, pending, ready or failed, at the time of reading."""


@dataclass(frozen=True, slots=True)
class NewVoice:
    """What a create asks for."""

    user_id: str
    name: str
    description: str | None
    labels: dict[str, str | None] | None
    sample: dict[str, Any]


class QuotaExceededError(Exception):
    """The account holds as many voices as it may."""


def to_datetime(microseconds: int) -> datetime:
    """Return the UTC time of a stored timestamp, exactly."""
    return EPOCH + timedelta(microseconds=microseconds)


def read_voices(data: Path) -> list[VoiceRow]:
    """Return all voices of all accounts, oldest first, without a server. For tests and for curiosity."""
    if not (data / "emulator.sqlite").exists():
        return []
    with closing(Store(data)) as store:
        return store.all_voices()


class Store:
    """One connection, to be used by the thread that made it. Every write is on disk when its method returns."""

    def __init__(self, data: Path) -> None:
        self.uploads = data / "uploads"
        self.uploads.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(data / "emulator.sqlite", isolation_level=None, timeout=30)
        self._db.row_factory = sqlite3.Row
        with (data / "emulator.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # the switch to WAL does not wait for others by itself
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.executescript(SCHEMA)
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute(
            "INSERT OR IGNORE INTO signing_key VALUES (1, ?, ?)",
            ("EMULATOR" + secrets.token_hex(6).upper(), secrets.token_hex(20)),
        )

    def close(self) -> None:
        """Close the connection."""
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Write all or nothing; other processes wait."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield self._db
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def signing_key(self) -> SigningKey:
        """Return the key pair of this data folder."""
        return SigningKey(*self._db.execute("SELECT access_key, secret_key FROM signing_key").fetchone())

    def create(self, new: NewVoice, *, limit: int) -> VoiceRow:
        """Reserve a voice. Raises QuotaExceededError if the account holds `limit` voices."""
        voice_id, now = str(uuid4()), _now()
        with self.transaction() as db:
            held = db.execute("SELECT count(*) FROM voice WHERE user_id = ?", (new.user_id,)).fetchone()[0]
            if held >= limit:
                raise QuotaExceededError
            db.execute(
                "INSERT INTO voice (voice_id, user_id, blob_id, created_at, updated_at, name, description,"
                " labels, sample) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (voice_id, new.user_id, str(uuid4()), now, now, new.name, new.description,
                 json.dumps(new.labels), json.dumps(new.sample)),
            )  # fmt: skip
        (row,) = self._select("WHERE voice_id = :voice_id", voice_id=voice_id)
        return row

    def get(self, user_id: str, voice_id: str) -> VoiceRow | None:
        """Return a voice of the account."""
        rows = self._select("WHERE user_id = :user AND voice_id = :voice", user=user_id, voice=voice_id)
        return rows[0] if rows else None

    def by_blob(self, blob_id: str) -> VoiceRow | None:
        """Return the voice an uploaded object belongs to."""
        rows = self._select("WHERE blob_id = :blob", blob=blob_id)
        return rows[0] if rows else None

    def page(
        self,
        user_id: str,
        *,
        ascending: bool,
        size: int,
        after: tuple[int, str] | None,
        min_age: float = 0.0,
    ) -> list[VoiceRow]:
        """Return up to `size` voices by time of creation, then id, after the given one.

        Voices younger than `min_age` seconds are left out.
        """
        comparison, order = (">", "ASC") if ascending else ("<", "DESC")
        since = f"AND (created_at, voice_id) {comparison} (:at, :id)" if after else ""
        at, voice_id = after or (0, "")
        return self._select(
            f"WHERE user_id = :user AND created_at <= :newest {since}"
            f" ORDER BY created_at {order}, voice_id {order} LIMIT :size",
            user=user_id,
            newest=_now() - int(min_age * 1e6),
            at=at,
            id=voice_id,
            size=size,
        )

    def counts(self, user_id: str) -> dict[str, int]:
        """Return the number of voices by status, for those statuses that occur."""
        query = f"SELECT status, count(*) FROM ({SELECT} WHERE user_id = :user) GROUP BY status"  # noqa: S608 - no outside text
        return dict(self._db.execute(query, {"user": user_id, "now": _now()}).fetchall())

    def update(self, user_id: str, voice_id: str, changes: Mapping[str, Any]) -> VoiceRow | None:
        """Set name, description or labels, those that are given. None: no such voice."""
        values = {**changes, "updated_at": _now()}
        if "labels" in values:
            values["labels"] = json.dumps(values["labels"])
        assignments = ", ".join(f"{column} = :{column}" for column in values)
        self._db.execute(
            f"UPDATE voice SET {assignments} WHERE user_id = :user_id AND voice_id = :voice_id",  # noqa: S608 - columns are model fields
            {**values, "user_id": user_id, "voice_id": voice_id},
        )
        return self.get(user_id, voice_id)

    def delete(self, user_id: str, voice_id: str) -> bool:
        """Delete a voice and its upload. False: no such voice."""
        query = "DELETE FROM voice WHERE user_id = ? AND voice_id = ? RETURNING blob_id"
        deleted = self._db.execute(query, (user_id, voice_id)).fetchall()
        for (blob_id,) in deleted:
            (self.uploads / blob_id).unlink(missing_ok=True)
        return bool(deleted)

    def uploaded(self, blob_id: str, processing_time: float) -> VoiceRow | None:
        """Note that the bytes are in uploads/; the verdict of an earlier upload is forgotten."""
        now = _now()
        self._db.execute(
            "UPDATE voice SET uploaded_at = ?, due_at = ?, verdict = NULL, problems = '[]' WHERE blob_id = ?",
            (now, now + int(processing_time * 1e6), blob_id),
        )
        return self.by_blob(blob_id)

    def judge(self, voice: VoiceRow, problems: list[str]) -> None:
        """Note the verdict, unless the voice is gone or was uploaded again in the meantime."""
        self._db.execute(
            "UPDATE voice SET verdict = ?, problems = ? WHERE voice_id = ? AND uploaded_at = ?",
            ("failed" if problems else "ready", json.dumps(problems), voice.voice_id, voice.uploaded_at),
        )

    def unjudged(self) -> list[VoiceRow]:
        """Return uploaded voices without a verdict, of all accounts."""
        return self._select("WHERE uploaded_at IS NOT NULL AND verdict IS NULL")

    def all_voices(self) -> list[VoiceRow]:
        """Return every voice, oldest first."""
        return self._select("ORDER BY created_at, voice_id")

    def _select(self, clause: str, **values: Any) -> list[VoiceRow]:
        rows = self._db.execute(f"{SELECT} {clause}", {"now": _now(), **values}).fetchall()
        return [_voice_row(row) for row in rows]


def _voice_row(row: sqlite3.Row) -> VoiceRow:
    loaded = {name: json.loads(row[name]) for name in ("labels", "sample", "problems")}
    return VoiceRow(**{**dict(row), **loaded})


def _now() -> int:
    """Return the time in whole microseconds since 1970."""
    return (datetime.now(UTC) - EPOCH) // timedelta(microseconds=1)
