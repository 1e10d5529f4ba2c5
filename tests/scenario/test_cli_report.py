"""report: the page is there when there is something to review, and is whole wherever it is sent."""

from __future__ import annotations

import re
import subprocess

from cli_world import World

BAD = {"audio.noise": {"severity": "error", "threshold": 200}}
"""No recording is 200 dB above its noise, so each has an error finding."""


def test_a_page_that_was_written_is_a_success(world: World) -> None:
    world.declare("anna", checks=BAD)

    ran = world.run("report", "--offline", "--out", "review.html")

    assert ran.code == 0
    assert ran.err.startswith("Wrote review.html")
    assert "the background noise is only" in (world.root / "review.html").read_text()


def test_a_recording_of_before_is_in_the_page_and_not_linked(applied: World) -> None:
    for command in (
        ["init", "-q"],
        ["add", "-A"],
        ["-c", "user.name=A", "-c", "user.email=a@b.c", "commit", "-qm", "a"],
    ):
        subprocess.run(["git", *command], cwd=applied.root, check=True, env=applied.environ)
    applied.declare("narrator", seed=7)

    applied.run("report", "--offline", "--audio", "link", "--out", "review.html")

    players = re.findall(r'<audio[^>]* src="([^"]{,60})', (applied.root / "review.html").read_text())
    assert sorted(each.partition(",")[0] for each in players) == [
        "./voices/narrator/sample.mp3",
        "./voices/support/anna/sample.mp3",
        "data:audio/mpeg;base64",
    ]
