"""The pace of the looks at the account, and what a look leaves behind."""

from __future__ import annotations

import asyncio
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from reconciler.apply.workspace import open_workspace
from reconciler.watch.account import JITTER, LONGEST_RETRY, Rhythm, read_account


def test_the_pace_is_kept_while_the_server_answers() -> None:
    assert [Rhythm(60).wait(share) for share in (-1.0, 0.0, 1.0)] == [48, 60, 72]


def test_a_server_that_is_down_is_asked_soon_and_then_more_and_more_rarely() -> None:
    assert [Rhythm(60, failures).wait(0) for failures in (1, 2, 3, 4, 7, 1000)] == [5, 10, 20, 40, 300, 300]
    assert Rhythm(3600, 1000).wait(0) == 3600


@given(st.floats(1, 86_400), st.integers(0, 10_000))
def test_a_wait_is_never_far_from_what_was_asked_for(pace: float, failures: int) -> None:
    wait = Rhythm(pace, failures).wait()
    low = min(5.0, pace)

    assert low * (1 - JITTER) <= wait <= max(pace, LONGEST_RETRY) * (1 + JITTER)


def test_nothing_stays_open_between_two_looks(tmp_path: Path) -> None:
    (tmp_path / "voicectl.yaml").write_text("project: looked-at\n")
    workspace = open_workspace(tmp_path, "local", {})
    loaded = workspace.store.load()

    async def look_often() -> list[int]:
        open_files = []
        for _ in range(6):
            await read_account(workspace, loaded, ())
            open_files.append(open_handles())
        return open_files

    handles = asyncio.run(look_often())
    assert handles[1:] == handles[1:2] * 5


def open_handles() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())
