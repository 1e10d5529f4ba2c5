"""voicectl before a person: a real terminal (a pty) that answers, interrupts and is left clean."""

from __future__ import annotations

import os
import re
import signal

import pytest
from cli_world import HOUR, OpenWorld, World
from terminal import Terminal

QUESTION = "Type `yes` to go on"


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


def test_sigterm_at_the_question_exits_143_and_does_nothing(applied: World) -> None:
    """A job that is cancelled must not sit at a question that nobody will answer."""
    applied.declare("narrator", description="Cool.")
    state = applied.state_file.read_bytes()
    terminal = Terminal(applied, "apply")
    terminal.until(QUESTION)

    terminal.interrupt(signal.SIGTERM)

    assert terminal.end() == 143
    assert "Traceback" not in terminal.screen
    assert applied.api.writes == []
    assert applied.state_file.read_bytes() == state
    assert applied.run("apply", "--yes").code == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_while_voices_are_processed_ends_cleanly_and_the_next_run_goes_on(
    open_world: OpenWorld, number: signal.Signals, code: int
) -> None:
    world = open_world(processing_time=HOUR)
    world.declare("narrator")
    terminal = Terminal(world, "apply", "--yes")
    terminal.until("processing")

    os.killpg(terminal.process.pid, number)

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
    assert bool(re.search(r"\x1b\[[0-9;]*m", terminal.screen)) is coloured
