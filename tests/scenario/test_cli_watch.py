"""voicectl watch as a process: what it says when files, state and account change, and how it ends."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from cli_world import OpenWorld, World
from watch_process import Watch

OpenWatch = Callable[..., Watch]


@pytest.fixture
def watch() -> Iterator[OpenWatch]:
    """Begin to watch: watch(world, "--apply")."""
    opened: list[Watch] = []

    def begin(world: World, *arguments: str, env: str | None = "default") -> Watch:
        opened.append(Watch(world.root, world.environ, *arguments, env=env))
        return opened[-1]

    yield begin
    for each in opened:
        each.close()


def test_a_save_moves_the_plan_and_a_broken_file_nothing_else(applied: World, watch: OpenWatch) -> None:
    watching = watch(applied)
    watching.planned(unchanged=2)
    applied.declare("narrator", description="Cool.", labels={"gender": "female", "mood": "neutral"})
    changed = watching.row("narrator", action="update")
    assert changed["fields"] == ["description"]
    watching.planned(update=1, unchanged=1)

    applied.write("voices/support/anna/voice.yaml", "name: [")
    broken = watching.row("support/anna", declared="broken")
    (problem,) = broken["diagnostics"]
    assert problem["range"] == {"filename": "voices/support/anna/voice.yaml", "start": {"line": 1, "column": 8}}
    watching.planned(update=1)
    applied.declare("support/anna")
    watching.row("support/anna", declared="declared", action="unchanged")
    assert watching.end() == 143
    assert watching.complaints == ""
    assert applied.api.writes == []


def test_apply_carries_out_what_is_clean_and_never_a_delete(applied: World, watch: OpenWatch) -> None:
    watching = watch(applied, "--apply")
    watching.planned(unchanged=2)
    applied.remove("support/anna")
    watching.row("support/anna", declared="removed", action="delete")
    assert watching.event("left")["keys"] == ["support/anna"]
    applied.declare("newcomer", seed=3)
    watching.row("newcomer", sample="ok")
    watching.row("newcomer", action="unchanged", remote="ready")
    watching.planned(delete=1, unchanged=2)
    watching.event("applied", exit_code=0)

    assert watching.end() == 143
    assert sorted(voice.name for voice in applied.voices.values()) == [
        "The narrator",
        "The newcomer",
        "The support anna",
    ]
    assert applied.planned() == [("support/anna", "delete")]


def test_a_recording_with_an_error_is_said_and_not_sent(applied: World, watch: OpenWatch) -> None:
    watching = watch(applied, "--apply")
    watching.planned(unchanged=2)
    applied.sample("short/sample.mp3", seconds=12)
    applied.declare("short")
    row = watching.row("short", sample="error")
    assert [problem["rule"] for problem in row["diagnostics"] if problem["severity"] == "error"] == ["sample.duration"]
    assert watching.event("left")["keys"] == ["short"]
    assert applied.api.writes == []
    applied.sample("short/sample.mp3", seed=5)
    watching.row("short", action="unchanged", remote="ready")
    assert watching.end(signal.SIGINT) == 130


def test_a_recording_that_grows_is_waited_for(applied: World, watch: OpenWatch) -> None:
    watching = watch(applied, "--apply")
    watching.planned(unchanged=2)
    content = applied.sample("take.mp3", seed=4).read_bytes()
    applied.declare("fresh", sample={"file": "take/take.mp3"})
    (applied.root / "voices/fresh/take").mkdir()
    with (applied.root / "voices/fresh/take/take.mp3").open("wb") as recorder:
        recorder.write(content[: len(content) // 2])
        recorder.flush()
        watching.row("fresh", declared="saving")
        recorder.write(content[len(content) // 2 :])
    watching.row("fresh", declared="declared", action="unchanged", remote="ready")
    assert all(event.get("sample") != "error" for event in watching.said)


def test_drift_is_seen_at_the_next_look(applied: World, watch: OpenWatch) -> None:
    watching = watch(applied, "--poll", "1s")
    watching.planned(unchanged=2)
    applied.change_on_server(applied.voice("narrator"), "description", "Changed by hand.")

    assert watching.row("narrator", drifted=True)["action"] == "update"


def test_a_server_that_is_down_is_said_and_files_are_still_planned(applied: World, watch: OpenWatch) -> None:
    applied.environ["VOICECTL_HTTP_TIMEOUT"] = "1"
    url = applied.environ["PALABRA_API_URL"]
    applied.environ["PALABRA_API_URL"] = "http://127.0.0.1:9"
    watching = watch(applied)
    watching.planned(unchanged=2)
    applied.declare("narrator", description="Cool.", labels={"gender": "female", "mood": "neutral"})
    watching.row("narrator", action="update")
    applied.environ["PALABRA_API_URL"] = url
    assert watching.end() == 143


def test_an_apply_of_somebody_else_is_noticed(applied: World, watch: OpenWatch) -> None:
    watching = watch(applied)
    applied.declare("newcomer", seed=3)
    watching.row("newcomer", action="create")
    applied.apply()

    watching.row("newcomer", action="unchanged", remote="ready")


def test_who_holds_the_lock_is_said_and_the_apply_begins_when_it_is_free(
    open_world: OpenWorld, watch: OpenWatch
) -> None:
    world = open_world(applied=True)
    lock = world.root / ".voicectl/default.lock"
    lock.parent.mkdir(exist_ok=True)
    code = (
        "import fcntl, sys; file = open(sys.argv[1], 'w'); fcntl.flock(file, fcntl.LOCK_EX);"
        'file.write(\'{"who": "bella", "host": "studio", "pid": 7, "since": "noon", "command": "voicectl apply"}\');'
        "file.flush(); print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(lock)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        watching = watch(world, "--apply")
        held = watching.until(lambda event: event["type"] == "lock" and event["holder"] is not None)
        assert held["holder"] == "bella@studio, process 7, since noon: voicectl apply"
        world.declare("newcomer", seed=3)
        watching.row("newcomer", sample="ok")
        lock.unlink()
        other.communicate()
    watching.row("newcomer", action="unchanged", remote="ready")


def test_without_an_environment_it_is_the_local_one(world: World, watch: OpenWatch) -> None:
    world.declare("narrator", seed=1)
    watching = watch(world, "--apply", env=None)
    watching.row("narrator", action="unchanged", remote="ready")

    assert watching.end() == 143
    assert "The environment is `local`" in watching.complaints
    assert world.api.writes == []
    assert world.voices == {}


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_during_an_apply_ends_it_as_apply_ends(
    open_world: OpenWorld, watch: OpenWatch, number: signal.Signals, code: int
) -> None:
    world = open_world(processing_time=3600.0)
    world.declare("narrator", seed=1)
    watching = watch(world, "--apply")
    watching.event("step", step="processing")

    assert watching.end(number) == code
    assert "Traceback" not in watching.complaints
    assert world.planned() == [("narrator", "resume")]


def test_a_broken_project_file_stops_the_planning_and_nothing_is_lost(applied: World, watch: OpenWatch) -> None:
    watching = watch(applied)
    watching.planned(unchanged=2)
    text = (applied.root / "voicectl.yaml").read_text()
    applied.write("voicectl.yaml", "project: [")
    assert "voicectl.yaml:1:11" in watching.until(lambda e: e["type"] == "trouble" and e["what"])["what"]
    applied.write("voicectl.yaml", text)
    watching.event("trouble", what=None)
    assert watching.end() == 143


def test_the_voices_folder_may_go_and_come_back(applied: World, watch: OpenWatch) -> None:
    watching = watch(applied)
    watching.planned(unchanged=2)
    away = applied.root.parent / "away"
    (applied.root / "voices").rename(away)
    watching.planned(delete=2)
    shutil.copytree(away, applied.root / "voices")
    watching.planned(unchanged=2)
    applied.declare("narrator", description="Cool.", labels={"gender": "female", "mood": "neutral"})
    watching.row("narrator", action="update")


def test_its_handles_do_not_grow_from_save_to_save(applied: World, watch: OpenWatch) -> None:
    watching = watch(applied)
    watching.planned(unchanged=2)
    handles = []
    for number in range(6):
        labels = {"gender": "female", "mood": "neutral"}
        applied.declare("narrator", description=f"Cool {number}.", labels=labels)
        watching.until(lambda e: e["type"] == "voice" and e["key"] == "narrator")
        handles.append(len(os.listdir(f"/proc/{watching.process.pid}/fd")))  # noqa: PTH208 - a count is all

    assert handles[2:] == handles[2:3] * 4
