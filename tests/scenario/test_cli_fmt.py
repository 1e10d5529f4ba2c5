"""`voicectl fmt`: files in one form, and never less than they were."""

from __future__ import annotations

import os
import stat

import pytest
from cli_world import World

UGLY = "samples:\n-   {file: a.mp3, lang_code: en}   \nname:   Anna # who\n"
CLEAN = "name: Anna # who\nsamples:\n  - {file: a.mp3, lang_code: en}\n"
BROKEN = "name: [\n"


@pytest.fixture
def ugly(world: World) -> World:
    """A repository with one file that is to change, one that is not, and one that is no YAML."""
    world.write("voices/ugly.yaml", UGLY)
    world.write("voices/clean.yaml", CLEAN)
    world.write("voices/broken.yaml", BROKEN)
    return world


def text(world: World, name: str) -> str:
    return (world.root / "voices" / name).read_bytes().decode()


def test_files_that_change_are_named_and_the_others_left_alone(ugly: World) -> None:
    clean = (ugly.root / "voices/clean.yaml").stat()
    ran = ugly.run("fmt")

    assert ran.out == "voices/ugly.yaml\n"
    assert "voices/broken.yaml:2:1: error: " in ran.err
    assert ran.code == 1
    assert (text(ugly, "ugly.yaml"), text(ugly, "broken.yaml")) == (CLEAN, BROKEN)
    assert (ugly.root / "voices/clean.yaml").stat().st_mtime_ns == clean.st_mtime_ns


def test_a_second_run_has_nothing_to_do(ugly: World) -> None:
    (ugly.root / "voices/broken.yaml").unlink()

    assert (ugly.run("fmt").code, ugly.run("fmt", "--check").code) == (0, 0)
    assert ugly.run("fmt").out == ""


def test_check_writes_nothing_and_fails(ugly: World) -> None:
    (ugly.root / "voices/broken.yaml").unlink()
    ran = ugly.run("fmt", "--check")

    assert (ran.code, ran.out) == (1, "voices/ugly.yaml\n")
    assert text(ugly, "ugly.yaml") == UGLY


def test_a_diff_shows_what_changes(ugly: World) -> None:
    ran = ugly.run("fmt", "--check", "--diff", "voices/ugly.yaml")

    assert ran.code == 1
    assert ran.out == (
        "voices/ugly.yaml\n--- a/voices/ugly.yaml\n+++ b/voices/ugly.yaml\n@@ -1,3 +1,3 @@\n"
        "+name: Anna # who\n samples:\n--   {file: a.mp3, lang_code: en}   \n-name:   Anna # who\n"
        "+  - {file: a.mp3, lang_code: en}\n"
    )
    assert text(ugly, "ugly.yaml") == UGLY
    assert ugly.run("fmt", "--diff", "voices/ugly.yaml").out == ran.out
    assert text(ugly, "ugly.yaml") == CLEAN


def test_settings_are_formatted_too(world: World) -> None:
    world.write("voicectl.yaml", "voices:   v\nproject: p\n")
    ran = world.run("fmt")

    assert ran.out == "voicectl.yaml\n"
    assert (world.root / "voicectl.yaml").read_text() == "project: p\nvoices: v\n"


def test_only_the_files_at_a_path_are_formatted(ugly: World) -> None:
    ugly.write("voices/deep/er.yaml", UGLY)
    ugly.write("other.yaml", UGLY)

    assert ugly.run("fmt", "voices/deep").out == "voices/deep/er.yaml\n"
    assert ugly.run("fmt", ".", cwd=ugly.root / "voices" / "deep").out == ""
    assert ugly.run("fmt", "../../other.yaml", cwd=ugly.root / "voices" / "deep").out == f"{ugly.root}/other.yaml\n"


def test_yaml_that_is_not_of_voices_is_touched_only_by_name(ugly: World) -> None:
    ugly.write("compose.yaml", UGLY)
    ugly.run("fmt", ".")

    assert (ugly.root / "compose.yaml").read_text() == UGLY
    assert text(ugly, "ugly.yaml") == CLEAN


@pytest.mark.parametrize(("given", "code", "out"), [(UGLY, 0, CLEAN), (CLEAN, 0, CLEAN), (BROKEN, 1, ""), ("", 0, "")])
def test_stdin_goes_to_stdout(world: World, given: str, code: int, out: str) -> None:
    ran = world.process("fmt", "-", stdin=given)

    assert (ran.code, ran.out) == (code, out)
    assert ("<stdin>:2:1: error: " in ran.err) == (code == 1)


def test_stdin_can_be_checked(world: World) -> None:
    assert world.process("fmt", "--check", "-", stdin=UGLY).code == 1
    assert world.process("fmt", "--check", "-", stdin=CLEAN).code == 0
    assert world.process("fmt", "-", "voicectl.yaml", stdin=CLEAN).code == 64


def test_a_path_that_is_not_there_is_a_mistake(world: World) -> None:
    ran = world.run("fmt", "voices/nope.yaml")

    assert ran.code == 64
    assert "no such file" in ran.err


def test_modes_and_links_stay(ugly: World) -> None:
    file, link = ugly.root / "voices/ugly.yaml", ugly.root / "voices/link.yaml"
    file.chmod(0o640)
    link.symlink_to("ugly.yaml")
    ugly.run("fmt", "voices/link.yaml")

    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert link.is_symlink()
    assert text(ugly, "ugly.yaml") == CLEAN


def test_a_link_that_leaves_the_repository_is_not_followed(ugly: World) -> None:
    outside = ugly.root.parent / "outside.yaml"
    outside.write_text(UGLY)
    (ugly.root / "voices" / "link.yaml").symlink_to(outside)
    ugly.run("fmt")

    assert outside.read_text() == UGLY


def test_a_byte_order_mark_and_line_ends_of_windows_go(world: World) -> None:
    path = world.root / "voices" / "a.yaml"
    path.parent.mkdir()
    path.write_bytes(b"\xef\xbb\xbf" + CLEAN.replace("\n", "\r\n").encode())

    assert world.run("fmt").code == 0
    assert path.read_bytes() == CLEAN.encode()


@pytest.mark.parametrize("content", [b"\xff\xfea\x00", b"a: \xff\n", b"x" * 300_000, b"a: 1\na: 2\n", b"%\x00"])
def test_what_is_no_voice_file_is_left_to_the_byte(world: World, content: bytes) -> None:
    path = world.root / "voices" / "a.yaml"
    path.parent.mkdir()
    path.write_bytes(content)
    ran = world.run("fmt")

    assert ran.code == 1
    assert "voices/a.yaml:" in ran.err
    assert path.read_bytes() == content


def test_what_cannot_be_read_is_told_and_the_rest_is_formatted(ugly: World) -> None:
    os.mkfifo(ugly.root / "voices" / "pipe.yaml")
    (ugly.root / "voices" / "gone.yaml").symlink_to("nowhere")
    ran = ugly.run("fmt")

    assert "voices/pipe.yaml:1:1: error: cannot be read: not a regular file" in ran.err
    assert "voices/gone.yaml:1:1: error: cannot be read: no such file" in ran.err
    assert text(ugly, "ugly.yaml") == CLEAN


def test_messages_can_be_json(ugly: World) -> None:
    ran = ugly.run("--log-format", "json", "fmt")

    assert '"rule": "yaml.syntax"' in ran.err
    assert ran.out == "voices/ugly.yaml\n"


def test_an_applied_voice_is_unchanged_by_it(applied: World) -> None:
    voice = applied.root / "voices" / "narrator" / "voice.yaml"
    before = voice.read_text()
    applied.run("fmt")

    assert voice.read_text() != before
    assert applied.planned() == []


def test_a_folder_that_is_a_link_inside_of_the_repository_is_formatted_as_it_is_read(world: World) -> None:
    world.write("shared/anna.yaml", UGLY)
    (world.root / "voices").mkdir()
    (world.root / "voices" / "team").symlink_to("../shared")

    assert world.run("fmt").out == "voices/team/anna.yaml\n"
    assert (world.root / "shared/anna.yaml").read_text() == CLEAN
