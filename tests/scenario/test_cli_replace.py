"""Replacements: what forces one, in which order they happen, and what consumers see meanwhile."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cli_world import HOUR, OpenWorld, World


def clones(world: World) -> int:
    return sum("/clone" in line for line in world.api.writes)


@pytest.mark.parametrize(
    ("sample", "path"),
    [
        ({"lang_code": "fr"}, "samples[0].lang_code"),
        ({"denoise": True}, "samples[0].denoise"),
        ({"speech_normalization": False}, "samples[0].speech_normalization"),
    ],
)
def test_a_setting_that_makes_the_voice_forces_a_replacement(applied: World, sample: Any, path: str) -> None:
    old = applied.get("narrator")
    applied.declare("narrator", description="Warm.", sample=sample)

    (change,) = applied.plan()["changes"]
    applied.apply()

    assert (change["key"], change["action"], change["voice_id"]) == ("narrator", "replace", old)
    assert [(f["path"], f["forces_replacement"]) for f in change["fields"]] == [(path, True)]
    (name, value), *_ = sample.items()
    assert applied.voice("narrator").sample[name] == value
    assert "[voicectl voices-under-test/narrator " in (applied.voice("narrator").description or "")
    assert old not in applied.voices
    assert applied.planned() == []


def test_another_recording_forces_a_replacement_which_brings_the_other_fields_along(applied: World) -> None:
    old = applied.get("narrator")
    applied.declare("narrator", seed=5, description="Cool.", sample={"display_name": "Nora"})

    plan = applied.plan()
    applied.apply()

    assert [(c["action"], c["reason"]) for c in plan["changes"]] == [("replace", "sample changed")]
    voice = applied.voice("narrator")
    assert (voice.description or "").startswith("Cool. [voicectl ")
    assert voice.sample["display_name"] == "Nora"
    assert applied.get("narrator") == voice.voice_id != old
    assert len(applied.voices) == 2
    assert applied.planned() == []


def test_replace_asks_for_a_new_clone_although_nothing_changed(applied: World) -> None:
    old = applied.get("narrator")

    assert applied.planned("--replace", "narrator") == [("narrator", "replace")]
    applied.apply("--replace", "narrator")

    assert applied.get("narrator") not in ("", old)
    assert old not in applied.voices
    assert clones(applied) == 1
    assert applied.planned() == []


def test_create_first_keeps_the_old_voice_for_consumers_until_the_new_one_is_ready(open_world: OpenWorld) -> None:
    world = open_world(applied=True, processing_time=HOUR)
    old = world.get("narrator")
    world.declare("narrator", seed=5, description="Warm.")

    world.run("apply", "--yes", "--no-wait")

    assert world.get("narrator") == old
    assert old in world.run("export").out
    assert world.voices[old].status == "ready"
    assert world.planned() == [("narrator", "resume")]
    (new,) = (voice_id for voice_id, voice in world.voices.items() if voice.status == "pending")
    world.finish(new)
    world.apply()

    assert world.get("narrator") == new
    assert old not in world.voices
    assert clones(world) == 1
    assert world.api.writes[-1] == f"DELETE /saas/voice/m/{old}"
    assert world.planned() == []


def test_a_replacement_that_fails_changes_nothing_that_consumers_see(open_world: OpenWorld) -> None:
    world = open_world(applied=True, processing_time=HOUR)
    old = world.get("narrator")
    exported = world.run("export").out
    world.declare("narrator", seed=5, description="Warm.")
    world.run("apply", "--yes", "--no-wait")
    (new,) = (voice_id for voice_id, voice in world.voices.items() if voice.status == "pending")
    world.finish(new, "Too much noise.")

    ran = world.run("apply", "--yes")

    assert ran.code == 3
    assert "Too much noise." in ran.out
    assert world.get("narrator") == old
    assert world.run("export").out == exported
    assert new not in world.voices
    assert world.voices[old].status == "ready"
    assert world.planned() == [("narrator", "replace")]
    assert "Too much noise." in world.run("status", "narrator").out


def test_destroy_first_needs_no_room_for_both(open_world: OpenWorld) -> None:
    world = open_world(applied=True, limit=2)
    old = world.get("narrator")
    world.declare("narrator", seed=5, description="Warm.", lifecycle={"replace": "destroy_first"})

    world.apply()

    assert world.api.writes[:2] == [f"DELETE /saas/voice/m/{old}", "POST /saas/voice/clone"]
    assert world.get("narrator") not in ("", old)
    assert len(world.voices) == 2
    assert world.planned() == []


def test_destroy_first_leaves_no_voice_to_consumers_while_the_new_one_is_made(open_world: OpenWorld) -> None:
    world = open_world(applied=True, processing_time=HOUR)
    world.declare("narrator", seed=5, description="Warm.", lifecycle={"replace": "destroy_first"})

    world.run("apply", "--yes", "--no-wait")

    got = world.run("get", "narrator")
    assert (got.code, got.out) == (1, "")
    assert "narrator" not in world.run("export", "--format", "json").json


def test_a_replaced_voice_is_kept_as_long_as_was_asked_and_then_cleaned(applied: World) -> None:
    now = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
    old = applied.get("narrator")
    before = applied.records["narrator"]
    what_it_was = {name: before[name] for name in ("name", "description", "labels", "sample", "created_at")}
    applied.declare("narrator", seed=5, description="Warm.", lifecycle={"keep_replaced": "1h"})

    applied.apply_at(now)
    kept = applied.records["narrator"]["retired"]
    new = applied.get("narrator")
    applied.apply_at(now + timedelta(minutes=59))
    still_there = old in applied.voices
    cleaned = applied.apply_at(now + timedelta(minutes=61))

    assert kept == [{"voice_id": old, "until": "2026-11-22T13:00:00Z", **what_it_was}]
    assert new not in ("", old)
    assert still_there
    assert [(o.change.action.value, o.voice_id or o.change.voice_id) for o in cleaned.outcomes] == [("clean", old)]
    assert old not in applied.voices
    assert applied.records["narrator"]["retired"] == []
    assert applied.get("narrator") == new
    assert applied.planned() == []


def test_a_kept_voice_goes_with_its_key_when_the_file_is_removed(applied: World) -> None:
    applied.declare("narrator", seed=5, description="Warm.", lifecycle={"keep_replaced": "7d"})
    applied.apply()
    assert len(applied.voices) == 3
    applied.remove("narrator")

    assert applied.planned() == [("narrator", "clean"), ("narrator", "delete")]
    applied.apply()

    assert list(applied.voices) == [applied.get("support/anna")]
    assert applied.planned() == []
