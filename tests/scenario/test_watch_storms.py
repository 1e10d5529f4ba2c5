"""Watch in a storm: ten thousand events, and git changing a thousand voices at once."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from git_folder import GitFolder
from recorded_voices import RecordedVoices, recorded_voices
from watch_process import Watch

VOICES = 1000
OFFLINE = {"PALABRA_API_URL": "http://127.0.0.1:9", "PALABRA_API_KEY": "any"}
"""Nobody answers there, so state is trusted."""


@pytest.fixture
def environ(tmp_path: Path) -> Mapping[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **OFFLINE}


@pytest.fixture
def repository(tmp_path: Path) -> RecordedVoices:
    return recorded_voices(tmp_path / "repository", VOICES)


@pytest.fixture
def watching(repository: RecordedVoices, environ: Mapping[str, str]) -> Iterator[Watch]:
    watch = Watch(repository.root, environ)
    yield watch
    watch.close()


def memory(watch: Watch) -> int:
    """Return what the process holds, in MB."""
    status = Path(f"/proc/{watch.process.pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+)", status)
    assert found
    return int(found[1]) // 1024


def handles(watch: Watch) -> int:
    return sum(1 for _ in Path(f"/proc/{watch.process.pid}/fd").iterdir())


def test_a_checkout_of_a_thousand_voices_is_one_change(repository: RecordedVoices, environ: Mapping[str, str]) -> None:
    folder = GitFolder.init(repository.root)
    (repository.root / ".gitignore").write_text(".voicectl/\n")
    folder.git("add", ".")
    folder.git("commit", "-q", "-m", "warm")
    folder.git("checkout", "-q", "-b", "cool")
    for key in repository.keys:
        repository.write(key, "Cool.")
    folder.git("commit", "-q", "-a", "-m", "cool")
    folder.git("checkout", "-q", "main")
    watching = Watch(repository.root, environ)
    try:
        watching.planned(unchanged=VOICES)
        folder.git("checkout", "-q", "cool")
        watching.planned(update=VOICES)
        folder.git("checkout", "-q", "main")
        watching.planned(unchanged=VOICES)
        repository.write("voice-7", "Calm.")
        watching.row("voice-7", action="update")
        plans = [event["summary"] for event in watching.said if event["type"] == "plan"]

        assert plans == [{"unchanged": VOICES}, {"update": VOICES}, {"unchanged": VOICES}]
        assert watching.end() == 143
    finally:
        watching.close()


def storm(repository: RecordedVoices, watching: Watch) -> tuple[int, int]:
    """Save five thousand times, and then as it was; returns memory and handles afterwards."""
    for number in range(5_000):
        repository.write(f"voice-{number % 200}", f"Number {number}.")
    watching.planned(update=200, unchanged=VOICES - 200)
    for key in repository.keys[:200]:
        repository.write(key)
    watching.planned(unchanged=VOICES)
    return memory(watching), handles(watching)


def test_ten_thousand_events_leave_it_as_it_was(repository: RecordedVoices, watching: Watch) -> None:
    """The first storm loads what changed voices need; the second one must leave nothing."""
    watching.planned(unchanged=VOICES)
    first, second = storm(repository, watching), storm(repository, watching)

    assert second[0] - first[0] < 30, (first, second)  # it levels off after some 20,000 saves
    assert second[1] == first[1]
    assert watching.end() == 143
    assert watching.complaints == ""
