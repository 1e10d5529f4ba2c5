"""What a command costs, counted: stats, opens, requests, fsyncs. Times on shared machines are noise; these are not.

Law 7: work is linear with small constants, and a voice whose file and sample have not changed costs one stat each.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import ClassVar

import pytest
from cli_world import OpenWorld
from recorded_voices import RecordedVoices, recorded_voices

SETTLED = 2.2
"""Seconds after which a file is believed to be what it was."""
LOOKS = 6
"""Times at most that voices are looked at while they are processed, which takes the emulator a moment."""
COUNTING = """
import json, sys, threading
from collections import Counter
from pathlib import Path

counts, modules = Counter(), Path(sys.argv.pop(1))
root = str(Path.cwd())

def count(frame, event, called):
    if event == "c_call":
        counts[called.__name__] += called.__module__ in ("posix", "_io") or called.__name__ in ("fsync",)

def opened(event, arguments):
    if event == "open" and str(arguments[0]).startswith(root):
        counts["opened here"] += 1

from reconciler.cli.app import run
sys.addaudithook(opened)
threading.setprofile(count)
sys.setprofile(count)
code = run(sys.argv[1:])
sys.setprofile(None)
loaded = sorted({name.partition(".")[0] for name in sys.modules})
modules.write_text(json.dumps([counts, loaded]))
sys.exit(code)
"""


class Counted:
    """One run of a command line."""

    def __init__(self, root: Path, *arguments: str) -> None:
        told = root.parent / "counted.json"
        ran = subprocess.run(
            [sys.executable, "-c", COUNTING, told, *arguments], cwd=root, capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, ran.stderr
        counts, modules = json.loads(told.read_text())
        self.counts = Counter(counts)
        self.modules = set(modules)
        self.stdout = ran.stdout

    @property
    def stats(self) -> int:
        return self.counts["stat"] + self.counts["lstat"]


@pytest.fixture(scope="module")
def repositories(tmp_path_factory: pytest.TempPathFactory) -> dict[int, RecordedVoices]:
    """Return repositories of different sizes, planned once after their files had settled."""
    folder = tmp_path_factory.mktemp("counted")
    made = {count: recorded_voices(folder / str(count) / "repository", count) for count in (10, 40)}
    newest = max(path.stat().st_ctime for path in folder.rglob("*"))
    while time.time() < newest + SETTLED:
        time.sleep(0.05)
    for repository in made.values():
        Counted(repository.root, "plan", "--offline")
        Counted(repository.root, "plan", "--offline")  # the project is remembered once there is a folder for it
    return made


def test_an_unchanged_voice_costs_one_stat_for_its_file_and_one_for_its_sample(
    repositories: dict[int, RecordedVoices],
) -> None:
    few, many = (Counted(repositories[count].root, "plan", "--offline") for count in (10, 40))

    assert "No changes. 40 voices are as declared." in many.stdout
    assert many.counts["scandir"] - few.counts["scandir"] == 30  # each has a folder of its own here, listed once
    assert many.counts["stat"] - few.counts["stat"] == 30
    assert many.counts["opened here"] == few.counts["opened here"]


def test_a_plan_without_changes_loads_no_parser_no_models_and_no_event_loop(
    repositories: dict[int, RecordedVoices],
) -> None:
    planned = Counted(repositories[10].root, "plan", "--offline")

    heavy = {
        "pydantic",
        "pydantic_core",
        "yaml",
        "asyncio",
        "ssl",
        "aiohttp",
        "httpx",
        "numpy",
        "av",
        "rich",
        "deepdiff",
        "jinja2",
    }
    assert planned.modules & heavy == set()


def test_one_changed_file_is_the_only_one_that_is_opened(repositories: dict[int, RecordedVoices]) -> None:
    repository = repositories[40]
    before = Counted(repository.root, "plan", "--offline")
    repository.write("voice-7", "Cool.")
    try:
        after = Counted(repository.root, "plan", "--offline")
    finally:
        repository.write("voice-7")

    assert "1 to update; 39 unchanged" in after.stdout
    # the file itself, and the two caches that are written anew
    assert after.counts["opened here"] - before.counts["opened here"] <= 3


def test_getting_an_id_reads_the_state_document_and_nothing_else(repositories: dict[int, RecordedVoices]) -> None:
    few, many = (Counted(repositories[count].root, "get", "voice-7") for count in (10, 40))

    assert many.stdout == "id-voice-7\n"
    assert many.counts["opened here"] == few.counts["opened here"] <= 2
    assert many.stats == few.stats
    assert many.modules & {"pydantic", "yaml", "asyncio", "ssl", "httpx"} == set()


class Watched:
    """What is done to files in this process from now on."""

    _now: ClassVar[Watched | None] = None
    _hears: ClassVar[bool] = False

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.renamed: Counter[str] = Counter()
        """Names of files that were put in place."""
        self.synced = 0
        if not Watched._hears:
            sys.addaudithook(Watched._heard)  # which stays for good
            Watched._hears = True
        Watched._now = self
        fsync = os.fsync

        def counted(file: int) -> None:
            self.synced += 1
            fsync(file)

        monkeypatch.setattr(os, "fsync", counted)

    @staticmethod
    def _heard(event: str, arguments: tuple[object, ...]) -> None:
        if event == "os.rename" and Watched._now is not None:
            Watched._now.renamed[Path(str(arguments[1])).name] += 1


def test_an_apply_costs_each_voice_the_same_and_state_is_written_once(
    open_world: OpenWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: dict[int, int] = {}
    for count in (3, 12):
        world = open_world()
        for number in range(count):
            world.declare(f"voice-{number:02}")  # one recording for all: it is measured once

        with monkeypatch.context() as patched:
            watched = Watched(patched)
            world.apply("--parallelism", "4")

        kinds = Counter(sent.partition("?")[0] for sent in world.api.sent)
        assert kinds["POST /saas/voice/clone"] == count
        # before the first and after the last create; in between, each look takes a page, or a request for each of few
        assert kinds["GET /saas/voice"] <= 2 + LOOKS
        assert len(world.api.sent) <= count * (1 + LOOKS) + 4 + LOOKS
        # two intents and three results, which may share one with others
        assert watched.synced <= 5 * count + 12
        written[count] = watched.renamed["voices.state.json"]
    assert written == {3: 1, 12: 1}


def test_a_voice_that_is_replaced_is_deleted_with_one_request(open_world: OpenWorld) -> None:
    """The last look for second voices may be the list from before the old voices went."""
    world = open_world()
    for number in range(4):
        world.declare(f"voice-{number}")
    world.apply()
    for number in range(4):
        world.declare(f"voice-{number}", sample={"lang_code": "de"})
    world.api.exchanges.clear()

    world.apply()

    deleted = Counter(sent for sent in world.api.sent if sent.startswith("DELETE "))
    assert list(deleted.values()) == [1, 1, 1, 1]
