"""What surrounds the files: the emulator, the environment local, the lock, and a state document made anew."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

import pytest
from audio import make_audio
from cli_world import World

# -- emulator and the environment local --------------------------------------------------------------------------------


def test_the_emulator_prints_its_address_serves_and_ends_cleanly(world: World) -> None:
    served = subprocess.Popen(
        [sys.executable, "-m", "reconciler", "emulator", "--port", "0", "--data", "palabra", "--api-key", "only-me"],
        cwd=world.root, env=world.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert served.stdout is not None
        url = served.stdout.readline().strip()
        request = urllib.request.Request(f"{url}/saas/voice/limits", headers={"Authorization": "Bearer only-me"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            limits = json.load(answer)["data"]
        wrong = world.run("plan", env={"PALABRA_API_URL": url, "PALABRA_API_KEY": "somebody-else"})
        served.send_signal(signal.SIGTERM)
        rest, err = served.communicate(timeout=10)
    finally:
        served.kill()

    assert limits["limit"] == 50
    assert (wrong.code, "does not accept the credentials (401)" in wrong.err) == (1, True)
    assert (served.returncode in (0, 143), rest) == (True, "")
    assert "Traceback" not in err
    assert (world.root / "palabra/emulator.sqlite").exists()


def test_a_port_that_is_taken_is_a_clear_error(world: World) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ran = world.run("emulator", "--port", str(port))

    assert (ran.code, ran.out) == (1, "")
    assert f"cannot listen on port {port}" in ran.err


def test_the_environment_local_needs_no_account_and_keeps_everything_in_its_folder(tmp_path: Path) -> None:
    make_audio(tmp_path / "voices/narrator/sample.mp3", container="mp3", seconds=31)
    (tmp_path / "voices/narrator/voice.yaml").write_text("name: Nora\nsamples: [{file: sample.mp3, lang_code: en}]\n")

    def voicectl(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "reconciler", *arguments]
        env = {"PATH": os.environ["PATH"]}
        return subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60, check=False)

    applied = voicectl("--env", "local", "apply", "--yes")
    got = voicectl("get", "narrator", "--env", "local")
    planned = voicectl("--env", "local", "plan", "--detailed-exitcode")

    assert applied.returncode == 0, applied.stderr
    assert "Apply complete: 1 created." in applied.stdout
    assert len(got.stdout.strip()) == 36
    assert planned.returncode == 0
    assert {path.name for path in tmp_path.iterdir()} == {"voices", ".voicectl"}
    assert (tmp_path / ".voicectl/local/voices.state.json").exists()


# -- the lock ----------------------------------------------------------------------------------------------------------


def hold(world: World, *, host: str) -> Path:
    lock = world.root / ".voicectl/default.lock"
    lock.parent.mkdir(exist_ok=True)
    holder = {"who": "anna", "host": host, "pid": 4242, "since": "2026-11-22T12:00:00Z", "command": "voicectl apply"}
    lock.write_text(json.dumps(holder))
    return lock


def test_a_held_lock_exits_5_and_says_who_since_when_and_how_to_clear_it(applied: World) -> None:
    hold(applied, host="another-machine")

    ran = applied.run("apply", "--yes")

    assert (ran.code, ran.out) == (5, "")
    for word in ("anna@another-machine", "4242", "2026-11-22T12:00:00Z", "voicectl unlock"):
        assert word in ran.err
    assert applied.api.sent == []


def test_plan_get_and_status_do_not_mind_the_lock(applied: World) -> None:
    hold(applied, host="another-machine")

    assert [applied.run(*command).code for command in (("plan",), ("get", "narrator"), ("status",))] == [0, 0, 0]


def test_unlock_clears_a_lock_of_another_machine(applied: World) -> None:
    lock = hold(applied, host="another-machine")

    ran = applied.run("unlock")

    assert (ran.code, ran.out) == (0, "")
    assert "It was held by anna@another-machine" in ran.err
    assert not lock.exists()
    assert applied.run("apply", "--yes").code == 0
    assert "It was not locked." in applied.run("unlock").err


def test_unlock_keeps_the_lock_of_a_living_process_unless_forced(applied: World) -> None:
    lock = hold(applied, host=socket.gethostname())
    with lock.open("r+") as held:
        fcntl.flock(held, fcntl.LOCK_EX)

        refused = applied.run("unlock")
        kept = lock.exists()
        busy = applied.run("apply", "--yes")
        forced = applied.run("unlock", "--force")

    assert (refused.code, kept, busy.code, forced.code) == (5, True, 5, 0)


def test_the_lock_of_a_dead_process_heals_by_itself(applied: World) -> None:
    lock = hold(applied, host=socket.gethostname())

    assert applied.run("apply", "--yes").code == 0
    assert not lock.exists()


def test_a_time_in_the_state_document_is_the_servers_and_in_utc(applied: World) -> None:
    created = datetime.fromisoformat(applied.records["narrator"]["created_at"]).replace(tzinfo=UTC)

    assert created < datetime.now(UTC)


# -- state rebuild -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [None, "{", '{"version": 99}'])
def test_state_rebuild_makes_a_lost_or_broken_document_anew_from_the_marks(applied: World, content: str | None) -> None:
    before = {key: record["voice_id"] for key, record in applied.records.items()}
    foreign = applied.foreign("Not ours")
    if content is None:
        applied.state_file.unlink()
    else:
        applied.state_file.write_text(content)

    dry = applied.run("state", "rebuild", "--dry-run")
    untouched = applied.state_file.read_text() if applied.state_file.exists() else None
    ran = applied.run("state", "rebuild")

    assert (dry.code, ran.code) == (0, 0), ran.err
    assert untouched == content
    assert {line.split("\t")[0]: line.split("\t")[1] for line in ran.out.splitlines()} == before
    assert {key: record["voice_id"] for key, record in applied.records.items()} == before
    assert foreign not in applied.state_file.read_text()
    assert applied.api.writes == []
    assert applied.planned() == []
    if content is not None:
        kept = [path for path in applied.root.rglob("*") if path.is_file() and path.suffix not in (".mp3", ".sqlite")]
        assert any(path.read_text() == content for path in kept), "the broken document is set aside, not deleted"


def test_shared_options_before_a_group_reach_its_commands(applied: World, tmp_path: Path) -> None:
    """`-C DIR --env NAME state rebuild` must not rebuild the state of here and now."""
    applied.write("voicectl.yaml", "project: voices-under-test\nenvironments: {staging: {}}\n")
    shared = ("-C", str(applied.root), "--env", "staging")

    before = applied.run(*shared, "state", "rebuild", "--dry-run", cwd=tmp_path)
    after = applied.run("state", "rebuild", *shared, "--dry-run", cwd=tmp_path)

    assert (before.code, before.out) == (after.code, after.out) == (0, "")
