"""inspect: a file that is no good is said to be none, whatever else is asked for in the same line."""

from __future__ import annotations

import os
import subprocess
import sys
import wave
from pathlib import Path

import pytest
from audio import make_audio
from cli_world import World

AUDIO = {"audio.noise", "audio.clipping", "audio.level", "audio.speakers"}
"""Some of the rules that need a voice, or at least sound."""


POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 5\n"


def silence(path: Path) -> Path:
    """Write 31 s of digital silence."""
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes(bytes(2 * 16000 * 31))
    return path


# -- one that is not there ---------------------------------------------------------------------------------------------


def test_files_that_cannot_be_opened_are_told_beside_what_is_shown_of_the_others(world: World) -> None:
    make_audio(world.root / "fine.flac", container="flac", seconds=31)
    (world.root / "folder").mkdir()
    os.mkfifo(world.root / "pipe")

    names = ("none.mp3", "fine.flac", "folder", "pipe")
    ran, text = world.run("inspect", "--json", *names), world.run("inspect", *names)

    assert ran.code == text.code == 1
    assert [said["file"] for said in ran.json] == ["fine.flac"]
    assert ran.err == text.err
    assert [line for line in text.err.splitlines() if line.startswith("error")] == [
        "error: sample 'none.mp3' does not exist",
        "error: sample 'folder' is a folder",
        "error: sample 'pipe' is not a regular file",
    ]
    assert "fine.flac" in text.out


def test_a_file_without_a_name_is_a_usage_error(world: World) -> None:
    ran = world.run("inspect", "")

    assert (ran.code, ran.out) == (64, "")
    assert "a FILE without a name" in ran.err


def test_nothing_that_can_be_opened_is_an_empty_array(world: World) -> None:
    assert world.run("inspect", "--json", "none.mp3").json == []


def test_a_name_that_is_no_text_is_json_all_the_same(world: World) -> None:
    make_audio(world.root / "fine.mp3", container="mp3", seconds=31)
    name = os.fsdecode(b"fine\xff.mp3")
    (world.root / "fine.mp3").rename(world.root / name)

    for language in ("C", "C.UTF-8"):
        ran = subprocess.run(
            [sys.executable, "-m", "reconciler", "inspect", "--json", name],
            cwd=world.root, env={**world.environ, "LC_ALL": language}, capture_output=True, check=False,
        )  # fmt: skip

        assert ran.returncode == 0, ran.stderr
        assert b'"file": "fine\\udcff.mp3"' in ran.stdout
        assert ran.stdout.isascii()


# -- never ok, only not checked ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("checks", ["{}", "{audio.silence: off}"])
def test_where_nobody_speaks_nothing_is_said_of_a_voice(world: World, checks: str) -> None:
    world.write("voicectl.yaml", f"project: p\nchecks: {checks}\n")
    silence(world.root / "silence.wav")

    (said,) = world.run("inspect", "--json", "silence.wav").json
    text = world.run("inspect", "silence.wav").out

    assert (said["speakers"], said["second_voice"]) == (None, None)
    assert {each["rule"] for each in said["not_checked"] if each["reason"] == "no speech was found"} >= {
        "audio.noise", "audio.level", "audio.clicks", "audio.speakers",
    }  # fmt: skip
    assert "speakers   not checked" in text
    assert "noise      not checked" in text
    assert "not checked: audio.noise, audio.level, audio.clicks, audio.speakers: no speech was found" in text


def test_of_a_file_that_is_no_audio_no_sound_was_checked(world: World) -> None:
    world.write("voicectl.yaml", "project: p\nchecks: {audio.level: off}\n")
    world.write("page.mp3", "<html></html>")

    (said,) = world.run("inspect", "--json", "page.mp3").json
    text = world.run("inspect", "page.mp3").out

    skipped = {each["rule"] for each in said["not_checked"]}
    assert skipped >= AUDIO - {"audio.level"}
    assert "audio.level" not in skipped
    assert text.count("not checked") == 1
    assert ": no audio could be read" in text


@pytest.mark.parametrize("content", ["<html></html>", POINTER], ids=["page", "pointer"])
def test_validate_counts_samples_that_could_not_be_heard(world: World, content: str) -> None:
    world.declare("anna")
    world.write("voices/anna/sample.mp3", content)

    skipped = world.run("validate", "--json").json["not_checked"]
    text = world.run("validate").out

    assert {each["rule"] for each in skipped} >= AUDIO
    assert {(each["reason"], each["samples"]) for each in skipped} == {("no audio could be read", 1)}
    assert text.count("not checked") == 1
    assert "were not checked in 1 sample: no audio could be read" in text


# -- settings that change nothing --------------------------------------------------------------------------------------


def test_a_mistyped_rule_is_said_on_stderr(world: World) -> None:
    world.write("voicectl.yaml", "project: p\nchecks:\n  audio.nose: off\n")
    make_audio(world.root / "fine.flac", container="flac", seconds=31)

    ran = world.run("inspect", "--json", "fine.flac")
    lines = world.run("inspect", "--json", "--log-format", "json", "fine.flac")

    assert ran.code == 0
    assert [said["file"] for said in ran.json] == ["fine.flac"]
    assert "voicectl.yaml:3:15: warning: there is no check `audio.nose` [check.unknown]" in ran.err
    assert '"rule": "check.unknown"' in lines.err


@pytest.mark.parametrize(
    ("rule", "setting", "summary"),
    [
        ("sample.unreadable", "off", "no setting changes `sample.unreadable`"),
        ("sample.no-audio", "warning", "no setting changes `sample.no-audio`"),
        ("sample.lfs-pointer", "error", "no setting changes `sample.lfs-pointer`"),
        ("sample.truncated", "{threshold: 2}", "`sample.truncated` has no limit that a threshold could set"),
        ("sample.format", "{severity: error, threshold: 2}", "`sample.format` has no limit that a threshold could set"),
    ],
)
def test_a_setting_that_changes_nothing_is_said_at_its_place(
    world: World, rule: str, setting: str, summary: str
) -> None:
    world.write("voicectl.yaml", f"project: p\nchecks:\n  {rule}: {setting}\n")
    world.declare("anna")

    (said,) = world.run("validate", "--json").json["diagnostics"]

    assert (said["severity"], said["rule"], said["summary"]) == ("warning", "check.fixed", summary)
    assert said["range"]["start"] == {"line": 3, "column": len(rule) + 5}
    assert [each["rule"] for each in world.plan()["diagnostics"]] == ["check.fixed"]


@pytest.mark.parametrize("severity", ["off", "warning"])
def test_a_format_that_cannot_be_sent_is_not_allowed_in_silence(world: World, severity: str) -> None:
    world.write("voicectl.yaml", f"project: p\nchecks:\n  sample.format: {severity}\n")
    world.declare("anna", checks={"sample.format": severity})
    make_audio(world.root / "voices/anna/sample.mp3", container="ogg", seconds=31)

    found = world.run("validate", "--json").json["diagnostics"]
    ran = world.run("inspect", "voices/anna/sample.mp3")

    assert [(each["severity"], each["rule"], each["range"]["filename"]) for each in found] == [
        ("error", "sample.format", "voices/anna/voice.yaml"),
        ("warning", "check.fixed", "voices/anna/voice.yaml"),
    ]
    assert ran.code == 1
    assert "voicectl.yaml:3:18: warning: this setting cannot change that" in ran.err


def test_a_format_that_may_be_taken_is_as_the_setting_wants(world: World) -> None:
    world.write("voicectl.yaml", "project: p\nchecks: {sample.format: off}\n")
    make_audio(world.root / "fine.m4a", container="m4a", seconds=31)

    ran = world.run("inspect", "--json", "fine.m4a")

    assert (ran.code, ran.err, ran.json[0]["findings"]) == (0, "", [])
