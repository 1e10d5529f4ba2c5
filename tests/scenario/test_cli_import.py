"""voicectl import: one voice, or all that nobody manages, with and without voice files."""

from __future__ import annotations

import pytest
import yaml
from cli_world import OpenWorld, World
from terminal import Terminal

from reconciler.desired.schema import voice_schema

SAMPLELESS = [{"file": None, "lang_code": "en"}]


def written(world: World, key: str) -> dict[str, object]:
    document: dict[str, object] = yaml.safe_load((world.root / f"voices/{key}.yaml").read_text(encoding="utf-8"))
    return document


def files(world: World) -> set[str]:
    return {path.relative_to(world.root / "voices").as_posix() for path in (world.root / "voices").rglob("*.yaml")}


def declare(world: World, key: str, **fields: object) -> None:
    world.write(f"voices/{key}.yaml", yaml.safe_dump({"name": "Old one", "samples": SAMPLELESS, **fields}))


# -- one voice ---------------------------------------------------------------------------------------------------------


def test_a_voice_without_a_file_gets_one_and_is_adopted(world: World) -> None:
    voice_id = world.foreign("Anna Narrator")

    ran = world.run("import", "support/anna", voice_id, "--yes")

    assert ran.code == 0, ran.err
    assert written(world, "support/anna") == {
        "name": "Anna Narrator",
        "description": "by somebody else",
        "labels": {"mood": "happy"},
        "samples": SAMPLELESS,
        "import": voice_id,
    }
    text = (world.root / "voices/support/anna.yaml").read_text()
    assert text.startswith("# yaml-language-server: $schema=../../schemas/voice.schema.json\n")
    assert world.get("support/anna") == voice_id
    assert world.records["support/anna"].get("sample") is None
    assert world.voices[voice_id].description == "by somebody else [voicectl voices-under-test/support/anna 00000000]"
    assert world.run("plan", "--detailed-exitcode").code == 0


def test_a_voice_is_adopted_for_a_file_that_is_there(world: World) -> None:
    voice_id = world.foreign("Old one")
    path = world.declare("narrator", description="Warm.")
    before = path.read_bytes()

    assert world.run("import", "narrator", voice_id, "--yes").code == 0

    assert path.read_bytes() == before
    assert world.get("narrator") == voice_id
    assert world.voices[voice_id].name == "The narrator"
    assert [line for line in world.api.writes if "clone" in line] == []
    assert world.run("plan", "--detailed-exitcode").code == 0


def test_a_voice_that_the_key_has_already_is_nothing_to_do(world: World) -> None:
    voice_id = world.foreign("Anna")
    world.run("import", "anna", voice_id, "--yes")
    state, writes = world.state_file.read_bytes(), len(world.api.writes)

    ran = world.run("import", "anna", voice_id)

    assert (ran.code, ran.out, ran.err) == (0, "", f"anna has the voice {voice_id} already.\n")
    assert (world.state_file.read_bytes(), len(world.api.writes)) == (state, writes)


def test_a_key_with_another_voice_adopts_none(applied: World) -> None:
    voice_id = applied.foreign("Other")

    ran = applied.run("import", "narrator", voice_id, "--yes")

    assert ran.code == 4
    assert f"cannot adopt the voice {voice_id}: it has the voice {applied.get('narrator')}" in ran.err
    assert applied.api.writes == []


def test_a_key_of_state_without_a_file_adopts_none(applied: World) -> None:
    applied.remove("narrator")

    ran = applied.run("import", "narrator", applied.foreign("Other"), "--yes")

    assert ran.code == 4
    assert "no voice file declares it" in ran.err
    assert (applied.api.writes, files(applied)) == ([], {"support/anna/voice.yaml"})


def test_a_voice_of_another_key_is_refused(applied: World) -> None:
    ran = applied.run("import", "newcomer", applied.get("narrator"), "--yes")

    assert ran.code == 4
    assert "already belongs to 'narrator'" in ran.err
    assert applied.api.writes == []


def test_a_replaced_voice_of_the_key_itself_is_brought_back_in_another_way(applied: World) -> None:
    old = applied.get("narrator")
    applied.declare("narrator", seed=7, lifecycle={"keep_replaced": "1h"})
    applied.apply()

    ran = applied.run("import", "narrator", old, "--yes")

    assert ran.code == 4
    assert f"`voicectl rollback narrator --to {old}`" in ran.err


def test_a_voice_that_another_file_imports_is_refused(world: World) -> None:
    voice_id = world.foreign("Old one")
    declare(world, "anna", **{"import": voice_id})

    ran = world.run("import", "bella", voice_id, "--yes")

    assert ran.code == 4
    assert "voices/anna.yaml" in ran.err
    assert files(world) == {"anna.yaml"}


def test_a_file_that_asks_for_more_than_an_adoption_is_refused(world: World) -> None:
    """A second marked voice of the key would be cleaned by an apply; an import does no such thing."""
    world.foreign("Old one", description="[voicectl voices-under-test/anna 00000000]")
    declare(world, "anna")

    ran = world.run("import", "anna", world.foreign("Old one"), "--yes")

    assert (ran.code, world.api.writes) == (4, [])
    assert "cannot adopt the voice" in ran.err


@pytest.mark.parametrize("with_file", [True, False])
def test_a_voice_that_does_not_exist_is_an_error(world: World, with_file: bool) -> None:
    if with_file:
        declare(world, "anna")

    ran = world.run("import", "anna", "no-such-voice", "--yes")

    assert ran.code == 1
    assert "There is no voice no-such-voice in this account" in ran.err
    assert world.api.writes == []
    assert not world.state_file.exists()


@pytest.mark.parametrize("with_file", [True, False])
def test_a_failed_voice_is_not_adopted_and_stays_as_it_is(world: World, with_file: bool) -> None:
    voice_id = world.foreign("Old one")
    world.finish(voice_id, "too noisy")
    if with_file:
        declare(world, "anna")

    ran = world.run("import", "anna", voice_id, "--yes")

    assert ran.code == 1
    assert f"The voice {voice_id} is failed: it cannot be adopted" in ran.err
    assert (world.api.writes, list(world.voices)) == ([], [voice_id])


@pytest.mark.parametrize(
    "arguments",
    [
        (), ("anna",), ("--all", "anna"), ("anna", "x/y"), ("anna", ".."), ("an[na", "x"), (".anna", "x"),
        ("anna", "x", "--name", "y"), ("anna", "x", "y"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_a_usage_error(world: World, arguments: tuple[str, ...]) -> None:
    ran = world.run("import", *arguments, "--yes")

    assert (ran.code, ran.out) == (64, "")
    assert world.api.writes == []


def test_a_dry_run_shows_and_writes_nothing(world: World) -> None:
    voice_id = world.foreign("Anna")
    declare(world, "bella", name="Anna B")

    new = world.run("import", "anna", voice_id, "--dry-run")
    known = world.run("import", "bella", voice_id, "--dry-run")

    assert (new.code, known.code) == (0, 0)
    assert "voices/anna.yaml would be written" in new.out
    assert f"bella will be adopted: imported by the voice file ({voice_id})" in known.out
    assert (world.api.writes, files(world)) == ([], {"bella.yaml"})
    assert not world.state_file.exists()


def test_nobody_at_the_terminal_cannot_say_yes(world: World) -> None:
    voice_id = world.foreign("Anna")

    assert world.run("import", "anna", voice_id).code == 4
    assert world.run("import", "--all").code == 4
    assert world.run("import", "--all", "--json").code == 4
    assert (world.api.writes, files(world)) == ([], set())


def test_yes_at_the_question_writes_and_adopts(world: World) -> None:
    voice_id = world.foreign("Anna")
    terminal = Terminal(world, "import", "--all")
    terminal.until("Type `yes` to go on")
    terminal.type("yes\n")

    assert terminal.end() == 0
    assert world.get("anna") == voice_id


# -- all of them -------------------------------------------------------------------------------------------------------


def test_all_voices_that_nobody_manages_are_declared_and_adopted(applied: World) -> None:
    ids = [applied.foreign(name) for name in ("Zo\u00eb M\u00fcller", "The Voice", "The Voice", "A!", "Narrator")]
    before = {path: path.read_bytes() for path in (applied.root / "voices").rglob("*") if path.is_file()}

    ran = applied.run("import", "--all", "--yes")

    assert ran.code == 0, ran.err
    keys = ["zoe-muller", "the-voice", "the-voice-2", "a", "narrator-2"]
    assert [applied.get(key) for key in keys] == ids
    assert {path: path.read_bytes() for path in before} == before
    assert 'renamed from "A!", which no voice file may have' in ran.out
    assert applied.voices[ids[3]].name == "Voice A-"
    assert applied.run("plan", "--detailed-exitcode").code == 0
    assert applied.run("validate").code == 0
    assert applied.run("fmt", "--check", *(f"voices/{key}.yaml" for key in keys)).code == 0
    again = applied.run("import", "--all", "--yes")
    assert (again.code, again.out) == (0, "Nothing to import: every voice that could be is managed.\n")


def test_an_import_of_all_clones_and_deletes_nothing(applied: World) -> None:
    applied.foreign("Anna")
    applied.remove("support/anna")  # an apply would delete it

    assert applied.run("import", "--all", "--yes").code == 0

    assert [line.split()[0] for line in applied.api.writes] == ["POST"]
    assert "clone" not in applied.api.writes[0]
    assert len(applied.voices) == 3


def test_voices_that_are_not_to_be_had_are_listed_and_left_alone(world: World) -> None:
    failed, created = world.foreign("Failed"), world.foreign("Created")
    world.finish(failed, "too noisy")
    world.sql("UPDATE voice SET uploaded_at = NULL, verdict = NULL WHERE voice_id = ?", created)
    other = world.foreign("Other", description="Mine. [voicectl other/anna 01234567]")
    staging = world.foreign("Staging", description="[voicectl voices-under-test@staging/anna 01234567]")
    ours = world.foreign("Ours", description="[voicectl voices-under-test/ours 01234567]")
    before = world.voices

    ran = world.run("import", "--all", "--yes")

    assert ran.code == 0
    assert "Nothing to import" in ran.out
    for name, voice_id, reason in [
        ("Failed", failed, "It is failed, not ready."),
        ("Created", created, "It is created, not ready."),
        ("Other", other, "It has the mark of other/anna"),
        ("Staging", staging, "It has the mark of voices-under-test@staging/anna"),
        ("Ours", ours, "It has this project's mark, of 'ours'"),
    ]:
        assert f"{name} ({voice_id}) is left alone" in ran.err
        assert reason in ran.err
    assert (world.voices, files(world)) == (before, set())


def test_a_pattern_narrows_what_is_imported(world: World) -> None:
    world.foreign("Support Ben")
    world.foreign("Narrator")

    assert world.run("import", "--all", "--name", "Support*", "--yes").code == 0

    assert files(world) == {"support-ben.yaml"}


def test_a_dry_run_of_all_tells_programs_too(world: World) -> None:
    voice_id = world.foreign("Anna")
    failed = world.foreign("Bad")
    world.finish(failed, "too noisy")

    ran = world.run("import", "--all", "--dry-run", "--json")

    assert ran.code == 0
    assert ran.events == [
        {
            "type": "import",
            "dry_run": True,
            "files": [{"key": "anna", "file": "voices/anna.yaml", "voice_id": voice_id, "name": "Anna"}],
            "declared": [],
            "skipped": [{"voice_id": failed, "name": "Bad", "reason": "It is failed, not ready."}],
        }
    ]
    assert (world.api.writes, files(world)) == ([], set())


def test_as_json_an_import_tells_its_run(world: World) -> None:
    world.foreign("Anna")

    events = world.run("import", "--all", "--yes", "--json").events

    assert [event["type"] for event in events] == ["import", "plan", "step", "step", "result"]


def test_a_run_that_died_after_writing_files_is_ended_by_the_next(world: World) -> None:
    first, second = world.foreign("Anna"), world.foreign("Bella")
    declare(world, "anna", name="Anna", description="by somebody else", **{"import": first})

    ran = world.run("import", "--all", "--yes")

    assert ran.code == 0
    assert "anna has its voice file already" in ran.out
    assert (world.get("anna"), world.get("bella")) == (first, second)
    assert files(world) == {"anna.yaml", "bella.yaml"}
    assert world.run("plan", "--detailed-exitcode").code == 0


def test_a_voice_named_by_a_file_whose_key_has_another_one_is_left_alone(applied: World) -> None:
    voice_id = applied.foreign("Other")
    applied.declare("narrator", description="Warm.", labels={"gender": "female", "mood": "neutral"}, import_=voice_id)

    ran = applied.run("import", "--all", "--yes")

    assert ran.code == 0
    assert f"The voice file of 'narrator' imports it, and that key has the voice {applied.get('narrator')}" in ran.err
    assert applied.api.writes == []


def test_what_no_file_can_say_is_left_out(world: World) -> None:
    voice_id = world.foreign("Anna", description="a\x00b")
    world.change_on_server(world.voices[voice_id], "labels", '{"gender": "Female", "mood": "bored", "accent": "x"}')

    assert world.run("import", "--all", "--yes").code == 0

    assert written(world, "anna")["labels"] == {"gender": "female"}
    assert world.run("plan", "--detailed-exitcode").code == 0


def test_without_marks_nothing_is_written_to_the_voices(world: World) -> None:
    world.write("voicectl.yaml", "project: voices-under-test\nownership_mark: false\n")
    voice_id = world.foreign("Anna")

    ran = world.run("import", "--all", "--yes")

    assert ran.code == 0
    assert "mark" not in ran.out
    assert (world.get("anna"), world.api.writes) == (voice_id, [])


# -- the life of a voice without a recording ---------------------------------------------------------------------------


def test_name_description_and_labels_of_a_voice_without_a_recording_are_managed(world: World) -> None:
    voice_id = world.foreign("Anna")
    world.run("import", "anna", voice_id, "--yes")
    declare(world, "anna", name="Anna B", description="Cool.", labels={"mood": "sad"})

    assert world.planned() == [("anna", "update")]
    world.apply()

    voice = world.voices[voice_id]
    assert (voice.name, voice.labels) == ("Anna B", {"mood": "sad"})
    assert voice.description == "Cool. [voicectl voices-under-test/anna 00000000]"
    assert world.planned() == []


def test_a_sample_that_is_added_replaces_the_voice(world: World) -> None:
    old = world.foreign("Anna")
    world.run("import", "anna", old, "--yes")
    world.sample("anna.mp3", seed=4)
    declare(world, "anna", samples=[{"file": "anna.mp3", "lang_code": "en"}])

    (change,) = world.plan()["changes"]
    assert (change["action"], change["reason"], change["voice_id"]) == ("replace", "a sample was added", old)
    world.apply()

    assert world.get("anna") != old
    assert list(world.voices) == [world.get("anna")]
    assert world.planned() == []


def test_a_sample_that_is_taken_away_changes_nothing(applied: World) -> None:
    record = applied.records["support/anna"]
    applied.declare("support/anna", sample={"file": None})
    (applied.root / "voices/support/anna/sample.mp3").unlink()

    plan = applied.plan()

    assert plan["changes"] == []
    (note,) = plan["diagnostics"]
    assert (note["severity"], note["rule"]) == ("info", "plan.no-sample")
    assert "voices/support/anna/sample.mp3 is not named any more" in note["summary"]
    applied.apply()
    assert applied.records["support/anna"] == record
    for command in (["validate"], ["status"], ["export", "--format", "json"], ["report", "--out", "page.html"]):
        assert applied.run(*command).code == 0
    assert applied.run("get", "support/anna").out.strip() == record["voice_id"]


def test_the_sample_that_comes_back_is_the_one_it_was_made_from_though_state_was_lost(applied: World) -> None:
    voice_id = applied.get("support/anna")
    applied.declare("support/anna", sample={"file": None})
    applied.forget_state()
    applied.apply()
    assert applied.records["support/anna"].get("sample") is None

    applied.declare("support/anna")

    assert applied.planned() == []
    applied.apply()
    assert applied.get("support/anna") == voice_id
    assert applied.records["support/anna"]["sample"]["file"] == "voices/support/anna/sample.mp3"
    assert applied.api.writes == []


def test_a_setting_that_would_make_another_voice_needs_the_recording(applied: World) -> None:
    applied.declare("narrator", sample={"file": None, "lang_code": "de"})

    ran = applied.run("apply", "--yes")

    assert ran.code == 1
    assert "would have to be made (lang_code changed), but its recording is not in the repository" in ran.err
    assert applied.api.writes == []


def test_a_voice_that_would_have_to_be_made_needs_the_recording(world: World) -> None:
    declare(world, "anna")

    ran = world.run("plan")

    assert ran.code == 1
    assert "voices/anna.yaml:3:9: error: This voice would have to be made (new voice)" in ran.out
    assert "`import: VOICE_ID`" in ran.out


def test_a_voice_without_a_recording_that_is_gone_cannot_come_back_by_itself(world: World) -> None:
    voice_id = world.foreign("Anna")
    world.run("import", "anna", voice_id, "--yes")
    world.sql("DELETE FROM voice WHERE voice_id = ?", voice_id)

    ran = world.run("plan")

    assert ran.code == 1
    assert f"(the voice {voice_id} no longer exists on the server)" in ran.out
    other = world.foreign("Anna")
    assert world.run("import", "anna", other, "--yes").code == 0
    assert world.get("anna") == other


def test_a_voice_without_a_recording_is_not_replaced_on_demand(world: World) -> None:
    world.run("import", "anna", world.foreign("Anna"), "--yes")

    ran = world.run("plan", "--replace", "anna")

    assert ran.code == 1
    assert "would have to be made (asked for)" in ran.out


@pytest.mark.parametrize("way", ["apply", "rebuild"])
def test_a_lost_state_finds_voices_without_recordings_by_their_marks(world: World, way: str) -> None:
    voice_id = world.foreign("Anna")
    world.run("import", "anna", voice_id, "--yes")
    declare(world, "anna", name="Anna")  # it names no id any more
    world.forget_state()
    writes = len(world.api.writes)

    if way == "apply":
        world.apply()
    else:
        assert world.run("state", "rebuild").code == 0

    assert world.get("anna") == voice_id
    assert len(world.api.writes) == writes
    assert world.run("plan", "--detailed-exitcode").code == 0


def test_a_renamed_file_that_imports_its_voice_is_a_move(world: World) -> None:
    voice_id = world.foreign("Anna")
    world.run("import", "anna", voice_id, "--yes")
    (world.root / "voices/anna.yaml").rename(world.root / "voices/bella.yaml")

    assert world.planned() == [("bella", "move")]
    world.apply()

    assert world.get("bella") == voice_id
    assert (world.voices[voice_id].description or "").endswith("[voicectl voices-under-test/bella 00000000]")
    assert world.planned() == []


def test_importing_what_another_project_marked_is_a_warning(open_world: OpenWorld) -> None:
    world = open_world()
    voice_id = world.foreign("Anna", description="Mine. [voicectl other/anna 01234567]")
    declare(world, "anna", name="Anna", **{"import": voice_id})

    (warning,) = world.plan()["diagnostics"]

    assert (warning["severity"], warning["rule"]) == ("warning", "plan.import")
    assert "carries the mark of other/anna" in warning["summary"]


def test_the_schema_says_what_a_sample_of_null_means() -> None:
    file = voice_schema()["$defs"]["SampleEntry"]["properties"]["file"]

    assert {"type": "null"} in file["anyOf"]
    assert "null: the recording is not in the repository" in file["description"]
