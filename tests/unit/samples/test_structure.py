"""A file that was cut short is known by its structure, wherever it was cut."""

from __future__ import annotations

import struct
import tempfile
from pathlib import Path

import pytest
from audio import make_audio
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import SampleError, Severity
from reconciler.samples.hard_rules import hard_rules
from reconciler.samples.probe import probe
from reconciler.samples.structure import ends_early

FORMATS = ["wav", "mp4", "webm", "mpeg"]


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def breaks_off(container: str, path: Path) -> bool:
    with path.open("rb") as file:
        return ends_early(container, file)


@pytest.fixture(scope="module", params=FORMATS)
def whole(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    folder = tmp_path_factory.mktemp("whole")
    return request.param, make_audio(folder / "a.bin", container=request.param, seconds=5)


def test_a_whole_file_does_not_break_off(whole: tuple[str, Path]) -> None:
    container, path = whole

    assert not breaks_off(container, path)


@pytest.mark.parametrize("share", [0.3, 0.5, 0.8, 0.95, 0.985])
def test_a_file_that_was_cut_breaks_off(whole: tuple[str, Path], tmp_path: Path, share: float) -> None:
    container, path = whole
    content = path.read_bytes()

    assert breaks_off(container, written(tmp_path / "cut", content[: int(len(content) * share) - 7]))


def test_junk_after_the_end_is_no_cut(whole: tuple[str, Path], tmp_path: Path) -> None:
    container, path = whole

    assert not breaks_off(container, written(tmp_path / "more", path.read_bytes() + b"Some words of a tag." * 20))


@given(st.sampled_from([*FORMATS, "mp3"]), st.binary(max_size=200))
def test_no_bytes_are_too_odd_to_be_walked_over(container: str, content: bytes) -> None:
    prefixes = {
        "wav": b"RIFF\0\0\0\0WAVE",
        "webm": b"\x1a\x45\xdf\xa3\x80",
        "mpeg": b"\0\0\1\xba",
        "mp4": b"",
        "mp3": b"",
    }
    with tempfile.TemporaryFile() as file:
        file.write(prefixes[container] + content)
        file.flush()

        assert ends_early(container, file) in (True, False)


def test_a_streamed_wav_of_unknown_length_is_whole(tmp_path: Path) -> None:
    content = bytearray(make_audio(tmp_path / "a.wav", container="wav", seconds=2).read_bytes())
    at = content.index(b"data") + 4
    for claimed in (0, 0xFFFF_FFFF):
        struct.pack_into("<I", content, at, claimed)

        assert not breaks_off("wav", written(tmp_path / "b.wav", bytes(content)))


# -- what is made of it ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("container", ["wav", "mp3", "flac", "webm", "mp4", "mpeg"])
@pytest.mark.parametrize("share", [0.85, 0.98])
def test_every_file_that_was_cut_is_an_error(tmp_path: Path, container: str, share: float) -> None:
    content = make_audio(tmp_path / "a.bin", container=container, seconds=32).read_bytes()
    cut = written(tmp_path / "cut.bin", content[: int(len(content) * share)])

    try:
        found = [(f.rule, f.severity) for f in hard_rules(probe(cut)) if f.rule == "sample.truncated"]
    except SampleError as error:  # an MP4 without its index
        found = [("sample.truncated", Severity.ERROR)] if error.rule == "sample.unreadable" else []

    assert found == [("sample.truncated", Severity.ERROR)]


@pytest.mark.parametrize("container", ["wav", "mp3", "flac", "webm", "mp4", "mpeg"])
def test_a_whole_file_has_no_finding_about_its_structure(tmp_path: Path, container: str) -> None:
    found = hard_rules(probe(make_audio(tmp_path / "a.bin", container=container, seconds=32)))

    assert [f.rule for f in found if f.rule in ("sample.truncated", "sample.header")] == []


def test_an_index_that_claims_too_little_is_a_lying_header(tmp_path: Path) -> None:
    content = bytearray(make_audio(tmp_path / "a.mp3", container="mp3", seconds=32).read_bytes())
    mark = next(content.index(name) for name in (b"Xing", b"Info") if name in content)
    (frames,) = struct.unpack_from(">I", content, mark + 8)
    struct.pack_into(">I", content, mark + 8, frames // 10)

    found = hard_rules(probe(written(tmp_path / "b.mp3", bytes(content))))

    assert [(f.rule, f.severity) for f in found] == [("sample.header", Severity.WARNING)]
    assert found[0].message.startswith("the header says 3.")
