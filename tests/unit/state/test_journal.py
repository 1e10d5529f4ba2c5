"""The journal: what a run wrote before it died is known, and nothing else is."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from record_values import records

from reconciler.errors import StateError
from reconciler.state.document import VoiceRecord
from reconciler.state.journal import CreateIntent, Journal, Replay

RECORD = VoiceRecord("v1", "ready", "Zo\u00eb", "Warm.", {}, None)
INTENT = CreateIntent("anna", "Zo\u00eb", "[voicectl p/anna 01234567]", "2026-01-01T00:00:00Z", 1.5)
OTHER = CreateIntent("bella", "Bella", None, None, 2.5)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".voicectl/default.journal"


def begun(path: Path, *carried: CreateIntent) -> Journal:
    journal = Journal(path)
    journal.begin(lineage="line", environment="default", serial=3, carried=carried)
    return journal


def intend_create(journal: Journal, intent: CreateIntent) -> int:
    return journal.intend("create", intent.key, name=intent.name, mark=intent.mark, since=intent.since, at=intent.at)


def test_without_a_journal_there_is_nothing_to_replay(path: Path) -> None:
    assert Journal(path).replay() is None


def test_a_journal_that_only_began_changes_nothing(path: Path) -> None:
    begun(path).close()

    assert Journal(path).replay() == Replay("line", "default", 3)


def test_replaying_assigns_records_in_the_order_they_were_written(path: Path) -> None:
    journal = begun(path)
    for status in ("created", "pending", "ready"):
        journal.conclude(None, {"anna": VoiceRecord("v1", status, "Anna", None, {}, None), "bella": RECORD}, "user")
    journal.conclude(None, {"bella": None})
    journal.close()

    replay = Journal(path).replay()

    assert replay is not None
    assert replay.records == {"anna": VoiceRecord("v1", "ready", "Anna", None, {}, None), "bella": None}
    assert replay.account == "user"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(written=st.lists(st.dictionaries(st.text(max_size=5), st.none() | records, max_size=3), max_size=5))
def test_every_record_comes_back_as_it_was_assigned_last(
    path: Path, written: list[dict[str, VoiceRecord | None]]
) -> None:
    journal = begun(path)
    expected: dict[str, VoiceRecord | None] = {}
    for each in written:
        journal.conclude(None, each)
        expected |= each
    journal.close()

    replay = Journal(path).replay()

    assert replay is not None
    assert replay.records == expected


def test_a_create_is_unknown_until_it_is_concluded(path: Path) -> None:
    journal = begun(path)
    first, second = intend_create(journal, INTENT), intend_create(journal, OTHER)
    assert first != second

    journal.conclude(second, {})
    journal.close()

    replay = Journal(path).replay()
    assert replay is not None
    assert replay.unknown == (INTENT,)


def test_carried_creates_stay_unknown_and_have_numbers_of_their_own(path: Path) -> None:
    journal = Journal(path)
    numbers = journal.begin(lineage="line", environment="default", serial=3, carried=[INTENT, OTHER])
    third = intend_create(journal, CreateIntent("clara", "Clara", None, None, 3.5))

    assert len({*numbers.values(), third}) == 3
    journal.conclude(numbers[INTENT], {})
    journal.conclude(third, {})
    journal.close()
    replay = Journal(path).replay()
    assert replay is not None
    assert replay.unknown == (OTHER,)


def test_a_line_torn_at_any_byte_counts_as_not_written(path: Path) -> None:
    """Also within a character of several bytes, and whatever was written before it is kept."""
    journal = begun(path)
    number = intend_create(journal, INTENT)
    before = path.read_bytes()
    journal.conclude(number, {"anna": RECORD}, "user")
    journal.close()
    whole = path.read_bytes()
    assert "\u00eb".encode() in whole[len(before) :]

    for length in range(len(before), len(whole)):
        path.write_bytes(whole[:length])
        replay = Journal(path).replay()
        assert replay is not None
        assert (replay.records, replay.unknown, replay.account) == ({}, (INTENT,), None)
    path.write_bytes(whole)
    replay = Journal(path).replay()
    assert replay is not None
    assert (replay.records, replay.unknown, replay.account) == ({"anna": RECORD}, (), "user")


@pytest.mark.parametrize(
    "line",
    [b'{"t":"res', b"", b"\xff\xfe", b"[]", b"1", b"{}", b'{"t":"begin"}', b'{"t":"result","n":1}', b'{"t":"intent"}'],
)
def test_a_line_of_somebody_else_in_the_middle_is_a_hard_stop_with_a_way_out(path: Path, line: bytes) -> None:
    journal = begun(path)
    journal.conclude(None, {"anna": RECORD})
    journal.close()
    lines = path.read_bytes().split(b"\n")
    path.write_bytes(b"\n".join([lines[0], line, *lines[1:]]))

    with pytest.raises(StateError, match="The journal is corrupt") as caught:
        Journal(path).replay()

    assert "move the file away" in caught.value.fix


def test_a_first_line_that_is_no_beginning_is_corrupt(path: Path) -> None:
    begun(path).conclude(None, {})
    path.write_bytes(path.read_bytes().split(b"\n", 1)[1])

    with pytest.raises(StateError, match="The journal is corrupt"):
        Journal(path).replay()


def test_a_new_beginning_replaces_the_old_journal_whole(path: Path) -> None:
    journal = begun(path)
    journal.conclude(None, {"anna": RECORD})
    journal.close()

    begun(path, INTENT).close()

    assert Journal(path).replay() == Replay("line", "default", 3, unknown=(INTENT,))


def test_the_end_removes_the_file_and_may_come_twice(path: Path) -> None:
    journal = begun(path)
    journal.end()
    journal.end()

    assert not path.exists()


def test_nobody_else_can_read_the_journal(path: Path) -> None:
    begun(path).close()

    assert path.stat().st_mode & 0o077 == 0


def test_each_line_is_one_json_object(path: Path) -> None:
    journal = begun(path)
    journal.conclude(journal.intend("delete", "a\nb", voice_id="v\u2028"), {"a\nb": RECORD})
    journal.close()

    lines = path.read_text(encoding="utf-8").removesuffix("\n").split("\n")

    assert [json.loads(line)["t"] for line in lines] == ["begin", "intent", "result"]


def test_after_a_full_disk_the_journal_can_still_be_read_and_written(path: Path) -> None:
    """A write that was cut short must not leave half a line in front of the next one."""
    begun(path).close()
    program = textwrap.dedent("""\
        import resource, signal, sys
        from pathlib import Path
        from reconciler.errors import StateError
        from reconciler.state.journal import Journal

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        journal = Journal(Path(sys.argv[1]))
        journal.begin(lineage="line", environment="default", serial=3)
        full = journal.path.stat().st_size + 20
        resource.setrlimit(resource.RLIMIT_FSIZE, (full, resource.RLIM_INFINITY))
        try:
            journal.intend("delete", "anna", voice_id="v" * 100)
        except StateError as error:
            print(error.what)
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        journal.conclude(None, {"bella": None})
        journal.close()
        """)
    done = subprocess.run([sys.executable, "-c", program, path], capture_output=True, text=True, check=True)

    assert done.stdout == "Cannot write the journal\n"
    replay = Journal(path).replay()
    assert replay is not None
    assert replay.records == {"bella": None}
