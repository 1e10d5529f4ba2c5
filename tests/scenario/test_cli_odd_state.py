"""Documents that no apply would write: put together by hand, of another account, or made anew beside a good one."""

from __future__ import annotations

from typing import Any

import pytest
from cli_world import OpenWorld, World

from reconciler.errors import StateError

OTHER = {"PALABRA_API_KEY": "plbr_of-somebody-else"}


def share(world: World, place: str) -> str:
    """Write the narrator's voice id into the document a second time; returns it."""
    voice_id: str = world.records["narrator"]["voice_id"]

    def edit(document: dict[str, Any]) -> None:
        voices = document["voices"]
        if place == "a record without a file":
            voices["old"] = voices["narrator"]
        elif place == "a declared record":
            voices["support/anna"]["voice_id"] = voice_id
        else:
            voices["support/anna"]["retired"] = [{"voice_id": voice_id, "until": "2020-01-01T00:00:00Z"}]

    world.edit_state(edit)
    return voice_id


PLACES = ["a record without a file", "a declared record", "a replaced voice"]


@pytest.mark.parametrize("place", PLACES)
def test_a_voice_in_use_is_not_taken_away_through_a_second_record(applied: World, place: str) -> None:
    voice_id = share(applied, place)
    sent = len(applied.api.writes)

    ran = applied.run("apply", "--yes", "--allow-deletes")

    assert ran.code == 1
    assert f"State has the voice {voice_id} twice" in ran.err
    assert applied.api.writes[sent:] == []
    assert voice_id in applied.voices


@pytest.mark.parametrize("place", PLACES)
def test_such_a_document_is_not_pushed(applied: World, place: str) -> None:
    before = applied.state_file.read_bytes()
    share(applied, place)
    applied.edit_state(lambda document: document.update(serial=document["serial"] + 1))
    pushed = applied.write("pushed.json", applied.state_file.read_text())
    applied.state_file.write_bytes(before)

    ran = applied.run("state", "push", str(pushed))

    assert (ran.code, ran.out) == (4, "")
    assert applied.state_file.read_bytes() == before


@pytest.mark.parametrize("voice_id", ["", "..", "a/../b", "a b", "a?b", "a\nb"])
def test_an_id_that_no_voice_can_have_is_a_corrupt_document(applied: World, voice_id: str) -> None:
    applied.edit_state(lambda document: document["voices"]["narrator"].update(voice_id=voice_id))

    for command in (["get", "narrator"], ["get", "narrator", "--verify"], ["plan"], ["apply", "--yes"], ["export"]):
        ran = applied.run(*command)
        assert (ran.code, ran.out) == (StateError.exit_code, "")
        assert "The state document is corrupt" in ran.err


def test_a_rebuild_with_the_credentials_of_another_account_is_refused(applied: World) -> None:
    applied.foreign("Somebody", key=OTHER["PALABRA_API_KEY"])
    before = applied.state_file.read_bytes()

    ran = applied.run("state", "rebuild", env=OTHER)

    assert ran.code == 1
    assert "another account" in ran.err
    assert applied.state_file.read_bytes() == before


def test_a_rebuild_names_the_records_that_it_leaves_out(applied: World) -> None:
    """An account without a voice does not say whose it is: it may be the wrong one."""
    keys = sorted(applied.records)

    dry = applied.run("state", "rebuild", "--dry-run", env=OTHER)
    ran = applied.run("state", "rebuild", env=OTHER)

    for each in (dry, ran):
        assert (each.code, each.out) == (0, "")
        assert f"Not recorded any more: {', '.join(map(repr, keys))}. " in each.err
    assert applied.records == {}
    assert "Not recorded any more" not in applied.run("state", "rebuild").err
    assert sorted(applied.records) == keys


def test_a_rebuild_keeps_replaced_voices_that_are_kept_for_a_time(applied: World) -> None:
    applied.declare("narrator", seed=5, lifecycle={"keep_replaced": "7d"})
    applied.apply()
    records, voices = applied.records, set(applied.voices)

    assert applied.run("state", "rebuild").code == 0

    assert applied.records["narrator"]["retired"] == records["narrator"]["retired"]
    assert applied.planned() == []
    assert set(applied.voices) == voices


def test_a_lost_document_does_not_shorten_the_time_of_replaced_voices(applied: World) -> None:
    """Their marks say that they were made of another recording, and their file says that such are kept."""
    applied.declare("narrator", seed=5, lifecycle={"keep_replaced": "7d"})
    applied.apply()
    voices, (kept,) = set(applied.voices), applied.records["narrator"]["retired"]
    applied.forget_state()

    for _ in range(3):
        applied.apply()

    assert set(applied.voices) == voices
    assert [old["voice_id"] for old in applied.records["narrator"]["retired"]] == [kept["voice_id"]]
    assert applied.planned() == []


def test_a_rebuild_keeps_what_was_observed_and_forgotten(applied: World) -> None:
    """Its mark is still ours, so without the record the voice would be taken for one whose file is gone."""
    applied.declare("narrator", manage="observe")
    applied.apply()
    applied.remove("narrator")
    applied.apply()
    voices = set(applied.voices)

    assert applied.run("state", "rebuild").code == 0
    assert applied.run("apply", "--yes", "--allow-deletes").code == 0

    assert set(applied.voices) == voices


def test_a_rebuild_keeps_how_a_voice_without_a_file_was_to_be_treated(applied: World) -> None:
    applied.declare("narrator", lifecycle={"prevent_destroy": True})
    applied.declare("support/anna", lifecycle={"on_remove": "forget"})
    applied.declare("another", seed=5)
    applied.apply()
    applied.remove("narrator")
    applied.remove("support/anna")
    before = applied.plan()

    assert applied.run("state", "rebuild").code == 0

    assert applied.plan()["changes"] == before["changes"]
    assert applied.run("apply", "--yes").code == 4


def test_credentials_of_an_empty_account_are_found_out_by_one_create(open_world: OpenWorld) -> None:
    """The API shows whose account it is on voices only, so with none there one has to be made; and only one."""
    world = open_world()
    for number in range(6):
        world.declare(f"voice-{number}", seed=number)
    world.apply()
    before = world.state_file.read_bytes()
    sent = len(world.api.writes)

    ran = world.run("apply", "--yes", env=OTHER)

    made = [write for write in world.api.writes[sent:] if "/clone" in write]
    assert (ran.code, len(made)) == (1, 1)
    assert "another account" in ran.err
    assert world.state_file.read_bytes() == before
