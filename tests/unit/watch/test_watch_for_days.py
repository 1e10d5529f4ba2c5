"""Days of watching: a day passes at once on a loop whose time leaps, and nothing has grown."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from leaping_loop import LeapingLoop
from msgspec import structs
from recorded_voices import recorded_voices, remembered_account

from reconciler.apply.actual_side import AccountView
from reconciler.apply.workspace import Workspace
from reconciler.errors import ApiUnreachableError
from reconciler.plan.sides import Actual
from reconciler.state.store import LoadedState
from reconciler.watch.changes import Changes, Tell
from reconciler.watch.news import Lines
from reconciler.watch.watcher import Options, Watcher

MINUTES = 1440
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Quiet(Changes):
    """Files that nobody touches."""

    async def run(self, tell: Tell, lost: Callable[[], Awaitable[None]]) -> None:
        await lost()
        await asyncio.Event().wait()


@dataclass
class Server:
    """An account that is looked at once a minute; now and then somebody edits a voice, or it is down."""

    end: Callable[[], None] = lambda: None
    looks: int = 0
    down: range = range(0)
    most: int = MINUTES
    blocks: list[int] = field(default_factory=list)
    handles: list[int] = field(default_factory=list)

    async def read(self, workspace: Workspace, loaded: LoadedState, imports: Iterable[str]) -> AccountView:
        self.looks += 1
        if self.looks % 240 == 0:
            gc.collect()
            self.blocks.append(sys.getallocatedblocks())
            self.handles.append(open_handles())
        if self.looks >= self.most:
            self.end()
        if self.looks in self.down:
            raise ApiUnreachableError("Cannot connect to the Palabra API", request="GET /saas/voice")
        view = await remembered_account(workspace, loaded, imports)
        edited = structs.replace(view.actual.voices["id-voice-1"], description=f"edited {self.looks % 7}")
        return replace(view, actual=Actual({**view.actual.voices, "id-voice-1": edited}))


def open_handles() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def watch(root: Path, server: Server) -> tuple[list[str], float]:
    said: list[str] = []
    loop = LeapingLoop()
    repository = recorded_voices(root, 5)

    def write(line: str) -> None:
        said.append(line.partition(" ")[2].rstrip())
        del said[:-200]

    async def run() -> float:
        watcher = Watcher(repository.workspace, Options(), Lines(write, lambda: NOW), lambda: NOW, server.read, Quiet())
        server.end = watcher.stop
        assert await watcher.run() == 0
        return loop.time()

    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        return said, runner.run(run())


def test_a_day_of_idle_leaves_memory_and_handles_as_they_were(tmp_path: Path) -> None:
    server = Server()
    said, seconds = watch(tmp_path, server)

    assert server.looks == MINUTES
    assert seconds == pytest.approx(86_400, rel=0.03)  # the jitter evens out
    assert server.handles == server.handles[:1] * 6
    assert server.blocks[-1] - server.blocks[1] < 1_000, server.blocks
    assert "voice-1: will be updated in place: description (changed on the server)" in said


def test_a_server_that_is_down_is_told_once_and_asked_ever_more_rarely(tmp_path: Path) -> None:
    server = Server(down=range(3, 12), most=30)
    said, seconds = watch(tmp_path, server)
    about = [line for line in said if "account" in line]

    assert about == [
        "cannot read the account: Cannot connect to the Palabra API [GET /saas/voice]",
        "the account can be read again",
    ]
    waits = sum((5, 10, 20, 40, 80, 160, 300, 300, 300))
    assert seconds == pytest.approx(waits + 20 * 60, rel=0.15)  # the jitter
