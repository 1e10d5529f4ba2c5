"""A file is there whole or as it was."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from reconciler.errors import StateError
from reconciler.state.files import write_atomically


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_text_is_written_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "new/folder/file"

    write_atomically(path, "zo\u00eb\r\nx\n")

    assert path.read_bytes() == "zo\u00eb\r\nx\n".encode()
    assert names(path.parent) == ["file"]


def test_a_file_keeps_its_mode_and_a_new_one_has_the_mode_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_atomically(path, "one", mode=0o600)
    assert path.stat().st_mode & 0o777 == 0o600

    path.chmod(0o640)
    write_atomically(path, "two")

    assert path.stat().st_mode & 0o777 == 0o640


def test_a_link_stays_a_link_and_its_target_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    target, link = tmp_path / "there/file", tmp_path / "link"
    target.write_text("old")
    link.symlink_to(target)

    write_atomically(link, "new")

    assert link.is_symlink()
    assert target.read_text() == "new"
    assert names(tmp_path) == ["link", "there"]


def test_a_reader_has_the_old_file_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")

    with path.open() as reader:
        write_atomically(path, "new")
        assert reader.read() == "old"


def test_a_full_disk_leaves_the_old_file_and_no_rubbish(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    program = textwrap.dedent("""\
        import resource, signal, sys
        from pathlib import Path
        from reconciler.errors import StateError
        from reconciler.state.files import write_atomically

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        try:
            write_atomically(Path(sys.argv[1]), "x" * 5000)
        except StateError as error:
            print(error.what, error.where, error.why, sep="|")
        """)

    done = subprocess.run([sys.executable, "-c", program, path], capture_output=True, text=True, check=True)

    assert done.stdout == f"Cannot write file|{tmp_path}|File too large\n"
    assert path.read_text() == "old"
    assert names(tmp_path) == ["file"]


def test_a_folder_that_cannot_be_is_a_state_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old")

    with pytest.raises(StateError, match="Cannot write below"):
        write_atomically(tmp_path / "file/below", "new")

    assert (tmp_path / "file").read_text() == "old"


def test_a_folder_in_the_place_of_the_file_is_a_state_error_without_rubbish(tmp_path: Path) -> None:
    (tmp_path / "file").mkdir()

    with pytest.raises(StateError):
        write_atomically(tmp_path / "file", "new")

    assert names(tmp_path) == ["file"]


def test_text_that_is_no_utf_8_leaves_the_old_file_and_no_rubbish(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")

    with pytest.raises(UnicodeEncodeError):
        write_atomically(path, "\ud800")

    assert path.read_text() == "old"
    assert names(tmp_path) == ["file"]


def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path: Path) -> None:
    """As for --out /dev/stdout, or >(gzip) of a shell; root would replace /dev/null by a file."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_atomically(pipe, "voice: änna\n")

        assert os.read(reader, 100) == "voice: änna\n".encode()
        assert stat.S_ISFIFO(pipe.stat().st_mode)
        assert list(tmp_path.iterdir()) == [pipe]
    finally:
        os.close(reader)
