"""Places where programs show tracebacks: full disks, closed streams, old locales, folders that are gone."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from cli_world import World

VOICECTL = f"{sys.executable} -m reconciler"


def shell(world: World, line: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run one line of shell, in which `voicectl` is the program."""
    return subprocess.run(
        ["bash", "-c", line.replace("voicectl", VOICECTL)],
        cwd=world.root, env={**world.environ, **env}, capture_output=True, text=True, errors="replace", timeout=60,
        check=False,
    )  # fmt: skip


@pytest.mark.parametrize("command", ["get narrator", "plan", "plan --json", "export", "version"])
def test_a_full_disk_behind_stdout_is_an_error_and_no_traceback(applied: World, command: str) -> None:
    ran = shell(applied, f"voicectl {command} > /dev/full")

    assert ran.returncode == 1
    assert "Traceback" not in ran.stderr
    assert "No space left on device" in ran.stderr


@pytest.mark.parametrize("command", ["get narrator", "plan", "apply --yes"])
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-"])
def test_a_closed_stream_is_no_traceback(applied: World, command: str, closed: str) -> None:
    ran = shell(applied, f"voicectl {command} {closed}")

    assert "Traceback" not in ran.stderr
    if closed != ">&-":
        assert (ran.returncode, ran.stdout != "") == (0, True)


def test_with_stdin_closed_nobody_can_say_yes(applied: World) -> None:
    applied.declare("newcomer", seed=3)

    ran = shell(applied, "voicectl apply <&-")

    assert ran.returncode == 4
    assert "Nobody said yes to this plan" in ran.stderr


def test_a_folder_that_is_gone_is_a_clear_error(applied: World) -> None:
    ran = shell(applied, "mkdir gone && cd gone && rmdir ../gone && voicectl plan", PYTHONPATH=str(Path.cwd()))

    assert ran.returncode in (1, 64)
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
@pytest.mark.parametrize("command", ["plan", "plan --json", "status", "validate"])
def test_any_text_can_be_shown_on_an_old_terminal(applied: World, command: str, encoding: str) -> None:
    applied.declare("narrator", name="Zo\u00eb \u0141", description="Warm \u2026 \U0001f600")
    applied.write("voices/z\u0142y.yaml", "name: \u0141\n")

    broken = shell(applied, f"voicectl {command}", PYTHONIOENCODING=encoding)
    (applied.root / "voices/z\u0142y.yaml").unlink()
    ran = shell(applied, f"voicectl {command}", PYTHONIOENCODING=encoding)

    assert broken.returncode == 1
    assert ran.returncode == 0
    assert "Traceback" not in ran.stderr + broken.stderr
    if command.endswith("--json"):  # RFC 8259, 8.1: JSON between programs is UTF-8, whatever the terminal is
        assert "Zo\u00eb \u0141" in json.dumps(json.loads(ran.stdout), ensure_ascii=False)


def test_messages_as_json_are_json_whatever_they_say(applied: World) -> None:
    mistyped = applied.process("--log-format", "json", "plam")
    verbose = applied.process("plan", "-v", "--log-format", "json")

    assert mistyped.code == 64
    for ran in (mistyped, verbose):
        assert [type(json.loads(line)) for line in ran.err.splitlines()] != []


@pytest.mark.parametrize(("number", "codes"), [(signal.SIGINT, (130, -signal.SIGINT)), (signal.SIGTERM, (143, -15))])
def test_a_signal_while_planning_ends_without_a_traceback(
    applied: World, number: signal.Signals, codes: tuple[int, int]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        process = subprocess.Popen(
            [sys.executable, "-m", "reconciler", "plan"],
            cwd=applied.root, env={**applied.environ, "PALABRA_API_URL": f"http://127.0.0.1:{silent.getsockname()[1]}"},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            silent.settimeout(30)
            connection, _ = silent.accept()  # so a request is under way, and nobody will answer it
            with connection:
                process.send_signal(number)
                out, err = process.communicate(timeout=10)
        finally:
            process.kill()

    assert process.returncode in codes
    assert "Traceback" not in err
    assert out == ""


def test_an_account_of_this_machine_that_cannot_be_opened_is_said_in_a_line(world: World) -> None:
    world.declare("narrator")
    world.write(".voicectl/local/emulator", "a file where the folder should be")

    ran = world.run("--env", "local", "plan")

    assert (ran.code, ran.out) == (1, "")
    assert "error: Cannot open the account of the environment 'local'" in ran.err
