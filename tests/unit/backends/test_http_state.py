"""Terraform's HTTP protocol against a strict server of it, over real HTTP."""

from __future__ import annotations

import json
import logging
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest
from terraform_state_server import TerraformStateServer, Trouble

from reconciler.backends.http import HttpState
from reconciler.backends.http_settings import HttpSettings
from reconciler.backends.lock_info import LockInfo
from reconciler.errors import LockedError, StateError, UsageError
from reconciler.state.backend import MovedError, Snapshot
from reconciler.state.lock import Holder

HOLDER = Holder("anna", "build-7", 4711, "2026-01-01T00:00:00Z", "voicectl apply")
QUICK = {"TF_HTTP_RETRY_WAIT_MIN": "0.01", "TF_HTTP_RETRY_WAIT_MAX": "0.02"}
DOCUMENT = '{"version": 1}\n'
FOREIGN = {"ID": "77", "Operation": "OperationTypePlan", "Info": "", "Who": "bo@laptop", "Version": "1.9.0"}


@pytest.fixture
def server() -> Iterator[TerraformStateServer]:
    with TerraformStateServer() as server:
        yield server


def state_at(server: TerraformStateServer, environ: Mapping[str, str] = QUICK) -> HttpState:
    return HttpState(HttpSettings.read(f"{server.url}/voices", {**QUICK, **environ}))


# -- reading and writing ---------------------------------------------------------------------------------------------


def test_what_is_written_is_read(server: TerraformStateServer) -> None:
    state = state_at(server)
    with state.lease(HOLDER, ()):
        written = state.write(DOCUMENT, None)

    assert state.read() == written == Snapshot(DOCUMENT)
    assert server.documents == {"/voices": DOCUMENT.encode()}


@pytest.mark.parametrize("empty_is_200", [True, False])
def test_an_address_with_nothing_yet_has_no_document(empty_is_200: bool) -> None:
    with TerraformStateServer(empty_is_200=empty_is_200) as server:
        assert state_at(server).read() is None


def test_204_is_no_document_too(server: TerraformStateServer) -> None:
    server.documents["/voices"] = b"{}"
    server.troubles.append(Trouble(204))
    assert state_at(server).read() is None


def test_a_run_locks_writes_under_its_lock_and_unlocks(server: TerraformStateServer) -> None:
    state = state_at(server)
    with state.lease(HOLDER, ("anna",)) as lease:
        state.write(DOCUMENT, None)
        assert "anybody" in lease.covered
    lock, _, post, unlock = server.requests
    info = json.loads(lock.body)

    assert server.methods_sent() == ["LOCK", "GET", "POST", "UNLOCK"]
    assert (info["Who"], info["Operation"], info["Info"]) == ("anna@build-7", "voicectl apply", "process 4711")
    assert (info["Created"], info["Path"]) == ("2026-01-01T00:00:00Z", f"{server.url}/voices")
    assert post.query == {"ID": [info["ID"]]}
    assert json.loads(unlock.body) == info
    assert server.locks == {}


def test_nothing_is_written_over_what_nobody_has_seen(server: TerraformStateServer) -> None:
    """The protocol cannot compare, so we do, under the lock."""
    state = state_at(server)
    server.documents["/voices"] = b"somebody else's"
    with state.lease(HOLDER, ()), pytest.raises(MovedError):
        state.write(DOCUMENT, None)

    assert "POST" not in server.methods_sent()


def test_an_address_keeps_its_query_and_does_not_show_it(server: TerraformStateServer) -> None:
    state = HttpState(HttpSettings.read(f"{server.url}/state?token=secret&of=voices", QUICK))
    with state.lease(HOLDER, ()):
        state.write(DOCUMENT, None)
    post = next(request for request in server.requests if request.method == "POST")

    assert {name: post.query[name] for name in ("token", "of")} == {"token": ["secret"], "of": ["voices"]}
    assert "ID" in post.query
    assert state.name == f"{server.url}/state"


def test_gitlab_as_its_documentation_has_terraform_use_it() -> None:
    """A lock at an address and with methods of its own, and basic authentication."""
    methods = {"lock": "POST", "unlock": "DELETE"}
    with TerraformStateServer(username="ci", password="token-1", methods=methods, lock_path="/lock") as server:
        address = f"{server.url}/voices"
        environ = {
            "TF_HTTP_USERNAME": "ci",
            "TF_HTTP_PASSWORD": "token-1",
            "TF_HTTP_LOCK_ADDRESS": f"{address}/lock",
            "TF_HTTP_UNLOCK_ADDRESS": f"{address}/lock",
            "TF_HTTP_LOCK_METHOD": "POST",
            "TF_HTTP_UNLOCK_METHOD": "DELETE",
        }
        state = state_at(server, environ)
        with state.lease(HOLDER, ()):
            state.write(DOCUMENT, None)

        assert [(r.method, r.path) for r in server.requests] == [
            ("POST", "/voices/lock"), ("GET", "/voices"), ("POST", "/voices"), ("DELETE", "/voices/lock"),
        ]  # fmt: skip
        assert state.read() == Snapshot(DOCUMENT)


def test_the_method_of_an_update_can_be_another() -> None:
    with TerraformStateServer(methods={"update": "PUT"}) as server:
        state = state_at(server, {"TF_HTTP_UPDATE_METHOD": "PUT"})
        with state.lease(HOLDER, ()):
            state.write(DOCUMENT, None)

        assert server.documents["/voices"] == DOCUMENT.encode()


# -- the lock --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [409, 423])
def test_the_second_hears_at_once_who_has_the_lock(server: TerraformStateServer, status: int) -> None:
    with state_at(server).lease(HOLDER, ()):
        server.troubles.append(Trouble(status, body=json.dumps(server.locks["/voices"]).encode()))
        with pytest.raises(LockedError) as refused, state_at(server).lease(replace(HOLDER, who="bo"), ()):
            pass

    assert refused.value.why == "held by anna@build-7, process 4711, since 2026-01-01T00:00:00Z: voicectl apply"
    assert "unlock --force" in refused.value.fix


def test_a_lock_whose_holder_the_server_does_not_name_is_a_lock(server: TerraformStateServer) -> None:
    server.troubles.append(Trouble(423, body=b"<html>locked</html>"))
    with pytest.raises(LockedError) as refused, state_at(server).lease(HOLDER, ()):
        pass

    assert refused.value.why == "the server does not say by whom"


def test_a_lock_whose_answer_was_lost_is_ours(server: TerraformStateServer) -> None:
    """The second try hears of a lock that has our own id."""
    server.troubles.append(Trouble(method="LOCK", after=True))
    with state_at(server).lease(HOLDER, ()):
        assert server.methods_sent() == ["LOCK", "LOCK"]
    assert server.locks == {}


@pytest.mark.parametrize("status", [404, 405, 501])
def test_a_server_that_cannot_lock_is_refused_unless_that_is_wanted(server: TerraformStateServer, status: int) -> None:
    server.troubles.append(Trouble(status))
    with pytest.raises(StateError) as refused, state_at(server).lease(HOLDER, ()):
        pass
    assert "TF_HTTP_LOCK_ADDRESS set to nothing" in refused.value.fix

    state = state_at(server, {"TF_HTTP_LOCK_ADDRESS": ""})
    with state.lease(HOLDER, ()):
        state.write(DOCUMENT, None)
    assert server.methods_sent() == ["LOCK", "GET", "POST"]
    assert server.requests[-1].query == {}
    assert (state.holders(), state.break_leases(force=True)) == ((), ())


def test_a_lock_that_was_taken_away_stops_the_write(server: TerraformStateServer) -> None:
    state = state_at(server)
    with state.lease(HOLDER, ()):
        server.locks["/voices"] = {**FOREIGN, "Created": "today", "Path": ""}
        with pytest.raises(StateError, match="taken away") as refused:
            state.write(DOCUMENT, None)
        assert refused.value.why == "now held by bo@laptop, since today: OperationTypePlan"
        del server.locks["/voices"]
        with pytest.raises(StateError, match="taken away"):
            state.write(DOCUMENT, None)

    assert server.documents == {}


def test_a_lock_that_cannot_be_given_back_does_not_fail_the_run(
    server: TerraformStateServer, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "voicectl"), state_at(server).lease(HOLDER, ()):
        server.troubles.append(Trouble(403, "UNLOCK"))

    assert "The lock may still be there" in caplog.text


def test_who_holds_the_lock_can_be_asked(server: TerraformStateServer) -> None:
    state = state_at(server)
    assert state.holders() == ()
    assert server.locks == {}
    with state.lease(HOLDER, ()):
        assert state_at(server).holders() == (HOLDER,)
        assert server.locks


def test_a_lock_is_broken_by_force_with_the_id_that_the_server_tells(server: TerraformStateServer) -> None:
    server.locks["/voices"] = {**FOREIGN, "Created": "today", "Path": ""}
    state = state_at(server)
    with pytest.raises(LockedError):
        state.break_leases(force=False)
    (holder,) = state.break_leases(force=True)

    assert str(holder) == "bo@laptop, since today: OperationTypePlan"
    assert server.locks == {}
    assert state.break_leases(force=True) == ()


def test_the_lock_of_a_dead_process_of_this_machine_needs_no_force(server: TerraformStateServer) -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    here = replace(HOLDER, host=socket.gethostname())
    server.locks["/voices"] = json.loads(LockInfo.of(replace(here, pid=os.getpid()), "").to_json())
    with pytest.raises(LockedError, match="Somebody else"):
        state_at(server).break_leases(force=False)
    server.locks["/voices"] = json.loads(LockInfo.of(replace(here, pid=process.pid), "").to_json())
    with pytest.raises(LockedError) as refused, state_at(server).lease(HOLDER, ()):
        pass

    assert refused.value.fix == "its process is gone: clear the lock with `voicectl unlock`"
    assert state_at(server).break_leases(force=False) == (replace(here, pid=process.pid),)
    assert server.locks == {}


def test_what_a_server_says_of_a_holder_cannot_steer_a_terminal() -> None:
    info = LockInfo.read(json.dumps({"ID": 7, "Who": "\x1b[2Jeve@\x07host", "Operation": "x" * 10_000}).encode())

    assert info is not None
    assert (info.id, info.holder.who, info.holder.host) == ("", "[2Jeve", "host")
    assert len(str(info.holder)) < 300
    assert [LockInfo.read(body) for body in (b"", b"[]", b"7", b"{", b"\xff")] == [None] * 5


# -- trouble ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("trouble", [Trouble(503), Trouble(500), Trouble(429), Trouble(), Trouble(after=True)])
def test_a_passing_trouble_of_any_request_is_passed_over(server: TerraformStateServer, trouble: Trouble) -> None:
    state = state_at(server)
    for method in ("LOCK", "GET", "POST"):
        server.troubles.append(replace(trouble, method=method))
    with state.lease(HOLDER, ()):
        state.write(DOCUMENT, None)
        assert server.methods_sent() == ["LOCK"] * 2 + ["GET"] * 2 + ["POST"] * 2

    assert (server.documents, server.locks) == ({"/voices": DOCUMENT.encode()}, {})


def test_a_lasting_trouble_is_tried_as_often_as_was_asked_and_told(server: TerraformStateServer) -> None:
    server.troubles.extend([Trouble(503, body=b"closed  for\nlunch")] * 9)
    with pytest.raises(StateError) as refused:
        state_at(server, {"TF_HTTP_RETRY_MAX": "4"}).read()

    assert server.methods_sent() == ["GET"] * 5
    assert refused.value.why == "the server answers 503: closed for lunch"
    assert refused.value.where == f"GET {server.url}/voices"


def test_a_server_that_is_not_there_is_told(server: TerraformStateServer) -> None:
    server.stop()
    with pytest.raises(StateError, match="Cannot reach the state document"):
        state_at(server, {"TF_HTTP_RETRY_MAX": "0"}).read()
    server.start()


def test_credentials_are_asked_for_and_never_told() -> None:
    """A server that echoes what it was sent does not make us print it."""
    with TerraformStateServer(username="ci", password="token-nobody-may-see") as server:
        with pytest.raises(StateError) as nameless:
            state_at(server).read()
        with pytest.raises(StateError) as refused:
            state_at(server, {"TF_HTTP_USERNAME": "ci", "TF_HTTP_PASSWORD": "wrong-token"}).read()

    assert nameless.value.fix == "set TF_HTTP_USERNAME and TF_HTTP_PASSWORD"
    assert refused.value.why == "the server forbids it (403): not you: Basic ***"
    assert "wrong-token" not in repr(HttpSettings("http://x", None, None, password="wrong-token"))


def test_credentials_do_not_follow_a_redirect_elsewhere(server: TerraformStateServer) -> None:
    """A read may be sent on to where the bytes are; nothing else is."""
    environ = {"TF_HTTP_USERNAME": "ci", "TF_HTTP_PASSWORD": "token-1"}
    with TerraformStateServer() as elsewhere:
        elsewhere.documents["/bytes"] = DOCUMENT.encode()
        there = {"Location": f"{elsewhere.url}/bytes?token=x"}
        server.troubles.extend([Trouble(302, "GET", headers=there), Trouble(307, "LOCK", headers=there)])
        state = state_at(server, environ)

        assert state.read() == Snapshot(DOCUMENT)
        with pytest.raises(StateError) as refused, state.lease(HOLDER, ()):
            pass
        assert refused.value.why == f"the server redirects to {elsewhere.url}/bytes"
        assert [request.method for request in elsewhere.requests] == ["GET"]
        assert "authorization" not in elsewhere.requests[0].headers
        assert "authorization" in server.requests[0].headers


def test_bytes_that_are_no_text_are_refused(server: TerraformStateServer) -> None:
    server.documents["/voices"] = b"\xff\xfe\x00"
    with pytest.raises(StateError, match="Cannot read the state document"):
        state_at(server).read()


# -- settings --------------------------------------------------------------------------------------------------------


def test_unlocking_is_where_locking_is_unless_it_is_said() -> None:
    settings = HttpSettings.read("https://state.example/voices", {"TF_HTTP_LOCK_ADDRESS": "https://state.example/lock"})

    assert settings.unlock_address == "https://state.example/lock"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("TF_HTTP_LOCK_ADDRESS", "state.example/lock"),
        ("TF_HTTP_LOCK_ADDRESS", "https://ci:token-1@state.example/lock"),
        ("TF_HTTP_UNLOCK_ADDRESS", "ftp://state.example"),
        ("TF_HTTP_LOCK_METHOD", "LOCK ME"),
        ("TF_HTTP_RETRY_MAX", "often"),
        ("TF_HTTP_RETRY_WAIT_MIN", "-1"),
        ("TF_HTTP_RETRY_WAIT_MAX", "inf"),
    ],
)
def test_a_variable_that_makes_no_sense_is_named(variable: str, value: str) -> None:
    with pytest.raises(UsageError, match=variable) as refused:
        HttpSettings.read("https://state.example/voices", {variable: value})

    assert "token-1" not in f"{refused.value} {refused.value.why} {refused.value.fix}"
