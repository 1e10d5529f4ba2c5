"""Samples as people treat them: re-tagged, touched, renamed, cloned from git, left in LFS, broken."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import av
import pytest
from audio import make_audio
from cli_world import World


def add_tags(path: Path) -> None:
    """Write the same MP3 packets anew, with an ID3 tag before them."""
    tagged = path.with_name("tagged.mp3")
    with av.open(str(path)) as source, av.open(str(tagged), "w", format="mp3") as target:
        target.metadata.update({"title": "A new title", "artist": "Anna"})
        stream = target.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(source.streams.audio[0]):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    tagged.replace(path)


def pointer_to(path: Path) -> str:
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize {len(content)}\n"


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", "-c", "user.name=t", "-c", "user.email=t@t", *arguments], cwd=folder, check=True)


# -- the same sample ---------------------------------------------------------------------------------------------------


def test_a_retagged_sample_is_the_same_sample(applied: World) -> None:
    sample = applied.root / "voices/narrator/sample.mp3"
    before = sample.read_bytes()
    add_tags(sample)

    text = applied.run("plan")
    plan = applied.plan()
    applied.apply()

    assert sample.read_bytes() != before
    assert plan["changes"] == []
    assert "is another file with the same audio: no re-clone" in text.out
    assert applied.api.writes == []
    assert applied.plan()["diagnostics"] == []  # state knows the new file by now


def test_a_touched_sample_is_the_same_sample(applied: World) -> None:
    os.utime(applied.root / "voices/narrator/sample.mp3")

    assert applied.planned() == []


def test_a_fresh_clone_of_the_repository_has_nothing_to_do(applied: World) -> None:
    applied.write(".gitignore", ".voicectl/\n")
    git(applied.root, "init", "-q")
    git(applied.root, "add", ".")
    git(applied.root, "commit", "-qm", "voices")
    clone = applied.root.parent / "another-place"
    git(applied.root, "clone", "-q", ".", str(clone))

    ran = applied.run("plan", "--detailed-exitcode", cwd=clone)

    assert not (clone / ".voicectl").exists()
    assert (ran.code, ran.out) == (0, "No changes. 2 voices are as declared.\n")


def test_a_sample_with_another_ending_is_known_by_its_content(world: World) -> None:
    world.declare("narrator", sample={"file": "voice.wav"})
    (world.root / "voices/narrator/sample.mp3").rename(world.root / "voices/narrator/voice.wav")

    world.apply()

    assert world.voice("narrator").sample["mime_type"] == "audio/mpeg"
    assert world.voice("narrator").sample["filename"].endswith(".mp3")


def test_a_renamed_sample_is_the_same_sample(applied: World) -> None:
    (applied.root / "voices/narrator/sample.mp3").rename(applied.root / "voices/narrator/take-4.mp3")
    text = (applied.root / "voices/narrator/voice.yaml").read_text().replace("sample.mp3", "take-4.mp3")
    applied.write("voices/narrator/voice.yaml", text)

    assert applied.planned() == []
    applied.apply()

    assert applied.api.writes == []
    assert applied.records["narrator"]["sample"]["file"] == "voices/narrator/take-4.mp3"


@pytest.mark.parametrize("container", ["wav", "flac", "webm", "mp4", "mpeg"])
def test_every_accepted_format_becomes_a_voice(world: World, container: str) -> None:
    world.declare("narrator", sample={"file": f"voice.{container}"})
    make_audio(world.root / f"voices/narrator/voice.{container}", container=container, seconds=31)

    world.apply()

    assert world.voice("narrator").status == "ready"
    assert world.planned() == []


# -- Git LFS -----------------------------------------------------------------------------------------------------------


def test_an_unchanged_sample_may_be_an_lfs_pointer(applied: World) -> None:
    sample = applied.root / "voices/narrator/sample.mp3"
    sample.write_text(pointer_to(sample))

    plan = applied.plan()
    applied.apply()

    assert (plan["changes"], plan["summary"]["unchanged"]) == ([], 2)
    assert applied.api.writes == []


def test_a_field_can_be_updated_while_the_sample_is_an_lfs_pointer(applied: World) -> None:
    sample = applied.root / "voices/narrator/sample.mp3"
    applied.declare("narrator", description="Cool.")
    sample.write_text(pointer_to(sample))

    applied.apply()

    assert (applied.voice("narrator").description or "").startswith("Cool. [voicectl ")
    assert applied.planned() == []


def test_a_changed_sample_that_is_an_lfs_pointer_says_git_lfs_pull(applied: World) -> None:
    other = make_audio(applied.root.parent / "other.mp3", container="mp3", seconds=31, seed=9)
    (applied.root / "voices/narrator/sample.mp3").write_text(pointer_to(other))

    plan = applied.run("plan")
    apply = applied.run("apply", "--yes")

    assert (plan.code, apply.code) == (0, 4)
    for ran in (plan, apply):
        assert "git lfs pull" in ran.out + ran.err
        assert "voices/narrator/voice.yaml:" in ran.out + ran.err
    assert applied.api.writes == []
    assert len(applied.voices) == 2


# -- samples that cannot be used ---------------------------------------------------------------------------------------


def test_every_sample_error_has_a_place_and_all_come_at_once(world: World) -> None:
    outside = make_audio(world.root.parent / "outside.mp3", container="mp3", seconds=31)
    for key in ("missing", "above", "linked", "folder"):
        world.declare(key)
    world.declare("missing", sample={"file": "smaple.mp3"})
    world.declare("above", sample={"file": "../../../outside.mp3"})
    world.declare("folder", sample={"file": "takes"})
    (world.root / "voices/folder/takes").mkdir()
    (world.root / "voices/linked/sample.mp3").unlink()
    (world.root / "voices/linked/sample.mp3").symlink_to(outside)

    validated = world.run("validate", "--json")
    planned = world.run("plan")
    applied = world.run("apply", "--yes")

    found = {(d["key"], d["rule"], d["range"]["filename"]) for d in validated.json["diagnostics"]}
    assert found == {
        ("above", "sample.outside", "voices/above/voice.yaml"),
        ("folder", "sample.not-a-file", "voices/folder/voice.yaml"),
        ("linked", "sample.outside", "voices/linked/voice.yaml"),
        ("missing", "sample.missing", "voices/missing/voice.yaml"),
    }
    assert (validated.code, planned.code, applied.code) == (1, 1, 1)
    assert "voices/missing/voice.yaml:3:9: error: sample 'smaple.mp3' does not exist [sample.missing]" in planned.err
    assert "Did you mean 'sample.mp3'?" in planned.err
    assert planned.out == applied.out == ""
    # The account may have been read by then: it is listed while the files are read.
    assert world.api.writes == []


@pytest.mark.parametrize(
    ("container", "seconds", "rule"),
    [("mp3", 12, "sample.duration"), ("ogg", 31, "sample.format"), ("wav", 0.2, "sample.size")],
)
def test_a_bad_sample_is_found_before_anything_is_sent(
    applied: World, container: str, seconds: float, rule: str
) -> None:
    make_audio(applied.root / "voices/narrator/sample.mp3", container=container, seconds=seconds)
    applied.declare("newcomer", seed=3)
    state = applied.state_file.read_bytes()

    validated = applied.run("validate")
    apply = applied.run("apply", "--yes")

    assert (validated.code, apply.code) == (1, 4)
    for shown in (validated.out, apply.out):
        assert "voices/narrator/voice.yaml:7:9: error: " in shown
        assert f"[{rule}]" in shown
    assert applied.api.writes == []
    assert applied.state_file.read_bytes() == state


@pytest.mark.parametrize("content", [b"", b"not audio at all\n" * 9000, b"#EXTM3U\nhttp://127.0.0.1:1/x.mp3\n" * 900])
def test_a_file_that_is_no_audio_is_refused(world: World, content: bytes) -> None:
    world.declare("narrator")
    (world.root / "voices/narrator/sample.mp3").write_bytes(content)

    validated = world.run("validate", "--json")
    applied = world.run("apply", "--yes")

    assert validated.code == 1
    assert {d["rule"] for d in validated.json["diagnostics"]} <= {"sample.unreadable", "sample.size", "sample.no-audio"}
    assert applied.code in (1, 4)
    assert world.api.writes == []


def test_a_bad_sample_of_an_unchanged_voice_does_not_stop_the_others(applied: World) -> None:
    """What is not uploaded is not judged: rules may have become stricter since."""
    sample = applied.root / "voices/narrator/sample.mp3"
    shutil.copy(sample, applied.root.parent / "kept.mp3")
    applied.declare("newcomer", seed=3)

    applied.apply()

    assert applied.voice("newcomer").status == "ready"


def test_a_sample_that_changes_between_plan_and_upload_is_not_sent(applied: World) -> None:
    applied.declare("narrator", seed=5, description="Warm.")
    saved = applied.run("plan", "--out", "voices.plan")
    applied.sample("narrator/sample.mp3", seed=6)

    ran = applied.run("apply", "voices.plan")

    assert saved.code == 0
    assert ran.code == 4
    assert applied.api.writes == []
