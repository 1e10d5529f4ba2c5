"""Each command by its own contract: validate, status, get, export, schema, emulator, unlock, and the environment local."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from cli_world import HOUR, OpenWorld, World

FORMS = ("json", "env", "python", "typescript")

# -- validate ----------------------------------------------------------------------------------------------------------


def test_validate_needs_no_network_and_no_credentials(applied: World) -> None:
    ran = applied.run("validate", env={"PALABRA_API_KEY": None})

    assert (ran.code, ran.err) == (0, "")
    assert ran.out.endswith("2 voices checked: 0 errors, 0 warnings.\n")
    assert applied.api.sent == []


def test_validate_reports_every_problem_of_every_file_at_once(applied: World) -> None:
    applied.write("voices/one.yaml", "name: X\nname: Y\n")
    applied.write("voices/two.yaml", "name: Anna\nlables: {}\nsamples: [{file: gone.mp3, lang_code: 7}]\n")

    ran = applied.run("validate", "--json")
    text = applied.run("validate")

    summary = ran.json["summary"]
    assert (ran.code, text.code) == (1, 1)
    assert (summary["voices"], summary["errors"]) == (4, 3)
    assert {d["range"]["filename"] for d in ran.json["diagnostics"]} == {"voices/one.yaml", "voices/two.yaml"}
    for place in ("voices/one.yaml:2:1: error: ", "voices/two.yaml:2:1: error: ", "voices/two.yaml:3:"):
        assert place in text.out


def test_validate_can_be_narrowed_to_files_and_folders(applied: World) -> None:
    applied.write("voices/bad.yaml", "name: X\n")

    def checked(*paths: str, cwd: Path | None = None) -> tuple[int, int]:
        ran = applied.run("validate", "--json", *paths, cwd=cwd)
        return ran.code, ran.json["summary"]["voices"]

    assert checked() == (1, 3)
    assert checked("voices/support") == (0, 1)
    assert checked("voices/narrator/voice.yaml") == (0, 1)
    assert checked("voices/narrator/sample.mp3") == (0, 1)
    assert checked("voices/bad.yaml") == (1, 1)
    assert checked("anna", cwd=applied.root / "voices/support") == (0, 1)


def test_validate_warns_of_a_pointer_and_does_not_fail_because_of_it(applied: World) -> None:
    digest = applied.records["narrator"]["sample"]["sha256"]
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize 248000\n"
    (applied.root / "voices/narrator/sample.mp3").write_text(pointer)

    ran = applied.run("validate")

    assert ran.code == 0
    assert "warning" in ran.out
    assert "git lfs pull" in ran.out


# -- status ------------------------------------------------------------------------------------------------------------


def test_status_shows_the_three_sides_of_every_voice(open_world: OpenWorld) -> None:
    world = open_world(applied=True, processing_time=HOUR)
    world.declare("newcomer", seed=3)
    world.declare("waiting", seed=4)
    world.run("apply", "--yes", "--no-wait", "--target", "waiting")
    world.remove("support/anna")
    world.change_on_server(world.voice("narrator"), "name", "Drifted")
    foreign = world.foreign("Not ours")

    ran = world.run("status", "--json")
    text = world.run("status")

    rows = {row["key"]: row for row in ran.json["voices"]}
    facts = ("declared", "recorded", "actual", "plan", "drifted")
    assert {key: tuple(row[fact] for fact in facts) for key, row in rows.items()} == {
        "narrator": (True, "ready", "ready", "update", True),
        "newcomer": (True, None, None, "create", False),
        "support/anna": (False, "ready", "ready", "delete", False),
        "waiting": (True, "pending", "pending", "resume", False),
        None: (False, None, "ready", "unmanaged", False),
    }
    assert rows[None]["voice_id"] == foreign
    assert (ran.code, text.code) == (0, 0)
    for word in ("KEY", "DECLARED", "RECORDED", "ACTUAL", "drifted", "not managed here", "(Not ours)"):
        assert word in text.out
    assert world.api.writes == [line for line in world.api.writes if "clone" in line]  # of the apply alone


def test_status_of_one_key_shows_that_key_only(applied: World) -> None:
    ran = applied.run("status", "support/*", "--json")

    assert [row["key"] for row in ran.json["voices"]] == ["support/anna"]


def test_status_of_an_unknown_key_is_a_usage_error_with_a_hint(applied: World) -> None:
    ran = applied.run("status", "narator")

    assert (ran.code, ran.out) == (64, "")
    assert "did you mean 'narrator'?" in ran.err


def test_status_offline_asks_nobody(applied: World) -> None:
    ran = applied.run("status", "--offline", "--json", env={"PALABRA_API_KEY": None})

    assert [row["plan"] for row in ran.json["voices"]] == ["unchanged", "unchanged"]
    assert applied.api.sent == []


# -- plan --------------------------------------------------------------------------------------------------------------


def test_detailed_exitcode_tells_changes_from_none_and_from_errors(applied: World) -> None:
    none = applied.run("plan", "--detailed-exitcode")
    applied.declare("newcomer", seed=3)
    some = applied.run("plan", "--detailed-exitcode")
    unasked = applied.run("plan")
    applied.write("voices/bad.yaml", "name: X\n")
    error = applied.run("plan", "--detailed-exitcode")

    assert (none.code, some.code, unasked.code, error.code) == (0, 2, 0, 1)


def test_plan_offline_asks_nobody_and_no_refresh_only_what_is_unknown(open_world: OpenWorld) -> None:
    world = open_world(applied=True, processing_time=HOUR)
    world.change_on_server(world.voice("narrator"), "name", "Drifted")

    offline = world.run("plan", "--offline", "--detailed-exitcode", env={"PALABRA_API_KEY": None})
    trusting = world.run("plan", "--no-refresh", "--detailed-exitcode", env={"PALABRA_API_KEY": None})
    asked = list(world.api.sent)
    world.declare("waiting", seed=4)
    world.run("apply", "--yes", "--no-wait", "--target", "waiting")
    voice_id = world.records["waiting"]["voice_id"]
    world.api.exchanges.clear()
    world.run("plan", "--no-refresh")

    assert (offline.code, trusting.code, asked) == (0, 0, [])
    assert world.api.sent == [f"GET /saas/voice/m/{voice_id}"]


def test_a_plan_keeps_to_its_published_schema(applied: World) -> None:
    applied.declare("newcomer", seed=3)
    applied.declare("narrator", seed=5)
    applied.remove("support/anna")
    schema = applied.run("schema", "plan").json

    plan = applied.plan()
    applied.write("voices/bad.yaml", "name: X\n")
    errored = applied.run("plan", "--json").json

    for document in (plan, errored):
        jsonschema.validate(document, schema)
    assert plan["summary"] == {**dict.fromkeys(plan["summary"], 0), "create": 1, "replace": 1, "delete": 1}


# -- get ---------------------------------------------------------------------------------------------------------------


def test_get_prints_the_id_alone_and_asks_nobody(applied: World) -> None:
    ran = applied.run("get", "support/anna", env={"PALABRA_API_KEY": None})

    assert (ran.code, ran.out, ran.err) == (0, f"{applied.records['support/anna']['voice_id']}\n", "")
    assert applied.api.sent == []


def test_get_says_apart_why_there_is_no_id(open_world: OpenWorld) -> None:
    world = open_world(applied=True, processing_time=HOUR)
    world.declare("pending", seed=3)
    world.declare("failing", seed=4)
    world.declare("unapplied", seed=5)
    world.run("apply", "--yes", "--no-wait", "--target", "failing")
    world.finish(world.records["failing"]["voice_id"], "Two people are speaking.")
    world.run("apply", "--yes", "--target", "failing")
    world.run("apply", "--yes", "--no-wait", "--target", "pending")

    said = {key: world.run("get", key) for key in ("pending", "failing", "unapplied", "narrater")}

    assert {(ran.code, ran.out) for ran in said.values()} == {(1, "")}
    assert "is not ready, it is pending" in said["pending"].err
    assert "is not ready, it is failed" in said["failing"].err
    assert "Two people are speaking." in said["failing"].err
    assert "There is no voice 'unapplied' in the environment 'default'" in said["unapplied"].err
    assert "did you mean 'narrator'?" in said["narrater"].err


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "it is not JSON"),
        ("<<<<<<< ours\n{}\n=======\n{}\n>>>>>>> theirs\n", "conflict markers"),
        ('{"version": 99}', "The state document has version 99, this voicectl knows 1"),
        ("[]", "The state document is corrupt"),
    ],
)
@pytest.mark.parametrize("command", [("get", "narrator"), ("export",), ("plan",), ("apply", "--yes"), ("status",)])
def test_a_corrupt_state_document_is_a_hard_stop(
    applied: World, content: str, said: str, command: tuple[str, ...]
) -> None:
    applied.state_file.write_text(content)

    ran = applied.run(*command)

    assert (ran.code, ran.out) == (1, "")
    assert said in ran.err
    assert "  next: " in ran.err
    assert "voices.state.json" in ran.err
    assert applied.api.writes == []
    assert applied.state_file.read_text() == content


# -- export ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
def test_an_export_is_the_same_bytes_each_time_and_asks_nobody(applied: World, form: str) -> None:
    out = applied.root / "exported"

    first = applied.run("export", "--format", form, env={"PALABRA_API_KEY": None})
    again = applied.process("export", "--format", form)
    to_file = applied.run("export", "--format", form, "--out", str(out))

    assert first.code == 0
    assert first.out == again.out == out.read_text() != ""
    assert to_file.out == ""
    assert all(record["voice_id"] in first.out for record in applied.records.values())
    assert applied.api.sent == []


def test_exports_can_be_used(applied: World) -> None:
    ids = {key: record["voice_id"] for key, record in applied.records.items()}
    namespace: dict[str, Any] = {}
    env = applied.write("voices.env", applied.run("export", "--format", "env").out)

    exec(applied.run("export", "--format", "python").out, namespace)
    sourced = subprocess.run(
        ["sh", "-c", f". {env}; echo $VOICE_NARRATOR $VOICE_SUPPORT_ANNA"], capture_output=True, text=True, check=True
    )

    assert applied.run("export").json == ids
    assert namespace["VOICES"] == ids
    assert namespace["SUPPORT_ANNA"] == ids["support/anna"]
    assert sourced.stdout.split() == [ids["narrator"], ids["support/anna"]]


def test_an_export_leaves_out_what_is_not_ready_and_says_so(open_world: OpenWorld) -> None:
    world = open_world(applied=True, processing_time=HOUR)
    world.declare("waiting", seed=4)
    world.run("apply", "--yes", "--no-wait")

    ran = world.run("export")

    assert sorted(ran.json) == ["narrator", "support/anna"]
    assert ran.err == "not ready, so left out: waiting\n"


def test_an_export_with_two_keys_of_one_name_is_an_error_and_writes_no_file(applied: World) -> None:
    applied.declare("support-anna", seed=3)
    applied.apply()

    ran = applied.run("export", "--format", "env", "--out", "voices.env")

    assert (ran.code, ran.out) == (1, "")
    assert "'support-anna' and 'support/anna' would both be called SUPPORT_ANNA" in ran.err
    assert not (applied.root / "voices.env").exists()


@pytest.mark.parametrize("command", [("export",), ("plan",)])
def test_out_is_relative_to_the_folder_that_was_given(applied: World, tmp_path: Path, command: tuple[str]) -> None:
    ran = applied.run(*command, "-C", str(applied.root), "--out", "written", cwd=tmp_path)

    assert ran.code == 0
    assert (applied.root / "written").exists()


# -- schema ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["voice", "project", "plan", "state"])
def test_a_schema_is_the_published_one_and_valid(world: World, name: str) -> None:
    ran = world.run("schema", name)
    published = Path(__file__).parents[2] / "schemas" / f"{name}.schema.json"

    jsonschema.Draft202012Validator.check_schema(ran.json)
    assert ran.out == published.read_text(encoding="utf-8")


def test_a_state_document_keeps_to_its_published_schema(applied: World) -> None:
    applied.declare("narrator", seed=5, lifecycle={"keep_replaced": "7d", "on_remove": "forget"})
    applied.apply()

    jsonschema.validate(json.loads(applied.state_file.read_text()), applied.run("schema", "state").json)
