"""Which bytes a sample is: resolving, hashing, remembering."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import struct
import tempfile
import threading
import unicodedata
from contextlib import contextmanager
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import av
import pytest
from audio import make_audio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.desired.identity import (
    FileIdentity,
    read_identity,
    resolve_sample,
    stream_sha256,
)
from reconciler.errors import SampleError

if TYPE_CHECKING:
    from collections.abc import Iterator

OLD = 1_700_000_000
"""An mtime, in seconds, that is not racy."""
LONG_SHA = "4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393"
POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{LONG_SHA}\nsize 12345\n"


# resolve_sample


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "repo"
    (root / "voices/anna").mkdir(parents=True)
    (root / "voices/anna/anna.mp3").write_bytes(b"sound")
    (tmp_path / "outside.mp3").write_bytes(b"secret")
    return root


def resolve(file: str, repository: Path) -> Path:
    return resolve_sample(file, repository / "voices/anna/voice.yaml", repository)


def refusal(file: str, repository: Path) -> SampleError:
    with pytest.raises(SampleError) as caught:
        resolve(file, repository)
    return caught.value


@pytest.mark.parametrize("file", ["anna.mp3", "./anna.mp3", "../anna/anna.mp3"])
def test_a_sample_is_found_relative_to_its_voice_file(repository: Path, file: str) -> None:
    assert resolve(file, repository) == (repository / "voices/anna/anna.mp3").resolve()


def test_a_repository_reached_through_a_symlink_is_still_the_repository(repository: Path) -> None:
    link = repository.parent / "link"
    link.symlink_to(repository)

    found = resolve_sample("anna.mp3", link / "voices/anna/voice.yaml", repository)

    assert found == (repository / "voices/anna/anna.mp3").resolve()


@pytest.mark.parametrize("file", ["/etc/passwd", "C:\\audio\\anna.mp3", "../../../outside.mp3", "../../.."])
def test_a_sample_outside_the_repository_is_refused(repository: Path, file: str) -> None:
    assert refusal(file, repository).rule == "sample.outside"


def test_an_outside_file_is_refused_before_it_is_looked_for(repository: Path) -> None:
    assert refusal("../../../no-such.mp3", repository).rule == "sample.outside"


def test_a_symlink_inside_the_repository_is_followed(repository: Path) -> None:
    (repository / "voices/anna/other.mp3").symlink_to("anna.mp3")

    assert resolve("other.mp3", repository).name == "anna.mp3"


@pytest.mark.parametrize("file", ["link.mp3", "folder/outside.mp3"])
def test_a_symlink_that_leaves_the_repository_is_refused_as_one(repository: Path, file: str) -> None:
    (repository / "voices/anna/link.mp3").symlink_to(repository.parent / "outside.mp3")
    (repository / "voices/anna/folder").symlink_to(repository.parent)

    error = refusal(file, repository)

    assert error.rule == "sample.outside"
    assert "symlink" in error.what


def test_a_symlink_loop_is_unreadable(repository: Path) -> None:
    (repository / "voices/anna/loop.mp3").symlink_to("loop.mp3")

    assert refusal("loop.mp3", repository).rule == "sample.unreadable"


@pytest.mark.parametrize("file", ["gone.flac", "anna.mp3/x.mp3", "no/such/folder.mp3", "a\0b.mp3", "\ud800.mp3"])
def test_a_missing_sample_is_missing(repository: Path, file: str) -> None:
    assert refusal(file, repository).rule == "sample.missing"


@pytest.mark.parametrize(
    ("file", "hint"), [("ana.mp3", "'anna.mp3'"), ("anna.wav", "'anna.mp3'"), ("../anna/ana.mp3", "'../anna/anna.mp3'")]
)
def test_a_missing_sample_gets_a_did_you_mean(repository: Path, file: str, hint: str) -> None:
    assert f"did you mean {hint}?" in refusal(file, repository).fix


@pytest.mark.parametrize("written", ["José.mp3", "JOSÉ.MP3"])
def test_a_name_that_only_looks_the_same_is_explained(repository: Path, written: str) -> None:
    (repository / "voices/anna" / unicodedata.normalize("NFD", "José.mp3")).write_bytes(b"sound")

    assert "case or Unicode form differs" in refusal(written, repository).fix


@pytest.mark.parametrize("file", ["", ".", "..", "folder"])
def test_a_folder_is_not_a_sample(repository: Path, file: str) -> None:
    (repository / "voices/anna/folder").mkdir()

    assert refusal(file, repository).rule == "sample.not-a-file"


def test_a_fifo_is_refused_without_being_opened(repository: Path) -> None:
    """Opening it would wait for a writer for ever."""
    os.mkfifo(repository / "voices/anna/pipe.mp3")

    assert refusal("pipe.mp3", repository).rule == "sample.not-a-file"


def test_a_device_is_not_a_sample() -> None:
    with pytest.raises(SampleError) as caught:
        resolve_sample("zero", Path("/dev/voice.yaml"), Path("/dev"))

    assert caught.value.rule == "sample.not-a-file"


@contextmanager
def unprivileged() -> Iterator[None]:
    """Root may read everything, so be somebody else for a moment."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)


@pytest.mark.parametrize("locked", ["voices/anna.mp3", "voices"])
def test_a_sample_without_permission_is_unreadable(locked: str) -> None:
    root = Path(tempfile.mkdtemp())  # tmp_path is closed to other users as a whole
    try:
        (root / "voices").mkdir()
        (root / "voices/anna.mp3").write_bytes(b"sound")
        (root / locked).chmod(0)
        root.chmod(0o755)
        with unprivileged(), pytest.raises(SampleError) as caught:
            resolve_sample("anna.mp3", root / "voices/voice.yaml", root)
    finally:
        (root / locked).chmod(0o755)
        shutil.rmtree(root)

    assert caught.value.rule == "sample.unreadable"
    assert caught.value.why == "Permission denied"


# read_identity


def test_a_file_is_its_sha256_and_size(tmp_path: Path) -> None:
    content = os.urandom(3_000_000)
    (tmp_path / "a.wav").write_bytes(content)

    identity = read_identity(tmp_path / "a.wav")

    assert identity == FileIdentity(hashlib.sha256(content).hexdigest(), len(content), pointer=False)


@pytest.mark.parametrize(
    "text",
    [
        POINTER,
        POINTER.replace("\n", "\r\n"),
        POINTER.replace("oid", f"ext-0-foo sha256:{'0' * 64}\noid"),
        POINTER.removesuffix("\n"),
    ],
)
def test_a_pointer_stands_for_the_file_it_names(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.mp3").write_bytes(text.encode())

    assert read_identity(tmp_path / "a.mp3") == FileIdentity(LONG_SHA, 12345, pointer=True)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        POINTER.replace("size 12345\n", "").encode(),
        POINTER.replace(LONG_SHA, "4d7a").encode(),
        POINTER.replace("spec/v1", "spec/v9").encode(),
        b"\xff\xfb" + POINTER.encode(),
        (POINTER + "#" * 1024).encode(),
    ],
)
def test_what_is_not_a_pointer_is_a_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.mp3").write_bytes(content)

    identity = read_identity(tmp_path / "a.mp3")

    assert identity == FileIdentity(hashlib.sha256(content).hexdigest(), len(content), pointer=False)


def test_a_file_that_is_being_written_is_not_trusted(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.touch()
    os.truncate(path, 100_000_000)
    started, done = threading.Event(), threading.Event()

    def record() -> None:
        with path.open("r+b") as file:
            while not done.is_set():
                file.seek(0)
                file.write(os.urandom(1000))
                file.flush()
                started.set()

    writer = threading.Thread(target=record)
    writer.start()
    started.wait()
    try:
        with pytest.raises(SampleError) as caught:
            read_identity(path)
    finally:
        done.set()
        writer.join()

    assert caught.value.rule == "sample.changing"


def test_reading_a_missing_file_or_a_fifo_is_a_clear_error(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(SampleError) as missing:
        read_identity(tmp_path / "gone.mp3")
    with pytest.raises(SampleError) as pipe:
        read_identity(tmp_path / "pipe")

    assert (missing.value.rule, pipe.value.rule) == ("sample.missing", "sample.not-a-file")


# stream_sha256: tags, written by hand


def id3v2(text: bytes, padding: int, version: int = 3) -> bytes:
    frame = b"TIT2" + struct.pack(">I", len(text) + 1) + b"\0\0\0" + text
    size = len(frame) + padding
    return (
        b"ID3"
        + bytes([version, 0, 0])
        + bytes(size >> shift & 127 for shift in (21, 14, 7, 0))
        + frame
        + bytes(padding)
    )


def id3v1(text: bytes) -> bytes:
    return b"TAG" + text[:30].ljust(30, b"\0") + bytes(95)


def apev2(text: bytes) -> bytes:
    item = struct.pack("<II", len(text), 0) + b"Title\0" + text
    header, footer = (
        b"APETAGEX" + struct.pack("<IIII", 2000, len(item) + 32, 1, flags) + bytes(8)
        for flags in (0xA0000000, 0x80000000)
    )
    return header + item + footer


def chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + bytes(len(content) % 2)


def wav(samples: bytes, *, rate: int = 16000, before: bytes = b"", after: bytes = b"") -> bytes:
    form = chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, rate, 2 * rate, 2, 16))
    body = b"WAVE" + form + before + chunk(b"data", samples) + after
    return b"RIFF" + struct.pack("<I", len(body)) + body


def split_flac(content: bytes) -> tuple[bytes, bytes]:
    """Return STREAMINFO and the audio frames."""
    position, last = 4, False
    while not last:
        last = bool(content[position] & 0x80)
        position += 4 + int.from_bytes(content[position + 1 : position + 4], "big")
    return content[8:42], content[position:]


def flac(streaminfo: bytes, frames: bytes, *blocks: tuple[int, bytes]) -> bytes:
    metadata = [(0, streaminfo), *blocks]
    return (
        b"fLaC"
        + b"".join(
            bytes([kind | (0x80 if index == len(metadata) - 1 else 0)]) + len(block).to_bytes(3, "big") + block
            for index, (kind, block) in enumerate(metadata)
        )
        + frames
    )


def vorbis_comment(text: bytes) -> bytes:
    comment = b"TITLE=" + text
    return struct.pack("<I", 4) + b"test" + struct.pack("<II", 1, len(comment)) + comment


def remux(source: Path, target: Path, muxer: str, options: dict[str, str], title: str) -> Path:
    with av.open(source, "r") as old, av.open(target, "w", format=muxer, container_options=options) as new:
        new.metadata["title"] = title
        streams = {stream.index: new.add_stream_from_template(stream) for stream in old.streams}
        for packet in old.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream.index]
                new.mux(packet)
    return target


@cache
def encoded(container: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return make_audio(Path(folder, "a"), container=container, seconds=2).read_bytes()


def bare_mp3() -> bytes:
    """Return an MP3 without tags; its first frame is the Info frame."""
    content = encoded("mp3")
    return content[content.index(b"\xff\xf3") :]


def of(content: bytes) -> str:
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        return stream_sha256(Path(file.name))


words = st.text(min_size=1, max_size=2000).map(str.encode)
laws = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@laws
@given(text=words, padding=st.integers(0, 5000), version=st.sampled_from([3, 4]))
def test_tags_of_an_mp3_are_not_its_audio(text: bytes, padding: int, version: int) -> None:
    original = bare_mp3()
    tag = id3v2(text, padding, version) if len(text) < 128 else id3v2(text, padding, 3)

    assert of(tag + original) == of(original)
    assert of(original + id3v1(text)) == of(original)
    assert of(tag + original + apev2(text) + id3v1(text)) == of(original)


def test_the_info_frame_of_an_mp3_is_not_its_audio() -> None:
    original = bare_mp3()
    info = original.index(b"Info")
    edited = original[: info + 4] + bytes(40) + original[info + 44 :]
    without = original[original.index(b"\xff\xf3", 4) :]

    assert of(edited) == of(original)
    assert of(without) == of(original)


@laws
@given(text=words, size=st.integers(0, 9000))
def test_chunks_of_a_wav_are_not_its_audio(text: bytes, size: int) -> None:
    samples = encoded("wav")[44:]
    info = chunk(b"LIST", b"INFO" + chunk(b"INAM", text))
    broadcast = chunk(b"bext", bytes(602 + size))

    assert of(wav(samples, before=info)) == of(wav(samples))
    assert of(wav(samples, before=broadcast, after=info)) == of(wav(samples))
    assert of(wav(samples, after=chunk(b"id3 ", id3v2(text, 0)))) == of(wav(samples))


@laws
@given(text=words, padding=st.integers(0, 9000))
def test_metadata_blocks_of_a_flac_are_not_its_audio(text: bytes, padding: int) -> None:
    streaminfo, frames = split_flac(encoded("flac"))
    picture = struct.pack(">II", 3, 9) + b"image/png" + struct.pack(">IIIIII", 0, 1, 1, 24, 0, len(text)) + text
    tagged = flac(streaminfo, frames, (4, vorbis_comment(text)), (6, picture), (1, bytes(padding)))

    assert of(tagged) == of(encoded("flac"))
    assert of(flac(streaminfo, frames)) == of(encoded("flac"))
    assert of(id3v2(text, padding) + tagged) == of(encoded("flac"))
    assert of(flac(streaminfo[:-16] + bytes(16), frames)) == of(encoded("flac"))  # no MD5


@pytest.mark.parametrize(
    ("container", "muxer", "options"),
    [
        ("mp4", "mp4", {"movflags": "faststart"}),
        ("mp4", "mp4", {"movflags": "frag_keyframe+empty_moov"}),
        ("mp4", "ipod", {}),
        ("mp4", "matroska", {}),
        ("webm", "matroska", {}),
        ("webm", "webm", {"live": "1"}),
        ("mkv", "webm", {}),
        ("mpeg", "vob", {}),
    ],
)
@pytest.mark.parametrize("video", [False, True])
def test_another_container_is_the_same_audio(
    tmp_path: Path, container: str, muxer: str, options: dict[str, str], video: bool
) -> None:
    original = make_audio(tmp_path / "a", container=container, seconds=2, video=video)

    again = remux(original, tmp_path / "b", muxer, options, "another title")

    assert again.read_bytes() != original.read_bytes()
    assert stream_sha256(again) == stream_sha256(original)


def test_pcm_is_the_same_however_it_is_cut_into_packets(tmp_path: Path) -> None:
    original = make_audio(tmp_path / "a", container="wav", seconds=2)
    samples = original.read_bytes()[44:]
    with av.open(original, "r") as old, av.open(tmp_path / "b", "w", format="matroska") as new:
        stream = new.add_stream_from_template(old.streams.audio[0])
        for start in range(0, len(samples), 1000):
            packet = av.Packet(samples[start : start + 1000])
            packet.stream, packet.time_base = stream, Fraction(1, 16000)
            packet.pts = packet.dts = start // 2
            new.mux(packet)

    assert len(packets((tmp_path / "b").read_bytes())) == len(samples) // 1000
    assert stream_sha256(tmp_path / "b") == stream_sha256(original)


def test_mp3_frames_in_an_mp4_are_the_same_audio(tmp_path: Path) -> None:
    original = make_audio(tmp_path / "a", container="mp3", seconds=2)

    assert stream_sha256(remux(original, tmp_path / "b", "mp4", {}, "title")) == stream_sha256(original)


def packets(content: bytes) -> list[tuple[int, bytes]]:
    """Return the audio packets: place in the file, where FFmpeg knows it, and content."""
    with av.open(io.BytesIO(content), "r") as container:
        stream = container.streams.audio[0]
        return [(p.pos or 0, bytes(p)) for p in container.demux(stream) if p.size > 20]


@pytest.mark.parametrize("container", ["mp3", "wav", "flac", "mp4", "mpeg"])
@laws
@given(data=st.data())
def test_any_bit_of_the_audio_counts(container: str, data: st.DataObject) -> None:
    content = encoded(container)
    start, packet = data.draw(st.sampled_from(packets(content)[1:]))
    # In a program stream the packet's place is its PES header, whose fields are not audio.
    place = start + data.draw(st.integers(40 if container == "mpeg" else 0, len(packet) - 1))
    bit = data.draw(st.integers(0, 7))
    changed = bytearray(content)
    changed[place] ^= 1 << bit

    assert of(bytes(changed)) != of(content)


@laws
@given(data=st.data())
def test_any_bit_of_a_webm_packet_counts(data: st.DataObject) -> None:
    content = encoded("webm")
    _, packet = data.draw(st.sampled_from(packets(content)))
    place = content.index(packet) + data.draw(st.integers(0, len(packet) - 1))
    changed = bytearray(content)
    changed[place] ^= 1 << data.draw(st.integers(0, 7))

    assert of(bytes(changed)) != of(content)


@pytest.mark.parametrize("container", ["mp3", "wav", "flac"])
@pytest.mark.parametrize("missing", [1, 2, 500, 5000])
def test_a_file_cut_short_is_other_audio(container: str, missing: int) -> None:
    assert of(encoded(container)[:-missing]) != of(encoded(container))


@pytest.mark.parametrize("container", ["webm", "mpeg"])
def test_a_stream_cut_in_half_is_other_audio(container: str) -> None:
    assert of(encoded(container)[: len(encoded(container)) // 2]) != of(encoded(container))


@pytest.mark.parametrize("extra", [b"", bytes(1), bytes(4001)])
def test_the_last_bit_of_a_wav_counts_wherever_ffmpeg_cuts(extra: bytes) -> None:
    samples = encoded("wav")[44:]
    changed = samples[:-1] + bytes([samples[-1] ^ 1])

    assert of(wav(changed, before=chunk(b"junk", extra))) != of(wav(samples))


def test_the_same_samples_at_another_speed_are_other_audio() -> None:
    samples = encoded("wav")[44:]

    assert of(wav(samples, rate=8000)) != of(wav(samples, rate=16000))


@pytest.mark.parametrize("content", [b"", b"<html>", bytes(5000)])
def test_a_file_without_readable_audio_has_no_stream_hash(content: bytes) -> None:
    with pytest.raises(SampleError) as caught:
        of(content)

    assert caught.value.rule == "sample.unreadable"


def test_a_playlist_is_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    make_audio(tmp_path / "other.mp3", container="mp3", seconds=1)

    with pytest.raises(SampleError):
        of(b"ffconcat version 1.0\nfile other.mp3\n")


def test_a_silent_film_has_no_stream_hash(tmp_path: Path) -> None:
    film = make_audio(tmp_path / "a.mp4", container="mp4", seconds=0, video=True)

    with pytest.raises(SampleError) as caught:
        stream_sha256(film)

    assert caught.value.rule == "sample.no-audio"
