"""Nobody goes on before what they wrote is on disk, and many who wait share one fsync."""

from __future__ import annotations

import asyncio
import os
import threading
from pathlib import Path

import pytest

from reconciler.errors import StateError
from reconciler.state.group_commit import GroupCommit
from reconciler.state.journal import Journal


class Disk:
    """Something that is appended to, and what of it would survive a power cut."""

    def __init__(self) -> None:
        self.written: list[int] = []
        self.safe: list[int] = []
        self.syncs = 0
        self.free = threading.Event()
        self.free.set()

    def sync(self) -> None:
        begun = list(self.written)
        self.free.wait()
        self.safe += begun  # what an earlier one kept stays, also where that one ends later
        self.syncs += 1


async def write(disk: Disk, commits: GroupCommit, number: int) -> None:
    disk.written.append(number)
    await commits.commit()

    assert number in disk.safe


def test_nobody_goes_on_before_it_is_on_disk() -> None:
    async def writers() -> None:
        disk = Disk()
        commits = GroupCommit(disk.sync)

        async def writer(first: int) -> None:
            for number in range(first, first + 20):
                await write(disk, commits, number)

        await asyncio.gather(*(writer(1000 * n) for n in range(8)))

    asyncio.run(writers())


def test_all_who_wait_while_the_disk_is_busy_share_the_next_fsync() -> None:
    async def writers() -> Disk:
        disk = Disk()
        commits = GroupCommit(disk.sync)
        disk.free.clear()
        waiting = [asyncio.create_task(write(disk, commits, number)) for number in range(200)]
        await asyncio.sleep(0)  # all of them have written, and the first one's fsync has begun
        disk.free.set()
        await asyncio.gather(*waiting)
        return disk

    assert asyncio.run(writers()).syncs <= 2


def test_a_disk_that_fails_is_everybodys_error_and_the_next_try_asks_it_again() -> None:
    async def writers() -> None:
        broken = [True]

        def sync() -> None:
            if broken[0]:
                raise OSError("gone")

        commits = GroupCommit(sync)
        failed = await asyncio.gather(*(commits.commit() for _ in range(3)), return_exceptions=True)
        assert [type(error) for error in failed] == [OSError] * 3
        broken[0] = False
        await commits.commit()

    asyncio.run(writers())


def test_one_who_gives_up_waiting_leaves_the_others_waiting() -> None:
    async def writers() -> None:
        disk = Disk()
        commits = GroupCommit(disk.sync)
        disk.free.clear()
        first, second = (asyncio.create_task(write(disk, commits, number)) for number in range(2))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.sleep(0)
        disk.free.set()
        await second
        assert first.cancelled()

    asyncio.run(writers())


def test_what_nobody_waits_for_is_on_disk_soon_all_the_same() -> None:
    async def writers() -> Disk:
        disk = Disk()
        commits = GroupCommit(disk.sync)
        for number in range(20):
            disk.written.append(number)
            commits.soon()
            await asyncio.sleep(0)  # some are written while the disk is busy with those before them
        assert commits._behind is not None
        await commits._behind
        return disk

    assert set(range(20)) <= set(asyncio.run(writers()).safe)


def test_a_journal_that_cannot_be_synced_is_a_state_error(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "default.journal")
    journal.begin(lineage="line", environment="default", serial=1)
    reader, writer = os.pipe()  # a pipe can be written to, and not synced
    journal.close()
    journal._handle = writer
    with pytest.raises(StateError, match="Cannot write the journal"):
        journal.sync()
    journal.close()
    os.close(reader)
