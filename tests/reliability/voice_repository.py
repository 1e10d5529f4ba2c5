"""A repository of voices as a person keeps it, what it asks for, and whether the world is as it asks (law 2)."""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection
from pathlib import Path
from typing import Any

import yaml
from audio import make_audio
from forked_runs import KILLED, ForkServer, Ran, Run
from palabra_process import Account, Snapshot

from reconciler.emulator.store import VoiceRow

SECONDS = 31
PROJECT = "project: p\n"


class Repository:
    """A folder with voice files, one account, and runs of voicectl between them."""

    def __init__(
        self, root: Path, account: Account, runs: ForkServer, *, settings: str = PROJECT, foreign: bool = True
    ) -> None:
        self.root = root
        self.account = account
        self.runs = runs
        self.state_file = root / "voices.state.json"
        self.work = root / ".voicectl"
        self.declared: dict[str, dict[str, Any]] = {}
        """Key -> what its file says."""
        self.foreign = {account.foreign("Somebody else")} if foreign else set()
        """Ids of voices that nobody may touch."""
        root.mkdir(parents=True)
        (root / "voicectl.yaml").write_text(settings, encoding="utf-8")
        (root / "voices").mkdir()
        self._untouched = self._rows(self.foreign) if foreign else {}

    # -- a person edits --------------------------------------------------------------------------------------------

    def declare(
        self, key: str, *, seed: int | None = None, sample: dict[str, Any] | None = None, **fields: Any
    ) -> None:
        """Write a voice file, keeping what is not given; another seed is another recording. A field may end in `_`."""
        before = self.declared.get(key, {"name": f"Voice {key}", "seed": 1, "sample": {}})
        named = {field.removesuffix("_"): value for field, value in fields.items()}
        said = {**before, **named, "sample": {**before["sample"], **(sample or {})}}
        said["seed"] = before["seed"] if seed is None else seed
        self.declared[key] = {field: value for field, value in said.items() if value is not None}
        self._write(key)

    def _write(self, key: str) -> None:
        said = dict(self.declared[key])
        recording = self.root / "voices" / f"{key}.mp3"
        recording.write_bytes(sound(said.pop("seed"), self.root.parent))
        said["samples"] = [{"file": recording.name, "lang_code": "en", **said.pop("sample")}]
        voice_file = recording.with_suffix(".yaml")
        voice_file.write_text(yaml.safe_dump(said, sort_keys=False), encoding="utf-8")

    def remove(self, key: str) -> None:
        """Remove a voice file and its sample."""
        del self.declared[key]
        for suffix in (".yaml", ".mp3"):
            (self.root / "voices" / f"{key}{suffix}").unlink()

    def rename(self, key: str, new: str) -> None:
        """Declare the same voice under another key."""
        said = self.declared[key]
        self.remove(key)
        self.declared[new] = said
        self._write(new)

    # -- things get lost -------------------------------------------------------------------------------------------

    def lose(self, what: Collection[str]) -> None:
        """Lose the `state`, the `journal` (with everything else in .voicectl), or both."""
        if "state" in what:
            self.state_file.unlink(missing_ok=True)
        if "journal" in what:
            shutil.rmtree(self.work, ignore_errors=True)

    def snapshot(self, folder: Path) -> tuple[Path, Snapshot]:
        """Remember folder and account."""
        copy = folder / "repository"
        shutil.copytree(self.root, copy)
        return copy, self.account.snapshot(folder / "uploads")

    def restore(self, snapshot: tuple[Path, Snapshot]) -> None:
        """Go back to it."""
        copy, account = snapshot
        self.lose({"state", "journal"})
        for path in (copy / self.state_file.name, copy / self.work.name):
            if path.is_dir():
                shutil.copytree(path, self.root / path.name)
            elif path.exists():
                shutil.copy2(path, self.root / path.name)
        self.account.restore(account)

    # -- runs ------------------------------------------------------------------------------------------------------

    def start(self, *commands: str, **order: Any) -> Run:
        """Start a process that carries out command lines, each written as one string."""
        environ = {**self.account.environ, "HOME": str(self.root), **order.pop("environ", {})}
        return self.runs.start([c.split() for c in commands], self.root, environ, **order)

    def run(self, *commands: str, **order: Any) -> Ran:
        """Carry out command lines in one process."""
        return self.start(*commands, **order).wait()

    def apply(self, *options: str, **order: Any) -> Ran:
        """Apply."""
        return self.run(" ".join(["apply --yes", *options]), **order)

    def apply_well(self, *options: str, **order: Any) -> Ran:
        """Apply; it must succeed."""
        ran = self.apply(*options, **order)
        assert ran.code == 0, str(ran)
        return ran

    def killed_at(self, point: int, *options: str, **order: Any) -> bool:
        """Apply, and die at a crash point. Return whether there was such a point."""
        ran = self.apply(*options, crash_at=point, **order)
        assert ran.code in (KILLED, 0), str(ran)
        return ran.code == KILLED

    # -- the world -------------------------------------------------------------------------------------------------

    @property
    def records(self) -> dict[str, Any]:
        """The voices in the state document."""
        if not self.state_file.exists():
            return {}
        voices: dict[str, Any] = json.loads(self.state_file.read_text("utf-8"))["voices"]
        return voices

    @property
    def ours(self) -> dict[str, VoiceRow]:
        """Everything in the account that is not somebody else's."""
        return {voice_id: v for voice_id, v in self.account.voices.items() if voice_id not in self.foreign}

    def get(self, key: str) -> str:
        """Return what consumers get: the id, or nothing."""
        return self.run(f"get {key}").out.strip()

    def adopted(self, voice_id: str) -> None:
        """From now on a voice that was somebody else's is ours."""
        self.foreign.discard(voice_id)
        self._untouched.pop(voice_id)

    def let_go(self, voice_id: str) -> None:
        """From now on a voice that was ours is to be left alone, whatever it looks like."""
        self.foreign.add(voice_id)

    def assert_right(self, *, retired: Collection[str] = (), uploaded: bool = True) -> None:
        """Law 2: one ready voice for each declared voice, nothing half-made, no id forgotten, nothing else touched.

        `retired` are ids of replaced voices that were asked to be kept. Without `uploaded` the samples that the
        voices were made of are not compared (an imported voice has none).
        """
        records, ours = self.records, self.ours
        kept = {old["voice_id"] for record in records.values() for old in record["retired"]}
        ids = {key: record["voice_id"] for key, record in records.items()}
        assert ids.keys() == self.declared.keys(), f"recorded: {sorted(ids)}, declared: {sorted(self.declared)}"
        assert sorted([*ids.values(), *kept]) == sorted(ours), f"state: {ids}, server: {_listed(ours)}"
        assert kept <= set(retired), f"kept without being asked to: {kept - set(retired)}"
        for key, record in records.items():
            assert record["status"] == "ready", f"{key}: {record}"
            assert "successor" not in record, f"{key}: {record}"
            assert record["last_error"] is None, f"{key}: {record}"
            self._assert_as_declared(key, ours[record["voice_id"]], uploaded=uploaded)
        assert all(voice.status == "ready" for voice in ours.values()), _listed(ours)
        self.assert_foreign_untouched()
        assert not list(self.work.glob("*.journal")), "the journal was not folded"
        assert not list(self.work.glob("*.tmp")), "a killed writer's file was left behind"
        assert sorted(p.name for p in self.root.iterdir()) == [
            *(name for name in (".voicectl", "voicectl.yaml", "voices") if (self.root / name).exists()),
            self.state_file.name,
        ], "a temporary file was left behind"

    def assert_foreign_untouched(self) -> None:
        """Law 4: somebody else's voices are as they were."""
        assert self._rows(self._untouched) == self._untouched, "a foreign voice was touched"

    def assert_settled(self) -> None:
        """Law 1: a plan is empty."""
        ran = self.run("plan --detailed-exitcode")
        assert ran.code == 0, str(ran)

    def _assert_as_declared(self, key: str, voice: VoiceRow, *, uploaded: bool) -> None:
        said = self.declared[key]
        assert voice.name == said["name"], f"{key}: {voice}"
        if "description" in said:
            assert (voice.description or "").startswith(said["description"]), f"{key}: {voice}"
        for label, value in said.get("labels", {}).items():
            assert (voice.labels or {}).get(label) == value, f"{key}: {voice}"
        if uploaded:
            assert self.account.sample(voice) == sound(said["seed"], self.root.parent), f"{key}: another sample"
            assert voice.sample["denoise"] == said["sample"].get("denoise", False), f"{key}: {voice}"

    def _rows(self, ids: Collection[str]) -> dict[str, VoiceRow]:
        voices = self.account.voices
        return {voice_id: voices[voice_id] for voice_id in ids if voice_id in voices}


def _listed(voices: dict[str, VoiceRow]) -> str:
    return "; ".join(f"{v.voice_id} {v.status} {v.name} {v.description}" for v in voices.values())


_SOUNDS: dict[int, bytes] = {}


def sound(seed: int, folder: Path) -> bytes:
    """Return a recording: the same seed, the same bytes."""
    if seed not in _SOUNDS:
        path = make_audio(folder / f"sound-{seed}.mp3", container="mp3", seconds=SECONDS, sample_rate=8000, seed=seed)
        _SOUNDS[seed] = path.read_bytes()
        path.unlink()
    return _SOUNDS[seed]
