"""The network and the server fail in every way that the emulator knows, at every kind of request."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from palabra_process import Palabra, matching
from voice_repository import PROJECT, Repository

NewRepository = Callable[..., Repository]

KINDS = ("create", "upload", "get", "list", "update", "delete", "limits")
FAULTS: dict[str, dict[str, Any]] = {
    "late": {"delay": 0.6},
    "500": {"status": 500},
    "502 after the effect": {"status": 502, "after": True},
    "503": {"status": 503, "retry_after": 0},
    "429": {"status": 429, "retry_after": 0},
    "reset before the effect": {"reset": "before"},
    "reset after the effect": {"reset": "after"},
    "truncated": {"truncate": 10},
    "garbage": {"garbage": True},
    "hang": {"hang": 5},
    "hang after the effect": {"hang": 5, "after": True},
    "one byte at a time": {"trickle": 0.2},
    "delivered twice": {"duplicate": True},
}
TWICE_IS_TWO = "create"
"""A create that the network delivers twice makes two voices, whatever its sender does."""
TIMES: dict[str, dict[str, Any]] = {"the first": {"nth": 1}, "the second": {"nth": 2}, "all": {}}
IMPATIENT = {"VOICECTL_HTTP_TIMEOUT": "0.3"}
WHY = re.compile(
    r"\b5\d\d\b|429|SlowDown|InternalError|was lost|cannot be reached|Cannot connect|in time|not JSON|no sense"
    r"|loses its answers|vanished|interrupted|forbids|not know this",
    re.IGNORECASE,
)


def four_changes(repository: Repository) -> None:
    """Ask for a create, an update, a replacement and a delete: all kinds of requests."""
    for number, key in enumerate("abc", 1):
        repository.declare(key, seed=number)
    repository.apply_well()
    repository.declare("a", name="Other name")
    repository.declare("b", seed=4)
    repository.remove("c")
    repository.declare("d", seed=5)


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_fails_the_apply_or_the_next_one_ends_in_the_right_world(
    fault: str,
    new_repository: NewRepository,
    palabra: Palabra,
    tmp_path: Path,
    every_point: bool,
    record_property: Callable[[str, object], None],
) -> None:
    """In CI each fault meets each kind of request at one of the times; with --every-point at each."""
    repository = new_repository()
    four_changes(repository)
    beginning = repository.snapshot(tmp_path / "beginning")
    tried = 0
    for number, kind in enumerate(KINDS):
        turn = (number + list(FAULTS).index(fault)) % len(TIMES)
        for time in TIMES if every_point else [list(TIMES)[turn]]:
            repository.restore(beginning)
            palabra.faults({"match": matching(kind), **TIMES[time], "fault": FAULTS[fault]})
            ran = repository.apply(environ=IMPATIENT, hurry=True, settle=1.5)
            palabra.faults()
            tried += 1
            try:
                _assert_ended(repository, ran.code, ran.out + ran.err)
            except AssertionError as error:
                raise AssertionError(f"{fault}, {time} {kind}: {error}\n{ran}") from error

    record_property("tried: faults", tried)


def _assert_ended(repository: Repository, code: int, said: str) -> None:
    assert code in (0, 1, 3)
    assert "Traceback" not in said
    repository.account.settle()
    if code:
        assert WHY.search(said), "no word of what happened"
        ran = repository.apply(settle=1.5)  # waits for creates that are late
        assert ran.code == 0, str(ran)
    repository.assert_right()
    repository.assert_settled()


def test_the_voice_of_a_lost_create_is_found_though_the_list_lags(repository: Repository, palabra: Palabra) -> None:
    repository.declare("a")
    palabra.faults(
        {"match": matching("create"), "nth": 1, "fault": {"reset": "after"}},
        {"match": matching("list"), "fault": {"list_lag": 1}},
    )

    ran = repository.apply_well(settle=20, hurry=True)

    repository.assert_right()
    assert palabra.seen()[0] == 2, "the create was repeated once, after the first voice was found and removed"
    assert ran.err.count("reserved") == 1


def test_a_run_that_follows_a_dead_one_waits_for_a_lagging_list(repository: Repository, palabra: Palabra) -> None:
    repository.declare("a")
    palabra.faults({"match": matching("list"), "fault": {"list_lag": 1.5}})
    assert any(repository.killed_at(point) and repository.ours for point in range(5, 20)), "no run died after a create"

    repository.apply_well(settle=20, hurry=True)

    repository.assert_right()


def test_a_voice_that_shows_up_after_it_was_given_up_is_removed_in_the_end(
    repository: Repository, palabra: Palabra
) -> None:
    repository.declare("a")
    palabra.faults(
        {"match": matching("create"), "nth": 1, "fault": {"reset": "after"}},
        {"match": matching("list"), "fault": {"list_lag": 2}},
    )
    repository.apply(settle=0.1, hurry=True)
    palabra.faults()

    repository.apply_well()

    repository.assert_right()
    repository.assert_settled()


def test_without_marks_two_candidates_stop_the_run_which_names_both_and_removes_neither(
    new_repository: NewRepository, palabra: Palabra
) -> None:
    repository = new_repository(settings=PROJECT + "ownership_mark: false\n")
    repository.declare("a")
    twin = repository.account.foreign("Voice a", description=None, status="created")
    palabra.faults({"match": matching("create"), "nth": 1, "fault": {"reset": "after"}})

    first = repository.apply(hurry=True)
    palabra.faults()
    ids = set(repository.ours)
    second = repository.apply(hurry=True)

    assert (first.code, second.code) == (3, 1)
    assert len(ids) == 2
    assert twin in ids
    assert set(repository.ours) == ids, "one of them was removed"
    for ran in (first, second):
        assert all(voice_id in ran.out + ran.err for voice_id in ids), str(ran)

    palabra.sql("DELETE FROM voice WHERE voice_id = ?", twin)
    repository.apply_well()
    repository.assert_right()


def test_without_marks_the_one_candidate_is_found(new_repository: NewRepository, palabra: Palabra) -> None:
    repository = new_repository(settings=PROJECT + "ownership_mark: false\n")
    repository.declare("a")
    palabra.faults({"match": matching("create"), "nth": 1, "fault": {"status": 500, "after": True}})

    repository.apply_well(hurry=True)

    repository.assert_right()


EXPIRED = "<Error><Code>AccessDenied</Code><Message>Invalid according to Policy: Policy expired.</Message></Error>"


def test_an_expired_upload_form_means_a_new_voice_in_the_same_run(repository: Repository, palabra: Palabra) -> None:
    repository.declare("a")
    palabra.faults({"match": matching("upload"), "nth": 1, "fault": {"status": 403, "body": EXPIRED}})

    repository.apply_well()

    repository.assert_right()


def test_upload_forms_that_never_work_leave_nothing_behind(repository: Repository, palabra: Palabra) -> None:
    repository.declare("a")
    palabra.faults({"match": matching("upload"), "fault": {"status": 403, "body": EXPIRED}})

    ran = repository.apply()

    assert ran.code == 3
    assert "Policy expired" in ran.out + ran.err
    assert repository.ours == {}


def test_many_workers_make_no_storm_of_a_slow_down(repository: Repository, palabra: Palabra) -> None:
    """64 workers are told to slow down: the whole run together sends few requests more than it needs."""
    voices = 24
    for number in range(voices):
        repository.declare(f"v{number}", seed=1 + number % 5)
    slow_down = {"fault": {"status": 429, "retry_after": 1}}
    palabra.faults({"match": matching("create"), "nth": list(range(1, 9)), **slow_down})

    repository.apply_well("--parallelism", "64")

    (creates,) = palabra.seen()
    assert creates == voices + 8, "each create that was refused was sent once more"
    repository.assert_right()
