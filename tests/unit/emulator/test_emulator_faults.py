"""The rules of the faults file: matching, counting, errors."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from reconciler.emulator.faults import Fault, Faults, Match, Rule
from reconciler.emulator.store import Store
from reconciler.errors import VoicectlError

BAD = Fault(status=503)


def strikes(rule: Rule, requests: int) -> list[int]:
    """Return the numbers of the requests that go wrong."""
    struck: list[int] = []
    for seen in range(1, requests + 1):
        if rule.strikes(seen, len(struck)):
            struck.append(seen)
    return struck


def test_nth_and_times_choose_by_number() -> None:
    assert strikes(Rule(fault=BAD), 4) == [1, 2, 3, 4]
    assert strikes(Rule(nth=3, fault=BAD), 5) == [3]
    assert strikes(Rule(nth=[2, 4], fault=BAD), 5) == [2, 4]
    assert strikes(Rule(times=2, fault=BAD), 5) == [1, 2]


@given(st.integers(), st.floats(0, 1))
def test_a_probability_is_the_same_each_time_for_a_seed(seed: int, probability: float) -> None:
    rule = Rule(probability=probability, seed=seed, fault=BAD)

    assert strikes(rule, 50) == strikes(rule, 50)


def test_a_probability_is_roughly_kept() -> None:
    assert 200 < len(strikes(Rule(probability=0.25, seed=7, fault=BAD), 1000)) < 300


@pytest.mark.parametrize(
    ("match", "matched"),
    [
        (Match(), True),
        (Match(method="post"), True),
        (Match(method="GET"), False),
        (Match(path="/saas/voice/*"), True),
        (Match(path="/saas/voice"), False),
        (Match(host="api"), True),
        (Match(host="upload"), False),
    ],
)
def test_a_rule_matches_host_method_and_path(match: Match, matched: bool) -> None:
    assert Rule(match=match, fault=BAD).matches("api", "POST", "/saas/voice/clone") is matched


@pytest.mark.parametrize(
    "fault", [{}, {"delay": 1, "hang": 1}, {"reset": "now"}, {"garbage": True, "body": "x"}, {"delay": 1, "after": True}, {"status": 200}, {"lag": 1}]
)  # fmt: skip
def test_a_fault_has_exactly_one_action_and_only_its_own_options(fault: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Fault(**fault)


def test_counts_outlive_a_restart_and_are_shared_by_processes(tmp_path: Path) -> None:
    path = tmp_path / "faults.yaml"
    path.write_text(yaml.safe_dump([{"nth": 3, "fault": {"status": 503}}]))
    struck = []
    for _ in range(4):
        with closing(Store(tmp_path)) as store:
            struck.append(Faults(path, store).next("api", "GET", "/"))

    assert struck == [None, None, BAD, None]


def test_a_rule_with_times_stops_striking(tmp_path: Path) -> None:
    path = tmp_path / "faults.yaml"
    path.write_text(yaml.safe_dump([{"times": 2, "fault": {"status": 503}}]))
    with closing(Store(tmp_path)) as store:
        faults = Faults(path, store)

        assert [faults.next("api", "GET", "/") for _ in range(4)] == [BAD, BAD, None, None]


def test_a_file_written_anew_counts_anew(tmp_path: Path) -> None:
    path, text = tmp_path / "faults.yaml", yaml.safe_dump([{"nth": 1, "fault": {"status": 503}}])
    path.write_text(text)
    with closing(Store(tmp_path)) as store:
        faults = Faults(path, store)
        first = [faults.next("api", "GET", "/") for _ in range(2)]
        replacement = tmp_path / "new"
        replacement.write_text(text)
        replacement.replace(path)

        assert first == [BAD, None]
        assert faults.next("api", "GET", "/") == BAD


def test_every_rule_counts_and_the_first_that_strikes_wins(tmp_path: Path) -> None:
    path = tmp_path / "faults.yaml"
    rules = [{"nth": 2, "fault": {"status": 500}}, {"nth": [1, 2, 3], "fault": {"status": 503}}]
    path.write_text(yaml.safe_dump(rules))
    with closing(Store(tmp_path)) as store:
        faults = Faults(path, store)
        struck = [faults.next("api", "GET", "/") for _ in range(4)]

    assert [fault and fault.status for fault in struck] == [503, 500, 503, None]


@pytest.mark.parametrize("text", ["[", "- fault: {status: 99}", "rules: []", "- {nth: 0, fault: {delay: 1}}"])
def test_a_wrong_file_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "faults.yaml"
    path.write_text(text)
    with closing(Store(tmp_path)) as store, pytest.raises(VoicectlError) as refused:
        Faults(path, store)

    assert refused.value.where == str(path)
