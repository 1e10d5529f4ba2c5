"""Which files have changed, told once things have come to rest."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path

from reconciler.errors import VoicectlError

QUIET_MS = 50
"""Nothing may change for so long, and at most twice as long, before changes are told."""
LONGEST_MS = 1000
"""Changes are told at last after so long, though more of them come."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where changes matter."""

    trees: frozenset[Path]
    """Folders with all that is below them."""
    folders: frozenset[Path]
    """Folders alone."""

    @property
    def names(self) -> frozenset[str]:
        """All of them, as paths are told."""
        return frozenset(map(str, self.trees | self.folders))


Tell = Callable[[frozenset[str]], Awaitable[None]]
"""Takes paths, absolute."""


@dataclass(slots=True)
class Changes:
    """Watches places, which may become other ones."""

    _places: Places = field(default_factory=lambda: Places(frozenset(), frozenset()))
    _moved: asyncio.Event = field(default_factory=asyncio.Event)

    def watch(self, places: Places) -> None:
        """Watch these places from now on."""
        if places != self._places:
            self._places = places
            self._moved.set()

    async def run(self, tell: Tell, lost: Callable[[], Awaitable[None]]) -> None:
        """Tell of changes for ever; of places that were not watched before, that anything may have changed (`lost`).

        Raises VoicectlError where the system does not let us watch.
        """
        while True:
            self._moved.clear()
            stop = asyncio.Event()
            there = Places(
                frozenset(path for path in self._places.trees if path.is_dir()),
                frozenset(path for path in self._places.folders if path.is_dir()),
            )
            try:
                async with asyncio.TaskGroup() as group:
                    begun = [
                        self._begin(group, there.trees, tell, stop, recursive=True),
                        self._begin(group, there.folders, tell, stop, recursive=False),
                    ]
                    for each in begun:
                        await each.wait()
                    await lost()
                    await self._moved.wait()
                    stop.set()
            except BaseExceptionGroup as errors:
                raise errors.exceptions[0] from errors

    def _begin(
        self, group: asyncio.TaskGroup, paths: Iterable[Path], tell: Tell, stop: asyncio.Event, *, recursive: bool
    ) -> asyncio.Event:
        """Watch in the background; the event tells that from now on nothing is missed."""
        begun = asyncio.Event()
        if paths:
            group.create_task(self._follow(_settled(paths, stop, begun, recursive=recursive), tell))
        else:
            begun.set()
        return begun

    async def _follow(self, found: AsyncGenerator[frozenset[str]], tell: Tell) -> None:
        try:
            async with aclosing(found):
                async for changed in found:
                    await tell(changed)
                    if changed & self._places.names:  # a folder that came back has to be watched anew
                        self._moved.set()
        except OSError as error:
            raise VoicectlError(
                "Cannot watch the files",
                why=error.strerror or str(error),
                fix="raise the system's limit (Linux: `sysctl fs.inotify.max_user_watches`), "
                "or set WATCHFILES_FORCE_POLLING=1",
            ) from error


async def _settled(
    paths: Iterable[Path], stop: asyncio.Event, begun: asyncio.Event, *, recursive: bool
) -> AsyncGenerator[frozenset[str]]:
    """Yield changed paths, once they have come to rest."""
    from watchfiles import awatch  # noqa: PLC0415 - 80 ms

    watching = awatch(
        *paths,
        watch_filter=None,
        debounce=LONGEST_MS,
        step=QUIET_MS,
        stop_event=stop,
        recursive=recursive,
        ignore_permission_denied=True,
    )
    async with aclosing(watching):
        coming = asyncio.ensure_future(anext(watching))
        await asyncio.sleep(0)  # it begins to watch before it first waits
        if not coming.done():
            begun.set()
        try:
            while True:
                yield frozenset(path for _, path in await coming)
                coming = asyncio.ensure_future(anext(watching))
        except StopAsyncIteration:
            return
        finally:
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)
