"""voicectl before a person: a real terminal (a pty) that answers, interrupts and is left clean."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
from contextlib import suppress

import pytest
from cli_world import HOUR, OpenWorld, World

QUESTION = "Type `yes` to go on"
PATIENCE = 30.0
"""Seconds until a terminal that says nothing fails the test."""


class Terminal:
    """A pseudo terminal with a command on it. Everything the command writes ends up in `screen`."""

    def __init__(self, world: World, *arguments: str, **env: str) -> None:
        self.screen = ""
        self._master, slave = pty.openpty()
        self._before = termios.tcgetattr(slave)
        self._slave = slave
        self._process = subprocess.Popen(
            [sys.executable, "-m", "reconciler", *arguments],
            cwd=world.root, env={**world.environ, "TERM": "xterm-256color", **env},
            stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
        )  # fmt: skip

    def until(self, text: str) -> None:
        """Read until the screen has shown a text."""
        deadline = time.monotonic() + PATIENCE
        while text not in self.screen:
            assert time.monotonic() < deadline, self.screen
            assert self._read(), f"ended without {text!r}: {self.screen}"

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def interrupt(self) -> None:
        """Press Ctrl-C, and again if need be, as people do.

        CPython does not see a signal that comes in the moment before it sleeps in input().
        """
        deadline = time.monotonic() + PATIENCE
        while self._process.poll() is None and time.monotonic() < deadline:
            os.killpg(self._process.pid, signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(2)

    def end(self) -> int:
        """Read to the end; returns the exit code."""
        deadline = time.monotonic() + PATIENCE
        while self._process.poll() is None:
            assert time.monotonic() < deadline, self.screen
            self._read()
        while self._read(wait=0.05):
            pass
        unchanged = termios.tcgetattr(self._slave) == self._before
        os.close(self._slave)
        os.close(self._master)
        assert unchanged, "the terminal's modes were left changed"
        return self._process.returncode

    def _read(self, wait: float = 0.2) -> bool:
        ready, _, _ = select.select([self._master], [], [], wait)
        if ready:
            with suppress(OSError):
                self.screen += os.read(self._master, 65536).decode(errors="replace")
        return bool(ready) or self._process.poll() is None


@pytest.mark.parametrize("answer", ["no", "y", "", "YES please"])
def test_any_word_but_yes_is_a_no(applied: World, answer: str) -> None:
    applied.declare("narrator", description="Cool.")
    terminal = Terminal(applied, "apply")
    terminal.until(QUESTION)

    terminal.type(f"{answer}\n")

    assert terminal.end() == 4
    assert "Not applied" in terminal.screen
    assert applied.api.writes == []


def test_yes_applies_with_live_progress_and_leaves_the_terminal_clean(applied: World) -> None:
    applied.declare("newcomer", seed=3)
    terminal = Terminal(applied, "apply")
    terminal.until(QUESTION)

    terminal.type("yes\n")

    assert terminal.end() == 0
    assert "Apply complete: 1 created." in terminal.screen.replace("\x1b[1m", "")
    assert "newcomer" in terminal.screen.partition(QUESTION)[2]
    hidden, shown = terminal.screen.count("\x1b[?25l"), terminal.screen.count("\x1b[?25h")
    assert hidden >= 1  # it was live
    assert terminal.screen.rfind("\x1b[?25h") > terminal.screen.rfind("\x1b[?25l")
    assert shown >= 1
    colours = re.findall(r"\x1b\[([0-9;]*)m", terminal.screen)
    assert colours[-1] in ("0", "")
    assert applied.planned() == []


def test_ctrl_c_at_the_question_exits_130_and_does_nothing(applied: World) -> None:
    applied.declare("narrator", description="Cool.")
    state = applied.state_file.read_bytes()
    terminal = Terminal(applied, "apply")
    terminal.until(QUESTION)

    terminal.interrupt()

    assert terminal.end() == 130
    assert "Traceback" not in terminal.screen
    assert applied.api.writes == []
    assert applied.state_file.read_bytes() == state
    assert applied.run("apply", "--yes").code == 0  # no lock, no journal in the way


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_while_voices_are_processed_ends_cleanly_and_the_next_run_goes_on(
    open_world: OpenWorld, number: signal.Signals, code: int
) -> None:
    world = open_world(processing_time=HOUR)
    world.declare("narrator")
    terminal = Terminal(world, "apply", "--yes")
    terminal.until("processing")

    os.killpg(terminal._process.pid, number)

    assert terminal.end() == code
    assert "Traceback" not in terminal.screen
    assert terminal.screen.rfind("\x1b[?25h") > terminal.screen.rfind("\x1b[?25l")
    assert world.planned() == [("narrator", "resume")]
    (voice_id,) = world.voices
    world.finish(voice_id)
    world.apply()
    assert list(world.voices) == [world.get("narrator")] == [voice_id]


def test_no_input_never_asks_although_there_is_a_terminal(applied: World) -> None:
    applied.declare("narrator", description="Cool.")
    terminal = Terminal(applied, "apply", "--no-input")

    assert terminal.end() == 4
    assert QUESTION not in terminal.screen
    assert "Nobody said yes to this plan" in terminal.screen


@pytest.mark.parametrize(("env", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)])
def test_a_terminal_gets_colours_unless_it_wants_none(applied: World, env: dict[str, str], coloured: bool) -> None:
    applied.declare("newcomer", seed=3)
    terminal = Terminal(applied, "plan", **env)

    assert terminal.end() == 0
    assert ("\x1b[" in terminal.screen) is coloured
