"""The live view before a person: a real terminal, keys, and the terminal as it was afterwards."""

from __future__ import annotations

import os
import signal

import pytest
from cli_world import World
from terminal import Terminal


def watching(world: World, *arguments: str) -> Terminal:
    """Begin to watch; return when the keys are shown and the account was read."""
    terminal = Terminal(world, "--env", "default", "watch", *arguments)
    terminal.until("No changes; 2 unchanged. Environment: default.")
    terminal.until("a apply   / filter   r report   q quit")
    return terminal


def test_q_quits_and_leaves_the_terminal_as_it_was(applied: World) -> None:
    terminal = watching(applied)
    terminal.type("q")

    assert terminal.end() == 0
    assert terminal.screen.count("\x1b[?1049h") == terminal.screen.count("\x1b[?1049l") == 1
    assert terminal.screen.rfind("\x1b[?25h") > terminal.screen.rfind("\x1b[?25l")
    assert "Traceback" not in terminal.screen


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_leaves_the_terminal_as_it_was(applied: World, number: signal.Signals, code: int) -> None:
    terminal = watching(applied)
    os.killpg(terminal.process.pid, number)

    assert terminal.end() == code
    assert terminal.screen.endswith("\x1b[?1049l") or "\x1b[?1049l" in terminal.screen
    assert "Traceback" not in terminal.screen


def test_a_broken_file_shows_its_error_under_its_voice_and_the_rest_goes_on(applied: World) -> None:
    terminal = watching(applied)
    applied.write("voices/narrator/voice.yaml", "name: [")
    terminal.until("voices/narrator/voice.yaml:1:8: error: a value is missing here [yaml.syntax]")
    applied.declare("support/anna", description="Cool.")
    terminal.until("will be updated in place: descr")
    terminal.type("q")

    assert terminal.end() == 0


def test_a_applies_after_a_yes_and_not_after_anything_else(applied: World) -> None:
    terminal = watching(applied)
    applied.declare("support/anna", description="Cool.")
    terminal.until("will be updated in place: descr")
    terminal.type("a")
    terminal.until("Apply 1 to update to the environment default? y / n")
    terminal.type("n")
    terminal.until("Not applied")
    assert applied.api.writes == []
    terminal.type("a")
    terminal.until("Apply 1 to update")
    terminal.type("y")
    terminal.until("apply: complete")
    terminal.type("q")

    assert terminal.end() == 0
    assert applied.planned() == []


def test_the_filter_keeps_what_it_says_and_esc_ends_it(applied: World) -> None:
    terminal = watching(applied)
    terminal.type("/narr")
    terminal.until("filter: narr_")
    after = terminal.screen.rpartition("filter: narr_")[0].rpartition("KEY")[2]
    assert "narrator" in after
    assert "support/anna" not in after
    terminal.type("\x1b")
    terminal.until("support/anna")
    terminal.type("q")

    assert terminal.end() == 0


def test_r_writes_the_review_page(applied: World) -> None:
    terminal = watching(applied)
    terminal.type("r")
    terminal.until("Wrote ")
    terminal.type("q")

    assert terminal.end() == 0
    assert (applied.root / ".voicectl/review.html").read_text(encoding="utf-8").startswith("<!doctype html>")
