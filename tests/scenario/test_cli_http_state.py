"""State on a server of Terraform's HTTP protocol: whole applies against a strict one, with what can go wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from cli_world import PROJECT, World
from terraform_state_server import TerraformStateServer, Trouble
from waiting_apply import waiting_apply

CREDENTIALS = {"TF_HTTP_USERNAME": "ci", "TF_HTTP_PASSWORD": "token-nobody-may-see"}
SETTINGS = {**CREDENTIALS, "TF_HTTP_RETRY_WAIT_MIN": "0.01", "TF_HTTP_RETRY_WAIT_MAX": "0.02"}


@pytest.fixture
def server() -> Iterator[TerraformStateServer]:
    with TerraformStateServer(username="ci", password="token-nobody-may-see") as server:
        yield server


@pytest.fixture
def remote(world: World, server: TerraformStateServer) -> World:
    """A repository whose state is on the server, with one voice that is not applied yet."""
    keep_at(world, server)
    world.declare("narrator", seed=1)
    return world


def keep_at(world: World, server: TerraformStateServer) -> None:
    world.write("voicectl.yaml", f"{PROJECT}environments: {{default: {{state: '{server.url}/voices'}}}}\n")
    world.environ |= SETTINGS


def records(server: TerraformStateServer) -> Mapping[str, Any]:
    voices: Mapping[str, Any] = json.loads(server.documents["/voices"])["voices"]
    return voices


def test_an_apply_keeps_its_state_there_and_nothing_in_the_repository(
    remote: World, server: TerraformStateServer
) -> None:
    remote.apply()

    assert records(server)["narrator"]["status"] == "ready"
    assert server.locks == {}
    assert not remote.state_file.exists()
    assert remote.get("narrator") == records(server)["narrator"]["voice_id"]
    assert remote.planned() == []
    assert remote.run("state", "list").out == "narrator\n"


def test_only_what_writes_takes_the_lock(remote: World, server: TerraformStateServer) -> None:
    remote.apply()
    server.requests.clear()
    for words in (
        "plan",
        "get narrator",
        "status",
        "export",
        "state list",
        "state pull",
        "state mv narrator x --dry-run",
    ):
        assert remote.run(*words.split()).code == 0

    assert set(server.methods_sent()) == {"GET"}


def test_a_repository_moves_its_state_to_the_server_and_back(applied: World, server: TerraformStateServer) -> None:
    """The two steps of docs/teams.md: the same bytes arrive, and there is nothing to do."""
    stored = applied.state_file.read_text()
    applied.run("state", "pull", "--out", "pulled.json")
    keep_at(applied, server)
    assert applied.run("state", "push", "pulled.json").code == 0
    applied.state_file.unlink()

    assert server.documents["/voices"].decode() == stored
    assert applied.planned() == []
    assert applied.run("state", "pull", "--out", "pulled.json").code == 0
    applied.write("voicectl.yaml", PROJECT)
    assert applied.run("state", "push", "pulled.json").code == 0
    assert applied.state_file.read_text() == stored
    assert applied.planned() == []


def test_the_second_apply_of_two_hears_who_has_the_lock(remote: World, server: TerraformStateServer) -> None:
    with waiting_apply(remote, "second", SETTINGS) as process:
        for words in ("apply --yes", "state rm narrator", "state rebuild"):
            ran = remote.run(*words.split())
            assert ran.code == 5, ran.err
            assert f"process {process.pid}" in ran.err
            assert "voicectl apply --yes" in ran.err
        refused = remote.run("unlock")
        assert refused.code == 5  # it is alive
        assert remote.run("plan").code == 0
    assert server.locks


def test_the_lock_of_a_killed_apply_is_cleared_by_a_person_and_the_next_one_is_right(
    remote: World, server: TerraformStateServer
) -> None:
    """The protocol lets no lock end by itself."""
    with waiting_apply(remote, "second", SETTINGS):
        pass
    remote.serve(processing_time=0.05)
    remote.environ |= SETTINGS
    locked = remote.run("apply", "--yes")
    assert locked.code == 5
    assert "its process is gone: clear the lock with `voicectl unlock`" in locked.err
    unlocked = remote.run("unlock")
    assert unlocked.code == 0
    assert "Unlocked. It was held by" in unlocked.err
    for voice in list(remote.voices.values()):
        remote.finish(voice.voice_id)
    remote.apply()

    assert sorted(records(server)) == ["narrator", "second"]
    assert {record["status"] for record in records(server).values()} == {"ready"}
    assert sorted(remote.voices) == sorted(record["voice_id"] for record in records(server).values())
    assert server.locks == {}


def test_a_lock_of_another_machine_takes_force(remote: World, server: TerraformStateServer) -> None:
    foreign = {"ID": "1", "Operation": "voicectl apply", "Info": "process 1", "Who": "bo@elsewhere"}
    server.locks["/voices"] = {**foreign, "Version": "", "Created": "2026-01-01T00:00:00Z", "Path": ""}
    refused = remote.run("unlock")
    assert refused.code == 5
    assert "bo@elsewhere, process 1, since 2026-01-01T00:00:00Z" in refused.err
    assert "unlock --force" in refused.err
    assert "bo@elsewhere" in remote.run("unlock", "--force").err
    assert "It was not locked" in remote.run("unlock").err
    remote.apply()


@pytest.mark.parametrize(
    ("troubles", "message"),
    [
        ([Trouble(503)] * 3, "the server answers 503"),
        ([Trouble()] * 3, "Server disconnected"),
        ([Trouble(413)], "the server answers 413"),
        ([Trouble(423, body=b"{}")], "was taken away during this run"),
    ],
)
def test_a_server_that_stops_taking_the_document_costs_no_voice(
    remote: World, server: TerraformStateServer, troubles: list[Trouble], message: str
) -> None:
    """The voice is made, its record stays in the journal here, and the next run writes it down."""
    remote.apply()
    remote.declare("second", seed=2)
    server.troubles.extend(replace(trouble, method="POST") for trouble in troubles)
    ran = remote.run("apply", "--yes")

    assert ran.code == 1
    assert message in ran.err
    assert "kept in its journal here" in ran.err
    assert len(remote.voices) == 2
    assert list(records(server)) == ["narrator"]
    assert remote.get("second") in remote.voices
    assert server.locks == {}
    remote.apply()
    assert sorted(records(server)) == ["narrator", "second"]
    assert len(remote.voices) == 2
    assert remote.planned() == []


def test_a_server_that_is_not_there_is_told_before_anything_is_sent(
    remote: World, server: TerraformStateServer
) -> None:
    server.stop()
    try:
        for words in ("plan", "apply --yes", "get narrator", "state list", "state pull", "unlock"):
            ran = remote.run(*words.split())
            assert (ran.code, ran.out) == (1, ""), words
            assert "Cannot reach the state document" in ran.err
    finally:
        server.start()

    assert remote.api.exchanges == []
    remote.apply()


@pytest.mark.parametrize("answer", [b"<html>a login page</html>", b"[]", b'{"version": 99}', b"\xff\xfe"])
def test_garbage_is_a_hard_stop(remote: World, server: TerraformStateServer, answer: bytes) -> None:
    server.documents["/voices"] = answer
    for words in ("plan", "apply --yes", "get narrator"):
        ran = remote.run(*words.split())
        assert (ran.code, ran.out) == (1, "")
        assert "state document" in ran.err
        assert "git log" not in ran.err

    assert remote.api.writes == []
    assert server.documents["/voices"] == answer


@pytest.mark.parametrize("words", ["state push good.json --force", "state rebuild"])
def test_a_corrupt_document_is_replaced_and_kept_here(remote: World, server: TerraformStateServer, words: str) -> None:
    remote.apply()
    good = records(server)
    remote.run("state", "pull", "--out", "good.json")
    server.documents["/voices"] = b"{"
    ran = remote.run(*words.split())
    (backup,) = (remote.root / ".voicectl/backups").iterdir()

    assert ran.code == 0, ran.err
    assert backup.read_text() == "{"
    assert records(server)["narrator"]["voice_id"] == good["narrator"]["voice_id"]
    assert remote.planned() == []
    assert server.locks == {}


def test_doctor_tries_the_lock_and_says_what_it_finds(remote: World, server: TerraformStateServer) -> None:
    def lock() -> dict[str, str]:
        checks = remote.run("doctor", "--json").json["checks"]
        return next(check for check in checks if check["name"] == "lock")

    assert lock()["summary"] == "free"
    assert server.locks == {}
    with waiting_apply(remote, "second", SETTINGS) as process:
        assert f"process {process.pid}" in lock()["summary"]
    server.methods["lock"] = "NEVER"
    assert lock()["verdict"] == "problem"
    assert "TF_HTTP_LOCK_ADDRESS" in lock()["fix"]


def test_without_a_lock_one_may_go_but_only_if_one_says_so(remote: World, server: TerraformStateServer) -> None:
    server.methods["lock"] = "NEVER"
    refused = remote.run("apply", "--yes")
    assert refused.code == 1
    assert "TF_HTTP_LOCK_ADDRESS set to nothing" in refused.err
    assert remote.api.writes == []
    remote.environ["TF_HTTP_LOCK_ADDRESS"] = ""
    remote.apply()

    assert list(records(server)) == ["narrator"]


def test_no_credential_is_ever_shown_or_stored(remote: World, server: TerraformStateServer) -> None:
    remote.apply()
    remote.environ["TF_HTTP_PASSWORD"] = "another-secret-token"
    texts = [f"{ran.out}{ran.err}" for ran in (remote.run("plan", "-v"), remote.run("apply", "--yes", "-v"))]
    files = [
        path.read_bytes() for path in remote.root.rglob("*") if path.is_file() and "measurements" not in path.parts
    ]

    assert all("403" in text for text in texts)
    for secret in ("token-nobody-may-see", "another-secret-token"):
        assert not any(secret in text for text in texts)
        assert not any(secret.encode() in data for data in files)
        assert secret.encode() not in server.documents["/voices"]
