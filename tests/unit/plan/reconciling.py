"""A repository and an account, without files for the voices and without a network; everything between them is real.

What `apply` does between lock and report happens here with the program's own parts: state on disk, the journal, the
client, plan and executor. Only the transport (a World) and the time are models.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from audio import make_audio
from leaping_loop import LeapingLoop
from worlds import API, EPOCH, Died, Habits, Trouble, World

from reconciler.apply.desired_side import Desired, with_streams
from reconciler.apply.interrupts import Interrupts
from reconciler.apply.lost_creates import SETTLE
from reconciler.apply.planning import Planned, PlanRequest, plan_from_account
from reconciler.apply.run import Applied, ApplyRequest, _Run
from reconciler.apply.session import Session
from reconciler.apply.workspace import Workspace
from reconciler.desired.identity_cache import IdentityCache
from reconciler.desired.project import Environment, Project, Safety
from reconciler.desired.source import Source
from reconciler.desired.voice_file import VoiceFile
from reconciler.palabra.client import PalabraClient
from reconciler.palabra.credentials import Credentials
from reconciler.palabra.limiter import Limiter
from reconciler.palabra.upload import Uploader
from reconciler.plan.sides import DesiredVoice, SampleBytes
from reconciler.state.ledger import Ledger
from reconciler.state.lock import Holder
from reconciler.state.store import StateStore

File = dict[str, Any]
"""A voice file, as YAML would give it."""
HOLDER = Holder("me", "here", 1, "2026-01-01T00:00:00Z", "voicectl apply")
TRACKS = ("a.flac", "a-tagged.flac", "b.flac", "c.flac")
"""The samples that there are; the first two hold the same audio."""


def make_tracks(folder: Path) -> IdentityCache:
    """Make the samples, and return a cache that every example may use."""
    for name, seed, tags in zip(TRACKS, (1, 1, 2, 3), (None, {"title": "x"}, None, None), strict=True):
        make_audio(folder / name, container="flac", seconds=0.3, sample_rate=8000, seed=seed, tags=tags)
    return IdentityCache(folder / "cache.json")


@dataclass
class Repository:
    """Voice files, state and an account."""

    root: Path
    tracks: Path
    cache: IdentityCache
    habits: Habits
    ownership_mark: bool = True

    def __post_init__(self) -> None:
        self.files: dict[str, File] = {}
        self.loop = LeapingLoop()
        self.loop.set_exception_handler(_complain)
        self.world = World(self.habits, now=self.loop.time)
        self.state = self.root / "voices.state.json"
        self.journal = self.root / ".voicectl/default.journal"

    def close(self) -> None:
        """End the loop."""
        self.loop.close()

    def clock(self) -> datetime:
        """Return what time it is for the program."""
        return EPOCH + timedelta(seconds=self.loop.time())

    def workspace(self) -> Workspace:
        """Return what the program knows of the repository, read afresh."""
        environment = Environment("default")
        project = Project(
            root=self.root,
            name="p",
            name_is_explicit=True,
            voices_dir="voices",
            environments={"default": environment},
            safety=Safety(),
            parallelism=4,
            ownership_mark=self.ownership_mark,
            checks={},
            source=Source("voicectl.yaml", str(self.root / "voicectl.yaml")),
        )
        store = StateStore.of_file(self.state, self.root / ".voicectl", "default")
        measured = Path(os.environ["VOICECTL_CACHE"]) / "measurements"
        return Workspace(project, environment, self.tracks, store, self.cache, measured, {}, ())

    def voices(self) -> Mapping[str, Any]:
        """Return the records as state has them now."""
        return self.workspace().store.load().voices

    def plan(self, *, replace: tuple[str, ...] = ()) -> Planned:
        """Plan as `voicectl plan` does."""
        return self.loop.run_until_complete(self._plan(PlanRequest(replace=replace, allow_deletes=True)))

    def apply(self, troubles: Mapping[int, Trouble] | None = None, *, replace: tuple[str, ...] = ()) -> Applied | None:
        """Apply as `voicectl apply` does. None: the process died on the way."""
        self.world.expect(troubles or {})
        request = ApplyRequest(PlanRequest(replace=replace, allow_deletes=True), parallelism=4)
        try:
            return self.loop.run_until_complete(self._until_death(self._apply(request)))
        finally:
            self.world.expect({})

    async def _until_death(self, work: Coroutine[Any, Any, Applied]) -> Applied | None:
        """Run the work; when the process is killed, leave the disk as it was at that moment."""
        killed, disk = asyncio.Event(), dict[Path, bytes]()

        def on_death() -> None:
            disk.update({path: path.read_bytes() for path in (self.state, self.journal) if path.exists()})
            killed.set()

        self.world.on_death = on_death
        task, death = asyncio.ensure_future(work), asyncio.ensure_future(killed.wait())
        await asyncio.wait({task, death}, return_when=asyncio.FIRST_COMPLETED)
        if not killed.is_set():
            death.cancel()
            return task.result()
        while left := asyncio.all_tasks() - {asyncio.current_task()}:
            for other in left:
                other.cancel()
            await asyncio.gather(*left, return_exceptions=True)
        await asyncio.gather(task, return_exceptions=True)
        for path in (self.state, self.journal):
            path.unlink(missing_ok=True)
            if path in disk:
                path.write_bytes(disk[path])
        return None

    async def _plan(self, request: PlanRequest) -> Planned:
        workspace = self.workspace()
        loaded = workspace.store.load()
        desired = with_streams(workspace, self._desired(), loaded.voices)
        async with self._http() as http:
            return await plan_from_account(workspace, request, self.clock, loaded, desired, self._session(http))

    async def _apply(self, request: ApplyRequest) -> Applied:
        workspace = self.workspace()
        with workspace.store.hold(HOLDER) as hold:
            ledger = Ledger(hold, hold.load())
            desired = with_streams(workspace, self._desired(), ledger.loaded.voices)
            async with self._http() as http:
                ledger.open()
                run = _Run(workspace, request, ledger, self._session(http), Interrupts(request.timeout), self.clock)
                try:
                    planned = await run.plan(desired, None)
                    applied = await run.carry_out(planned, lambda _: None)
                finally:
                    ledger.close()
        return applied

    def _http(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.MockTransport(self.world.handle))

    def _session(self, http: httpx.AsyncClient) -> Session:
        limiter = Limiter(4)
        client = PalabraClient(http, API, Credentials({"Authorization": "Bearer key"}), limiter, read_timeout=30)
        return Session(client, Uploader(http, limiter, seconds=30), local=False, settle=SETTLE)

    def _desired(self) -> Desired:
        voices, paths = {}, {}
        for key, file in sorted(self.files.items()):
            source = Source(f"voices/{key}.yaml", str(self.root / f"voices/{key}.yaml"))
            spec = VoiceFile.model_validate(file).spec(key, source)
            if spec.sample.file is None:
                voices[key] = DesiredVoice(spec, None)
                continue
            path = self.tracks / spec.sample.file
            identity = self.cache.identify(path)
            voices[key] = DesiredVoice(spec, SampleBytes(spec.sample.file, identity.sha256, identity.size))
            paths[key] = path
        return Desired(voices, paths, ())


def _complain(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Say what went wrong unheard; that a process was killed is no news."""
    if not isinstance(context.get("exception"), Died):
        loop.default_exception_handler(context)
