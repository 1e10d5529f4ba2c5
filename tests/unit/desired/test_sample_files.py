"""Finding samples for many voices gives what looking for each alone gives, and costs one stat where nothing changed."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import pytest

from reconciler.desired.identity import read_identity, resolve_sample
from reconciler.desired.identity_cache import IdentityCache
from reconciler.desired.sample_files import SampleFiles
from reconciler.errors import SampleError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a project inside a repository, with samples here and there, some of them behind links."""
    root = tmp_path / "repository" / "project"
    for name in ("voices/team/a.mp3", "voices/team/b.mp3", "samples/c.mp3", "voices/d.mp3"):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "o.mp3").write_bytes(b"outside")
    (root / "voices/link.mp3").symlink_to("team/a.mp3")
    (root / "voices/folder").symlink_to("../samples")
    (root / "voices/away").symlink_to("../../../outside")
    (root / "voices/team/up").symlink_to("../../samples")
    (root / "voices/colon:a.mp3").write_bytes(b"colon")
    (root / "voices/C:\\a.mp3").write_bytes(b"absolute, somewhere")
    return root


FILES = [
    "d.mp3", "./d.mp3", "team/a.mp3", "team/../d.mp3", "../samples/c.mp3", "folder/c.mp3", "link.mp3", "colon:a.mp3",
    "team/up/c.mp3", "team/up/../samples/c.mp3", "away/o.mp3", "../../../outside/o.mp3", "folder/../voices/d.mp3",
    "missing.mp3", "team", "team/", ".", "..", "", "/etc/passwd", "C:\\a.mp3", "d.mp3/x.mp3", "team\\a.mp3", "a\0b", "a\0/b",
]  # fmt: skip


def cache(root: Path) -> IdentityCache:
    return IdentityCache(root / "cache.json", lambda: time.time_ns() + 10_000_000_000)


def together(samples: SampleFiles, file: str, voice: Path) -> tuple[object, ...]:
    try:
        found = samples.find(file, str(voice))
    except SampleError as error:
        return error.rule, error.what
    return found.path, found.shown, found.identity


def alone(file: str, voice: Path, root: Path) -> tuple[object, ...]:
    try:
        path = resolve_sample(file, voice, root.parent)
    except SampleError as error:
        return error.rule, error.what
    return str(path), os.path.relpath(os.path.normpath(voice.parent / file), root), read_identity(path)


@pytest.mark.parametrize("file", FILES)
def test_a_sample_is_found_where_looking_for_it_alone_finds_it(root: Path, file: str) -> None:
    """The first time, and the second time, when it is known; and refused for the same reason, though it is known."""
    voice = root / "voices/anna.yaml"
    known = cache(root)
    for other in (root.parents[1] / "outside/o.mp3", root / "voices" / "C:\\a.mp3", Path("/etc/passwd")):
        known.identify(other)
    for _ in range(2):
        samples = SampleFiles(root, root.parent, known)

        assert together(samples, file, voice) == alone(file, voice, root)


def test_an_absolute_path_is_refused_though_its_file_is_known(root: Path) -> None:
    voice, known = str(root / "voices/anna.yaml"), cache(root)
    SampleFiles(root, root.parent, known).find("d.mp3", voice)

    with pytest.raises(SampleError) as caught:
        SampleFiles(root, root.parent, known).find(str(root / "voices/d.mp3"), voice)
    assert caught.value.rule == "sample.outside"


def test_a_folder_that_is_a_link_out_of_the_repository_now_is_seen_by_the_next_run(root: Path) -> None:
    voice, known = str(root / "voices/anna.yaml"), cache(root)
    SampleFiles(root, root.parent, known).find("folder/c.mp3", voice)
    (root / "voices/folder").unlink()
    (root / "voices/folder").symlink_to("../../../outside")
    (root / "voices/folder/c.mp3").write_bytes(b"outside")

    with pytest.raises(SampleError) as caught:
        SampleFiles(root, root.parent, known).find("folder/c.mp3", voice)
    assert caught.value.rule == "sample.outside"


def test_a_file_that_became_a_link_out_of_the_repository_is_seen(root: Path) -> None:
    voice, known = str(root / "voices/anna.yaml"), cache(root)
    SampleFiles(root, root.parent, known).find("d.mp3", voice)
    (root / "voices/d.mp3").unlink()
    (root / "voices/d.mp3").symlink_to("../../../outside/o.mp3")

    with pytest.raises(SampleError) as caught:
        SampleFiles(root, root.parent, known).find("d.mp3", voice)
    assert caught.value.rule == "sample.outside"


def test_a_changed_file_is_read_again(root: Path) -> None:
    voice, known = str(root / "voices/anna.yaml"), cache(root)
    SampleFiles(root, root.parent, known).find("d.mp3", voice)
    (root / "voices/d.mp3").write_bytes(b"other")

    found = SampleFiles(root, root.parent, known).find("d.mp3", voice)
    assert found.identity.sha256 == hashlib.sha256(b"other").hexdigest()


@pytest.mark.parametrize("known", [(), ("d.mp3",), FILES])
def test_all_at_once_are_what_each_alone_is(root: Path, known: tuple[str, ...]) -> None:
    """Whether some, none or all of them have to be read."""
    kept, voice = cache(root), str(root / "voices/v.yaml")
    for file in known:
        together(SampleFiles(root, root.parent, kept), file, Path(voice))

    found = SampleFiles(root, root.parent, kept).find_all((file, voice) for file in FILES)

    said = [(f.rule, f.what) if isinstance(f, SampleError) else (f.path, f.shown, f.identity) for f in found]
    assert said == [alone(file, Path(voice), root) for file in FILES]
