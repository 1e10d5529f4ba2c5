"""Completion: what the shells offer, in the shells themselves where they are installed."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cli_world import World

from reconciler.cli.complete import answer
from reconciler.cli.completion_table import PATH, render

PATIENCE = 30.0
"""Seconds until a shell that says nothing fails the test."""


def offered(world: World, *words: str, shell: str = "fish", cwd: Path | None = None) -> list[str]:
    """Return what is offered for the last of the words."""
    with contextlib.chdir(cwd or world.root):
        kind, *lines = answer([shell, str(len(words)), "voicectl", *words]).splitlines()
    return [line.partition("\t")[0] for line in lines] if kind == "words" else [f"<{kind}>"]


@pytest.fixture
def voices(world: World) -> World:
    """A project with voices in files, and one in state alone."""
    for path in ("narrator/voice.yaml", "support/anna.yaml", "support/Bea.yml", ".hidden.yaml", "notes.txt"):
        world.write(f"voices/{path}", "no YAML at all: [")
    world.write("voices.state.json", json.dumps({"voices": {"gone": {}}}))
    world.write("voices.prod.state.json", json.dumps({"voices": {"older": {}}}))
    world.write("voicectl.yaml", "project: p\nenvironments:\n  staging: {state: s.json}\n  prod: {}\n")
    return world


# -- what is offered -------------------------------------------------------------------------------------------------


def test_the_table_is_that_of_the_commands() -> None:
    assert PATH.read_text(encoding="utf-8") == render(), "run `python -m reconciler.cli.completion_table`"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("get", ""), ["gone", "narrator", "support/Bea", "support/anna"]),
        (("get", "sup"), ["support/Bea", "support/anna"]),
        (("get", "--env", "prod", ""), ["narrator", "older", "support/Bea", "support/anna"]),
        (("status", "narrator", "go"), ["gone"]),
        (("get", "narrator", ""), []),
        (("mv", "nar"), ["narrator"]),
        (("mv", "narrator", ""), []),
        (("plan", "--target", "nar"), ["narrator"]),
        (("plan", "--target=nar"), ["--target=narrator"]),
        (("--env", ""), ["default", "local", "prod", "staging"]),
        (("plan", "--env", "s"), ["staging"]),
        (("apply", "--allow-finding", "audio.m"), ["audio.music"]),
        (("state", "sh"), ["show"]),
        (("state", "rm", "gone", "nar"), ["narrator"]),
        (("plan", "--format", "j"), ["json"]),
        (("schema", "p"), ["project", "plan"]),
        (("completion", ""), ["bash", "zsh", "fish"]),
        (("-C", ""), ["<folders>"]),
        (("validate", ""), ["<files>"]),
        (("inspect", "a.mp3", ""), ["<files>"]),
        (("new", ""), []),
        (("new", "anna", ""), ["<files>"]),
        (("new", "anna", "x.mp3", "--gender", "f"), ["female"]),
        (("plan", "--out", ""), ["<files>"]),
        (("nonsense", ""), []),
        (("--log-format", "text", "ge"), ["get"]),
        (("get", "--", "nar"), ["narrator"]),
    ],
)
def test_words_are_offered_where_they_fit(voices: World, words: tuple[str, ...], expected: list[str]) -> None:
    found = offered(voices, *words)

    assert found == expected or (words == ("nonsense", "") and "init" in found)


def test_commands_and_options_are_offered_with_what_they_do(world: World) -> None:
    commands = world.process("__complete", "zsh", "1", "voicectl", "va")
    options = world.process("__complete", "zsh", "2", "voicectl", "fmt", "--c")

    assert commands.out == "words\nvalidate\tCheck voice files and samples, offline\n"
    assert options.out == (
        "words\n--check\tWrite nothing; exit 1 if a file would change\n--color\tDefault: auto, only on a terminal\n"
    )


def test_bash_takes_a_word_apart_at_the_equals_sign(voices: World) -> None:
    assert offered(voices, "plan", "--target", "=", "nar", shell="bash") == ["narrator"]
    assert offered(voices, "plan", "--env", "=", shell="bash") == ["default", "local", "prod", "staging"]


def test_keys_are_those_of_the_project_that_one_stands_in_or_names(voices: World) -> None:
    deep = voices.root / "voices" / "support"

    assert offered(voices, "get", "nar", cwd=deep) == ["narrator"]
    assert offered(voices, "-C", str(deep), "get", "nar", cwd=voices.root.parent) == ["narrator"]
    assert offered(voices, "get", "", cwd=voices.root.parent) == []


@pytest.mark.parametrize(
    "settings", ["a: [", "voices: 5\n", "environments: 5\n", "voices: other\nenvironments: {x: 5}\n"]
)
def test_settings_that_make_no_sense_are_no_trouble(world: World, settings: str) -> None:
    world.write("voicectl.yaml", settings)
    world.write("voices.state.json", '["no document"]')

    assert offered(world, "get", "") == []
    assert "local" in offered(world, "--env", "")


def test_a_key_that_is_not_for_terminals_is_not_shown(world: World) -> None:
    world.write("voices/a\x1b[2Jb.yaml", "")

    assert offered(world, "get", "") == []


def test_nothing_heavy_is_loaded() -> None:
    """Tab must answer in less than 100 ms; without these, most of it is the start of Python."""
    program = (
        "import sys; sys.argv = ['voicectl', '__complete', 'zsh', '2', 'voicectl', 'get', '']\n"
        "from reconciler.__main__ import main; main()\n"
        "print(*sorted(sys.modules))\n"
    )
    folder = Path(__file__).parents[2]
    ran = subprocess.run([sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in ran.stdout.splitlines()[-1].split()}

    assert "json" in loaded
    assert loaded & {"click", "pydantic", "httpx", "numpy", "av", "rich", "asyncio", "pathlib", "dataclasses"} == set()


def test_answers_are_prefixes() -> None:
    assert answer(["fish", "1", "voicectl", "unl"]) == "words\nunlock\tClear the lock that a dead apply left behind\n"
    assert answer(["fish", "1", "voicectl"]).startswith("words\ninit\t")


# -- in the shells ---------------------------------------------------------------------------------------------------


@pytest.fixture
def path(tmp_path: Path) -> str:
    """A PATH on which `voicectl` is the program under test."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "voicectl"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m reconciler "$@"\n')
    program.chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


def environment(world: World, path: str) -> dict[str, str]:
    root = str(Path(__file__).parents[2])
    return {"PATH": path, "HOME": str(world.root), "TERM": "dumb", "LANG": "C.UTF-8", "PYTHONPATH": root, "PS1": "$ "}


def typed(world: World, path: str, argv: list[str], start: str, line: str, expected: str) -> str:
    """Type a line into a shell, press Tab, and read until the screen has shown what is expected."""
    process, master = _in_a_terminal(world, path, argv)
    screen = ""
    try:
        for text, until in ((f"{start}; echo rea''dy\n", "ready"), (line + "\t", expected)):
            os.write(master, text.encode())
            deadline, seen = time.monotonic() + PATIENCE, len(screen)
            while until not in screen[seen:]:
                assert time.monotonic() < deadline, screen
                if select.select([master], [], [], 0.2)[0]:
                    screen += os.read(master, 65536).decode(errors="replace")
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        os.close(master)
    return screen


def _in_a_terminal(world: World, path: str, argv: list[str]) -> tuple[subprocess.Popen[bytes], int]:
    master, slave = pty.openpty()
    process = subprocess.Popen(
        argv,
        cwd=world.root,
        env=environment(world, path),
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
    )
    os.close(slave)
    return process, master


def needs(shell: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(shell) is None, reason=f"{shell} is not installed")


@needs("bash")
@pytest.mark.parametrize(
    ("line", "expected"),
    [("voicectl get nar", "rator"), ("voicectl get support/a", "nna"), ("voicectl --env=loc", "al"), ("voicectl unl", "ock"),
     ("voicectl get odd", "\\$\\(id\\)"), ("voicectl validate voices/nar", "rator")],
)  # fmt: skip
def test_bash(voices: World, path: str, line: str, expected: str) -> None:
    voices.write("voices/odd$(id).yaml", "")
    typed(voices, path, ["bash", "--norc", "--noprofile", "-i"], "source <(voicectl completion bash)", line, expected)


@needs("zsh")
@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("voicectl get nar", "rator"),
        ("voicectl --env=loc", "al"),
        ("voicectl unl", "ock"),
        ("voicectl get odd", "\\$\\(id\\)"),
    ],
)
def test_zsh(voices: World, path: str, line: str, expected: str) -> None:
    voices.write("voices/odd$(id).yaml", "")
    typed(voices, path, ["zsh", "-f", "-i"], "source <(voicectl completion zsh)", line, expected)


@needs("zsh")
def test_zsh_lists_keys_with_nothing_beside_them(voices: World, path: str) -> None:
    """`_describe` shows a lone `--` for descriptions that are there and empty."""
    script = "compdef() { }; _describe() { print -rl -- $offered; }; words=(voicectl get ''); CURRENT=3"
    ran = subprocess.run(
        ["zsh", "-f", "-c", f"{script}; source <(voicectl completion zsh); _voicectl"],
        cwd=voices.root, env=environment(voices, path), capture_output=True, text=True, check=False, timeout=PATIENCE,
    )  # fmt: skip

    assert "narrator" in ran.stdout.split(), ran


@needs("fish")
@pytest.mark.parametrize(
    ("line", "expected"),
    [("voicectl get nar", "narrator"), ("voicectl --env=loc", "--env=local"), ("voicectl unl", "unlock\tClear the lock"),
     ("voicectl new anna voicectl.ya", "voicectl.yaml")],
)  # fmt: skip
def test_fish(voices: World, path: str, line: str, expected: str) -> None:
    ran = subprocess.run(
        ["fish", "--no-config", "-c", f"voicectl completion fish | source; complete -C '{line}'"],
        cwd=voices.root, env=environment(voices, path), capture_output=True, text=True, check=False, timeout=PATIENCE,
    )  # fmt: skip

    assert ran.stdout.startswith(expected), ran


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_is_printed(world: World, shell: str) -> None:
    ran = world.run("completion", shell)

    assert ran.code == 0
    assert f"__complete {shell}" in ran.out
    if shutil.which(shell):
        assert subprocess.run([shell, "-n", "-c", ran.out], capture_output=True, check=False).returncode == 0


def test_another_shell_is_a_usage_error(world: World) -> None:
    assert world.run("completion", "tcsh").code == 64
    assert world.process("__complete", "bash").code == 1
