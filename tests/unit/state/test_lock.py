"""One apply at a time for a state document; a lock that nobody holds any more is no obstacle."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.errors import LockedError, StateError
from reconciler.state.lock import Holder, Lock, break_lock, current_holder, is_held, read_holder

ME = current_holder(since="2026-01-01T00:00:00Z", command="voicectl apply")
ELSEWHERE = Holder("bob", "another-host", 7, "2026-01-01T00:00:00Z", "voicectl apply")
HOLD = textwrap.dedent("""\
    import sys
    from pathlib import Path
    from reconciler.state.lock import Lock, current_holder

    with Lock(Path(sys.argv[1]), current_holder(since="2026-01-01T00:00:00Z", command="voicectl apply")):
        print("held", flush=True)
        sys.stdin.read()
    """)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".voicectl/default.lock"


@contextmanager
def another_process(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Hold the lock elsewhere until the end of the block."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", HOLD, path], text=True, **pipes) as process:  # type: ignore[call-overload]
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        assert process.stdin is not None
        process.stdin.close()
        process.wait()


def test_the_lock_says_who_holds_it_and_is_gone_afterwards(path: Path) -> None:
    with Lock(path, ME):
        assert read_holder(path) == ME
        assert is_held(path)

    assert not path.exists()
    assert not is_held(path)
    assert read_holder(path) is None


def test_a_second_process_is_told_at_once_who_holds_it_and_what_to_do(path: Path) -> None:
    with another_process(path) as process:
        with pytest.raises(LockedError) as caught, Lock(path, ME):
            pass

        assert f"process {process.pid}, since 2026-01-01T00:00:00Z: voicectl apply" in caught.value.why
        assert "voicectl unlock" in caught.value.fix
        assert caught.value.exit_code == 5
        assert read_holder(path) is not None, "the loser must not take the winner's file away"

    with Lock(path, ME):
        assert read_holder(path) == ME


def test_within_one_process_a_second_taker_is_refused_too(path: Path) -> None:
    with Lock(path, ME), pytest.raises(LockedError), Lock(path, ME):
        pass


def test_the_lock_of_a_killed_process_heals_by_itself(path: Path) -> None:
    with another_process(path) as process:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert path.exists()
        assert not is_held(path)

        with Lock(path, ME):
            assert read_holder(path) == ME

        assert not path.exists()


def test_a_lock_of_another_host_is_believed_and_left_as_it_is(path: Path) -> None:
    path.parent.mkdir()
    path.write_text(json.dumps({f: getattr(ELSEWHERE, f) for f in Holder.__dataclass_fields__}))

    with pytest.raises(LockedError, match="Somebody else") as caught, Lock(path, ME):
        pass

    assert "bob@another-host" in caught.value.why
    assert read_holder(path) == ELSEWHERE


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"who": "x"}', "\x00"])
def test_a_file_that_names_nobody_is_no_obstacle(path: Path, text: str) -> None:
    path.parent.mkdir()
    path.write_text(text)

    with Lock(path, ME):
        assert read_holder(path) == ME


def test_a_shorter_name_leaves_nothing_of_a_longer_one(path: Path) -> None:
    path.parent.mkdir()
    path.write_text(json.dumps({"who": "x" * 1000}))

    with Lock(path, ME):
        assert read_holder(path) == ME


def test_unlock_removes_what_a_dead_process_or_another_host_left(path: Path) -> None:
    path.parent.mkdir()
    for holder in (ME, ELSEWHERE):
        path.write_text(json.dumps({f: getattr(holder, f) for f in Holder.__dataclass_fields__}))

        assert break_lock(path, force=False) == holder
        assert not path.exists()


def test_unlock_without_a_lock_says_so(path: Path) -> None:
    assert break_lock(path, force=False) is None


def test_unlock_does_not_touch_the_lock_of_a_living_process_unless_forced(path: Path) -> None:
    with another_process(path):
        with pytest.raises(LockedError):
            break_lock(path, force=False)
        assert path.exists()

        assert break_lock(path, force=True) is not None
        assert not path.exists()


def test_a_lock_that_was_broken_and_taken_by_another_is_not_removed_by_its_old_holder(path: Path) -> None:
    other = replace(ME, command="voicectl apply, the second")
    first, second = Lock(path, ME), Lock(path, other)
    first.__enter__()
    break_lock(path, force=True)
    second.__enter__()

    first.__exit__(None, None, None)

    try:
        assert read_holder(path) == other
        assert is_held(path)
    finally:
        second.__exit__(None, None, None)


def test_a_folder_that_cannot_be_is_a_state_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(StateError, match="Cannot write the lock"), Lock(tmp_path / "file/lock", ME):
        pass


def test_a_full_disk_is_a_state_error_and_leaves_no_lock(path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
        with pytest.raises(StateError, match="Cannot write the lock") as caught, Lock(path, ME):
            pass
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)

    assert "free some space" in caught.value.fix
    assert not path.exists()


def test_unlock_where_nothing_can_be_removed_is_a_state_error(path: Path) -> None:
    path.mkdir(parents=True)  # a stand-in for a read-only folder, which would not stop root

    with pytest.raises(StateError, match="Cannot write the lock"):
        break_lock(path, force=True)


def test_an_exception_gives_the_lock_back(path: Path) -> None:
    with pytest.raises(RuntimeError), Lock(path, ME):
        raise RuntimeError

    assert not is_held(path)
