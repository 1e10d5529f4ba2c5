"""Every action of a plan, through the command line, to its effect on the account and on what consumers get."""

from __future__ import annotations

import json
import shutil
from typing import Any

import pytest
from cli_world import World


def fields(plan: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    (change,) = plan["changes"]
    return {field["path"]: (field["before"], field["after"]) for field in change["fields"]}


# -- create ------------------------------------------------------------------------------------------------------------


def test_a_new_voice_is_created_with_all_that_its_file_says(world: World) -> None:
    world.declare(
        "anna",
        description="Calm.",
        labels={"gender": "female", "age_group": "adult", "mood": None},
        sample={"denoise": True, "speech_normalization": False, "display_name": "Anna", "description": "Take 3"},
    )

    assert world.planned() == [("anna", "create")]
    world.apply()

    voice = world.voice("anna")
    assert voice.status == "ready"
    assert (voice.name, voice.labels) == ("The anna", {"gender": "female", "age_group": "adult"})
    assert voice.description is not None
    assert voice.description.startswith("Calm. [voicectl voices-under-test/anna ")
    assert voice.sample == {
        "filename": "sample.mp3",
        "mime_type": "audio/mpeg",
        "lang_code": "en",
        "display_name": "Anna",
        "description": "Take 3",
        "denoise": True,
        "speech_normalization": False,
    }
    assert world.get("anna") == voice.voice_id
    assert world.planned() == []


def test_nothing_declared_is_nothing_to_do(world: World) -> None:
    (world.root / "voices").mkdir()

    ran = world.apply()

    assert ran.out == "No voices are declared, and none are recorded.\n"
    assert world.voices == {}
    assert world.api.writes == []


def test_an_applied_repository_has_no_changes_and_a_second_apply_sends_no_write(applied: World) -> None:
    state = applied.state_file.read_bytes()

    ran = applied.apply()

    assert ran.out == "No changes. 2 voices are as declared.\n"
    assert applied.api.writes == []
    assert applied.state_file.read_bytes() == state


def test_a_voice_that_is_gone_from_the_server_is_made_again(applied: World) -> None:
    lost = applied.get("narrator")
    applied.sql("DELETE FROM voice WHERE voice_id = ?", lost)

    assert applied.planned() == [("narrator", "create")]
    applied.apply()

    assert applied.voice("narrator").status == "ready"
    assert applied.get("narrator") not in ("", lost)
    assert applied.planned() == []


# -- update ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "path", "before", "after"),
    [
        ({"name": "The new name"}, "name", "The narrator", "The new name"),
        ({"description": "Cool."}, "description", "Warm.", "Cool."),
        ({"description": ""}, "description", "Warm.", ""),
        ({"labels": {"gender": "male"}}, "labels.gender", "female", "male"),
        ({"labels": {"age_group": "senior"}}, "labels.age_group", None, "senior"),
        ({"labels": {"mood": "angry"}}, "labels.mood", "neutral", "angry"),
        ({"labels": {"gender": None}}, "labels.gender", "female", None),
        ({"labels": {"mood": None}}, "labels.mood", "neutral", None),
    ],
)
def test_a_field_is_updated_in_place(applied: World, changed: Any, path: str, before: Any, after: Any) -> None:
    voice_id = applied.get("narrator")
    applied.declare("narrator", **{"description": "Warm.", **changed})

    assert applied.planned() == [("narrator", "update")]
    assert fields(applied.plan()) == {path: (before, after)}
    applied.apply()

    voice = applied.voice("narrator")
    shown: dict[str, Any] = {
        "name": voice.name,
        "description": (voice.description or "").partition("[voicectl")[0].strip(),
    }
    shown |= {f"labels.{name}": value for name, value in (voice.labels or {}).items()}
    assert shown.get(path) == after
    assert voice.voice_id == voice_id == applied.get("narrator")
    assert [line for line in applied.api.writes if "/clone" in line] == []
    assert applied.planned() == []


def test_a_cleared_description_keeps_the_mark_and_nothing_else(applied: World) -> None:
    applied.declare("narrator", description="")

    applied.apply()

    description = applied.voice("narrator").description or ""
    assert description.startswith("[voicectl voices-under-test/narrator ")


def test_a_label_that_is_no_longer_declared_is_left_as_it_is(applied: World) -> None:
    applied.declare("narrator", description="Warm.", labels={"gender": "male"})

    applied.apply()

    assert applied.voice("narrator").labels == {"gender": "male", "mood": "neutral"}


def test_drift_is_shown_and_put_right(applied: World) -> None:
    applied.change_on_server(applied.voice("narrator"), "name", "Somebody was here")

    plan = applied.plan()
    applied.apply()

    assert [(drift["key"], drift["fields"][0]["after"]) for drift in plan["drift"]] == [
        ("narrator", "Somebody was here")
    ]
    assert applied.voice("narrator").name == "The narrator"
    assert applied.planned() == []


def test_a_change_made_on_both_sides_to_the_same_value_is_no_change(applied: World) -> None:
    applied.change_on_server(applied.voice("narrator"), "name", "The new name")
    applied.declare("narrator", name="The new name", description="Warm.")

    assert applied.planned() == []
    applied.apply()

    assert applied.api.writes == []
    assert applied.records["narrator"]["name"] == "The new name"


def test_display_name_waits_for_the_next_replacement(applied: World) -> None:
    applied.declare("narrator", description="Warm.", sample={"display_name": "Nora"})

    plan = applied.plan()

    assert plan["changes"] == []
    assert [d["rule"] for d in plan["diagnostics"]] == ["plan.next-replacement"]


# -- delete and forget -------------------------------------------------------------------------------------------------


def test_a_voice_whose_file_is_gone_is_deleted(applied: World) -> None:
    voice_id = applied.get("narrator")
    applied.remove("narrator")

    assert applied.planned() == [("narrator", "delete")]
    applied.apply()

    assert applied.api.writes == [f"DELETE /saas/voice/m/{voice_id}"]
    assert voice_id not in applied.voices
    assert sorted(applied.records) == ["support/anna"]
    assert applied.run("get", "narrator").code == 1
    assert applied.planned() == []


def test_a_voice_gone_on_both_sides_is_forgotten_without_a_write(applied: World) -> None:
    applied.sql("DELETE FROM voice WHERE voice_id = ?", applied.get("narrator"))
    applied.remove("narrator")

    assert applied.planned() == [("narrator", "forget")]
    applied.apply()

    assert applied.api.writes == []
    assert sorted(applied.records) == ["support/anna"]


def test_on_remove_forget_leaves_the_voice_without_our_mark(applied: World) -> None:
    applied.declare("narrator", description="Warm.", lifecycle={"on_remove": "forget"})
    applied.apply()
    voice_id = applied.get("narrator")
    applied.remove("narrator")

    assert applied.planned() == [("narrator", "forget")]
    applied.apply()

    voice = applied.voices[voice_id]
    assert (voice.status, voice.name, voice.description) == ("ready", "The narrator", "Warm.")
    assert sorted(applied.records) == ["support/anna"]
    assert applied.planned() == []


# -- adopt -------------------------------------------------------------------------------------------------------------


def test_import_adopts_a_voice_of_somebody_else(world: World) -> None:
    voice_id = world.foreign("Old one")
    world.declare("narrator", description="Warm.", import_=voice_id)

    assert world.planned() == [("narrator", "adopt")]
    world.apply()

    assert [line for line in world.api.writes if "clone" in line] == []
    assert list(world.voices) == [voice_id]
    assert world.get("narrator") == voice_id
    assert world.voices[voice_id].name == "The narrator"
    assert (world.voices[voice_id].description or "").startswith("Warm. [voicectl ")
    assert world.planned() == []


def test_importing_a_voice_that_does_not_exist_is_an_error_at_its_line(world: World) -> None:
    world.declare("narrator", import_="no-such-voice")

    ran = world.run("apply", "--yes")

    assert ran.code == 1
    assert "voices/narrator/voice.yaml:" in ran.out + ran.err
    assert "There is no voice no-such-voice in this account" in ran.out + ran.err
    assert world.api.writes == []


def test_a_lost_state_is_rebuilt_from_the_marks_without_a_clone(applied: World) -> None:
    before = {key: record["voice_id"] for key, record in applied.records.items()}
    applied.forget_state()

    assert applied.planned() == [("narrator", "adopt"), ("support/anna", "adopt")]
    applied.apply()

    assert {key: record["voice_id"] for key, record in applied.records.items()} == before
    assert applied.api.writes == []
    assert len(applied.voices) == 2
    assert applied.planned() == []


def test_a_lost_state_and_a_changed_file_are_an_adoption_with_an_update(applied: World) -> None:
    voice_id = applied.get("narrator")
    applied.forget_state()
    applied.declare("narrator", description="Cool.")

    applied.apply()

    assert applied.get("narrator") == voice_id
    assert (applied.voice("narrator").description or "").startswith("Cool. [voicectl ")
    assert len(applied.voices) == 2


def test_a_lost_state_and_a_changed_sample_replace_the_voice_that_carries_our_mark(applied: World) -> None:
    old = applied.get("narrator")
    applied.forget_state()
    applied.declare("narrator", description="Warm.", seed=7)

    assert applied.planned() == [("narrator", "replace"), ("support/anna", "adopt")]
    applied.apply()

    assert old not in applied.voices
    assert applied.voice("narrator").status == "ready"
    assert len(applied.voices) == 2
    assert applied.planned() == []


def test_a_lost_state_and_a_removed_file_delete_the_voice_that_carries_our_mark(applied: World) -> None:
    voice_id = applied.get("narrator")
    applied.forget_state()
    applied.remove("narrator")

    assert applied.planned() == [("narrator", "delete"), ("support/anna", "adopt")]
    applied.apply()

    assert voice_id not in applied.voices


# -- move --------------------------------------------------------------------------------------------------------------


def test_a_renamed_folder_is_a_move(applied: World) -> None:
    voice_id = applied.get("narrator")
    shutil.move(applied.root / "voices/narrator", applied.root / "voices/storyteller")

    assert applied.planned() == [("storyteller", "move")]
    applied.apply()

    assert applied.api.writes == [f"POST /saas/voice/m/{voice_id}"]
    assert applied.get("storyteller") == voice_id
    assert applied.run("get", "narrator").out == ""
    assert "/storyteller " in (applied.voices[voice_id].description or "")
    assert applied.planned() == []


def test_previously_moves_a_voice_although_other_things_changed_too(applied: World) -> None:
    voice_id = applied.get("narrator")
    applied.remove("narrator")
    applied.declare("storyteller", seed=1, description="Cool.", previously=["narrator"])

    assert applied.planned() == [("storyteller", "move")]
    applied.apply()

    assert applied.get("storyteller") == voice_id
    assert (applied.voices[voice_id].description or "").startswith("Cool. [voicectl ")
    assert applied.planned() == []


def test_previously_with_another_sample_replaces_the_voice_of_the_old_key(applied: World) -> None:
    old = applied.get("narrator")
    applied.remove("narrator")
    applied.declare("storyteller", seed=8, description="Warm.", previously=["narrator"])

    applied.apply()

    assert old not in applied.voices
    assert applied.voice("storyteller").status == "ready"
    assert sorted(applied.records) == ["storyteller", "support/anna"]
    assert len(applied.voices) == 2
    assert applied.planned() == []


def test_a_move_after_a_lost_state_clones_nothing(applied: World) -> None:
    voice_id = applied.get("narrator")
    applied.forget_state()
    shutil.move(applied.root / "voices/narrator", applied.root / "voices/storyteller")

    applied.apply()

    assert applied.get("storyteller") == voice_id
    assert [line for line in applied.api.writes if "clone" in line or "DELETE" in line] == []
    assert applied.planned() == []


# -- targets -----------------------------------------------------------------------------------------------------------


def test_targets_narrow_a_run_to_keys_and_patterns(world: World) -> None:
    for number, key in enumerate(["narrator", "support/anna", "support/ben"]):
        world.declare(key, seed=number)

    assert world.planned("--target", "support/*") == [("support/anna", "create"), ("support/ben", "create")]
    world.apply("--target", "narrator")

    assert sorted(world.records) == ["narrator"]


def test_many_voices_are_made_side_by_side_and_state_is_written_in_one_order(world: World) -> None:
    for number in range(6):
        world.declare(f"v{number}", seed=number % 2, name=f"Voice {number}")

    world.apply("--parallelism", "6")

    assert len(world.voices) == 6
    assert list(world.records) == sorted(world.records)
    text = world.state_file.read_text()
    assert text == json.dumps(json.loads(text), indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    assert world.planned() == []
