"""A save that is still going on."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

from git_folder import GitFolder
from leaping_loop import LeapingLoop

from reconciler.watch.saving import PATIENCE, GitIndex, is_open_for_writing, while_git_rests


def test_a_file_is_open_for_writing_while_another_process_holds_it(tmp_path: Path) -> None:
    path = tmp_path / "take.wav"
    path.write_bytes(b"RIFF")
    code = "import sys; file = open(sys.argv[1], 'ab'); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as recorder:
        assert recorder.stdout is not None
        recorder.stdout.readline()
        during = is_open_for_writing(path)
        recorder.communicate()

    assert (during, is_open_for_writing(path)) == (True, False)


def test_who_only_listens_does_not_disturb(tmp_path: Path) -> None:
    path = tmp_path / "take.wav"
    path.write_bytes(b"RIFF")
    with path.open("rb"):
        assert not is_open_for_writing(path)
    assert not is_open_for_writing(tmp_path / "nothing")


def test_the_index_is_where_git_keeps_it_also_in_a_worktree(tmp_path: Path) -> None:
    main = GitFolder.init(tmp_path / "main")
    (main.path / "a").write_text("a")
    main.git("add", "a")
    main.git("commit", "-q", "-m", "a")
    main.git("worktree", "add", "-q", str(tmp_path / "side"))

    for folder in (main.path, tmp_path / "side"):
        wanted = subprocess.run(
            ["git", "rev-parse", "--path-format=absolute", "--git-path", "index"],
            cwd=folder, env=main.environ, capture_output=True, text=True, check=True,
        ).stdout.strip()  # fmt: skip
        index = GitIndex.of(folder)
        assert index.path.resolve() == Path(wanted).resolve()
        assert index.stamp is not None
        assert not index.locked
        Path(f"{wanted}.lock").touch()
        assert index.locked


def read_at_rest(git: GitIndex, during: dict[int, str | None]) -> tuple[list[set[str] | None], float]:
    """Return what was read when, and when; `during` writes the index, or a lock, while the nth read goes on."""
    reads: list[set[str] | None] = []
    loop = LeapingLoop()

    def read(changed: set[str] | None) -> None:
        reads.append(changed)
        if (content := during.get(len(reads))) is not None:
            git.path.write_text(content)

    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(while_git_rests(git, read, {"a.yaml"}))
        return reads, loop.time()


def test_what_is_read_while_git_is_at_work_is_read_again_and_all_of_it(tmp_path: Path) -> None:
    git = GitIndex(tmp_path / "index")

    assert read_at_rest(git, {}) == ([{"a.yaml"}], 0.0)
    assert read_at_rest(git, {1: "a checkout", 2: "and another one"}) == ([{"a.yaml"}, None, None], 0.0)


def test_a_lock_is_waited_for_but_not_for_ever(tmp_path: Path) -> None:
    git = GitIndex(tmp_path / "index")
    (tmp_path / "index.lock").touch()
    reads, seconds = read_at_rest(git, {})

    assert None in reads
    assert PATIENCE <= seconds < PATIENCE + 1
