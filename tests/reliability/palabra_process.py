"""The emulator in a process of its own, and accounts on it: one for each case, so that it is started once."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Self
from uuid import uuid4, uuid5

import yaml

from reconciler.emulator.principal import ACCOUNTS
from reconciler.emulator.store import SELECT, VoiceRow, _voice_row

Rule = dict[str, Any]
"""One rule of a faults file."""

PATIENCE = 60.0
"""Seconds after which a condition that was waited for counts as never to come."""


def until(condition: Callable[[], object], what: str) -> None:
    """Wait for a condition. Fails, naming it, when it does not come."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"never came: {what}"
        time.sleep(0.005)


class Palabra:
    """An emulator that serves while entered."""

    def __init__(self, folder: Path, *options: str) -> None:
        """`options` are the command's."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._options = options
        self._faults = folder / "faults.yaml"
        self._numbers = count(1)

    def __enter__(self) -> Self:
        """Start; returns when it serves."""
        self.faults()
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "reconciler", "-q", "emulator", "--port", "0"),
                *("--data", "data", "--faults", "faults.yaml", "--processing-time", "0", "--limit", "10000"),
                *self._options,
            ],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        assert self.url, "the emulator did not start; its stderr says why"
        self._db = sqlite3.connect(self.folder / "data" / "emulator.sqlite", timeout=30, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        return self

    def __exit__(self, *_: object) -> None:
        """End it cleanly."""
        self._db.close()
        self._process.send_signal(signal.SIGTERM)
        self._process.communicate(timeout=30)

    def account(self) -> Account:
        """Return a new, empty account."""
        return Account(self, f"key-{next(self._numbers)}-{uuid4().hex[:8]}")

    def faults(self, *rules: Rule) -> None:
        """Make requests go wrong from now on, counting anew; with no rules they go well."""
        handle, temporary = tempfile.mkstemp(dir=self.folder)
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            yaml.safe_dump(list(rules), stream)
        Path(temporary).replace(self._faults)

    def seen(self) -> list[int]:
        """Return how many requests each rule has matched since the file was written."""
        found = self._faults.stat()
        version = f"modified={found.st_mtime_ns}, inode={found.st_ino}, size={found.st_size})"
        rows = self._db.execute("SELECT rule, seen FROM fault_count WHERE instr(rule, ?)", (version,)).fetchall()
        return [seen for _, seen in sorted((int(rule.rpartition(":")[2]), seen) for rule, seen in rows)]

    def sql(self, statement: str, *values: Any) -> list[sqlite3.Row]:
        """Look or change behind everybody's back."""
        return self._db.execute(statement, values).fetchall()

    @property
    def uploads(self) -> Path:
        """Where the samples are."""
        return self.folder / "data" / "uploads"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An account as it was."""

    rows: tuple[tuple[Any, ...], ...]
    samples: Path
    """Holds the uploads, by blob id."""


@dataclass(frozen=True, slots=True)
class Account:
    """One account, by its key."""

    palabra: Palabra
    key: str

    @property
    def environ(self) -> dict[str, str]:
        """What a run needs to use it."""
        shared = {name: os.environ[name] for name in ("PATH", "VOICECTL_CACHE") if name in os.environ}
        return {**shared, "PALABRA_API_URL": self.palabra.url, "PALABRA_API_KEY": self.key}

    @property
    def user_id(self) -> str:
        """Whose voices they are."""
        return str(uuid5(ACCOUNTS, f"bearer:{self.key}"))

    @property
    def voices(self) -> dict[str, VoiceRow]:
        """Return everything that the account holds, by id."""
        now = int(time.time() * 1e6)
        query = f"{SELECT} WHERE user_id = :user ORDER BY created_at"
        rows = self.palabra._db.execute(query, {"user": self.user_id, "now": now}).fetchall()
        return {row["voice_id"]: _voice_row(row) for row in rows}

    def settle(self) -> None:
        """Wait until every upload is judged."""
        waiting = "SELECT 1 FROM voice WHERE user_id = ? AND uploaded_at IS NOT NULL AND verdict IS NULL"
        until(lambda: not self.palabra.sql(waiting, self.user_id), "the end of the processing")

    def foreign(self, name: str, *, description: str | None = "by somebody else", status: str = "ready") -> str:
        """Put a voice that is not ours into the account; returns its id."""
        voice_id, now = str(uuid4()), int(time.time() * 1e6)
        verdict = "ready" if status == "ready" else None
        self.palabra.sql(
            "INSERT INTO voice VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, '[]')",
            *(voice_id, self.user_id, str(uuid4()), now, now, name, description, '{"mood": "happy"}'),
            *('{"lang_code": "en"}', now if verdict else None, verdict),
        )
        return voice_id

    def sample(self, voice: VoiceRow) -> bytes:
        """Return what was uploaded for a voice."""
        return (self.palabra.uploads / voice.blob_id).read_bytes()

    def snapshot(self, folder: Path) -> Snapshot:
        """Remember everything; `folder` is where the uploads are kept meanwhile."""
        self.settle()
        rows = tuple(tuple(r) for r in self.palabra.sql("SELECT * FROM voice WHERE user_id = ?", self.user_id))
        folder.mkdir(parents=True)
        for voice in self.voices.values():
            _link(self.palabra.uploads / voice.blob_id, folder / voice.blob_id)
        return Snapshot(rows, folder)

    def restore(self, snapshot: Snapshot) -> None:
        """Go back."""
        for path in snapshot.samples.iterdir():
            _link(path, self.palabra.uploads / path.name)
        with self._transaction():
            self.palabra.sql("DELETE FROM voice WHERE user_id = ?", self.user_id)
            for row in snapshot.rows:
                self.palabra.sql(f"INSERT INTO voice VALUES ({', '.join('?' * len(row))})", *row)

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self.palabra.sql("BEGIN IMMEDIATE")
        yield
        self.palabra.sql("COMMIT")


def _link(source: Path, target: Path) -> None:
    with contextlib.suppress(FileNotFoundError, FileExistsError):
        os.link(source, target)


def matching(kind: str) -> Rule:
    """Return the `match` of a kind of request."""
    api: dict[str, Sequence[str]] = {
        "create": ("POST", "/saas/voice/clone"),
        "list": ("GET", "/saas/voice"),
        "get": ("GET", "/saas/voice/m/*"),
        "update": ("POST", "/saas/voice/m/*"),
        "delete": ("DELETE", "/saas/voice/m/*"),
        "limits": ("GET", "/saas/voice/limits"),
    }
    if kind == "upload":
        return {"host": "upload"}
    method, path = api[kind]
    return {"host": "api", "method": method, "path": path}
