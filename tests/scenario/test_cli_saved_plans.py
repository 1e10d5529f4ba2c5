"""A saved plan is the approval of exactly that plan: it asks nothing, and it does not outlive a change."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from cli_world import KEY, PROJECT, World


def saved(world: World, *arguments: str) -> Path:
    ran = world.run("plan", "--out", "voices.plan", *arguments)
    assert ran.code == 0, ran.err
    return world.root / "voices.plan"


def test_a_saved_plan_is_applied_without_a_question(applied: World) -> None:
    applied.declare("newcomer", seed=3)
    applied.declare("narrator", description="Cool.")
    saved(applied)

    ran = applied.run("apply", "voices.plan")

    assert ran.code == 0, ran.err
    assert "Apply complete: 1 created, 1 updated." in ran.out
    assert applied.planned() == []


def test_a_saved_plan_cannot_be_applied_twice(applied: World) -> None:
    applied.declare("newcomer", seed=3)
    saved(applied)
    assert applied.run("apply", "voices.plan").code == 0
    writes = list(applied.api.writes)

    ran = applied.run("apply", "voices.plan")

    assert ran.code == 4
    assert "The saved plan is stale" in ran.err
    assert applied.api.writes == writes


def test_a_saved_plan_brings_its_own_targets(applied: World) -> None:
    applied.declare("newcomer", seed=3)
    saved(applied, "--target", "narrator", "--replace", "narrator")

    ran = applied.run("apply", "voices.plan")

    assert "Apply complete: 1 replaced." in ran.out
    assert applied.planned() == [("newcomer", "create")]
    assert applied.run("apply", "voices.plan", "--target", "narrator").code == 64


def edit_file(world: World) -> None:
    world.declare("newcomer", seed=3, name="Another name")


def edit_sample(world: World) -> None:
    world.sample("newcomer/sample.mp3", seed=9)


def remove_file(world: World) -> None:
    world.remove("newcomer")


def add_file(world: World) -> None:
    world.declare("second", seed=4)


def change_state(world: World) -> None:
    world.edit_state(lambda document: document.update(serial=document["serial"] + 1))


def change_voice(world: World) -> None:
    world.change_on_server(world.voice("narrator"), "name", "Drifted")


def lose_voice(world: World) -> None:
    world.sql("DELETE FROM voice WHERE voice_id = ?", world.get("narrator"))


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (edit_file, "newcomer"),
        (edit_sample, "newcomer"),
        (remove_file, "newcomer"),
        (add_file, "second"),
        (change_state, "serial"),
        (change_voice, "narrator"),
        (lose_voice, "narrator"),
    ],
)
def test_a_saved_plan_is_stale_after_any_change_and_says_of_what(
    applied: World, change: Callable[[World], None], named: str
) -> None:
    applied.declare("newcomer", seed=3)
    saved(applied)
    change(applied)
    before = applied.voices

    ran = applied.run("apply", "voices.plan")

    assert ran.code == 4, ran.out + ran.err
    assert "The saved plan is stale" in ran.err
    assert named in ran.err
    assert applied.api.writes == []
    assert applied.voices == before


def test_another_way_to_replace_was_not_approved(applied: World) -> None:
    """Approved was that the old voice stays until the new one is ready."""
    applied.declare("narrator", seed=9, lifecycle={"keep_replaced": "7d"})
    saved(applied)
    applied.declare("narrator", lifecycle={"replace": "destroy_first"})

    ran = applied.run("apply", "voices.plan")

    assert ran.code == 4
    assert "narrator: its voice file changed" in ran.err
    assert applied.api.writes == []


def test_a_voice_that_changed_since_is_not_deleted(applied: World) -> None:
    applied.remove("narrator")
    voice = applied.voice("narrator")
    saved(applied)
    applied.change_on_server(voice, "name", "Precious now")

    ran = applied.run("apply", "voices.plan")

    assert ran.code == 4
    assert "narrator: the voice was changed on the server" in ran.err
    assert voice.voice_id in applied.voices


def test_an_account_without_any_of_the_voices_is_not_the_one_that_was_approved(applied: World) -> None:
    applied.declare("newcomer", seed=3)
    saved(applied, "--target", "newcomer")

    ran = applied.run("apply", "voices.plan", env={"PALABRA_API_KEY": "somebody-else"})

    assert ran.code == 4
    assert "these may be the credentials of another account" in ran.err
    assert applied.api.writes == []


def test_two_edits_of_one_field_are_told_as_a_change_of_the_file(applied: World) -> None:
    applied.declare("narrator", description="One.")
    saved(applied)
    applied.declare("narrator", description="Two.")

    assert "narrator: its voice file changed" in applied.run("apply", "voices.plan").err


def test_a_plan_of_another_major_version_is_refused_whatever_its_shape(applied: World) -> None:
    applied.write("voices.plan", '{"format_version": "2.0", "ops": []}')

    ran = applied.run("apply", "voices.plan")

    assert ran.code == 4
    assert "was made by another version of voicectl" in ran.err


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("approval", {}),
        ("approval", []),
        ("witnesses", [3]),
        ("digest", None),
        ("format_version", 1),
        ("approval.targets", [3]),
        ("approval.parts", [{"key": "narrator"}]),
        ("approval.environment", {"a": 1}),
        ("approval.serial", "7"),
    ],
)
def test_a_damaged_plan_is_no_traceback(applied: World, part: str, value: object) -> None:
    path = saved(applied)
    document = json.loads(path.read_text())
    *parents, name = part.split(".")
    at = document[parents[0]] if parents else document
    at[name] = value
    path.write_text(json.dumps(document))

    ran = applied.run("apply", "voices.plan")

    assert ran.code == 64
    assert "is not a saved plan" in ran.err


def test_a_saved_plan_with_deletes_still_meets_the_safety_limits(applied: World) -> None:
    applied.write("voicectl.yaml", f"{PROJECT}safety: {{max_deletes_absolute: 0}}\n")
    applied.remove("narrator")
    saved(applied)

    refused = applied.run("apply", "voices.plan")
    allowed = applied.run("apply", "voices.plan", "--allow-deletes")

    assert (refused.code, allowed.code) == (4, 0)
    assert "Too many deletes" in refused.err


def test_a_saved_plan_of_another_environment_is_refused(applied: World) -> None:
    applied.write("voicectl.yaml", f"{PROJECT}environments: {{staging: {{}}}}\n")
    applied.declare("newcomer", seed=3)
    saved(applied)

    ran = applied.run("--env", "staging", "apply", "voices.plan")

    assert ran.code == 4
    assert "is a plan for the environment 'default', not 'staging'" in ran.err
    assert applied.api.sent == [line for line in applied.api.sent if line.startswith("GET ")]


def test_a_plan_that_was_tampered_with_does_not_apply_as_approved(applied: World) -> None:
    applied.declare("newcomer", seed=3)
    path = saved(applied)
    document = json.loads(path.read_text())
    document["digest"] = "sha256:" + "0" * 64
    path.write_text(json.dumps(document))

    assert applied.run("apply", "voices.plan").code == 4
    assert applied.api.writes == []


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", "not json", '{"changes": 1}', "[" * 100_000])
def test_a_file_that_is_no_plan_is_a_usage_error(applied: World, text: str) -> None:
    applied.write("voices.plan", text)

    ran = applied.run("apply", "voices.plan")

    assert (ran.code, ran.out) == (64, "")
    assert "is not a saved plan" in ran.err


def test_no_plan_is_saved_when_there_is_none(applied: World) -> None:
    applied.write("voices/bad.yaml", "name: X\n")

    ran = applied.run("plan", "--out", "voices.plan")

    assert ran.code == 1
    assert not (applied.root / "voices.plan").exists()


def test_a_saved_plan_holds_no_secret_and_is_a_plan(applied: World) -> None:
    applied.declare("newcomer", seed=3)
    path = saved(applied)

    assert KEY not in path.read_text()
    printed = applied.plan()
    assert {name: json.loads(path.read_text())[name] for name in printed} == printed
