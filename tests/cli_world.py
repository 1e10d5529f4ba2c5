"""A repository of voices, an account on an emulator, and the command line between them.

    def test_something(world: World) -> None:
        world.declare("narrator", description="Warm.")
        assert world.run("apply", "--yes").code == 0

Every request to the API goes through a recording proxy, so a test can say what was sent and what never was.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import io
import json
import logging
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import uuid5

import yaml
from audio import make_audio
from recording_proxy import RecordingProxy

from reconciler.apply.events import Listener
from reconciler.apply.planning import PlanRequest
from reconciler.apply.run import Applied, ApplyRequest, run_apply
from reconciler.apply.workspace import open_workspace
from reconciler.cli.app import run
from reconciler.emulator.principal import ACCOUNTS
from reconciler.emulator.server import EmulatorServer
from reconciler.emulator.settings import EmulatorSettings
from reconciler.emulator.store import NewVoice, Store, VoiceRow, read_voices

KEY = "plbr_a-key-that-nobody-may-see"
PROJECT = "project: voices-under-test\n"
HOUR = 3600.0
"""Seconds: a processing time that no test lives to see the end of."""


@dataclass(frozen=True, slots=True)
class Ran:
    """One command, at its end."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What stdout holds, which must be one JSON document."""
        return json.loads(self.out)

    @property
    def events(self) -> list[dict[str, Any]]:
        """What stdout holds, which must be one JSON object a line."""
        return [json.loads(line) for line in self.out.splitlines()]


class World:
    """One repository and one account. Close it when done."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.root = folder / "repository"
        self.data = folder / "palabra"
        self.state_file = self.root / "voices.state.json"
        self._stack = ExitStack()
        if not self.root.exists():
            self.root.mkdir(parents=True)
            self.write("voicectl.yaml", PROJECT)
        self.serve(**settings)

    def serve(self, **settings: Any) -> None:
        """Start the emulator, or start it anew with other settings: its voices stay."""
        self._stack.close()
        chosen = dataclasses.replace(EmulatorSettings(data=self.data, processing_time=0.05), **settings)
        self.emulator = self._stack.enter_context(EmulatorServer(chosen))
        self.api = self._stack.enter_context(RecordingProxy(self.emulator.url))
        self.environ = {
            "PATH": os.environ["PATH"],
            "VOICECTL_CACHE": os.environ["VOICECTL_CACHE"],
            "HOME": str(self.root),
            "PALABRA_API_URL": self.api.url,
            "PALABRA_API_KEY": KEY,
        }

    def close(self) -> None:
        self._stack.close()

    # -- the repository --------------------------------------------------------------------------------------------

    def write(self, name: str, text: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def sample(self, name: str, *, seed: int = 0, seconds: float = 31, container: str = "mp3", **more: Any) -> Path:
        """Record a sample; the same seed is the same recording."""
        return make_audio(self.root / "voices" / name, container=container, seconds=seconds, seed=seed, **more)

    def declare(
        self, key: str, *, sample: dict[str, Any] | None = None, seed: int | None = None, **fields: Any
    ) -> Path:
        """Write voices/KEY/voice.yaml; record its sample unless there is one."""
        recording = self.root / "voices" / key / "sample.mp3"
        if seed is not None or not recording.exists():
            self.sample(f"{key}/sample.mp3", seed=seed or 0)
        voice = {"name": f"The {key.replace('/', ' ')}", **{name.removesuffix("_"): v for name, v in fields.items()}}
        voice["samples"] = [{"file": "sample.mp3", "lang_code": "en", **(sample or {})}]
        return self.write(f"voices/{key}/voice.yaml", yaml.safe_dump(voice, sort_keys=False))

    def remove(self, key: str) -> None:
        shutil.rmtree(self.root / "voices" / key)

    def forget_state(self) -> None:
        """Lose everything that is not in git's care, and the state document too."""
        self.state_file.unlink()
        shutil.rmtree(self.root / ".voicectl", ignore_errors=True)

    # -- the command line ------------------------------------------------------------------------------------------

    def run(self, *arguments: str, cwd: Path | None = None, env: Mapping[str, str | None] | None = None) -> Ran:
        """Run one command in this process, with nobody at the terminal."""
        out, err, none = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(3))
        with (
            patch.dict(os.environ, self._environ(env), clear=True),
            patch.object(sys, "argv", ["voicectl", *arguments]),
            patch.object(sys, "stdin", none),
            contextlib.chdir(cwd or self.root),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            code = run(arguments)
        logging.getLogger("voicectl").handlers.clear()  # a process of its own would have ended with what -v set up
        return Ran(code, *(stream.buffer.getvalue().decode() for stream in (out, err)))

    def process(
        self, *arguments: str, cwd: Path | None = None, env: Mapping[str, str | None] | None = None, stdin: str = ""
    ) -> Ran:
        """Run one command in a process of its own."""
        ran = subprocess.run(
            [sys.executable, "-m", "reconciler", *arguments],
            cwd=cwd or self.root,
            env=self._environ(env),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return Ran(ran.returncode, ran.stdout, ran.stderr)

    def apply(self, *arguments: str) -> Ran:
        """Apply with everybody's consent; it must succeed."""
        ran = self.run("apply", "--yes", *arguments)
        assert ran.code == 0, ran.out + ran.err
        return ran

    def apply_at(self, moment: datetime, listener: Listener | None = None) -> Applied:
        """Apply at another time than now; the listener may do what others do meanwhile."""
        workspace = open_workspace(self.root, "default", self.environ)
        request = ApplyRequest(plan=PlanRequest(), parallelism=4)

        def nothing(_: object) -> None:
            pass

        with patch.dict(os.environ, self.environ, clear=True):
            return asyncio.run(
                run_apply(
                    workspace,
                    request,
                    show=nothing,
                    approve=nothing,
                    listener=listener or nothing,
                    clock=lambda: moment,
                )
            )

    def plan(self, *arguments: str) -> dict[str, Any]:
        """Return the plan; making it must succeed."""
        ran = self.run("plan", "--json", *arguments)
        assert ran.code in (0, 2), ran.out + ran.err
        plan: dict[str, Any] = ran.json
        return plan

    def planned(self, *arguments: str) -> list[tuple[str, str]]:
        """Return key and action of every change."""
        return [(change["key"], change["action"]) for change in self.plan(*arguments)["changes"]]

    def get(self, key: str) -> str:
        """Return what consumers get: the id, or nothing."""
        return self.run("get", key).out.strip()

    def _environ(self, changes: Mapping[str, str | None] | None) -> dict[str, str]:
        merged = {**self.environ, **(changes or {})}
        return {name: value for name, value in merged.items() if value is not None}

    # -- state and account -----------------------------------------------------------------------------------------

    @property
    def records(self) -> dict[str, Any]:
        """The voices in the state document."""
        voices: dict[str, Any] = json.loads(self.state_file.read_text())["voices"]
        return voices

    def edit_state(self, edit: Callable[[dict[str, Any]], object]) -> None:
        """Change the state document in an editor."""
        document = json.loads(self.state_file.read_text())
        edit(document)
        self.state_file.write_text(json.dumps(document))

    @property
    def voices(self) -> dict[str, VoiceRow]:
        """Everything the account holds, by id."""
        return {voice.voice_id: voice for voice in read_voices(self.data)}

    def voice(self, key: str) -> VoiceRow:
        """Return the voice that state records for a key, as the server has it."""
        return self.voices[self.records[key]["voice_id"]]

    def foreign(self, name: str, *, description: str | None = "by somebody else", key: str = KEY) -> str:
        """Put a ready voice that is not ours into the account; returns its id."""
        with contextlib.closing(Store(self.data)) as store:
            sample = {"filename": "x.mp3", "mime_type": "audio/mpeg", "lang_code": "en", "denoise": False}
            user = str(uuid5(ACCOUNTS, f"bearer:{key}"))
            made = store.create(NewVoice(user, name, description, {"mood": "happy"}, sample), limit=1000)
        self.sql(
            "UPDATE voice SET uploaded_at = created_at, due_at = 0, verdict = 'ready' WHERE voice_id = ?", made.voice_id
        )
        return made.voice_id

    def change_on_server(self, voice: VoiceRow, column: str, value: Any) -> None:
        """Change a voice behind voicectl's back."""
        self.sql(f"UPDATE voice SET {column} = ? WHERE voice_id = ?", value, voice.voice_id)

    def finish(self, voice_id: str, problem: str | None = None) -> None:
        """End the processing of a pending voice now: ready, or failed with a problem."""
        verdict, problems = ("failed", [problem]) if problem else ("ready", [])
        self.sql(
            # another time of upload, so that the verdict of the real probe comes too late
            "UPDATE voice SET verdict = ?, problems = ?, due_at = 0, uploaded_at = uploaded_at + 1 WHERE voice_id = ?",
            verdict, json.dumps(problems), voice_id,
        )  # fmt: skip

    def sql(self, statement: str, *values: Any) -> None:
        with contextlib.closing(sqlite3.connect(self.data / "emulator.sqlite", timeout=30)) as db, db:
            assert db.execute(statement, values).rowcount == 1


OpenWorld = Callable[..., World]


def opened(folder: Path, template: Path | None, **settings: Any) -> World:
    """Open a new world, or one that begins as a copy of another."""
    if template is not None:
        shutil.copytree(template, folder, dirs_exist_ok=True)
    return World(folder, **settings)


def make_template(folder: Path) -> Path:
    """Make a world in which two voices were applied, and leave it."""
    world = World(folder)
    try:
        world.declare("narrator", seed=1, description="Warm.", labels={"gender": "female", "mood": "neutral"})
        world.declare("support/anna", seed=2)
        world.apply()
    finally:
        world.close()
    return folder


def worlds(folders: Iterator[Path], template: Path) -> Iterator[OpenWorld]:
    """Yield a function that opens worlds; all are closed at the end."""
    with ExitStack() as stack:

        def open_world(*, applied: bool = False, **settings: Any) -> World:
            world = opened(next(folders), template if applied else None, **settings)
            stack.callback(world.close)
            return world

        yield open_world
