"""The journal: what the run in progress is about to do and what it has done.

Append-only JSON lines, one before each API write (intent) and one after it (result). A result carries the records it
changes, so replaying a journal is assigning them in order. An intent without a result is an API write whose outcome
nobody knows. Upload forms are never written.

An intent is on disk before its request is sent. A result is there with the next intent at the latest: should the power
fail before that, its intent is one without a result.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from reconciler.crash_points import crash_point
from reconciler.errors import StateError
from reconciler.state.document import VoiceRecord, to_plain
from reconciler.state.files import sync_folder, write_atomically
from reconciler.state.reading import read_record


@dataclass(frozen=True, slots=True)
class CreateIntent:
    """A create that was about to be sent: enough to find its voice again when the answer was lost."""

    key: str
    name: str
    mark: str | None
    """The ownership mark in the description, None when the project does without."""
    since: str | None
    """The server's own time just before the request (RFC 3339, UTC), None when it was not known."""
    at: float
    """Our own time of the request, seconds since 1970."""


@dataclass(frozen=True, slots=True)
class Replay:
    """What a journal says that the state document does not know yet."""

    lineage: str
    environment: str
    serial: int
    records: Mapping[str, VoiceRecord | None] = field(default_factory=dict)
    """Records to assign; None removes the key."""
    written: Mapping[str, str] = field(default_factory=dict)
    """The digests of those records in the state document that the run began with."""
    account: str | None = None
    unknown: Sequence[CreateIntent] = ()
    """Creates whose outcome nobody knows."""

    @property
    def keys(self) -> set[str]:
        """Every voice that the run was about."""
        return {*self.records, *(intent.key for intent in self.unknown)}


class Journal:
    """The journal file of one environment."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._handle: int | None = None
        self._next = 1

    def replay(self) -> Replay | None:
        """Read what a run left behind, or None when there is nothing.

        A torn last line (the process died while writing it) counts as not written.
        """
        try:
            raw = self.path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StateError(
                "Cannot read the journal", where=str(self.path), why=error.strerror or str(error)
            ) from error
        lines = raw.split(b"\n")
        whole = lines[:-1]  # what follows the last newline was never finished
        entries = [self._parse(line, number) for number, line in enumerate(whole, 1)]
        if not entries:
            return None
        try:
            return _fold(entries)
        except (KeyError, TypeError, AttributeError) as error:
            raise StateError(
                "The journal is corrupt",
                where=str(self.path),
                why=f"an entry is none of ours: {error!r}",
                fix="move the file away; marked voices on the server are adopted by the next apply",
            ) from error

    def _parse(self, line: bytes, number: int) -> dict[str, Any]:
        try:
            entry = json.loads(line)
        except ValueError as error:
            raise StateError(
                "The journal is corrupt",
                where=f"{self.path}:{number}",
                why="a line in its middle is not JSON, so something other than voicectl wrote to it",
                fix="move the file away; marked voices on the server are adopted by the next apply",
            ) from error
        if not isinstance(entry, dict) or (number == 1) != (entry.get("t") == "begin"):
            raise StateError("The journal is corrupt", where=f"{self.path}:{number}", fix="move the file away")
        return entry

    def begin(
        self, *, lineage: str, environment: str, serial: int, carried: Sequence[CreateIntent] = ()
    ) -> dict[CreateIntent, int]:
        """Start a new journal, which replaces one that was folded already.

        Creates that are still unknown are carried over, in one step with the replacement, so that no death of the
        process forgets them. Returns their numbers in the new journal.
        """
        entries: list[dict[str, Any]] = [
            {"t": "begin", "lineage": lineage, "environment": environment, "serial": serial}
        ]
        numbers = {intent: number for number, intent in enumerate(carried, 1)}
        entries += [{"t": "intent", "n": n, "op": "create", **asdict(intent)} for intent, n in numbers.items()]
        crash_point("journal before begin")
        write_atomically(self.path, "".join(_line(entry) for entry in entries), mode=0o600)
        crash_point("journal after begin")
        try:
            self._handle = os.open(self.path, os.O_WRONLY | os.O_APPEND)
        except OSError as error:
            raise self._unwritable(error) from error
        self._next = len(entries)
        return numbers

    def intend(self, op: str, key: str, **facts: Any) -> int:
        """Write down what is about to be sent, once it is synced; returns the number that its result refers to."""
        number = self._next
        self._next += 1
        self._append({"t": "intent", "n": number, "op": op, "key": key, **facts})
        return number

    def conclude(
        self,
        number: int | None,
        records: Mapping[str, VoiceRecord | None],
        account: str | None = None,
        written: Mapping[str, str] | None = None,
    ) -> None:
        """Write down what became of an intent (or, with None, what was learned without one).

        `written` has the digests of these records in the state document that the run began with.
        """
        plain = {key: record and to_plain(record) for key, record in records.items()}
        entry = {"t": "result", "n": number, "records": plain, "account": account, "written": written or {}}
        self._append(entry)

    def end(self) -> None:
        """Remove the journal: the state document now says all of it."""
        self.close()
        try:
            self.path.unlink(missing_ok=True)
            if self.path.parent.exists():
                sync_folder(self.path.parent)
        except OSError as error:
            raise self._unwritable(error) from error

    def close(self) -> None:
        """Let go of the file, keeping it."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def sync(self) -> None:
        """Return once everything written so far is on disk. Raises StateError.

        A journal that was ended meanwhile has nothing left to lose: the state document has all of it.
        """
        handle = self._handle
        if handle is None:
            return
        try:
            os.fsync(handle)
        except OSError as error:
            raise self._unwritable(error) from error

    def _append(self, entry: dict[str, Any]) -> None:
        assert self._handle is not None, "begin() comes first"
        line = _line(entry).encode()
        crash_point(f"journal before {entry['t']} {entry.get('op', '')}")
        before = os.fstat(self._handle).st_size
        try:
            written = os.write(self._handle, line)
            if written != len(line):
                raise OSError(28, "No space left on device")  # noqa: TRY301 - a short write is a full disk
        except OSError as error:
            with contextlib.suppress(OSError):  # half a line would make the next one unreadable
                os.ftruncate(self._handle, before)
            raise self._unwritable(error) from error
        crash_point(f"journal after {entry['t']} {entry.get('op', '')}")

    def _unwritable(self, error: OSError) -> StateError:
        return StateError(
            "Cannot write the journal",
            where=str(self.path),
            why=error.strerror or str(error),
            fix="nothing further is sent to the API without it; free some space or make the folder writable",
        )


def _line(entry: Mapping[str, Any]) -> str:
    return json.dumps(entry, ensure_ascii=False, separators=(",", ":")) + "\n"


def _fold(entries: Sequence[Mapping[str, Any]]) -> Replay:
    begin = entries[0]
    records: dict[str, VoiceRecord | None] = {}
    open_creates: dict[int, CreateIntent] = {}
    written: dict[str, str] = {}
    account: str | None = None
    for entry in entries[1:]:
        if entry["t"] == "intent" and entry["op"] == "create":
            open_creates[entry["n"]] = CreateIntent(
                key=entry["key"], name=entry["name"], mark=entry["mark"], since=entry["since"], at=entry["at"]
            )
        elif entry["t"] == "result":
            open_creates.pop(entry["n"], None)
            for key, plain in entry["records"].items():
                records[key] = None if plain is None else read_record(plain)
            written |= entry.get("written", {})
            account = entry["account"] or account
    return Replay(
        lineage=begin["lineage"],
        environment=begin["environment"],
        serial=begin["serial"],
        records=records,
        written=written,
        account=account,
        unknown=tuple(open_creates.values()),
    )
