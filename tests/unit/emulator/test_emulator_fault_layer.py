"""What each fault does to a real client."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from reconciler.errors import VoicectlError

Faulty = Callable[..., Any]


@pytest.fixture
def faulty(start: Any, open_account: Any, tmp_path: Path) -> Faulty:
    """Return a function that starts an emulator with one fault and opens an account there."""

    def start_faulty(fault: dict[str, Any], **rule: Any) -> Any:
        path = tmp_path / "faults.yaml"
        path.write_text(yaml.safe_dump([{"match": {"method": "POST"}, "fault": fault, **rule}]))
        return open_account(start(faults=path))

    return start_faulty


def test_a_status_is_answered_and_nothing_carried_out(faulty: Faulty) -> None:
    account = faulty({"status": 503, "retry_after": 7}, nth=1)
    refused = account.clone()

    assert (refused.status_code, refused.headers["retry-after"]) == (503, "7")
    assert refused.json()["errors"][0]["status"] == 503
    assert account.list_ids() == []
    assert account.clone().status_code == 200  # the second time all is well


def test_a_status_after_means_it_was_carried_out(faulty: Faulty) -> None:
    account = faulty({"status": 500, "body": "oops", "after": True})
    answer = account.clone()

    assert (answer.status_code, answer.text) == (500, "oops")
    assert len(account.list_ids()) == 1


@pytest.mark.parametrize(("when", "voices"), [("before", 0), ("after", 1)])
def test_a_reset_cuts_the_connection_before_or_after_the_effect(faulty: Faulty, when: str, voices: int) -> None:
    account = faulty({"reset": when}, nth=1)

    with pytest.raises(httpx.NetworkError):  # while it writes or while it reads
        account.clone()

    assert len(account.list_ids()) == voices


def test_a_truncated_answer_was_carried_out(faulty: Faulty) -> None:
    account = faulty({"truncate": 20})

    with pytest.raises(httpx.RemoteProtocolError, match="received 20 bytes"):
        account.clone()

    assert len(account.list_ids()) == 1


def test_garbage_is_a_200_that_is_not_json(faulty: Faulty) -> None:
    account = faulty({"garbage": True})
    answer = account.clone()

    assert answer.status_code == 200
    with pytest.raises(ValueError, match="Expecting value"):
        answer.json()
    assert len(account.list_ids()) == 1


@pytest.mark.parametrize(("after", "voices"), [(False, 0), (True, 1)])
def test_a_hang_never_answers(faulty: Faulty, after: bool, voices: int) -> None:
    account = faulty({"hang": 1000, "after": after})
    account.http.timeout = 0.3

    with pytest.raises(httpx.ReadTimeout):
        account.clone()

    account.http.timeout = 10
    assert len(account.list_ids()) == voices


def test_a_hang_ends_in_a_reset(faulty: Faulty) -> None:
    with pytest.raises(httpx.ReadError):
        faulty({"hang": 0.05}).clone()


def test_an_open_hang_does_not_keep_the_emulator_from_closing(faulty: Faulty) -> None:
    account = faulty({"hang": 1000})
    account.http.timeout = 0.1
    with pytest.raises(httpx.ReadTimeout):
        account.clone()

    account.server.__exit__()


def test_a_delay_ends_well(faulty: Faulty) -> None:
    account = faulty({"delay": 0.05})

    assert account.clone().status_code == 200


def test_a_delayed_request_is_carried_out_though_the_client_gave_up(faulty: Faulty) -> None:
    account = faulty({"delay": 0.5})
    account.http.timeout = 0.1
    with pytest.raises(httpx.ReadTimeout):
        account.clone()
    account.http.timeout = 10
    assert account.list_ids() == []

    for _ in range(500):
        if account.list_ids():
            break
        time.sleep(0.02)
    assert len(account.list_ids()) == 1


def test_closing_cuts_a_delay_short_and_quietly(faulty: Faulty, caplog: pytest.LogCaptureFixture) -> None:
    account = faulty({"delay": 1000})
    account.http.timeout = 0.1
    with pytest.raises(httpx.ReadTimeout):
        account.clone()

    account.server.__exit__()
    assert [record for record in caplog.records if record.name.startswith("uvicorn")] == []


def test_a_trickle_arrives_byte_by_byte_and_whole(faulty: Faulty) -> None:
    account = faulty({"trickle": 0})
    with account.http.stream("POST", "/saas/voice/clone", json={"data": {}}) as answer:
        answer.read()

    assert answer.status_code == 422
    assert int(answer.headers["content-length"]) == len(answer.content)


def test_a_slow_trickle_outlasts_no_client(faulty: Faulty) -> None:
    account = faulty({"trickle": 1000})
    account.http.timeout = 0.2

    with pytest.raises(httpx.ReadTimeout):
        account.clone()


def test_a_duplicate_takes_effect_twice_and_answers_the_second(faulty: Faulty) -> None:
    account = faulty({"duplicate": True})
    answered = account.create()["voice_id"]

    assert len(account.list_ids(sort="asc")) == 2
    assert account.list_ids(sort="asc")[1] == answered


def test_list_lag_hides_young_voices_from_lists_only(faulty: Faulty) -> None:
    account = faulty({"list_lag": 1000}, match={"path": "/saas/voice"})
    voice = account.create()

    assert account.list_ids() == []
    assert account.read(voice)["voice_id"] == voice["voice_id"]
    assert account.http.get("/saas/voice/limits").json()["data"]["total"] == 1


def test_the_upload_host_goes_wrong_in_s3s_way(faulty: Faulty, speech: bytes) -> None:
    account = faulty({"status": 503}, match={"host": "upload"}, nth=1)
    voice = account.create()
    refused, taken = account.upload(voice, speech), account.upload(voice, speech)

    assert "<Code>SlowDown</Code>" in refused.text
    assert taken.status_code == 204


def test_an_upload_may_be_taken_and_its_answer_lost(faulty: Faulty, speech: bytes) -> None:
    account = faulty({"reset": "after"}, match={"host": "upload"})
    voice = account.create()

    with pytest.raises(httpx.ReadError):
        account.upload(voice, speech)
    assert account.judged(voice)["processing_status"] == "ready"


def test_faults_may_change_while_it_runs(faulty: Faulty, tmp_path: Path) -> None:
    account = faulty({"status": 503})
    before = account.clone().status_code
    (tmp_path / "faults.yaml").write_text("[]")

    assert (before, account.clone().status_code) == (503, 200)


def test_a_file_that_became_wrong_is_said_in_every_answer(faulty: Faulty, tmp_path: Path) -> None:
    account = faulty({"status": 503})
    (tmp_path / "faults.yaml").write_text("- nonsense")

    answer = account.http.get("/saas/voice")
    assert answer.status_code == 500
    assert "faults.yaml" in answer.json()["errors"][0]["detail"]


def test_a_wrong_file_keeps_the_emulator_from_starting(start: Any, tmp_path: Path) -> None:
    with pytest.raises(VoicectlError, match="faults file"):
        start(faults=tmp_path / "none.yaml")
