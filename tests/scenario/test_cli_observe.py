"""manage: observe: drift is shown, and nothing is ever written to the voice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import yaml
from cli_world import World

SAMPLELESS = [{"file": None, "lang_code": "en"}]


def observe(world: World, key: str = "anna", **fields: object) -> None:
    said = {"name": "Anna", "manage": "observe", "samples": SAMPLELESS, **fields}
    world.write(f"voices/{key}.yaml", yaml.safe_dump(said))


@pytest.fixture
def observed(world: World) -> World:
    """A world in which `anna` observes a voice of somebody else, in state already."""
    observe(world, **{"import": world.foreign("Anna")})
    world.apply()
    return world


def test_a_voice_is_observed_from_its_import_on_without_a_write(world: World) -> None:
    voice_id = world.foreign("Somebody's")
    observe(world, description="Warm.", **{"import": voice_id})
    before = world.voices

    assert world.planned() == [("anna", "adopt")]
    world.apply()

    assert (world.api.writes, world.voices) == ([], before)
    assert world.records["anna"]["manage"] == "observe"
    assert world.get("anna") == voice_id
    assert world.run("export", "--format", "json").json == {"anna": voice_id}
    assert world.run("plan", "--detailed-exitcode").code == 0


def test_drift_of_an_observed_voice_is_shown_and_no_change(observed: World) -> None:
    observe(observed, name="Anna B", description="Warm.", labels={"mood": "sad"})
    observed.change_on_server(observed.voice("anna"), "name", "Hers")

    plan = observed.plan()
    ran = observed.run("plan", "--detailed-exitcode")

    assert plan["changes"] == []
    (drift,) = plan["drift"]
    assert (drift["key"], drift["observed"]) == ("anna", True)
    assert [(f["path"], f["before"], f["after"]) for f in drift["fields"]] == [
        ("name", "Anna B", "Hers"),
        ("description", "Warm.", "by somebody else"),
        ("labels.mood", "sad", "happy"),
    ]
    assert ran.code == 0
    assert "only observed, not managed" in ran.out
    assert "No changes. 0 voices are as declared. 1 more, only observed, is not." in ran.out
    assert "only observed, not managed" in observed.run("plan", "--format", "markdown").out
    observed.run("report", "--out", "page.html")
    page = (observed.root / "page.html").read_text(encoding="utf-8")
    assert "Not as declared, and only observed, not managed" in page
    assert "Changed outside of voicectl" not in page
    observed.apply()
    assert observed.api.writes == []


def test_a_voice_that_nobody_named_cannot_be_observed(world: World) -> None:
    observe(world)

    ran = world.run("apply", "--yes")

    assert ran.code == 1
    assert "voices/anna.yaml:1:9: error: There is no voice to observe" in ran.err
    assert "`import: VOICE_ID`" in ran.err
    assert world.api.writes == []


@pytest.mark.parametrize(
    ("voice_id", "message"), [("no-such-voice", "There is no voice no-such-voice"), (None, "is failed")]
)
def test_only_a_voice_that_is_there_can_be_observed(world: World, voice_id: str | None, message: str) -> None:
    if voice_id is None:
        voice_id = world.foreign("Anna")
        world.finish(voice_id, "too noisy")
    observe(world, **{"import": voice_id})

    ran = world.run("plan")

    assert ran.code == 1
    assert message in ran.out


def test_a_removed_file_forgets_an_observed_voice_without_a_write(observed: World) -> None:
    voice_id = observed.get("anna")
    (observed.root / "voices/anna.yaml").unlink()

    assert observed.planned() == [("anna", "forget")]
    observed.apply("--allow-deletes")

    assert observed.records == {}
    assert (observed.api.writes, list(observed.voices)) == ([], [voice_id])
    assert observed.planned() == []


def test_a_managed_voice_that_becomes_observed_is_written_no_more(applied: World) -> None:
    before, writes = applied.voice("narrator"), len(applied.api.writes)
    applied.declare("narrator", description="Cool.", manage="observe")

    (change,) = applied.plan()["changes"]
    assert (change["action"], change["reason"]) == ("update", "only observed from now on")
    assert [(f["path"], f["before"], f["after"]) for f in change["fields"]] == [("manage", "full", "observe")]
    applied.apply()
    assert applied.planned() == []
    applied.sample("narrator/sample.mp3", seed=9)  # another recording would replace a managed voice
    assert applied.planned() == []
    applied.apply()

    assert applied.voice("narrator") == before
    assert len(applied.api.writes) == writes


def test_what_was_managed_once_is_forgotten_but_not_taken_for_an_orphan(applied: World) -> None:
    voice_id, writes = applied.get("narrator"), len(applied.api.writes)
    applied.declare("narrator", description="Warm.", manage="observe")
    applied.apply()
    applied.remove("narrator")

    assert applied.planned() == [("narrator", "forget")]
    applied.apply()

    assert applied.planned() == []
    assert applied.run("get", "narrator").code == 1
    assert voice_id in applied.voices
    assert len(applied.api.writes) == writes
    applied.declare("narrator", seed=1, description="Warm.")
    applied.apply()
    assert applied.get("narrator") == voice_id
    assert applied.planned() == []


def test_a_voice_that_is_managed_again_is_put_right_and_marked(observed: World) -> None:
    voice_id = observed.get("anna")
    observe(observed, name="Anna B", manage="full")

    (change,) = observed.plan()["changes"]
    assert (change["action"], [f["path"] for f in change["fields"]]) == ("update", ["name", "manage"])
    observed.apply()

    voice = observed.voices[voice_id]
    assert (voice.name, "manage" in observed.records["anna"]) == ("Anna B", False)
    assert (voice.description or "").endswith("[voicectl voices-under-test/anna 00000000]")
    assert observed.planned() == []


def test_an_observed_voice_moves_in_state_alone(observed: World) -> None:
    voice_id = observed.get("anna")
    (observed.root / "voices/anna.yaml").unlink()
    observe(observed, "bella", previously=["anna"])

    assert observed.planned() == [("bella", "move")]
    observed.apply()

    assert list(observed.records) == ["bella"]
    assert observed.get("bella") == voice_id
    assert observed.api.writes == []
    assert observed.planned() == []


def test_an_observed_voice_that_is_gone_is_a_warning_and_another_can_be_named(observed: World) -> None:
    voice_id = observed.get("anna")
    observed.sql("DELETE FROM voice WHERE voice_id = ?", voice_id)

    ran = observed.run("plan", "--detailed-exitcode")
    assert ran.code == 0
    assert f"The observed voice {voice_id} no longer exists on the server" in ran.out

    other = observed.foreign("Anna")
    observe(observed, **{"import": other})
    observed.apply()
    assert observed.get("anna") == other
    assert observed.api.writes == []


def test_an_observed_voice_is_not_replaced_on_demand(observed: World) -> None:
    ran = observed.run("apply", "--replace", "anna", "--yes")

    assert ran.code == 1
    assert "It is only observed, so nothing replaces it" in ran.err


def test_replaced_voices_that_are_kept_stay_while_their_key_is_observed(applied: World) -> None:
    keep = {"keep_replaced": "1h"}
    applied.declare("narrator", seed=5, lifecycle=keep)
    applied.apply()
    kept = applied.records["narrator"]["retired"][0]["voice_id"]
    applied.declare("narrator", lifecycle=keep, manage="observe")
    applied.apply()
    writes = len(applied.api.writes)

    applied.apply_at(datetime.now(UTC) + timedelta(hours=2))

    assert kept in applied.voices
    assert len(applied.api.writes) == writes


def test_a_lost_state_finds_an_observed_voice_by_its_id_or_its_mark(applied: World) -> None:
    foreign = applied.foreign("Anna")
    observe(applied, **{"import": foreign})
    applied.declare("narrator", description="Warm.", manage="observe")
    applied.apply()
    before = {key: record["voice_id"] for key, record in applied.records.items()}
    writes = len(applied.api.writes)

    applied.forget_state()
    assert applied.run("state", "rebuild").code == 0

    assert {key: record["voice_id"] for key, record in applied.records.items()} == before
    assert [key for key, record in applied.records.items() if record.get("manage")] == ["anna", "narrator"]
    assert applied.planned() == []
    assert len(applied.api.writes) == writes


def test_observe_is_a_word_of_the_schema(world: World) -> None:
    observe(world, manage="observed")

    ran = world.run("validate")

    assert ran.code == 1
    assert "did you mean `observe`?" in ran.out + ran.err
