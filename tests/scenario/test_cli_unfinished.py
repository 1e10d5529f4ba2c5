"""Runs that did not come to their end: what is resumed, what is cleaned, what is made again."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from cli_world import HOUR, OpenWorld, World

from reconciler.apply.events import Event, Step


def test_what_was_not_waited_for_is_resumed(open_world: OpenWorld) -> None:
    world = open_world(processing_time=HOUR)
    world.declare("narrator")

    left = world.run("apply", "--yes", "--no-wait")
    pending = world.run("get", "narrator")

    assert left.code == 0, left.out + left.err
    assert "1 pending" in left.out
    assert (pending.code, pending.out) == (1, "")
    assert world.planned() == [("narrator", "resume")]
    (voice_id,) = world.voices
    world.finish(voice_id)

    world.apply()

    assert world.get("narrator") == voice_id
    assert len([line for line in world.api.writes if "clone" in line]) == 1
    assert world.planned() == []


def test_a_wait_that_takes_too_long_is_a_run_finished_in_part(open_world: OpenWorld) -> None:
    world = open_world(processing_time=HOUR)
    world.declare("narrator")

    ran = world.run("apply", "--yes", "--timeout", "3s")
    too_short = world.run("apply", "--yes", "--timeout", "1ms")

    assert ran.code == 3
    assert "the next apply goes on" in ran.out
    assert world.planned() == [("narrator", "resume")]
    assert too_short.code in (1, 3)
    assert "--timeout" in too_short.out + too_short.err


def test_a_first_voice_that_fails_is_removed_and_its_reason_kept(open_world: OpenWorld) -> None:
    world = open_world(processing_time=HOUR)
    world.declare("narrator")
    world.run("apply", "--yes", "--no-wait")
    (voice_id,) = world.voices
    world.finish(voice_id, "Two people are speaking.")

    ran = world.run("apply", "--yes")
    got = world.run("get", "narrator")

    assert ran.code == 3
    assert "Two people are speaking." in ran.out
    assert world.voices == {}
    assert (got.code, got.out) == (1, "")
    assert "Two people are speaking." in got.err
    assert "Two people are speaking." in world.run("status").out
    assert world.planned() == [("narrator", "create")]


def test_a_half_made_voice_of_ours_is_cleaned_and_made_again(open_world: OpenWorld) -> None:
    world = open_world(processing_time=HOUR)
    world.declare("narrator")
    world.run("apply", "--yes", "--no-wait")
    (half_made,) = world.voices
    world.sql("UPDATE voice SET uploaded_at = NULL, verdict = NULL WHERE voice_id = ?", half_made)
    world.edit_state(lambda document: document["voices"]["narrator"].update(status="created"))
    world.serve(processing_time=0.05)

    assert world.planned() == [("narrator", "clean"), ("narrator", "create")]
    world.apply()

    assert half_made not in world.voices
    assert len(world.voices) == 1
    assert world.planned() == []


def test_a_half_made_voice_that_state_never_heard_of_is_cleaned(applied: World) -> None:
    mark = (applied.voice("narrator").description or "").removeprefix("Warm. ")
    half_made = applied.foreign("The narrator", description=mark)
    applied.sql("UPDATE voice SET uploaded_at = NULL, verdict = NULL WHERE voice_id = ?", half_made)

    assert applied.planned() == [("narrator", "clean")]
    applied.apply()

    assert half_made not in applied.voices
    assert len(applied.voices) == 2


def test_a_recording_that_becomes_a_pointer_is_not_sent(world: World) -> None:
    """A checkout without git-lfs puts a pointer in its place: it names the very bytes, and is not them."""
    world.declare("narrator")
    (recording,) = world.root.glob("voices/narrator/*.mp3")
    content = recording.read_bytes()

    def check_out(event: Event) -> None:
        if event.step is Step.STARTED:
            oid = hashlib.sha256(content).hexdigest()
            pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {len(content)}\n"
            recording.write_text(pointer)

    applied = world.apply_at(datetime.now(UTC), check_out)

    assert "changed after it was planned" in applied.outcomes[0].message
    assert world.voices == {}


def test_a_recording_that_goes_away_fails_its_voice_alone(world: World) -> None:
    """An editor, a checkout or `voicectl mv` takes the file between the reservation and the upload."""
    world.declare("narrator")
    world.declare("teller", seed=1)

    def take_away(event: Event) -> None:
        if event.change.key == "narrator" and event.step is Step.RESERVED:
            next(world.root.glob("voices/narrator/*.mp3")).unlink()

    applied = world.apply_at(datetime.now(UTC), take_away)
    ended = {outcome.change.key: outcome for outcome in applied.outcomes}

    assert applied.exit_code == 3
    assert ended["narrator"].step is Step.FAILED
    assert "Cannot read" in ended["narrator"].message
    assert ended["teller"].step is Step.DONE
    assert [row.name for row in world.voices.values()] == ["The teller"]
