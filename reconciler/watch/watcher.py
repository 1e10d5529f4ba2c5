"""The loop: something happens, the world is told, the plan is made again and shown; and, if wished, carried out.

What happens is noted as due, not queued: a thousand events while one is worked on are one look afterwards.
"""

from __future__ import annotations

import asyncio
import importlib
import signal
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from reconciler.apply.clock import Clock
from reconciler.apply.events import Event, Step
from reconciler.apply.run import Applied
from reconciler.apply.workspace import Workspace
from reconciler.desired.root import FILENAME
from reconciler.errors import ApiError, InterruptedRunError, LockedError, StateError, VoicectlError
from reconciler.state.lock import Holder, is_held, read_holder
from reconciler.watch.account import Looked, ReadAccount, Rhythm, read_account
from reconciler.watch.carrying_out import Selection, carry_out, select, told
from reconciler.watch.changes import Changes, Places
from reconciler.watch.review import REVIEW, write_review
from reconciler.watch.saving import GitIndex, while_git_rests
from reconciler.watch.verdicts import Listening, Verdict, Verdicts
from reconciler.watch.view import Heard, Seen, View
from reconciler.watch.world import World

LOOK_AGAIN = 0.25
"""Seconds until a file that is being saved is looked at again."""
LOCK_POLL = 1.0
"""Seconds between two looks at a lock that somebody else holds."""
EVERYTHING = 600.0
"""Seconds after which all files are looked at, should the system have lost an event."""


class Display(Protocol):
    """Shows what happens."""

    def view(self, view: View) -> None:
        """Show everything as it is now."""

    def applying(self, selection: Selection) -> None:
        """Show that an apply begins."""

    def step(self, event: Event) -> None:
        """Show one step of it."""

    def applied(self, applied: Applied | VoicectlError) -> None:
        """Show how it ended."""

    def left(self, selection: Selection) -> None:
        """Show what will not be carried out by watch."""

    def say(self, message: str) -> None:
        """Show a word."""


@dataclass(frozen=True, slots=True)
class Options:
    """What a person asked for."""

    apply: bool = False
    poll: float = 60.0
    """Seconds between two looks at the account."""


@dataclass(slots=True)
class _Due:
    """What has happened since the last look."""

    files: set[str] = field(default_factory=set)
    everything: bool = False
    project: bool = False
    state: bool = False
    looked: tuple[Looked, Seen] | None = None
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    ended: Applied | VoicectlError | None = None


class Watcher:
    """Watches one environment until it is told to stop."""

    def __init__(
        self,
        open_workspace: Callable[[], Workspace],
        options: Options,
        display: Display,
        clock: Clock,
        read: ReadAccount = read_account,
        changes: Changes | None = None,
    ) -> None:
        """`open_workspace` reads voicectl.yaml; it raises VoicectlError for one that is broken.

        `changes` tells of the files; None: the system does.
        """
        self._open = open_workspace
        self._options = options
        self._display = display
        self._clock = clock
        self._read = read
        self._workspace = open_workspace()
        self.world = World(self._workspace, clock)
        self._changes = changes or Changes()
        self._git = GitIndex.of(self._workspace.repository)
        self._listening = Listening(self._hear)
        self._due = _Due()
        self._wake = asyncio.Event()
        self._look_now = asyncio.Event()
        self._began = asyncio.Event()
        self._stopped: asyncio.Future[int]
        self._again_at: float | None = None
        """When a look is due though nothing happens; the loop's time."""
        self._full_at = 0.0
        """When all files are looked at again; the loop's time."""
        self._applying: asyncio.Task[None] | None = None
        self._reporting: asyncio.Task[None] | None = None
        self._asked = False
        """Whether somebody asked for an apply."""
        self._given_up: dict[str, str] = {}
        """Changes that failed, by key: they are not tried again until they are other ones."""
        self._left = Selection((), (), whole=True)
        self._patience = Rhythm(0.0)
        """For an apply that could not begin."""
        self._retry_at = 0.0

    # -- what others say -------------------------------------------------------------------------------------------

    def stop(self, code: int = 0) -> None:
        """End, cleanly."""
        if not self._stopped.done():
            self._stopped.set_result(code)

    def apply_now(self) -> None:
        """Carry out once what is clean, also what has failed before."""
        self._asked = True
        self._given_up.clear()
        self._retry_at = 0.0
        self._wake.set()

    def report(self) -> None:
        """Write the review page, and say where."""
        if self._reporting is None or self._reporting.done():
            self._reporting = asyncio.ensure_future(self._report())

    async def _report(self) -> None:
        planned = self.world.planned
        if planned is None:
            self._display.say("There is nothing to report yet")
            return
        path = self._workspace.work / REVIEW
        try:
            await asyncio.to_thread(write_review, self._workspace, planned, path)
        except (VoicectlError, OSError) as error:
            self._display.say(f"The report could not be written: {error}")
        else:
            self._display.say(f"Wrote {path}")

    async def _tell(self, paths: frozenset[str]) -> None:
        workspace = self._workspace
        for path in paths:
            if path == str(workspace.root / FILENAME):
                self._due.project = True
            elif workspace.store.file is not None and path == str(workspace.store.file):
                self._due.state = True
            elif path != str(workspace.store.lock_path):
                self._due.files.add(path)
        self._wake.set()

    async def _lost(self) -> None:
        self._due.everything = self._due.state = True
        self._wake.set()

    async def _hear(self, verdicts: Verdicts) -> None:
        self._due.verdicts |= verdicts
        self._wake.set()

    # -- the loop --------------------------------------------------------------------------------------------------

    async def run(self, *beside: Coroutine[Any, Any, None]) -> int:
        """Watch until stop(); returns its code. What runs `beside` ends with it.

        Raises VoicectlError when there is no way to go on.
        """
        loop = asyncio.get_running_loop()
        self._stopped = loop.create_future()
        self._take_signals()
        self._changes.watch(self._places())
        tasks = {
            asyncio.ensure_future(self._loop()),
            asyncio.ensure_future(self._changes.run(self._tell, self._lost)),
            asyncio.ensure_future(self._listening.run()),
            asyncio.ensure_future(self._look_for_ever()),
            asyncio.ensure_future(self._warm_up()),
            *map(asyncio.ensure_future, beside),
        }
        try:
            ended: set[asyncio.Future[Any]] = {*tasks, self._stopped}
            while not self._stopped.done():
                done, ended = await asyncio.wait(ended, return_when=asyncio.FIRST_COMPLETED)
                for each in done:
                    each.result()
            return self._stopped.result()
        finally:
            await self._end({*tasks, *filter(None, (self._applying, self._reporting))})

    async def _end(self, tasks: set[asyncio.Future[None]]) -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().remove_signal_handler(number)

    def _take_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.stop, 128 + number)

    async def _loop(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            timeout = None if self._again_at is None else max(0.0, self._again_at - loop.time())
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), timeout)
            self._wake.clear()
            due, self._due = self._due, _Due()
            await self._work_off(due)
            self._began.set()

    async def _work_off(self, due: _Due) -> None:
        """Tell the world what has happened, and show what follows."""
        self._again_at = None
        await self._inform(due)
        world = self.world
        await asyncio.to_thread(world.replan)
        for voice, path in world.unheard:
            self._listening.want(self._workspace, voice, path)
        self._changes.watch(self._places())
        view = world.view()
        self._display.view(view)
        if due.ended is not None:
            self._display.applied(due.ended)
        self._maybe_apply(view)
        now = asyncio.get_running_loop().time()
        if world.saving:
            self._look_at(now + LOOK_AGAIN)
        if world.holder is not None:
            self._look_at(now + LOCK_POLL)

    async def _inform(self, due: _Due) -> None:
        now = asyncio.get_running_loop().time()
        if due.project:
            self._reopen()
        everything = due.everything or due.project or now >= self._full_at
        if everything:
            self._full_at = now + EVERYTHING
        world = self.world
        if (due.state or due.project) and await asyncio.to_thread(world.read_state):
            self._look_now.set()
        if everything or due.files or world.saving:
            await while_git_rests(self._git, world.read_files, None if everything else due.files)
        if due.looked is not None and not world.look(*due.looked):
            self._look_now.set()
        world.hear(due.verdicts)
        world.holder = self._holder()

    def _look_at(self, moment: float) -> None:
        self._again_at = moment if self._again_at is None else min(moment, self._again_at)

    def _reopen(self) -> None:
        """Read voicectl.yaml again; while it is broken, the old settings hold and nothing is planned."""
        try:
            self._workspace = self._open()
        except VoicectlError as error:
            self.world.fail("project", error)
            return
        seen = self.world.seen
        self.world = World(self._workspace, self._clock)
        self.world.seen = seen

    def _places(self) -> Places:
        workspace = self._workspace
        voices = workspace.root / workspace.project.voices_dir
        folders = {workspace.root, voices.parent, workspace.store.lock_path.parent}
        if workspace.store.file is not None:
            folders.add(workspace.store.file.parent)
        return Places(frozenset({voices, *self.world.files.folders}), frozenset(folders))

    def _holder(self) -> Holder | None:
        """Return who else is applying on this machine."""
        store = self._workspace.store
        if self._applying is not None or not is_held(store.lock_path):
            return None
        return read_holder(store.lock_path)

    async def _warm_up(self) -> None:
        """Load now what the first changed sample needs: that is 0.1 seconds which nobody then waits for."""
        await self._began.wait()
        await asyncio.to_thread(importlib.import_module, "av")

    # -- the account -----------------------------------------------------------------------------------------------

    async def _look_for_ever(self) -> None:
        rhythm = Rhythm(self._options.poll)
        await self._began.wait()
        while True:
            self._look_now.clear()
            looked = await self._look()
            rhythm.failures = 0 if looked.error is None else rhythm.failures + 1
            wait = rhythm.wait()
            at = self.world.now if looked.error is None else self.world.seen.at
            self._due.looked = looked, Seen(at, looked.error, wait)
            self._due.state = self._due.state or self._workspace.store.file is None  # nobody tells of an object's news
            self._wake.set()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._look_now.wait(), wait)

    async def _look(self) -> Looked:
        loaded = self.world.loaded
        if loaded is None:  # the state is unreadable, which the view says
            return Looked(None)
        try:
            return Looked(await self._read(self._workspace, loaded, self.world.imports), loaded=loaded)
        except VoicectlError as error:
            return Looked(None, error, loaded)

    # -- applying --------------------------------------------------------------------------------------------------

    def _maybe_apply(self, view: View) -> None:
        """Begin an apply where one is wished for, and where something is clean."""
        if self._applying is not None or not (self._options.apply or self._asked):
            return
        self._given_up = {key: said for key, said in self._given_up.items() if key in view.rows}
        selection = select(view, self._given_up)
        if {c.key for c in selection.left} != {c.key for c in self._left.left}:
            self._display.left(selection)
        self._left = selection
        now = asyncio.get_running_loop().time()
        if not selection.changes or view.holder is not None or view.seen.at is None:
            self._asked = self._asked and any(row.heard is Heard.WAITING for row in view.rows.values())
            return
        if now < self._retry_at:
            self._look_at(self._retry_at)
            return
        self._asked = False
        self._display.applying(selection)
        self._applying = asyncio.ensure_future(self._apply(selection))

    async def _apply(self, selection: Selection) -> None:
        sides, desired = self.world.sides, self.world.repository
        assert sides is not None
        assert desired is not None
        files = replace(desired.desired, voices=sides.voices)
        ended: Applied | VoicectlError
        try:
            ended = await carry_out(self._workspace, selection, files, self._display.step, self._clock)
        except VoicectlError as error:
            ended = error
        self._take_signals()
        self._remember(selection, ended)
        self._applying = None
        self._due.ended, self._due.state = ended, True
        self._wake.set()

    def _remember(self, selection: Selection, ended: Applied | VoicectlError) -> None:
        """Note what must not be tried again as it is, and when the rest may be."""
        stopped = ended if isinstance(ended, InterruptedRunError) else getattr(ended, "interrupted", None)
        if isinstance(stopped, VoicectlError):
            self.stop(stopped.exit_code)
        if isinstance(ended, Applied):
            self._patience.failures = 0
            failed = {outcome.change.key for outcome in ended.outcomes if outcome.step is Step.FAILED}
        elif isinstance(ended, LockedError | ApiError | StateError):
            self._patience.failures += 1
            self._retry_at = asyncio.get_running_loop().time() + self._patience.wait()
            failed = set()
        else:
            failed = {change.key for change in selection.changes}
        self._given_up |= {key: told([c for c in selection.changes if c.key == key]) for key in failed}
