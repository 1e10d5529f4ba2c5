"""A repository of many small voices that state has already: nothing has to be cloned, decoded or asked for.

    repository = recorded_voices(tmp_path, 10)
    repository.write("voice-3", description="Cool.")

Its recordings are a few bytes of text, which nobody measures as long as no plan uploads them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from reconciler.apply.actual_side import AccountView
from reconciler.apply.recorded_side import trusted
from reconciler.apply.workspace import Workspace, open_workspace
from reconciler.state.document import RecordedSample, StateDocument, VoiceRecord, render
from reconciler.state.store import LoadedState


@dataclass(frozen=True, slots=True)
class RecordedVoices:
    """The repository."""

    root: Path
    keys: tuple[str, ...]

    def file(self, key: str) -> Path:
        return self.root / "voices" / key / "voice.yaml"

    def sample(self, key: str) -> Path:
        return self.root / "voices" / key / "sample.mp3"

    def write(self, key: str, description: str = "Warm.") -> Path:
        """Write a voice file with one more description."""
        path = self.file(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            f"name: The {key}\ndescription: {description}\nsamples: [{{file: sample.mp3, lang_code: en}}]\n"
        )
        return path

    def workspace(self) -> Workspace:
        return open_workspace(self.root, "default", {})


def recorded_voices(root: Path, count: int, environments: Iterable[str] = ("default",)) -> RecordedVoices:
    """Make a repository of `count` voices, all of them as state has them."""
    repository = RecordedVoices(root, tuple(f"voice-{number}" for number in range(count)))
    root.mkdir(parents=True, exist_ok=True)
    (root / "voicectl.yaml").write_text("project: many\n")
    records = {}
    for key in repository.keys:
        repository.write(key)
        content = f"the recording of {key}".encode()
        repository.sample(key).write_bytes(content)
        records[key] = _record(key, content)
    for environment in environments:
        store = open_workspace(root, environment, {}).store
        assert store.file is not None
        store.file.parent.mkdir(parents=True, exist_ok=True)
        store.file.write_text(render(StateDocument.new(environment).with_voices(records, None)))
    return repository


async def remembered_account(workspace: Workspace, loaded: LoadedState, imports: Iterable[str]) -> AccountView:
    """Read the account of a server on which nothing ever happens."""
    del workspace, imports
    return AccountView(trusted(loaded.voices), None)


def _record(key: str, content: bytes) -> VoiceRecord:
    sha256 = hashlib.sha256(content).hexdigest()
    sample = RecordedSample(
        file=f"voices/{key}/sample.mp3",
        sha256=sha256,
        size=len(content),
        stream_sha256=sha256,
        lang_code="en",
        denoise=False,
        speech_normalization=True,
        display_name=None,
        description=None,
    )
    return VoiceRecord(f"id-{key}", "ready", f"The {key}", "Warm.", {}, sample, "2026-01-01T00:00:00Z")
