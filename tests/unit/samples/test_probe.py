"""What a sample is, asked from its bytes."""

from __future__ import annotations

import io
import random
import struct
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import pytest
from audio import make_audio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.errors import SampleError
from reconciler.samples.probe import CEILING, probe
from reconciler.samples.rules import hard_rules


def write(folder: Path, content: bytes | bytearray) -> Path:
    path = folder / "sample.bin"
    path.write_bytes(content)
    return path


@cache
def encoded(container: str, *, seconds: float = 4, tags: bool = False) -> bytes:
    with TemporaryDirectory() as folder:
        named = {"title": "Ænna"} if tags else None
        return make_audio(Path(folder, "a"), container=container, seconds=seconds, tags=named).read_bytes()


def refusal(path: Path) -> SampleError:
    with pytest.raises(SampleError) as caught:
        probe(path)
    return caught.value


@pytest.mark.parametrize(
    ("made", "container", "mime_type", "suffix", "codec"),
    [
        ("mp3", "mp3", "audio/mpeg", ".mp3", "mp3"),
        ("mp2", "mp2", "audio/mpeg", ".mp3", "mp2"),
        ("wav", "wav", "audio/wav", ".wav", "pcm_s16le"),
        ("flac", "flac", "audio/flac", ".flac", "flac"),
        ("webm", "webm", "video/webm", ".webm", "opus"),
        ("mp4", "mp4", "video/mp4", ".mp4", "aac"),
        ("mpeg", "mpeg", "video/mpeg", ".mpeg", "mp2"),
        ("m4a", "m4a", "audio/x-m4a", ".m4a", "aac"),
    ],
)
@pytest.mark.parametrize("name", ["voice", "voice.wav", "voice.mp3", "voice.txt", "voice%03d.png", "vo:ice"])
def test_a_format_is_known_by_content_whatever_the_name(
    tmp_path: Path, made: str, container: str, mime_type: str, suffix: str, codec: str, name: str
) -> None:
    found = probe(make_audio(tmp_path / name, container=made, seconds=4))

    assert (found.container, found.mime_type, found.suffix, found.codec) == (container, mime_type, suffix, codec)
    assert found.duration == pytest.approx(4, abs=0.1)
    assert found.header_duration is None or found.header_duration == pytest.approx(4, abs=0.1)
    assert (found.channels, found.audio_streams, found.video_streams, found.packet_errors) == (1, 1, 0, 0)
    assert found.sample_rate == (48000 if made == "webm" else 16000)
    assert found.size == (tmp_path / name).stat().st_size


@pytest.mark.parametrize("container", ["webm", "mp4", "mpeg", "mpg"])
def test_a_video_is_as_long_as_its_sound(tmp_path: Path, container: str) -> None:
    found = probe(make_audio(tmp_path / "a", container=container, seconds=4, video=True))

    assert found.duration == pytest.approx(4, abs=0.1)
    assert (found.audio_streams, found.video_streams) == (1, 1)


def test_a_picture_that_outlasts_the_sound_is_no_claim_about_the_sound(tmp_path: Path) -> None:
    path = tmp_path / "long.mp4"
    sound = make_audio(tmp_path / "sound.mp4", container="mp4", seconds=4)
    film = make_audio(tmp_path / "film.mp4", container="mp4", seconds=9, video=True)
    with av.open(sound, "r") as one, av.open(film, "r") as two, av.open(path, "w", format="mp4") as out:
        sources = [(one, one.streams.audio[0]), (two, two.streams.video[0])]
        streams = [out.add_stream_from_template(source) for _, source in sources]
        for (container, source), stream in zip(sources, streams, strict=True):
            for packet in container.demux(source):
                if packet.dts is not None:
                    packet.stream = stream
                    out.mux(packet)

    found = probe(path)

    assert found.header_duration == pytest.approx(4, abs=0.2)
    assert "sample.truncated" not in {finding.rule for finding in hard_rules(found)}


@pytest.mark.parametrize(
    ("container", "name"),
    [
        ("ogg", "Ogg"),
        ("mkv", "Matroska"),
        ("mov", "QuickTime"),
        ("ts", "transport stream"),
        ("aiff", "AIFF"),
        ("aac", "AAC"),
        ("avi", "AVI"),
    ],
)
def test_a_format_that_the_api_does_not_list_is_named_with_a_way_out(tmp_path: Path, container: str, name: str) -> None:
    error = refusal(make_audio(tmp_path / "voice.mp3", container=container, seconds=4))

    assert error.rule == "sample.format"
    assert name in error.what
    assert "ffmpeg -i" in error.fix


@pytest.mark.parametrize("brand", [b"3gp4", b"3g2a"])
def test_a_3gp_that_claims_no_mp4_is_refused(tmp_path: Path, brand: bytes) -> None:
    content = encoded("mp4").replace(b"isom", brand).replace(b"mp41", brand).replace(b"iso2", brand)

    assert refusal(write(tmp_path, content)).rule == "sample.format"


def test_a_playlist_named_as_audio_opens_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """FFmpeg would follow it to other files."""
    monkeypatch.chdir(tmp_path)
    make_audio(tmp_path / "other.mp3", container="mp3", seconds=4)

    assert refusal(write(tmp_path, b"ffconcat version 1.0\nfile other.mp3\n")).what.endswith("not known here")


@pytest.mark.parametrize("container", ["mp4", "webm", "mpeg"])
def test_a_silent_film_has_no_audio(tmp_path: Path, container: str) -> None:
    error = refusal(make_audio(tmp_path / "film", container=container, seconds=0, video=True))

    assert error.rule == "sample.no-audio"


def test_an_empty_file_is_called_empty(tmp_path: Path) -> None:
    error = refusal(write(tmp_path, b""))

    assert error.rule == "sample.unreadable"
    assert "empty" in error.why


@pytest.mark.parametrize(
    "content",
    [
        b"\0",
        b"hello\n",
        b"<!doctype html><title>Not found</title>",
        bytes(20_000),
        random.Random(1).randbytes(64),
        b"fLaC",
        b"ID3",
    ],
    ids=["nul", "text", "html", "zeros", "noise", "flac-magic", "id3-magic"],
)
def test_what_is_no_audio_is_unreadable(tmp_path: Path, content: bytes) -> None:
    assert refusal(write(tmp_path, content)).rule == "sample.unreadable"


def test_a_wav_without_samples_is_unreadable(tmp_path: Path) -> None:
    assert refusal(write(tmp_path, encoded("wav")[:44])).rule == "sample.unreadable"


def test_an_mp4_cut_before_its_index_is_unreadable(tmp_path: Path) -> None:
    assert refusal(write(tmp_path, encoded("mp4")[:10_000])).rule == "sample.unreadable"


def test_a_codec_that_nobody_knows_is_unreadable(tmp_path: Path) -> None:
    error = refusal(write(tmp_path, encoded("mp4").replace(b"mp4a", b"zzzz").replace(b"esds", b"free")))

    assert error.rule == "sample.unreadable"
    assert "codec" in error.why


def test_a_missing_file_is_unreadable(tmp_path: Path) -> None:
    assert refusal(tmp_path / "gone.mp3").rule == "sample.unreadable"


@pytest.mark.parametrize("container", ["mp3", "wav", "flac", "webm"])
def test_a_file_cut_in_half_is_measured_by_what_is_there(tmp_path: Path, container: str) -> None:
    content = encoded(container)

    found = probe(write(tmp_path, content[: len(content) // 2]))

    assert found.duration == pytest.approx(2, abs=0.5)
    assert found.header_duration == pytest.approx(4, abs=0.1)
    assert "sample.truncated" in {finding.rule for finding in hard_rules(found)}


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF])
def test_a_streamed_wav_claims_nothing(tmp_path: Path, size: int) -> None:
    content = bytearray(encoded("wav"))
    struct.pack_into("<I", content, 40, size)

    found = probe(write(tmp_path, content))

    assert found.duration == 4.0
    assert found.header_duration is None


def test_a_wav_is_read_past_chunks_of_odd_size(tmp_path: Path) -> None:
    content = encoded("wav")
    chunk = b"junk" + struct.pack("<I", 3) + b"abc\0"

    found = probe(write(tmp_path, content[:36] + chunk + content[36:]))

    assert found.header_duration == 4.0


@pytest.mark.parametrize("codec", ["adpcm_ima_wav", "adpcm_ms"])
def test_a_compressed_wav_claims_the_samples_that_it_says_it_has(tmp_path: Path, codec: str) -> None:
    """Its byte rate is no measure: blocks have headers, and encoders round."""
    path = tmp_path / "a.wav"
    with av.open(path, "w", format="wav") as container:
        stream = container.add_stream(codec, rate=24_000, layout="mono")
        assert isinstance(stream, av.AudioStream)
        blocks = av.AudioResampler(stream.format, "mono", 24_000, stream.frame_size)
        with av.open(io.BytesIO(encoded("wav")), "r") as source:
            for frame in (*source.decode(audio=0), None):
                for ready in blocks.resample(frame):
                    container.mux(stream.encode(ready))
        container.mux(stream.encode(None))

    found = probe(path)

    assert found.duration == pytest.approx(4, abs=0.2)
    assert found.header_duration == pytest.approx(found.duration, abs=0.1)


def test_a_false_frame_count_of_an_mp3_changes_only_the_claim(tmp_path: Path) -> None:
    content = bytearray(encoded("mp3"))
    place = content.index(b"Info") + 8
    struct.pack_into(">I", content, place, 3 * int.from_bytes(content[place : place + 4], "big"))

    found = probe(write(tmp_path, content))

    assert found.duration == pytest.approx(4, abs=0.1)
    assert found.header_duration == pytest.approx(12, abs=0.3)


def test_an_mp3_without_frame_count_claims_nothing(tmp_path: Path) -> None:
    content = encoded("mp3")
    first = content.index(b"\xff\xf3")
    second = content.index(b"\xff\xf3", first + 4)

    found = probe(write(tmp_path, content[second:]))

    assert found.duration == pytest.approx(4, abs=0.2)  # no gapless data either
    assert found.header_duration is None


def test_the_frame_count_is_found_behind_a_large_tag(tmp_path: Path) -> None:
    tag = b"ID3\x03\0\0" + bytes([0, 0, 100, 0]) + bytes(100 << 7)

    found = probe(write(tmp_path, tag + encoded("mp3")))

    assert found.header_duration == pytest.approx(4, abs=0.1)


@pytest.mark.parametrize("container", ["mp3", "mpeg"])
def test_a_bad_packet_is_counted_and_passed_over(tmp_path: Path, container: str) -> None:
    content = bytearray(encoded(container))
    middle = len(content) // 2
    content[middle : middle + 3000] = bytes(3000)

    found = probe(write(tmp_path, content))

    assert found.packet_errors > 0
    assert 3 < found.duration < 4.2


def test_a_tag_in_another_encoding_is_no_obstacle(tmp_path: Path) -> None:
    content = encoded("flac", tags=True).replace("Ænna".encode(), b"\xc6\xff\xfenna"[:5])

    assert probe(write(tmp_path, content)).duration == 4.0


def test_a_cover_picture_is_no_video(tmp_path: Path) -> None:
    cover = io.BytesIO()
    with av.open(cover, "w", format="image2pipe") as image:
        stream = image.add_stream("png", rate=1)
        assert isinstance(stream, av.VideoStream)
        stream.width = stream.height = 16
        stream.pix_fmt = "rgb24"
        image.mux(stream.encode(av.VideoFrame(16, 16, "rgb24")))
        image.mux(stream.encode(None))
    picture = b"\0image/png\0\x03\0" + cover.getvalue()
    frame = b"APIC" + struct.pack(">I", len(picture)) + b"\0\0" + picture
    size = bytes(len(frame) >> shift & 127 for shift in (21, 14, 7, 0))

    found = probe(write(tmp_path, b"ID3\x03\0\0" + size + frame + encoded("mp3")))

    assert (found.audio_streams, found.video_streams) == (1, 0)


def test_all_audio_streams_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "two.mp4"
    source = make_audio(tmp_path / "one.mp4", container="mp4", seconds=4)
    with av.open(source, "r") as one, av.open(path, "w", format="mp4") as two:
        streams = [two.add_stream_from_template(one.streams.audio[0]) for _ in range(2)]
        packets = [packet for packet in one.demux(audio=0) if packet.dts is not None]
        for packet in packets:
            packet.stream = streams[0]
            two.mux(packet)
        copy = av.Packet(bytes(packets[0]))
        copy.stream = streams[1]
        copy.time_base, copy.pts, copy.dts = packets[0].time_base, 0, 0
        two.mux(copy)

    assert probe(path).audio_streams == 2


def test_a_decompression_bomb_is_left_at_the_ceiling(tmp_path: Path) -> None:
    """Four hours of silence in a few hundred kilobytes."""
    path = tmp_path / "bomb.flac"
    with av.open(path, "w", format="flac") as output:
        stream = output.add_stream("flac", rate=8000, layout="mono")
        assert isinstance(stream, av.AudioStream)
        frame = av.AudioFrame(format="s16", layout="mono", samples=4096)
        frame.planes[0].update(bytes(8192))
        frame.sample_rate = 8000
        for index in range(4 * 3600 * 8000 // 4096):
            frame.pts = index * 4096
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))

    found = probe(path)

    assert CEILING <= found.duration < CEILING + 10
    assert [finding.rule for finding in hard_rules(found) if finding.unit == "s"] == ["sample.duration"]


def test_nothing_is_printed_or_logged_about_a_broken_file(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    content = bytearray(encoded("mp3"))
    content[5000:9000] = bytes(4000)
    probe(write(tmp_path, content))

    assert capfd.readouterr() == ("", "")
    assert caplog.records == []


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(
    container=st.sampled_from(["mp3", "wav", "flac", "webm", "mp4", "mpeg", "m4a", "ogg", "mkv", "avi"]),
    cut=st.integers(0, 20_000),
    damage=st.lists(st.tuples(st.integers(0, 400) | st.integers(0, 20_000), st.integers(0, 255)), max_size=30),
)
def test_a_broken_file_is_an_answer_or_a_sample_error(
    tmp_path: Path, container: str, cut: int, damage: list[tuple[int, int]]
) -> None:
    content = bytearray(encoded(container, seconds=1)[: 20_000 - cut])
    for place, value in damage:
        if place < len(content):
            content[place] = value
    try:
        found = probe(write(tmp_path, content))
    except SampleError as error:
        rule, fix = error.rule, error.fix
    else:
        hard_rules(found)
        return

    assert rule in {"sample.unreadable", "sample.no-audio", "sample.format"}
    assert fix


def test_tags_that_would_take_minutes_to_read_are_refused(tmp_path: Path) -> None:
    content = encoded("flac")
    info = content[: 4 + 4 + int.from_bytes(content[5:8])]  # the mark and STREAMINFO
    tags = b"\x04" + (1_100_000).to_bytes(3) + bytes(1_100_000)

    with pytest.raises(SampleError) as caught:
        probe(write(tmp_path, info + tags + content[len(info) :]))

    assert caught.value.rule == "sample.unreadable"
    assert "its tags are larger than" in caught.value.why


def test_more_sound_than_anybody_records_is_refused_and_not_decoded_to_its_end(tmp_path: Path) -> None:
    """Few bytes of FLAC can hold hours of silence in eight channels."""
    path = tmp_path / "silence.flac"
    with av.open(str(path), "w", format="flac") as output:
        stream = output.add_stream("flac", rate=96_000, layout="7.1")
        assert isinstance(stream, av.AudioStream)
        frame = av.AudioFrame(format="s16", layout="7.1", samples=4_608)
        frame.sample_rate = 96_000
        frame.planes[0].update(bytes(frame.planes[0].buffer_size))
        for _ in range(5_700):
            frame.pts = None
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))

    with pytest.raises(SampleError, match="too much sound"):
        probe(path)
