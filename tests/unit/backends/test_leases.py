"""Leases on voices, in a store that is in memory and has the conditional writes of the real ones."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import obstore
import pytest
from obstore.store import MemoryStore

from reconciler.backends.heartbeat import RunLease
from reconciler.backends.leases import Leases, lease_seconds
from reconciler.backends.machine import this_machine
from reconciler.backends.stored_object import StoredObject
from reconciler.errors import LockedError, StateError, UsageError
from reconciler.state.backend import MovedError, Snapshot
from reconciler.state.lock import Holder

LONG = 600.0
"""Seconds that no test lives to see the end of."""
SHORT = 0.6
KEY = "voices.json.lock"


def holder(pid: int | None = None) -> Holder:
    return Holder("anna", "laptop", pid or os.getpid(), "2026-01-01T00:00:00Z", "voicectl apply")


class Careless(StoredObject):
    """A store that takes every write, as some do."""

    def write(self, text: str, replaces: Snapshot | None, patience: float) -> Snapshot:
        obstore.put(self._store, self._key, text.encode())
        found = self.read(patience)
        assert found is not None
        return found


class Forbidding(StoredObject):
    """A store that refuses every write in place of something, as one does."""

    def write(self, text: str, replaces: Snapshot | None, patience: float) -> Snapshot:
        if replaces is not None:
            raise MovedError
        return super().write(text, replaces, patience)


class LosingAnswers(StoredObject):
    """A store whose first answer is lost on the way back, and somebody else writes before it can be looked at."""

    meanwhile: Callable[[], object] | None = None

    def write(self, text: str, replaces: Snapshot | None, patience: float) -> Snapshot:
        written = super().write(text, replaces, patience)
        if self.meanwhile is None:
            return written
        meanwhile, self.meanwhile = self.meanwhile, None
        meanwhile()
        raise MovedError


class Store:
    """A list of leases and those who use it."""

    def __init__(self) -> None:
        self.memory = MemoryStore()
        self._stack = ExitStack()

    def leases(self, seconds: float = LONG) -> Leases:
        return Leases(StoredObject(self.memory, KEY, "memory"), seconds)

    def take(self, *patterns: str, seconds: float = LONG, pid: int | None = None) -> RunLease:
        return self._stack.enter_context(self.leases(seconds).lend(holder(pid), patterns))

    @property
    def listed(self) -> list[dict[str, Any]]:
        raw = bytes(obstore.get(self.memory, KEY).bytes())
        listed: list[dict[str, Any]] = json.loads(raw)["leases"]
        return listed

    def edit(self, **fields: Any) -> None:
        """Change every lease behind everybody's back."""
        leases = [{**lease, **fields} for lease in self.listed]
        obstore.put(self.memory, KEY, json.dumps({"version": 1, "leases": leases}).encode())

    def close(self) -> None:
        self._stack.close()


@pytest.fixture
def store() -> Iterator[Store]:
    store = Store()
    yield store
    store.close()


def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "never came"
        time.sleep(0.01)


def dead_pid() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_lease_is_listed_while_it_is_held(store: Store) -> None:
    with store.leases().lend(holder(), ("a", "b/*")) as lease:
        lease.check()
        (listed,) = store.listed
        assert listed["patterns"] == ["a", "b/*"]
        assert (listed["who"], listed["host"], listed["pid"]) == ("anna", "laptop", os.getpid())
        assert (listed["ttl"], listed["beat"]) == (LONG, 0)
        assert datetime.fromisoformat(listed["expires"]) > datetime.now(UTC) + timedelta(seconds=LONG - 60)
        assert store.leases().holders() == (holder(),)

    assert store.listed == []


def test_voices_are_lent_to_one_at_a_time_and_others_meanwhile(store: Store) -> None:
    store.take("a", "b/*")
    store.take("c")

    for patterns in (("b/x",), ("x", "a"), (), ("*",)):
        with pytest.raises(LockedError) as caught:
            store.take(*patterns)
        assert "anna@laptop" in caught.value.why
        assert "voicectl unlock" in caught.value.fix
    assert [lease["patterns"] for lease in store.listed] == [["a", "b/*"], ["c"]]


def test_of_many_that_want_one_voice_one_gets_it_and_all_get_their_own(store: Store) -> None:
    barrier = threading.Barrier(12)

    def wants(number: int) -> bool:
        barrier.wait()
        store.take(f"own/{number}")
        try:
            store.take("common")
        except LockedError:
            return False
        return True

    with ThreadPoolExecutor(12) as threads:
        got = list(threads.map(wants, range(12)))

    assert got.count(True) == 1
    assert sorted(lease["patterns"][0] for lease in store.listed) == sorted(
        ["common", *(f"own/{n}" for n in range(12))]
    )


def test_a_lease_is_renewed_for_as_long_as_it_is_held(store: Store) -> None:
    lease = store.take("a", seconds=SHORT)

    until(lambda: store.listed[0]["beat"] >= 4)

    lease.check()
    with pytest.raises(LockedError):
        store.take("a")


def test_the_lease_of_a_process_that_died_here_heals_at_once(store: Store) -> None:
    store.take("a", pid=dead_pid())

    store.take("a").check()

    assert [lease["pid"] for lease in store.listed] == [os.getpid()]


def test_a_process_of_another_machine_is_not_taken_for_a_dead_one_of_this(store: Store) -> None:
    store.take("a", pid=dead_pid())
    store.edit(machine="another")

    with pytest.raises(LockedError):
        store.take("a")


def test_a_lease_that_ran_out_and_stands_still_is_taken_over(store: Store) -> None:
    store.take("a", "b")
    store.take("c")
    store.edit(machine="another", ttl=SHORT, expires="2026-01-01T00:00:00+00:00")

    store.take("b").check()

    assert [lease["patterns"] for lease in store.listed] == [["c"], ["b"]]


def test_a_lease_that_ran_out_by_our_clock_alone_is_not_taken_over(store: Store) -> None:
    store.take("a", seconds=SHORT)
    waiting = threading.Event()
    refused: list[LockedError] = []

    def want() -> None:
        waiting.set()
        try:
            store.take("a")
        except LockedError as error:
            refused.append(error)

    thread = threading.Thread(target=want)
    store.edit(machine="another", expires="2026-01-01T00:00:00+00:00")  # the holder's next beat sets it right
    thread.start()
    waiting.wait()
    thread.join()

    assert refused


def test_who_was_taken_over_may_not_go_on(store: Store) -> None:
    lost = threading.Event()
    lease = store.take("a", seconds=SHORT)
    lease.on_lost(lost.set)

    assert store.leases().clear(force=True) == (holder(),)

    assert lost.wait(20)
    with pytest.raises(LockedError) as caught:
        lease.check()
    assert "taken over" in caught.value.why


def test_a_lease_that_was_not_renewed_in_time_is_lost_for_good(store: Store) -> None:
    lease = RunLease(("a",), store.leases(), "id", seconds=10, begun=time.clock_gettime(time.CLOCK_BOOTTIME) - 11)

    for _ in range(2):
        with pytest.raises(LockedError) as caught:
            lease.check()
        assert "not renewed for 10 s" in caught.value.why


def test_a_lease_can_be_had_for_more_voices(store: Store) -> None:
    lease = store.take("a")
    store.take("c")

    lease.extend({"a", "b"})

    assert lease.patterns == ("a", "b")
    assert "b" in lease.covered
    with pytest.raises(LockedError):
        store.take("b")
    with pytest.raises(LockedError):
        lease.extend({"c"})
    assert lease.patterns == ("a", "b")


def test_unlock_removes_what_the_dead_left_and_no_living_lease(store: Store) -> None:
    store.take("a", pid=dead_pid())
    store.take("b")

    assert [gone.pid for gone in store.leases().clear(force=False)] != [os.getpid()]
    assert [lease["patterns"] for lease in store.listed] == [["b"]]
    with pytest.raises(LockedError):
        store.leases().clear(force=False)
    assert store.leases().clear(force=True) == (holder(),)
    assert store.leases().clear(force=False) == ()


def test_unlock_by_force_mends_a_list_that_cannot_be_read(store: Store) -> None:
    obstore.put(store.memory, KEY, b"garbage")

    assert store.leases().clear(force=True) == ()

    store.take("a").check()


def test_a_machine_has_one_name() -> None:
    other = subprocess.run(
        [sys.executable, "-c", "from reconciler.backends.machine import *; print(this_machine())"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert other.stdout.strip() == this_machine()


@pytest.mark.parametrize("text", ["x", "0", "-3", "nan", "1e9"])
def test_a_lease_that_makes_no_sense_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError, match="VOICECTL_LEASE"):
        lease_seconds({"VOICECTL_LEASE": text})


def test_how_long_a_lease_lasts() -> None:
    assert lease_seconds({}) == 60
    assert lease_seconds({"VOICECTL_LEASE": "2.5"}) == 2.5


def test_who_was_not_told_that_it_has_the_lease_does_not_wait_for_itself(store: Store) -> None:
    store.take("other")
    losing = LosingAnswers(store.memory, KEY, "memory")
    losing.meanwhile = lambda: store.take("another")

    with Leases(losing, LONG).lend(holder(), ("a",)) as lease:
        lease.check()
        assert [lease["patterns"] for lease in store.listed] == [["other"], ["another"], ["a"]]

    assert [lease["patterns"] for lease in store.listed] == [["other"], ["another"]]


def test_unlock_that_was_not_told_what_it_removed_says_it_all_the_same(store: Store) -> None:
    dead = dead_pid()
    store.take("a", pid=dead)
    store.take("b")
    losing = LosingAnswers(store.memory, KEY, "memory")
    losing.meanwhile = lambda: store.take("c")

    assert [gone.pid for gone in Leases(losing, LONG).clear(force=False)] == [dead]


@pytest.mark.parametrize(("kind", "why"), [(Careless, "ignores the condition"), (Forbidding, "whose condition holds")])
def test_a_store_without_conditional_writes_is_refused_each_time(kind: type[StoredObject], why: str) -> None:
    memory = MemoryStore()
    for _ in range(2):
        leases = Leases(kind(memory, KEY, "memory"), LONG)

        with pytest.raises(StateError) as caught, leases.lend(holder(), ("a",)):
            pass

        assert why in caught.value.why
