"""Environments: one set of voice files, several accounts, and single fields that differ from one to the other."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cli_world import PROJECT, World

STAGING = {"STAGING_KEY": "plbr_of-the-staging-account", "PALABRA_API_KEY": None}
"""Staging has an account of its own on the same server, and its key is the only one that is set."""


def two(world: World, overrides: str = "{}") -> World:
    """Declare `narrator` and `support/anna`, and an environment `staging` with overrides on a line of their own."""
    world.declare("narrator", seed=1, description="Warm.", labels={"gender": "female", "mood": "neutral"})
    world.declare("support/anna", seed=2)
    environment = f"api_key_env: STAGING_KEY\n    overrides: {overrides}"
    world.write("voicectl.yaml", f"{PROJECT}environments:\n  staging:\n    {environment}\n")
    return world


def staging(world: World) -> dict[str, Any]:
    """Return the records of staging."""
    voices: dict[str, Any] = json.loads((world.root / "voices.staging.state.json").read_text())["voices"]
    return voices


def test_an_environment_has_its_own_fields_and_the_other_keeps_the_file_s(world: World) -> None:
    two(world, "{narrator: {name: Narrator Staging, labels: {mood: happy}}, '*': {description: Not for sale.}}")

    assert world.run("apply", "--yes", "--env", "staging", env=STAGING).code == 0
    world.apply()

    there = world.voices[staging(world)["narrator"]["voice_id"]]
    assert there.name == "Narrator Staging"
    assert (there.description or "").startswith("Not for sale.")
    assert there.labels == {"gender": "female", "mood": "happy"}
    here = world.voice("narrator")
    assert (here.name, here.labels) == ("The narrator", {"gender": "female", "mood": "neutral"})
    assert world.run("plan", "--detailed-exitcode", "--env", "staging", env=STAGING).code == 0
    assert world.run("plan", "--detailed-exitcode").code == 0


def test_an_overridden_recording_is_beside_the_voice_file(world: World) -> None:
    two(world, "{support/anna: {samples: [{file: ../../../takes/other.mp3}]}}")
    world.sample("../takes/other.mp3", seed=3)

    assert world.run("apply", "--yes", "--env", "staging", env=STAGING).code == 0

    assert staging(world)["support/anna"]["sample"]["file"] == "takes/other.mp3"
    assert staging(world)["narrator"]["sample"]["file"] == "voices/narrator/sample.mp3"


def test_an_override_that_changes_is_a_change_of_the_voice(world: World) -> None:
    two(world, "{narrator: {name: Narrator Staging}}")
    assert world.run("apply", "--yes", "--env", "staging", env=STAGING).code == 0
    plan = world.root / "staging.plan"
    two(world, "{narrator: {name: Narrator Two}}")
    assert world.run("plan", "--out", str(plan), "--env", "staging", env=STAGING).code == 0
    two(world, "{narrator: {name: Narrator Three}}")

    stale = world.run("apply", str(plan), "--env", "staging", env=STAGING)
    ran = world.run("plan", "--env", "staging", env=STAGING)

    assert (stale.code, "narrator: its voice file changed" in stale.err) == (4, True)
    assert '~ name: "Narrator Staging" -> "Narrator Three"' in ran.out


def test_the_environment_may_come_from_a_variable_and_an_option_wins(world: World) -> None:
    two(world)

    by_variable = world.run("plan", "--json", env={**STAGING, "VOICECTL_ENV": "staging"})
    by_option = world.run("--env", "default", "plan", "--json", env={"VOICECTL_ENV": "staging"})

    assert by_variable.json["environment"] == "staging"
    assert by_option.json["environment"] == "default"


@pytest.mark.parametrize("command", ["validate", "plan", "status", "export", "apply"])
def test_an_unknown_environment_is_named_with_the_nearest(world: World, command: str) -> None:
    ran = two(world).run("--env", "stagin", command)

    assert (ran.code, ran.out) == (64, "")
    assert "error: there is no environment `stagin`\n  where: voicectl.yaml\n  next: Did you mean `staging`?" in ran.err
    assert world.api.sent == []


@pytest.mark.parametrize(
    ("environments", "where"),
    [
        ("{a: {state: voices.state.json}}", "voicectl.yaml:2:27"),
        ("{a: {state: voices.b.state.json}, b: {}}", "voicectl.yaml:2:27"),
    ],
)
def test_two_environments_cannot_share_a_state_document(world: World, environments: str, where: str) -> None:
    two(world)
    world.write("voicectl.yaml", f"{PROJECT}environments: {environments}\n")

    for command in (["validate"], ["plan"], ["apply", "--yes"], ["--env", "a", "apply", "--yes"]):
        ran = world.run(*command)
        assert ran.code == 1
        assert f"{where}: error: the environments" in ran.err
        assert "have the same state document" in ran.err
    assert world.api.sent == []


def test_validate_finds_a_wrong_override_of_any_environment(world: World) -> None:
    ran = two(world, "{narrator: {name: Narrator (staging)}, '*': {lables: {}}}").run("validate", "--json")

    assert ran.code == 1
    found = [(d["key"], d["rule"], d["range"]["filename"], d["range"]["start"]) for d in ran.json["diagnostics"]]
    assert found == [
        ("narrator", "project.value", "voicectl.yaml", {"line": 5, "column": 34}),
        (None, "project.unknown-field", "voicectl.yaml", {"line": 5, "column": 61}),
    ]


def test_validate_looks_at_the_files_as_every_environment_has_them(world: World) -> None:
    two(world, "{narrator: {samples: [{file: gone.mp3}]}, naratr: {name: Nobody}}")

    ran = world.run("validate", "--json")

    found = {(d["severity"], d["key"], d["rule"], d["range"]["start"]["column"]) for d in ran.json["diagnostics"]}
    assert found == {("error", "narrator", "sample.missing", 45), ("warning", None, "project.override", 58)}
    assert all("It is so in the environment `staging`." in d["detail"] for d in ran.json["diagnostics"])
    assert ran.code == 1
    assert world.run("plan").code == 0


def test_what_is_wrong_everywhere_is_said_once(world: World) -> None:
    two(world, "{support/anna: {name: Anna}}")
    (world.root / "voices/narrator/sample.mp3").unlink()

    ran = world.run("validate", "--json")

    assert [d["rule"] for d in ran.json["diagnostics"]] == ["sample.missing"]


def test_a_state_document_in_a_folder_is_named_with_the_folder(world: World) -> None:
    two(world)
    world.write("voicectl.yaml", f"{PROJECT}environments:\n  staging: {{state: states/staging.json}}\n")
    world.write("states/staging.json", "{")

    ran = world.run("export", "--env", "staging")

    assert ran.code == 1
    assert "where: states/staging.json\n" in ran.err
    assert "`git log -- states/staging.json`" in ran.err
