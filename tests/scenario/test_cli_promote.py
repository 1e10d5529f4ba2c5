"""promote: what one environment has shown to work is applied to another, and nothing else."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cli_world import HOUR, KEY, PROJECT, OpenWorld, Ran, World, opened

STAGING_KEY = "plbr_of-the-staging-account"
ENVIRONMENTS = """\
environments:
  staging:
    api_key_env: STAGING_KEY
    overrides:
      narrator: {name: Narrator Staging}
  prod: {}
"""
COMMAND = ("promote", "--from", "staging", "--to", "prod")


def stage(world: World, *arguments: str) -> Ran:
    """Apply to staging, with its key alone."""
    return world.run(
        "--env", "staging", "apply", "--yes", *arguments, env={"STAGING_KEY": STAGING_KEY, "PALABRA_API_KEY": None}
    )


def promote(world: World, *arguments: str) -> Ran:
    """Promote with production's key alone."""
    return world.run(*COMMAND, *arguments)


def records(world: World, environment: str = "prod") -> dict[str, Any]:
    path = world.root / f"voices.{environment}.state.json"
    voices: dict[str, Any] = json.loads(path.read_text())["voices"] if path.exists() else {}
    return voices


@pytest.fixture(scope="module")
def staged_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`narrator` and `support/anna` are ready in staging; made once, copied for each test."""
    folder = tmp_path_factory.mktemp("staged")
    with contextlib.closing(World(folder)) as world:
        world.write("voicectl.yaml", PROJECT + ENVIRONMENTS)
        world.declare("narrator", seed=1, description="Warm.")
        world.declare("support/anna", seed=2)
        assert stage(world).code == 0
    return folder


@pytest.fixture
def staged(tmp_path: Path, staged_template: Path) -> Iterator[World]:
    """Staging has both voices ready; production has nothing yet."""
    with contextlib.closing(opened(tmp_path, staged_template)) as world:
        yield world


def held(ran: Ran) -> dict[str, str]:
    """Return why voices were left out, from the first event."""
    return {entry["key"]: entry["reason"] for entry in ran.events[0]["held"]}


# -- what is carried over --------------------------------------------------------------------------------------------


def test_what_is_ready_is_carried_over_as_the_target_declares_it(staged: World) -> None:
    ran = promote(staged, "--yes")

    assert ran.code == 0, ran.err
    assert ran.out.startswith("2 voices are ready in staging.\n\n  + narrator will be created")
    assert {key: record["name"] for key, record in records(staged).items()} == {
        "narrator": "The narrator",
        "support/anna": "The support anna",
    }
    assert staged.voices[records(staged)["narrator"]["voice_id"]].name == "The narrator"


def test_only_the_credentials_of_the_target_are_used(staged: World) -> None:
    """The source is read from its state document: a job for production holds no key of staging."""
    assert promote(staged, "--yes").code == 0

    assert {exchange.headers["authorization"] for exchange in staged.api.exchanges} == {f"Bearer {KEY}"}


def test_a_second_promotion_has_nothing_to_do(staged: World) -> None:
    promote(staged, "--yes")
    staged.api.exchanges.clear()

    ran = promote(staged)

    assert (ran.code, staged.api.writes) == (0, [])
    assert ran.out == "2 voices are ready in staging.\n\nNo changes. 2 voices are as declared.\n"


def test_what_is_not_ready_is_left_out_with_the_reason(staged: World) -> None:
    staged.declare("narrator", seed=1, description="Cool.")
    staged.declare("newcomer", seed=3)

    ran = promote(staged, "--yes")

    assert ran.code == 0, ran.err
    assert ran.out.startswith(
        "Not ready in staging, so left out:\n"
        "  ! narrator: changed since staging was applied: description\n"
        "  ! newcomer: not in staging\n"
        "\n"
        "1 voice is ready in staging.\n"
    )
    assert list(records(staged)) == ["support/anna"]


def test_a_change_that_staging_has_seen_is_carried_over(staged: World) -> None:
    promote(staged, "--yes")
    before = records(staged)
    staged.declare("narrator", seed=5, description="Warm.")
    staged.declare("support/anna", seed=2, description="Calm.")

    early = promote(staged, "--yes", "--json")
    unchanged = records(staged)
    stage(staged)
    late = promote(staged, "--yes")

    assert held(early) == {
        "narrator": "changed since staging was applied: sample",
        "support/anna": "changed since staging was applied: description",
    }
    assert unchanged == before
    assert late.code == 0, late.err
    assert records(staged)["narrator"]["voice_id"] != before["narrator"]["voice_id"]
    assert records(staged)["support/anna"]["voice_id"] == before["support/anna"]["voice_id"]
    assert records(staged)["support/anna"]["description"] == "Calm."


def test_an_override_of_the_source_that_changed_is_a_change_since(staged: World) -> None:
    staged.write("voicectl.yaml", PROJECT + ENVIRONMENTS.replace("Narrator Staging", "Narrator Two"))

    assert held(promote(staged, "--yes", "--json")) == {"narrator": "changed since staging was applied: name"}


def test_an_override_of_the_target_does_not_hold_a_voice_back(staged: World) -> None:
    overridden = "prod: {overrides: {narrator: {samples: [{denoise: true}]}}}"
    staged.write("voicectl.yaml", PROJECT + ENVIRONMENTS.replace("prod: {}", overridden))

    assert promote(staged, "--yes").code == 0
    assert records(staged)["narrator"]["sample"]["denoise"] is True


def test_a_renamed_voice_keeps_its_id_once_staging_has_renamed_it(staged: World) -> None:
    promote(staged, "--yes")
    voice_id = records(staged)["narrator"]["voice_id"]
    (staged.root / "voices/narrator").rename(staged.root / "voices/storyteller")

    early = promote(staged, "--yes", "--json")
    renamed = ENVIRONMENTS.replace("      narrator:", "      storyteller:")
    staged.write("voicectl.yaml", PROJECT + renamed)
    stage(staged)
    late = promote(staged, "--yes")

    assert held(early) == {"storyteller": "changed since staging was applied: renamed from narrator"}
    assert late.code == 0, late.err
    assert records(staged)["storyteller"]["voice_id"] == voice_id


def test_a_voice_whose_file_is_gone_stays(staged: World) -> None:
    """Promotion never deletes, whatever staging has done."""
    promote(staged, "--yes")
    staged.remove("support/anna")
    stage(staged)

    assert promote(staged, "--yes").code == 0
    assert set(records(staged)) == {"narrator", "support/anna"}
    assert set(records(staged, "staging")) == {"narrator"}


# -- why a voice is not ready ----------------------------------------------------------------------------------------


def test_a_voice_that_is_still_processing_waits(open_world: OpenWorld) -> None:
    world = open_world(processing_time=HOUR)
    world.write("voicectl.yaml", PROJECT + ENVIRONMENTS)
    world.declare("narrator", seed=1)
    stage(world, "--no-wait")
    world.api.exchanges.clear()

    ran = promote(world, "--yes")

    assert ran.code == 0
    assert ran.out == (
        "Not ready in staging, so left out:\n"
        "  ! narrator: still processing in staging\n"
        "\n"
        "Nothing to promote: no voice is ready in staging.\n"
    )
    assert world.api.sent == []
    assert not (world.root / "voices.prod.state.json").exists()


def test_a_voice_that_failed_says_why(open_world: OpenWorld) -> None:
    world = open_world(processing_time=HOUR)
    world.write("voicectl.yaml", PROJECT + ENVIRONMENTS)
    world.declare("narrator", seed=1)
    stage(world, "--no-wait")
    world.finish(records(world, "staging")["narrator"]["voice_id"], "too much noise")
    stage(world)

    assert held(promote(world, "--yes", "--json"))["narrator"].startswith("failed in staging: ")
    assert "too much noise" in held(promote(world, "--yes", "--json"))["narrator"]


def test_a_replacement_on_its_way_is_waited_for(staged: World) -> None:
    staged.serve(processing_time=HOUR)
    staged.declare("narrator", seed=5, description="Warm.")
    stage(staged, "--no-wait")

    assert held(promote(staged, "--dry-run", "--json")) == {"narrator": "still processing in staging"}


# -- voices by name --------------------------------------------------------------------------------------------------


def test_a_key_by_name_narrows_the_promotion(staged: World) -> None:
    assert promote(staged, "narrator", "--yes").code == 0
    assert list(records(staged)) == ["narrator"]


def test_a_pattern_takes_what_is_ready(staged: World) -> None:
    staged.declare("support/bella", seed=3)

    ran = promote(staged, "support/*", "--yes", "--json")

    assert held(ran) == {"support/bella": "not in staging"}
    assert list(records(staged)) == ["support/anna"]


@pytest.mark.parametrize("options", [("--yes",), ("--yes", "--json"), ("--dry-run",)])
def test_a_key_by_name_that_is_not_ready_is_refused(staged: World, options: tuple[str, ...]) -> None:
    staged.declare("newcomer", seed=3)
    staged.remove("support/anna")

    ran = promote(staged, "narrator", "newcomer", "support/anna", *options)

    assert ran.code == 4
    assert "error: 2 of the voices asked for: not ready in staging, so not promoted" in ran.err
    assert "why: newcomer: not in staging; support/anna: its voice file is gone" in ran.err
    assert staged.api.sent == []
    assert records(staged) == {}


def test_an_unknown_key_is_a_slip_of_the_keyboard(staged: World) -> None:
    ran = promote(staged, "narator", "--yes")

    assert (ran.code, staged.api.sent) == (64, [])
    assert "error: narator: there is no such voice\n  next: did you mean 'narrator'?" in ran.err


def test_a_key_that_looks_like_a_pattern_takes_nobody_else_along(staged: World) -> None:
    staged.declare("a*", seed=3, name="Star")
    staged.declare("ab", seed=4)
    stage(staged, "--target", "a*", "--target", "ab")

    assert promote(staged, "a*", "--yes").code == 0
    assert list(records(staged)) == ["a*"]


# -- a person's word -------------------------------------------------------------------------------------------------


def test_a_dry_run_only_shows(staged: World) -> None:
    ran = promote(staged, "--dry-run")

    assert ran.code == 0
    assert "  + narrator will be created: new voice" in ran.out
    assert staged.api.writes == []
    assert not (staged.root / "voices.prod.state.json").exists()
    assert not list((staged.root / ".voicectl").glob("prod*"))


def test_without_a_terminal_nobody_can_say_yes(staged: World) -> None:
    ran = promote(staged)

    assert ran.code == 4
    assert "error: Nobody said yes to this plan" in ran.err
    assert staged.api.writes == []


def test_every_event_is_one_line_of_json(staged: World) -> None:
    ran = promote(staged, "--yes", "--json")

    kinds = [event["type"] for event in ran.events]
    assert (kinds[:2], kinds[-1]) == (["promotion", "plan"], "result")
    assert ran.events[0] == {
        "type": "promotion",
        "from": "staging",
        "to": "prod",
        "ready": ["narrator", "support/anna"],
        "held": [],
    }
    assert {change["result"] for change in ran.events[-1]["changes"]} == {"done"}


def test_what_apply_refuses_is_refused(staged: World) -> None:
    staged.declare("narrator", seed=1, description="Warm.", lifecycle={"prevent_destroy": True})
    stage(staged)
    promote(staged, "--yes")
    staged.declare("narrator", seed=5, description="Warm.", lifecycle={"prevent_destroy": True})
    without = ENVIRONMENTS.replace("Narrator Staging", "Narrator Staging, lifecycle: {prevent_destroy: false}")
    staged.write("voicectl.yaml", PROJECT + without)
    assert stage(staged).code == 0
    staged.api.exchanges.clear()

    ran = promote(staged, "--yes")

    assert (ran.code, staged.api.writes) == (4, [])
    assert "Would replace 'narrator'" in ran.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--from", "staging", "--to", "staging"), "--from and --to are both 'staging'"),
        (("--from", "stagin", "--to", "prod"), "there is no environment `stagin`"),
        (("--from", "staging", "--to", "prd"), "there is no environment `prd`"),
        (("--from", "staging"), "Missing option '--to'"),
    ],
)
def test_two_environments_are_wanted(staged: World, arguments: tuple[str, ...], said: str) -> None:
    ran = staged.run("promote", *arguments)

    assert (ran.code, ran.out) == (64, "")
    assert said in ran.err
