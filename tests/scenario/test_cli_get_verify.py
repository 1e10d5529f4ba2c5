"""get --verify: unknown, pending, expired and "cannot be asked" are four different answers, none of them an id."""

from __future__ import annotations

import socket

import pytest
import stamina
from cli_world import HOUR, OpenWorld, World


def refused(world: World, *arguments: str, **environ: str | None) -> str:
    """Return the message of a get that must not print an id."""
    ran = world.run("get", *arguments, "--verify", env=environ)
    assert (ran.code, ran.out) == (1, ""), ran
    return ran.err


def test_a_voice_that_is_ready_on_the_server_is_printed(applied: World) -> None:
    ran = applied.run("get", "narrator", "--verify")

    assert (ran.code, ran.out, ran.err) == (0, applied.get("narrator") + "\n", "")


def test_an_unknown_key_is_no_question_for_the_server(applied: World) -> None:
    said = refused(applied, "narator", PALABRA_API_KEY=None)

    assert "There is no voice 'narator' in the environment 'default'\n  next: did you mean 'narrator'?" in said


def test_a_pending_voice_is_not_ready_yet(open_world: OpenWorld) -> None:
    world = open_world(processing_time=HOUR)
    world.declare("narrator")
    world.run("apply", "--yes", "--no-wait")

    assert "The voice 'narrator' is not ready, it is pending" in refused(world, "narrator")


def test_a_voice_that_is_gone_has_expired(applied: World) -> None:
    voice_id = applied.get("narrator")
    applied.sql("DELETE FROM voice WHERE voice_id = ?", voice_id)

    assert f"The voice 'narrator' has expired: {voice_id} is gone from the server" in refused(applied, "narrator")
    assert applied.get("narrator") == voice_id


def test_a_voice_that_is_not_ready_any_more_has_expired(applied: World) -> None:
    voice = applied.voice("narrator")
    applied.change_on_server(voice, "verdict", "failed")

    said = refused(applied, "narrator")

    assert f"The voice 'narrator' has expired: the server shows {voice.voice_id} as failed" in said


def test_a_server_that_is_away_says_nothing_about_the_voice(applied: World) -> None:
    with socket.socket() as nobody:  # bound and not listening: a connection is refused
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        with stamina.set_testing(True, attempts=2):
            said = refused(applied, "narrator", PALABRA_API_URL=url)

    assert "The voice 'narrator' cannot be verified" in said
    assert "expired" not in said


@pytest.mark.parametrize("key", [None, "somebody-elses"])
def test_without_the_right_credentials_it_cannot_be_verified(open_world: OpenWorld, key: str | None) -> None:
    world = open_world(applied=True)
    world.serve(api_key=world.environ["PALABRA_API_KEY"])

    assert "The voice 'narrator' cannot be verified" in refused(world, "narrator", PALABRA_API_KEY=key)


def test_without_verify_no_network_is_needed(applied: World) -> None:
    applied.close()

    assert applied.run("get", "narrator", env={"PALABRA_API_KEY": None}).code == 0
