"""apply --outputs: exports that are written when all is ready, and else stay as they are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_world import HOUR, PROJECT, OpenWorld, World
from git_team import team_of

FILES = {"voices.json": "json", "out/voices.env": "env", "voices.py": "python", "src/voices.ts": "typescript"}
ALL = [word for file in FILES for word in ("--outputs", file)]


def written(world: World) -> dict[str, bytes]:
    return {file: (world.root / file).read_bytes() for file in FILES if (world.root / file).exists()}


def test_every_form_is_what_export_writes(applied: World) -> None:
    applied.declare("newcomer", seed=3)

    ran = applied.apply(*ALL)

    assert {file: content.decode() for file, content in written(applied).items()} == {
        file: applied.run("export", "--format", form).out for file, form in FILES.items()
    }
    assert "newcomer" in (applied.root / "voices.json").read_text()
    assert "Wrote voices.ts" in ran.err


def test_an_empty_plan_writes_them_too_and_what_is_up_to_date_is_not_touched(applied: World) -> None:
    applied.apply(*ALL)
    before = {file: (applied.root / file).stat() for file in FILES}
    (applied.root / "voices.py").write_text("old")

    ran = applied.apply(*ALL)

    assert "No changes." in ran.out
    assert "Wrote voices.py" in ran.err
    assert "voices.ts is up to date" in ran.err
    assert {file: (applied.root / file).stat().st_mtime_ns for file in FILES if file != "voices.py"} == {
        file: stat.st_mtime_ns for file, stat in before.items() if file != "voices.py"
    }
    assert (applied.root / "voices.py").read_text() != "old"


def test_what_is_not_ready_is_not_written(open_world: OpenWorld) -> None:
    world = open_world(applied=True, processing_time=HOUR)
    world.apply("--outputs", "voices.json")
    before = written(world)
    world.declare("newcomer", seed=3)

    ran = world.run("apply", "--yes", "--no-wait", *ALL)

    assert ran.code == 0
    assert "Not written: voices.json, voices.env, voices.py, voices.ts (newcomer is pending)" in ran.err
    assert written(world) == before


def test_a_replacement_on_its_way_is_not_ready_although_the_old_voice_is(open_world: OpenWorld) -> None:
    world = open_world(applied=True, processing_time=HOUR)
    world.declare("narrator", seed=5)
    world.run("apply", "--yes", "--no-wait", *ALL)
    world.declare("support/anna", description="Another voice alone.")

    ran = world.run("apply", "--yes", "--target", "support/anna", *ALL)

    assert ran.code == 0, ran.err
    assert "(the replacement of narrator is pending)" in ran.err
    assert written(world) == {}


def test_with_a_target_every_declared_voice_counts(applied: World) -> None:
    applied.declare("newcomer", seed=3)
    applied.declare("narrator", description="Cool.")

    ran = applied.apply("--target", "narrator", *ALL)

    assert "(newcomer has no voice)" in ran.err
    assert written(applied) == {}


def test_a_run_that_finished_in_part_writes_nothing(open_world: OpenWorld) -> None:
    world = open_world(applied=True, processing_time=HOUR)
    world.declare("narrator", seed=5)
    world.run("apply", "--yes", "--no-wait")
    (new,) = (voice_id for voice_id, voice in world.voices.items() if voice.status == "pending")
    world.finish(new, "Too much noise.")

    ran = world.run("apply", "--yes", *ALL)

    assert ran.code == 3
    assert "(resume of narrator: failed)" in ran.err
    assert written(world) == {}


def test_a_refused_plan_writes_nothing(applied: World) -> None:
    applied.remove("narrator")
    applied.remove("support/anna")

    assert applied.run("apply", "--yes", *ALL).code == 4
    assert written(applied) == {}


def test_a_saved_plan_writes_them_as_well(applied: World) -> None:
    applied.declare("narrator", description="Cool.")
    applied.run("plan", "--out", "voices.plan")

    applied.run("apply", "voices.plan", "--outputs", "voices.json")

    assert list(json.loads((applied.root / "voices.json").read_text())) == ["narrator", "support/anna"]


@pytest.mark.parametrize("file", ["voices.yaml", "exports", "voices.json5"])
def test_an_ending_that_says_nothing_is_a_usage_error_before_anything_is_done(applied: World, file: str) -> None:
    applied.declare("newcomer", seed=3)

    ran = applied.run("apply", "--yes", "--outputs", "voices.json", "--outputs", file)

    assert ran.code == 64
    assert f"--outputs {file}: the ending does not say which format" in ran.err
    assert "`voicectl export --out FILE`" in ran.err
    assert applied.api.writes == []
    assert written(applied) == {}


def test_a_state_document_is_no_place_for_an_export(applied: World) -> None:
    before = applied.state_file.read_bytes()

    assert applied.run("apply", "--yes", "--outputs", "voices.state.json").code == 64
    assert applied.state_file.read_bytes() == before


def test_two_keys_of_one_name_leave_every_file_as_it_was(applied: World) -> None:
    applied.declare("support-anna", seed=3)

    ran = applied.run("apply", "--yes", *ALL)

    assert ran.code == 1
    assert "would both be called SUPPORT_ANNA" in ran.err
    assert written(applied) == {}


def test_a_place_that_cannot_be_written_is_an_error_after_the_apply(applied: World) -> None:
    applied.write("full", "a file")
    applied.declare("newcomer", seed=3)

    ran = applied.run("apply", "--yes", "--outputs", "full/voices.json")

    assert ran.code == 1
    assert "Cannot write voices.json" in ran.err
    assert applied.get("newcomer") != ""


def test_a_commit_has_the_state_document_alone(applied: World) -> None:
    team = team_of(applied)
    applied.declare("narrator", description="Cool.")
    team.here.commit("Say it otherwise")

    ran = team.apply("--outputs", "voices.ts")

    assert ran.code == 0, ran.err
    assert team.files_of(team.here.head) == ["voices.state.json"]
    assert team.here.status == "?? voices.ts"


def test_a_file_that_is_written_anew_is_no_reference(applied: World) -> None:
    applied.write("voicectl.yaml", PROJECT + 'safety: {references: ["**"]}\n')
    applied.apply("--outputs", "voices.json")
    applied.declare("narrator", seed=5)

    refused = applied.run("apply", "--yes")
    ran = applied.run("apply", "--yes", "--outputs", "voices.json")

    assert refused.code == 4
    assert "voices.json:2:" in refused.err
    assert ran.code == 0, ran.err
    assert Path(applied.root / "voices.json").read_text() == applied.run("export").out
