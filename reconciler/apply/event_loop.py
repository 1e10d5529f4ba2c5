"""Running a coroutine to its end, where all of a command runs in one."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def in_event_loop(work: Coroutine[Any, Any, T]) -> T:
    """Return what the work returns, as asyncio.run() does, but let no task hold it.

    On its way out asyncio formats its last task with all that is in it, for a message that nobody reads: that takes
    a second for ten thousand voices.
    """
    import asyncio  # noqa: PLC0415 - 50 ms, and many a plan asks nobody

    result: list[T] = []

    async def keep() -> None:
        result.append(await work)

    asyncio.run(keep())
    return result[0]
