"""A repository of many voices as it is after an apply: voice files, samples, state document, git index."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from reconciler.plan.record import recorded_mark
from reconciler.state.document import RecordedSample, StateDocument, VoiceRecord, render

if TYPE_CHECKING:
    from benchmarks.speed.clips import Clip

PROJECT: Final = "measured"
ACCOUNT: Final = "me"
FOLDER: Final = 100
"""Voices in one folder."""

VOICE: Final = """\
# yaml-language-server: $schema=../../schemas/voice.schema.json
# Recorded for the measurements of voicectl, take {number}.
name: {name}
description: {description}
labels:
  gender: female
  age_group: adult
  mood: {mood}
samples:
  - file: {file}
    lang_code: en
    denoise: true
    display_name: Take {number}
lifecycle:
  prevent_destroy: true
  keep_replaced: 7d
"""
MOODS: Final = ("neutral", "happy", "angry", "sad")


@dataclass(frozen=True, slots=True)
class Repository:
    """Where things are."""

    root: Path
    account: Path
    """What the server has: a JSON list of voices as its answers show them."""
    size: int
    """Voices."""

    @property
    def state(self) -> Path:
        """The state document."""
        return self.root / "voices.state.json"

    @property
    def first_state(self) -> Path:
        """The state document as it was made, to begin again from."""
        return self.account.with_name("first.state.json")

    @property
    def work(self) -> Path:
        """The caches of voicectl, which may be removed."""
        return self.root / ".voicectl"

    def voice_file(self, number: int) -> Path:
        """Return the voice file of this number."""
        return self.root / "voices" / f"{_key(number)}.yaml"


def build(folder: Path, size: int, applied: int, copies: int) -> Repository:
    """Return a repository of `size` voices below `folder`, made unless it is there.

    `applied` says how many of them the account and the state document have, `copies` how often the sound of a usual
    recording is in each.
    """
    repository = Repository(folder / "repository", folder / "account.json", size)
    if (folder / "complete").exists():
        return repository
    from benchmarks.speed.clips import Clips  # noqa: PLC0415 - FFmpeg's memory would count for whatever is started

    clips = Clips(copies)
    shutil.rmtree(folder, ignore_errors=True)
    repository.root.mkdir(parents=True)
    (repository.root / "voicectl.yaml").write_text(f"project: {PROJECT}\n")
    (repository.root / ".gitignore").write_text(".voicectl/\n")
    voices, shown, hashes = {}, [], {}
    for number in range(size):
        key = _key(number)
        clip = clips.clip(number)
        hashes[key] = clip.sha256
        _write_voice(repository, number, clip)
        if number < applied:
            voices[key] = _record(number, clip)
            shown.append(_shown(number, key, voices[key]))
    document = StateDocument("default", "measured", 1, ACCOUNT, voices)
    repository.first_state.write_text(render(document), encoding="utf-8")
    shutil.copy(repository.first_state, repository.state)
    repository.account.write_text(json.dumps(shown), encoding="utf-8")
    (folder / "hashes.json").write_text(json.dumps(hashes))
    _index(repository.root)
    (folder / "complete").touch()
    return repository


def samples(repository: Repository) -> Iterator[Path]:
    """Yield the recordings."""
    return (repository.voice_file(number).with_suffix(".mp3") for number in range(repository.size))


def sample_hashes(repository: Repository) -> dict[str, str]:
    """Return the sha256 of each recording, by key."""
    hashes: dict[str, str] = json.loads((repository.account.parent / "hashes.json").read_text())
    return hashes


def _key(number: int) -> str:
    return f"team-{number // FOLDER:03}/voice-{number:05}"


def _words(number: int) -> dict[str, str]:
    description = f"Warm and calm, for tours and announcements, number {number}."
    return {"name": f"Voice {number:05}", "description": description, "mood": MOODS[number % len(MOODS)]}


def _write_voice(repository: Repository, number: int, clip: Clip) -> None:
    path = repository.voice_file(number)
    path.parent.mkdir(parents=True, exist_ok=True)
    sample = path.with_suffix(".mp3")
    path.write_text(VOICE.format(number=number, file=sample.name, **_words(number)))
    sample.write_bytes(clip.content)


def _record(number: int, clip: Clip) -> VoiceRecord:
    words = _words(number)
    sample = RecordedSample(
        file=f"voices/{_key(number)}.mp3",
        sha256=clip.sha256,
        size=len(clip.content),
        stream_sha256=clip.stream_sha256,
        lang_code="en",
        denoise=True,
        speech_normalization=True,
        display_name=f"Take {number}",
    )
    return VoiceRecord(
        voice_id=f"{number:08x}-0000-4000-8000-{number:012x}",
        status="ready",
        name=words["name"],
        description=words["description"],
        labels={"gender": "female", "age_group": "adult", "mood": words["mood"]},
        sample=sample,
        created_at="2026-01-01T00:00:00.000000",
        prevent_destroy=True,
    )


def _shown(number: int, key: str, record: VoiceRecord) -> dict[str, Any]:
    """Return a voice as the API shows it (section 6 of the API page)."""
    mark = recorded_mark(key, record.sample, PROJECT)
    return {
        "voice_id": record.voice_id,
        "user_id": ACCOUNT,
        "utc_created_at": record.created_at,
        "voice_type": "instantly_cloned",
        "processing_status": "ready",
        "utc_updated_at": record.created_at,
        "processing_result": None,
        "name": record.name,
        "description": f"{record.description} {mark}",
        "labels": record.labels,
        "lang_code": "en",
        "samples": [{"item_id": "0", "blob_id": f"blob-{number}"}],
    }


def _index(root: Path) -> None:
    """Let git know every file, as after a commit, without a second copy of a gigabyte in its object store."""

    def git(*arguments: str, given: bytes = b"") -> str:
        line = ["git", "-c", "user.name=x", "-c", "user.email=x@example.test", *arguments]
        return subprocess.run(line, cwd=root, input=given, check=True, capture_output=True).stdout.decode().strip()

    git("init", "--quiet", "--initial-branch=main")
    listed = git("ls-files", "--others", "--exclude-standard").encode() + b"\n"
    git("update-index", "--add", "--info-only", "--stdin", given=listed)
    tree = git("write-tree", "--missing-ok")
    git("update-ref", "HEAD", git("commit-tree", tree, "-m", "Measured"))


if __name__ == "__main__":
    build(Path(sys.argv[1]), *map(int, sys.argv[2:]))
