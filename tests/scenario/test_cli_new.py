"""`voicectl new`: from a recording to a voice."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest
import yaml
from audio import make_audio
from cli_world import Ran, World


@pytest.fixture
def downloads(world: World) -> Path:
    folder = world.root.parent / "downloads"
    folder.mkdir()
    return folder


@pytest.fixture
def anna(downloads: Path) -> Path:
    return make_audio(downloads / "anna.mp3", container="mp3", seconds=31)


def files(world: World) -> set[str]:
    return {
        path.relative_to(world.root).as_posix()
        for path in world.root.rglob("*")
        if path.is_file() and ".voicectl" not in path.parts
    } - {"voicectl.yaml"}


def refused(world: World, ran: Ran, *, code: int, said: str) -> None:
    """Nothing was written, and the message says why."""
    assert ran.code == code, ran.out + ran.err
    assert said in ran.err
    assert ran.out == ""
    assert files(world) == set()


# -- one recording ---------------------------------------------------------------------------------------------------


def test_four_commands_lead_from_an_empty_folder_to_a_ready_voice(anna: Path, tmp_path: Path, world: World) -> None:
    folder = tmp_path / "studio"
    folder.mkdir()

    assert world.run("init", "--no-example", cwd=folder).code == 0
    made = world.run("new", "anna", str(anna), "--lang", "en", cwd=folder)
    applied = world.run("--env", "local", "apply", "--yes", cwd=folder)
    got = world.run("--env", "local", "get", "anna", cwd=folder)

    assert made.code == 0, made.err
    assert made.out.startswith("created  voices/anna/voice.yaml\ncopied   voices/anna/anna.mp3\n\nanna.mp3: mp3, mono")
    assert "Apply complete: 1 created." in applied.out
    assert len(got.out.strip()) == 36
    assert world.api.writes == []


def test_a_voice_file_is_made_beside_a_copy(world: World, anna: Path) -> None:
    ran = world.run("new", "support/anna", str(anna), "--lang", "PT-BR", "--gender", "female", "--denoise")

    assert ran.code == 0, ran.err
    assert files(world) == {"voices/support/anna/voice.yaml", "voices/support/anna/anna.mp3"}
    assert (world.root / "voices/support/anna/anna.mp3").read_bytes() == anna.read_bytes()
    assert (world.root / "voices/support/anna/voice.yaml").read_text() == (
        "# yaml-language-server: $schema=../../../schemas/voice.schema.json\n"
        "name: Support Anna\n"
        "labels: {gender: female}\n"
        "samples:\n"
        "  - file: anna.mp3\n"
        "    lang_code: pt-br\n"
        "    denoise: true\n"
    )
    assert world.run("validate").code == 0


@pytest.mark.parametrize(
    ("recording", "key", "voice_file", "file"),
    [
        ("anna/take3.mp3", "anna", "anna/voice.yaml", "take3.mp3"),
        ("anna.mp3", "anna", "anna.yaml", "anna.mp3"),
        ("support/anna.mp3", "support/anna", "support/anna.yaml", "anna.mp3"),
        ("raw/take3.mp3", "anna", "anna/voice.yaml", "../raw/take3.mp3"),
    ],
)
def test_a_recording_below_the_voices_folder_stays_where_it_is(
    world: World, recording: str, key: str, voice_file: str, file: str
) -> None:
    world.sample(recording)
    ran = world.run("new", key, f"voices/{recording}", "--lang", "en")

    assert ran.code == 0, ran.err
    assert files(world) == {f"voices/{recording}", f"voices/{voice_file}"}
    written = yaml.safe_load((world.root / "voices" / voice_file).read_text())
    assert written["samples"][0]["file"] == file
    assert [(key, "create")] == world.planned()


def test_a_recording_is_named_from_where_one_stands(world: World, anna: Path) -> None:
    (world.root / "deep" / "er").mkdir(parents=True)
    ran = world.run("new", "anna", f"../../../downloads/{anna.name}", "--lang", "en", cwd=world.root / "deep" / "er")

    assert ran.code == 0, ran.err
    assert files(world) == {"voices/anna/voice.yaml", "voices/anna/anna.mp3"}


def test_without_a_project_it_works_and_says_what_completes_it(downloads: Path, world: World, anna: Path) -> None:
    ran = world.run("new", "anna", anna.name, "--lang", "en", cwd=downloads)

    assert ran.code == 0, ran.err
    assert "`voicectl init`" in ran.out
    assert not (downloads / ".voicectl").exists()
    assert world.run("validate", cwd=downloads).code == 0


def test_a_language_that_nothing_says_is_assumed_and_told_of(world: World, anna: Path) -> None:
    ran = world.run("new", "anna", str(anna))

    assert ran.code == 0, ran.err
    assert 'warning: anna: the language is assumed to be "en"' in ran.out
    assert "correct `lang_code` in the voice file" in ran.out
    assert "lang_code: en\n" in (world.root / "voices/anna/voice.yaml").read_text()


def test_the_language_of_a_file_name_is_taken_and_shown(world: World, downloads: Path) -> None:
    make_audio(downloads / "anna.fr.mp3", container="mp3", seconds=31)
    ran = world.run("new", "anna", "../downloads/anna.fr.mp3", env={"LANG": "de_DE.UTF-8"})

    assert "language of anna: fr, as the file's name says" in ran.out
    assert "lang_code: fr" in (world.root / "voices/anna/voice.yaml").read_text()


def test_a_bad_recording_becomes_a_voice_with_its_finding_and_advice(world: World, downloads: Path) -> None:
    make_audio(downloads / "short.mp3", container="mp3", seconds=20)
    ran = world.run("new", "anna", "../downloads/short.mp3", "--lang", "en")

    assert ran.code == 0, ran.err
    assert "error: " in ran.out
    assert "[sample.duration]" in ran.out
    assert "keeps its recording from being uploaded" in ran.out
    assert world.run("validate").code == 1


def test_a_language_that_the_documentation_does_not_name_is_a_warning(world: World, anna: Path) -> None:
    ran = world.run("new", "anna", str(anna), "--lang", "tlh")

    assert ran.code == 0
    assert 'warning: anna: Palabra\'s documentation names no language "tlh"' in ran.out


def test_a_dry_run_writes_nothing(world: World, anna: Path) -> None:
    ran = world.run("new", "anna", str(anna), "--lang", "en", "--dry-run")

    assert ran.out.startswith("would be created  voices/anna/voice.yaml\nwould be copied   voices/anna/anna.mp3\n")
    assert files(world) == set()


# -- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("anna", "ANNA", "--lang", "english"), 64, "is not a language code"),
        (("anna", "ANNA", "--lang", "en", "--name", "A/B"), 64, "has the character"),
        (("anna", "nope.mp3", "--lang", "en"), 1, "does not exist"),
        (("ANNA", "anna", "--lang", "en"), 64, "KEY comes first"),
        (("a b", "ANNA", "--lang", "en"), 64, "cannot be a key"),
        (("../anna", "ANNA", "--lang", "en"), 64, "hidden"),
        (("/anna", "ANNA", "--lang", "en"), 64, "empty part"),
        (("anna/", "ANNA", "--lang", "en"), 64, "empty part"),
        (("anna.yaml", "ANNA", "--lang", "en"), 64, "write `anna`"),
        (("anna/voice", "ANNA", "--lang", "en"), 64, "its key would be `anna`"),
        (("", "ANNA", "--lang", "en"), 64, "it is empty"),
        (("anna", "TEXT", "--lang", "en"), 1, "cannot be read as audio"),
        (("anna", "POINTER", "--lang", "en"), 1, "git lfs pull"),
        (("anna",), 64, "SAMPLE is missing"),
        ((), 64, "KEY and SAMPLE are missing"),
        (("anna", "ANNA", "--from", "x.csv"), 64, "leave out KEY and SAMPLE"),
        (("--from", "x.csv", "--name", "Anna"), 64, "a column `name`"),
    ],
)
def test_what_cannot_be_made_is_not_begun(
    world: World, anna: Path, downloads: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    (downloads / "text.mp3").write_text("not audio " * 2000)
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'a' * 64}\nsize 1234567\n"
    (downloads / "pointer.mp3").write_text(pointer)
    named = {"ANNA": anna, "TEXT": downloads / "text.mp3", "POINTER": downloads / "pointer.mp3"}

    ran = world.run("new", *(str(named.get(word, word)) for word in arguments))

    refused(world, ran, code=code, said=said)


@pytest.mark.parametrize("taken", ["anna.yaml", "anna.yml", "anna/voice.yaml", "anna/anna.mp3"])
def test_nothing_that_is_there_is_overwritten(world: World, anna: Path, taken: str) -> None:
    world.write(f"voices/{taken}", "mine")
    ran = world.run("new", "anna", str(anna), "--lang", "en")

    assert ran.code == 1
    assert f"where: voices/{taken}" in ran.err
    assert files(world) == {f"voices/{taken}"}
    assert (world.root / "voices" / taken).read_text() == "mine"


def test_a_disk_that_refuses_leaves_no_half_made_voice(world: World, anna: Path) -> None:
    world.write("voices/support", "a file where a folder is wanted")
    ran = world.run("new", "support/anna", str(anna), "--lang", "en")

    assert ran.code == 1
    assert "Traceback" not in ran.err
    assert files(world) == {"voices/support"}


# -- a table ---------------------------------------------------------------------------------------------------------


def test_a_table_makes_many_voices_at_once(world: World, anna: Path) -> None:
    rows = "".join(f'bulk/v{n},anna.mp3,,"Take, {n}",true\n' for n in range(30))
    (anna.parent / "voices.csv").write_text(f"key,sample,lang_code,description,denoise\n{rows}")

    ran = world.run("new", "--from", "../downloads/voices.csv", "--lang", "en", "--gender", "female")

    assert ran.code == 0, ran.err
    assert "30 voices made." in ran.out
    assert len(files(world)) == 60
    assert yaml.safe_load((world.root / "voices/bulk/v7/voice.yaml").read_text()) == {
        "name": "Bulk V7", "description": "Take, 7", "labels": {"gender": "female"},
        "samples": [{"file": "anna.mp3", "lang_code": "en", "denoise": True}],
    }  # fmt: skip
    assert world.plan("--offline")["summary"]["create"] == 30


def test_all_problems_of_all_rows_are_told_at_once_and_nothing_is_written(world: World, anna: Path) -> None:
    world.write("../downloads/voices.csv", (
        "key;sample;lang_code;gender;denoise\n"
        "good;anna.mp3;en;;\n"
        "bad key;anna.mp3;en;;\n"
        "good;anna.mp3;en;;\n"
        "odd;nope.mp3;en;man;maybe\n"
    ))  # fmt: skip
    ran = world.run("new", "--from", "../downloads/voices.csv")

    refused(world, ran, code=1, said="5 errors")
    for said in (
        "voices.csv:3:1: error: 'bad key' cannot be a key",
        "voices.csv:4:1: error: the key `good` is given twice",
        'voices.csv:5:1: error: `labels.gender` is "man"',
        "voices.csv:5:1: error: `denoise` is 'maybe'",
        "voices.csv:5:1: error: sample 'nope.mp3' does not exist",
    ):
        assert said in ran.err


def test_a_dry_run_of_a_table_writes_nothing(world: World, anna: Path) -> None:
    (anna.parent / "voices.csv").write_text("key,sample,lang_code\na,anna.mp3,en\nb,anna.mp3,en\n")
    ran = world.run("new", "--from", str(anna.parent / "voices.csv"), "--dry-run")

    assert "2 voices would be made." in ran.out
    assert files(world) == set()


def test_a_table_is_written_all_or_not_at_all(world: World, anna: Path) -> None:
    world.write("voices/z", "a file where a folder is wanted")
    (anna.parent / "voices.csv").write_text("key,sample,lang_code\na,anna.mp3,en\nz/b,anna.mp3,en\n")
    ran = world.run("new", "--from", str(anna.parent / "voices.csv"))

    assert ran.code == 1
    assert "nothing was written" in ran.err
    assert files(world) == {"voices/z"}
    assert not (world.root / "voices/a").exists()


# -- a person at a terminal ------------------------------------------------------------------------------------------


def at_a_terminal(world: World, *arguments: str, answers: Sequence[tuple[str, str]]) -> tuple[int, str]:
    """Run a command in a terminal; `answers` are typed when the question is on the screen."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "reconciler", *arguments],
        cwd=world.root, env={**world.environ, "TERM": "dumb", "LANG": "de_DE.UTF-8"},
        stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
    )  # fmt: skip
    screen, left, deadline = "", list(answers), time.monotonic() + 30
    while time.monotonic() < deadline:
        ready, _, _ = select.select([master], [], [], 0.1)
        if ready:
            with suppress(OSError):
                screen += os.read(master, 65536).decode()
        elif process.poll() is not None:
            break
        if left and screen.rstrip().endswith(left[0][0]):
            os.write(master, f"{left.pop(0)[1]}\n".encode())
    os.close(slave)
    os.close(master)
    assert process.poll() is not None, screen
    return process.returncode, screen


def test_a_person_is_asked_for_what_no_option_says(world: World, anna: Path) -> None:
    answers = [
        ("Name [Anna]:", ""), ("Language spoken [de]:", "en"), ("Enter: not said):", "female"),
        ("Age group (kid, adult, senior; Enter: not said):", ""), ("sad; Enter: not said):", ""),
    ]  # fmt: skip
    code, screen = at_a_terminal(world, "new", "anna", str(anna), answers=answers)

    assert code == 0, screen
    assert screen.index("mp3, mono") < screen.index("Name [Anna]")  # what it is like comes before the questions
    assert yaml.safe_load((world.root / "voices/anna/voice.yaml").read_text()) == {
        "name": "Anna", "labels": {"gender": "female"}, "samples": [{"file": "anna.mp3", "lang_code": "en"}],
    }  # fmt: skip


def test_no_input_asks_nothing(world: World, anna: Path) -> None:
    code, screen = at_a_terminal(world, "--no-input", "new", "anna", str(anna), answers=[])

    assert code == 0, screen
    assert "Name" not in screen
    assert 'anna: the language is assumed to be "en"' in screen


def test_an_answer_that_no_voice_file_may_have_is_asked_for_again(world: World, anna: Path) -> None:
    answers = [
        ("Name [Anna]:", "A/B"), ("Name [Anna]:", "Anna B"), ("Language spoken [de]:", "klingon"),
        ("Language spoken [de]:", "pt-BR"), ("Enter: not said):", ""), ("Enter: not said):", ""), ("Enter: not said):", ""),
    ]  # fmt: skip
    code, screen = at_a_terminal(world, "new", "anna", str(anna), answers=answers)

    assert code == 0, screen
    assert "has the character `/`" in screen
    assert "is not a language code" in screen
    assert yaml.safe_load((world.root / "voices/anna/voice.yaml").read_text()) == {
        "name": "Anna B", "samples": [{"file": "anna.mp3", "lang_code": "pt-br"}],
    }  # fmt: skip
