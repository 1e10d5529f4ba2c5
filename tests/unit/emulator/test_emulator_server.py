"""Processes: durability, company on the same data, start and stop."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from reconciler.emulator.server import EmulatorServer, _listen
from reconciler.emulator.settings import EmulatorSettings
from reconciler.emulator.store import read_voices
from reconciler.errors import VoicectlError

PROGRAM = """
import sys
from pathlib import Path
from reconciler.emulator.server import serve
from reconciler.emulator.settings import EmulatorSettings
serve(EmulatorSettings(Path(sys.argv[1]), processing_time=0), lambda server: print(server.url, flush=True))
"""


@contextmanager
def separate_process(data: Path) -> Iterator[tuple[subprocess.Popen[str], Any]]:
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(data)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout
            yield process, SimpleNamespace(url=process.stdout.readline().strip())
        finally:
            process.kill()


def test_kill_9_loses_no_acknowledged_voice(tmp_path: Path, start: Any, open_account: Any) -> None:
    with separate_process(tmp_path / "data") as (process, served):
        account = open_account(served)
        made = [account.create(f"Voice {index}")["voice_id"] for index in range(5)]
        process.send_signal(signal.SIGKILL)

    assert open_account(start()).list_ids(sort="asc") == made


def test_an_upload_whose_processing_was_killed_is_processed_by_the_next_start(
    tmp_path: Path, start: Any, open_account: Any, speech: bytes
) -> None:
    with separate_process(tmp_path / "data") as (process, served):
        account = open_account(served)
        voice = account.create()
        assert account.upload(voice, speech).status_code == 204
        process.send_signal(signal.SIGKILL)

    start()
    for _ in range(500):  # without a request, which would begin it too
        (row,) = read_voices(tmp_path / "data")
        if row.verdict:
            break
        time.sleep(0.02)
    assert row.verdict == "ready"


def test_an_upload_whose_processing_was_killed_is_processed_by_another_that_is_asked(
    tmp_path: Path, start: Any, open_account: Any, speech: bytes
) -> None:
    survivor = open_account(start())
    with separate_process(tmp_path / "data") as (process, served):
        account = open_account(served)
        voice = account.create()
        account.upload(voice, speech)
        process.send_signal(signal.SIGKILL)

    assert survivor.judged(voice)["processing_status"] == "ready"


def test_several_emulators_may_serve_the_same_data(start: Any, open_account: Any, speech: bytes) -> None:
    one, two = open_account(start()), open_account(start())
    voice = one.create()
    there = voice["samples"][0]
    there["url"] = there["url"].replace(one.server.upload_url, two.server.upload_url)

    assert two.upload(voice, speech).status_code == 204
    assert one.judged(voice) == two.judged(voice)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly_and_quietly(tmp_path: Path, number: signal.Signals) -> None:
    with separate_process(tmp_path / "data") as (process, served):
        httpx.get(f"{served.url}/saas/voice", trust_env=False)
        process.send_signal(number)
        out, err = process.communicate(timeout=10)

    assert (process.returncode, out, err) == (0, "", "")


def test_a_taken_port_is_said_before_anything_else_happens(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        settings = EmulatorSettings(tmp_path / "data", upload_port=port)

        with pytest.raises(VoicectlError, match=str(port)):
            EmulatorServer(settings).__enter__()
    assert not (tmp_path / "data").exists()


def test_a_folder_that_cannot_be_used_is_an_error_and_no_hang(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(OSError, match="file"):
        EmulatorServer(EmulatorSettings(tmp_path / "file" / "data")).__enter__()


def test_closing_with_an_open_connection_does_not_wait_for_the_client(tmp_path: Path) -> None:
    with httpx.Client(trust_env=False) as client:
        with EmulatorServer(EmulatorSettings(tmp_path)) as server:
            client.get(server.url)  # the connection stays open
        with pytest.raises(httpx.ConnectError):
            client.get(server.url)


def test_closing_cuts_a_half_sent_upload_quietly(
    account: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    host = httpx.URL(account.server.upload_url)
    head = b"POST /bucket/ HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\nContent-Type: multipart/form-data; boundary=b\r\n\r\n"
    with socket.create_connection((host.host, host.port)) as client:
        client.sendall(head + b"--b")
        while not list((tmp_path / "data" / "uploads").iterdir()):
            time.sleep(0.01)  # until it is being received
        account.server.__exit__()

    assert [record for record in caplog.records if record.name.startswith("uvicorn")] == []


def test_the_upload_host_is_named_as_the_client_named_the_api(account: Any) -> None:
    port = httpx.URL(account.server.url).port
    account.http.base_url = f"http://localhost:{port}"

    assert account.create()["samples"][0]["url"].startswith("http://localhost:")


def test_inside_another_program_nothing_is_printed_and_no_signal_taken(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    before = signal.getsignal(signal.SIGINT)
    with EmulatorServer(EmulatorSettings(tmp_path)) as server:
        httpx.get(f"{server.url}/saas/voice", trust_env=False)
        assert signal.getsignal(signal.SIGINT) is before

    assert capfd.readouterr() == ("", "")
    assert read_voices(tmp_path) == []
    assert list((tmp_path / "uploads").iterdir()) == []


def test_answers_do_not_wait_for_nagles_algorithm() -> None:
    """asyncio sets TCP_NODELAY only on sockets that name their protocol; without it each answer takes 40 ms."""
    with _listen("127.0.0.1", 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP
