"""What is remembered of samples is believed only as long as it must be true."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import pytest
from audio import make_audio
from msgspec.structs import replace

from reconciler.desired.identity import FileIdentity, read_identity
from reconciler.desired.identity_cache import BASIS, IdentityCache, Kept
from reconciler.desired.kept import load_kept, save_kept
from reconciler.desired.stamp import Stamp
from reconciler.errors import SampleError

OLD = 1_600_000_000
"""Seconds since 1970."""
POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'ab' * 32}\nsize 12345\n"


def open_cache(path: Path) -> IdentityCache:
    """Return a cache for which every file was written long ago."""
    return IdentityCache(path, lambda: time.time_ns() + 10_000_000_000)


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    path = make_audio(tmp_path / "a.wav", container="wav", seconds=1)
    os.utime(path, (OLD, OLD))
    return path


def poison(store: Path) -> None:
    """Put another sha256 into the cache: whoever believes it has not read the file."""
    kept = files_kept(store)
    poisoned = {name: (stamp, replace(identity, sha256="poisoned")) for name, (stamp, identity) in kept.items()}
    save_kept(store, BASIS, Kept(poisoned))


def files_kept(store: Path) -> dict[str, tuple[Stamp, FileIdentity]]:
    kept = load_kept(store, BASIS, Kept)
    assert kept is not None
    return kept.files


def remembered(store: Path, sample: Path) -> bool:
    return open_cache(store).identify(sample).sha256 == "poisoned"


@pytest.fixture
def store(tmp_path: Path, sample: Path) -> Path:
    """Return a cache that knows `sample`, wrongly."""
    path = tmp_path / ".voicectl/samples.json"
    known = open_cache(path)
    known.identify(sample)
    known.save()
    poison(path)
    return path


def test_an_unchanged_sample_is_not_read_again(store: Path, sample: Path) -> None:
    assert remembered(store, sample)


def test_a_changed_sample_is_read_again_even_with_its_old_mtime_and_size(store: Path, sample: Path) -> None:
    content = bytearray(sample.read_bytes())
    content[-1] ^= 1
    sample.write_bytes(content)
    os.utime(sample, (OLD, OLD))

    assert open_cache(store).identify(sample).sha256 == hashlib.sha256(content).hexdigest()


def test_a_replaced_sample_is_read_again(store: Path, sample: Path) -> None:
    other = sample.with_name("b.wav")
    other.write_bytes(sample.read_bytes())
    os.utime(other, (OLD, OLD))
    other.replace(sample)

    assert not remembered(store, sample)


def test_a_sample_touched_just_now_is_not_remembered(tmp_path: Path, sample: Path) -> None:
    """It may change again within one tick of its mtime (git calls such an entry racy)."""
    store = tmp_path / "samples.json"
    known = IdentityCache(store)
    known.identify(sample)
    known.save()

    assert not store.exists()


def test_a_racy_sample_is_forgotten_where_it_was_known(store: Path, sample: Path) -> None:
    sample.write_bytes(b"new")
    known = IdentityCache(store)
    known.identify(sample)
    known.save()

    assert files_kept(store) == {}


def test_a_missing_sample_is_an_error_even_if_it_was_known(store: Path, sample: Path) -> None:
    sample.unlink()

    with pytest.raises(SampleError) as caught:
        open_cache(store).identify(sample)

    assert caught.value.rule == "sample.missing"


def test_a_deleted_cache_costs_only_time(store: Path, sample: Path) -> None:
    store.unlink()

    assert open_cache(store).identify(sample) == read_identity(sample)


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b'{"version": 1, "files": {}, "streams": {}}',
        b"0" * 64 + b'\n{"files": {}, "streams": {}}',
        b"[" * 200_000,
    ],
)
def test_a_damaged_cache_is_an_empty_one_and_heals(store: Path, sample: Path, damage: bytes) -> None:
    store.write_bytes(damage)

    known = open_cache(store)

    assert known.identify(sample) == read_identity(sample)
    known.save()
    poison(store)
    assert remembered(store, sample)


def test_a_cache_that_learnt_nothing_is_not_written(store: Path, sample: Path) -> None:
    before = store.stat().st_mtime_ns, store.stat().st_ino
    known = open_cache(store)
    known.identify(sample)
    known.save()

    assert (store.stat().st_mtime_ns, store.stat().st_ino) == before


def test_a_cache_leaves_no_other_file_behind(store: Path) -> None:
    assert [path.name for path in store.parent.iterdir()] == ["samples.json"]


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path, sample: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    known = open_cache(tmp_path / "file/samples.json")
    known.identify(sample)

    known.save()

    assert (tmp_path / "file").read_bytes() == b""


def test_entries_of_vanished_files_go_and_others_stay(store: Path, sample: Path) -> None:
    second = sample.with_name("b.wav")
    second.write_bytes(b"two")
    third = sample.with_name("c.wav")
    third.write_bytes(b"three")
    for path in (second, third):
        os.utime(path, (OLD, OLD))
    known = open_cache(store)
    known.identify(second)
    known.save()
    second.unlink()
    known = open_cache(store)
    known.identify(third)
    known.save()

    assert set(files_kept(store)) == {str(sample), str(third)}


def test_a_stream_hash_is_remembered_by_content(tmp_path: Path, sample: Path) -> None:
    store = tmp_path / "samples.json"
    known = open_cache(store)
    identity = known.identify(sample)
    value = known.stream(sample, identity)
    known.save()
    sample.unlink()

    assert open_cache(store).stream(sample, identity) == value


def test_a_stream_hash_of_other_bytes_is_not_remembered(tmp_path: Path, sample: Path) -> None:
    known = open_cache(tmp_path / "samples.json")
    identity = known.identify(sample)
    make_audio(sample, container="wav", seconds=1, seed=2)

    with pytest.raises(SampleError) as caught:
        known.stream(sample, identity)

    assert caught.value.rule == "sample.changing"


def test_a_pointer_has_no_stream_to_hash(tmp_path: Path) -> None:
    sample = tmp_path / "a.mp3"
    sample.write_text(POINTER)
    known = open_cache(tmp_path / "samples.json")

    with pytest.raises(SampleError) as caught:
        known.stream(sample, known.identify(sample))

    assert caught.value.rule == "sample.lfs-pointer"
    assert "git lfs pull" in caught.value.fix
