"""What apply refuses to do without a person's word: exit 4, and nothing was sent or written."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cli_world import KEY, PROJECT, OpenWorld, Ran, World

BEARER = "bearer"
PAIR = "pair"


def credentials(scheme: str) -> dict[str, str | None]:
    if scheme == BEARER:
        return {}
    return {"PALABRA_API_KEY": None, "PALABRA_CLIENT_ID": "an-id", "PALABRA_CLIENT_SECRET": "a-secret-of-the-pair"}


def refuses(world: World, *arguments: str, env: dict[str, str | None] | None = None) -> Ran:
    """Apply, and make sure that it was refused before any write."""
    before = world.state_file.read_bytes() if world.state_file.exists() else None
    voices = world.voices
    ran = world.run("apply", *(arguments or ["--yes"]), env=env)
    assert ran.code == 4, ran.out + ran.err
    assert world.api.writes == []
    assert (world.state_file.read_bytes() if world.state_file.exists() else None) == before
    assert world.voices == voices
    return ran


# -- a person's word ---------------------------------------------------------------------------------------------------


def test_without_a_terminal_nobody_can_say_yes(world: World) -> None:
    world.declare("narrator")

    ran = refuses(world, "--no-wait")

    assert "will be created" in ran.out
    assert "error: Nobody said yes to this plan" in ran.err
    assert "add --yes" in ran.err


def test_json_without_yes_is_refused_before_anything_is_asked(world: World) -> None:
    world.declare("narrator")

    ran = refuses(world, "--json")

    assert [event["type"] for event in ran.events] == ["error"]
    assert ran.events[0]["exit_code"] == 4
    assert world.api.sent == []


def test_an_empty_plan_needs_no_word(applied: World) -> None:
    assert applied.run("apply").code == 0


# -- deletes -----------------------------------------------------------------------------------------------------------


def test_an_empty_voices_folder_is_taken_for_a_mistake(applied: World) -> None:
    shutil.rmtree(applied.root / "voices")
    (applied.root / "voices").mkdir()

    ran = refuses(applied)
    planned = applied.run("plan", "--detailed-exitcode")

    assert "There is no voice file at all, which would delete all 2 voices" in ran.err
    assert (planned.code, "[safety.empty]" in planned.out) == (2, True)
    assert applied.run("apply", "--yes", "--allow-deletes").code == 0
    assert applied.voices == {}


def test_a_missing_voices_folder_is_taken_for_a_mistake(applied: World) -> None:
    shutil.rmtree(applied.root / "voices")

    assert "There is no voice file at all" in refuses(applied).err


@pytest.mark.parametrize(
    ("safety", "refused"),
    [
        ({"max_deletes": "30%", "min_voices": 2}, "Too many deletes: 1 of 2 voices (50.0%) is over 30%"),
        ({"max_deletes": "50%", "min_voices": 2}, None),
        ({"max_deletes": "30%", "min_voices": 3}, None),
        ({"max_deletes_absolute": 0}, "Too many deletes: 1 voices is over 0"),
        ({"max_deletes_absolute": 1}, None),
    ],
)
def test_the_limits_of_deletes(applied: World, safety: dict[str, Any], refused: str | None) -> None:
    written = ", ".join(f"{name}: {value}" for name, value in safety.items())
    applied.write("voicectl.yaml", f"{PROJECT}safety: {{{written}}}\n")
    applied.remove("narrator")

    if refused is None:
        applied.apply()
    else:
        ran = refuses(applied)
        assert refused in ran.err
        assert "--allow-deletes" in ran.out
        applied.apply("--allow-deletes")

    assert list(applied.records) == ["support/anna"]


# -- prevent_destroy ---------------------------------------------------------------------------------------------------


def protected(world: World, **more: Any) -> None:
    world.declare("narrator", description="Warm.", lifecycle={"prevent_destroy": True}, **more)


def replaced(world: World) -> None:
    protected(world, seed=5)


def removed(world: World) -> None:
    world.remove("narrator")


@pytest.mark.parametrize(("change", "what"), [(replaced, "replace"), (removed, "delete")])
def test_prevent_destroy_refuses(applied: World, change: Callable[[World], None], what: str) -> None:
    protected(applied)
    applied.apply()
    change(applied)

    ran = refuses(applied)

    assert f"Would {what} 'narrator'" in ran.err
    assert "prevent_destroy" in ran.err
    assert "[safety.prevent-destroy]" in ran.out


def test_prevent_destroy_survives_the_removal_of_its_file_and_a_word_for_deletes(applied: World) -> None:
    protected(applied)
    applied.apply()
    applied.remove("narrator")

    refuses(applied, "--yes", "--allow-deletes")

    assert applied.records["narrator"]["prevent_destroy"] is True


def test_prevent_destroy_lifted_and_sample_changed_in_one_edit_is_a_persons_word(applied: World) -> None:
    protected(applied)
    applied.apply()
    applied.declare("narrator", description="Warm.", seed=5)

    applied.apply()

    assert applied.records["narrator"]["prevent_destroy"] is False


def test_a_protected_voice_can_still_be_updated_and_moved(applied: World) -> None:
    protected(applied)
    applied.apply()
    voice_id = applied.get("narrator")
    applied.declare("narrator", description="Cool.", lifecycle={"prevent_destroy": True})
    shutil.move(applied.root / "voices/narrator", applied.root / "voices/storyteller")

    applied.apply()

    assert applied.get("storyteller") == voice_id


# -- quota -------------------------------------------------------------------------------------------------------------


def test_a_quota_too_small_is_found_before_any_write(open_world: OpenWorld) -> None:
    world = open_world(applied=True, limit=3)
    world.declare("one", seed=3)
    world.declare("two", seed=4)

    planned = world.run("plan")
    ran = refuses(world)

    assert planned.code == 0
    assert "Quota: 2 of 3 voices used, 4 after this." in planned.out
    assert "The quota has room for 1 more of 3 voices, this plan needs 2 at its peak" in ran.err
    assert "--target some of: one, two" in ran.out


def test_a_replacement_needs_room_for_both_and_says_what_would_fit(open_world: OpenWorld) -> None:
    world = open_world(applied=True, limit=2)
    world.declare("narrator", description="Warm.", seed=5)

    ran = refuses(world)

    assert "`replace: destroy_first` in: narrator" in ran.out


# -- credentials -------------------------------------------------------------------------------------------------------


def test_credentials_of_another_account_are_refused_before_any_write(applied: World) -> None:
    applied.foreign("Its own voice", key="another-account")
    applied.declare("newcomer", seed=3)
    state, voices = applied.state_file.read_bytes(), applied.voices

    for command in (("plan",), ("status",), ("apply", "--yes")):
        ran = applied.run(*command, env={"PALABRA_API_KEY": "another-account"})
        assert (ran.code, ran.out) == (1, "")
        assert "These credentials belong to another account than the state document" in ran.err

    assert applied.api.writes == []
    assert applied.state_file.read_bytes() == state
    assert applied.voices == voices


def test_nothing_stays_in_another_account_that_was_empty_and_state_is_as_it_was(applied: World) -> None:
    """An empty account shows no user id, so the first create tells whose it is."""
    state, voices = applied.state_file.read_bytes(), applied.voices

    ran = applied.run("apply", "--yes", env={"PALABRA_API_KEY": "an-empty-account"})

    assert ran.code in (1, 3, 4)
    assert "another account" in ran.out + ran.err
    assert applied.state_file.read_bytes() == state
    assert applied.voices == voices


@pytest.mark.parametrize("scheme", [BEARER, PAIR])
def test_both_schemes_work_and_are_never_sent_together(world: World, scheme: str) -> None:
    world.declare("narrator")

    ran = world.run("apply", "--yes", env=credentials(scheme))

    assert ran.code == 0, ran.err
    names = {frozenset({"authorization", "clientid", "clientsecret"} & e.headers.keys()) for e in world.api.exchanges}
    assert names == {frozenset({"authorization"} if scheme == BEARER else {"clientid", "clientsecret"})}


def test_a_key_wins_over_a_pair(applied: World) -> None:
    both = {**credentials(PAIR), "PALABRA_API_KEY": KEY}

    assert applied.run("plan", "--detailed-exitcode", env=both).code == 0
    assert all("clientid" not in exchange.headers for exchange in applied.api.exchanges)


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({"PALABRA_API_KEY": None}, "No credentials for the Palabra API"),
        ({"PALABRA_API_KEY": ""}, "No credentials for the Palabra API"),
        ({"PALABRA_API_KEY": None, "PALABRA_CLIENT_ID": "x"}, "PALABRA_CLIENT_SECRET is not set"),
        ({"PALABRA_API_KEY": None, "PALABRA_CLIENT_SECRET": "x"}, "PALABRA_CLIENT_ID is not set"),
        ({"PALABRA_API_KEY": "line\nbreak"}, "PALABRA_API_KEY has characters that cannot stand in an HTTP header"),
    ],
)
@pytest.mark.parametrize("command", [("plan",), ("apply", "--yes"), ("status",)])
def test_missing_credentials_are_named(
    applied: World, env: dict[str, str | None], said: str, command: tuple[str, ...]
) -> None:
    ran = applied.run(*command, env=env)

    assert (ran.code, ran.out) == (1, "")
    assert said in ran.err
    assert ("--env local" in ran.err) is ("is not set" in said or "No credentials" in said)
    assert "line\nbreak" not in ran.err
    assert applied.api.sent == []


STAGING = f"{PROJECT}environments:\n  staging: {{api_key_env: PALABRA_API_KEY_STAGING}}\n"


def test_an_environment_with_its_own_key_takes_no_other(world: World) -> None:
    world.write("voicectl.yaml", STAGING)
    world.declare("narrator")

    without = world.run("--env", "staging", "apply", "--yes")
    requests = list(world.api.sent)
    with_key = world.run("--env", "staging", "apply", "--yes", env={"PALABRA_API_KEY_STAGING": "the-staging-key"})

    assert without.code == 1
    assert "PALABRA_API_KEY_STAGING is not set" in without.err
    assert requests == []
    assert with_key.code == 0
    assert {exchange.headers["authorization"] for exchange in world.api.exchanges} == {"Bearer the-staging-key"}
    assert (world.root / "voices.staging.state.json").exists()
    assert not world.state_file.exists()


def test_two_environments_on_one_account_leave_each_others_voices_alone(applied: World) -> None:
    applied.write("voicectl.yaml", f"{PROJECT}environments:\n  staging: {{}}\n")
    before = applied.voices

    assert applied.run("--env", "staging", "apply", "--yes").code == 0

    assert len(applied.voices) == 4
    assert {voice_id: applied.voices[voice_id] for voice_id in before} == before
    assert applied.planned() == []
    assert applied.planned("--env", "staging") == []


def test_the_address_of_an_environment_may_stand_in_the_project_file(world: World, tmp_path: Path) -> None:
    world.write("voicectl.yaml", f"{PROJECT}environments:\n  default: {{api_url: {world.api.url}}}\n")
    world.declare("narrator")

    assert world.run("plan", "--detailed-exitcode", env={"PALABRA_API_URL": None}).code == 2
    assert world.api.sent != []


def test_an_address_that_is_none_is_a_usage_error(applied: World) -> None:
    ran = applied.run("plan", env={"PALABRA_API_URL": "palabra.example"})

    assert (ran.code, ran.out) == (64, "")
    assert "PALABRA_API_URL is not a" in ran.err
