"""What was measured is kept by the sample's sha256."""

from __future__ import annotations

import json
import os
import tempfile
import time
from dataclasses import replace
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from audio import make_audio
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import SampleError
from reconciler.samples.cache import KEPT_DAYS, MeasurementCache, result_from_json, result_to_json
from reconciler.samples.measure import measure
from reconciler.samples.measurement import VERSION, Measurement, Span, Speakers

A, B = (sha256(name).hexdigest() for name in (b"a", b"b"))
DAY = 86_400


@cache
def measured() -> Measurement:
    with tempfile.TemporaryDirectory() as folder:
        return measure(make_audio(Path(folder, "a.wav"), container="wav", seconds=2))


def entries(folder: Path) -> set[str]:
    return {path.name for path in folder.glob("*/*")}


def age(path: Path, days: float) -> None:
    then = time.time() - days * DAY
    os.utime(path, (then, then))


def put_once(folder: Path, sha: str = A) -> Path:
    MeasurementCache(folder).put(sha, measured())
    return folder / sha[:2] / f"{sha}.json"


def test_what_was_put_is_found_by_another_run(tmp_path: Path) -> None:
    put_once(tmp_path)

    assert MeasurementCache(tmp_path).get(A) == measured()
    assert MeasurementCache(tmp_path).get(B) is None


def test_an_error_is_kept_with_all_its_words(tmp_path: Path) -> None:
    error = SampleError(
        "sample.format", "a.ogg is Ogg", where="voices/a.ogg", why="it is \udcff not listed", fix="convert"
    )
    MeasurementCache(tmp_path).put(A, error)

    found = MeasurementCache(tmp_path).get(A)

    assert isinstance(found, SampleError)
    assert vars(found) == vars(error)


@given(st.binary(max_size=200))
def test_bytes_that_are_no_entry_count_as_absent(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    folder = tmp_path_factory.getbasetemp() / "damaged"
    put_once(folder).write_bytes(content)

    assert MeasurementCache(folder).get(A) is None


@pytest.mark.parametrize(
    "result",
    [
        None,
        [],
        {},
        {"error": {}},
        {"error": {"rule": 1, "what": "", "where": "", "why": "", "fix": ""}},
        {"error": [1]},
        {"measurement": {}},
    ],
)
def test_a_foreign_entry_counts_as_absent(tmp_path: Path, result: object) -> None:
    put_once(tmp_path).write_text(json.dumps({"version": VERSION, "sha256": A, "result": result}))

    assert MeasurementCache(tmp_path).get(A) is None


@pytest.mark.parametrize("odd", [{"clipping": float("nan")}, {"clipping": "0"}, {"extra": 1}, {"speech": None}])
def test_an_entry_with_odd_values_counts_as_absent(tmp_path: Path, odd: dict[str, object]) -> None:
    result = {"measurement": {**result_to_json(measured())["measurement"], **odd}}
    put_once(tmp_path).write_text(json.dumps({"version": VERSION, "sha256": A, "result": result}))

    assert MeasurementCache(tmp_path).get(A) is None


def test_an_entry_cut_short_anywhere_counts_as_absent(tmp_path: Path) -> None:
    path = put_once(tmp_path)
    whole = path.read_bytes()
    for length in range(len(whole) - 1, 0, -7):
        path.write_bytes(whole[:length])

        assert MeasurementCache(tmp_path).get(A) is None


@pytest.mark.parametrize("changed", [{"version": VERSION + 1}, {"version": str(VERSION)}, {"sha256": B}])
def test_an_entry_of_another_version_or_sample_counts_as_absent(tmp_path: Path, changed: dict[str, object]) -> None:
    path = put_once(tmp_path)
    path.write_text(json.dumps(json.loads(path.read_text()) | changed))

    assert MeasurementCache(tmp_path).get(A) is None


def test_a_folder_that_cannot_be_written_loses_nothing_but_time(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    for folder in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/none")):
        cache = MeasurementCache(folder)
        cache.put(A, measured())

        assert cache.get(A) is None


def test_a_failed_write_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / A[:2] / f"{A}.json").mkdir(parents=True)
    MeasurementCache(tmp_path).put(A, measured())

    assert entries(tmp_path) == {f"{A}.json"}


def test_what_nobody_asked_for_in_90_days_is_removed(tmp_path: Path) -> None:
    age(put_once(tmp_path), KEPT_DAYS + 1)
    (tmp_path / ".cleaned").unlink()
    put_once(tmp_path, B)

    assert entries(tmp_path) == {f"{B}.json"}


def test_an_entry_in_use_is_never_removed(tmp_path: Path) -> None:
    age(put_once(tmp_path), KEPT_DAYS - 1)
    MeasurementCache(tmp_path).get(A)
    used = (tmp_path / A[:2] / f"{A}.json").stat().st_mtime

    assert time.time() - used < DAY


def test_what_other_versions_and_killed_writers_left_is_removed(tmp_path: Path) -> None:
    old = put_once(tmp_path)
    old.write_text(old.read_text().replace(f'"version": {VERSION}', '"version": 0'))
    torn = tmp_path / "aa" / ".torn.tmp"
    torn.parent.mkdir()
    torn.touch()
    for path in (old, torn):
        age(path, 2)
    (tmp_path / ".cleaned").unlink()
    put_once(tmp_path, B)

    assert entries(tmp_path) == {f"{B}.json"}


def test_a_folder_is_cleaned_once_a_day(tmp_path: Path) -> None:
    age(put_once(tmp_path), KEPT_DAYS + 1)
    put_once(tmp_path, B)
    assert entries(tmp_path) == {f"{A}.json", f"{B}.json"}

    age(tmp_path / ".cleaned", 1.5)
    put_once(tmp_path, B)
    assert entries(tmp_path) == {f"{B}.json"}


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"speakers": None, "loudness_lufs": None},
        {"speakers": Speakers(0.5, None, 0.0, (Span(1.5, 2.0),)), "clipped": (Span(0, 1), Span(2, 3))},
    ],
)
def test_what_is_written_can_be_read(changed: dict[str, Any]) -> None:
    result = replace(measured(), **changed)

    assert result_from_json(json.loads(json.dumps(result_to_json(result)))) == result
