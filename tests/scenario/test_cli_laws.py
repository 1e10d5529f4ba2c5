"""The laws of the house, seen from outside: plan writes nothing, only ours, secrets stay secret, convergence."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cli_world import HOUR, KEY, OpenWorld, World
from palabra_ai.management import VoicesAPI

READING = [
    ("plan",),
    ("plan", "--json", "--detailed-exitcode"),
    ("plan", "--no-refresh"),
    ("plan", "--offline"),
    ("plan", "--replace", "narrator"),
    ("plan", "--out", "../somewhere-else.plan"),
    ("status",),
    ("status", "--offline"),
    ("validate",),
    ("get", "narrator"),
    ("export",),
]


def stamps(world: World) -> dict[str, tuple[int, bytes]]:
    """Return time and content of everything that a command must not touch."""
    files = [world.state_file, *(world.root / "voices").rglob("*"), *(world.root / ".voicectl").rglob("*.journal")]
    return {str(path): (path.stat().st_mtime_ns, path.read_bytes()) for path in files if path.is_file()}


# -- law 3 -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", READING, ids=" ".join)
def test_a_command_that_reads_sends_only_gets_and_touches_nothing(applied: World, command: tuple[str, ...]) -> None:
    applied.declare("newcomer", seed=3)
    applied.declare("narrator", seed=5)
    applied.remove("support/anna")
    before, voices = stamps(applied), applied.voices

    ran = applied.run(*command)

    assert ran.code in (0, 2), ran.err
    assert applied.api.writes == []
    assert stamps(applied) == before
    assert applied.voices == voices


def test_a_plan_leaves_the_journal_of_a_dead_run_alone(open_world: OpenWorld) -> None:
    world = open_world(applied=True)
    world.write(
        ".voicectl/default.journal",
        json.dumps(
            {
                "t": "begin",
                "environment": "default",
                **{name: json.loads(world.state_file.read_text())[name] for name in ("lineage", "serial")},
            }
        )
        + "\n",
    )
    before = stamps(world)

    assert world.run("plan").code == 0
    assert stamps(world) == before


# -- law 4 -------------------------------------------------------------------------------------------------------------


def test_foreign_voices_survive_a_long_mixed_history_byte_by_byte(applied: World) -> None:
    strangers = [
        applied.foreign("The narrator"),  # our name, not our mark
        applied.foreign("Of a sister", description="[voicectl another-project/narrator 0123abcd]"),
        applied.foreign("Of staging", description="[voicectl voices-under-test@staging/narrator 0123abcd]"),
        applied.foreign("A look-alike", description="[voicectl voices-under-test/narrator] and more words"),
        applied.foreign("Without words", description=None),
    ]
    before = {voice_id: applied.voices[voice_id] for voice_id in strangers}

    applied.declare("newcomer", seed=3)
    applied.apply()
    applied.declare("narrator", seed=5, name="Renamed")
    applied.apply()
    shutil.move(applied.root / "voices/newcomer", applied.root / "voices/old-hand")
    applied.apply()
    applied.forget_state()
    applied.apply()
    applied.remove("old-hand")
    applied.apply()
    applied.apply("--replace", "narrator")
    shutil.rmtree(applied.root / "voices")
    applied.apply("--allow-deletes")

    assert {voice_id: applied.voices[voice_id] for voice_id in strangers} == before
    assert list(applied.voices) == strangers
    assert not any(line.rstrip("/") == "DELETE /saas/voice" for line in applied.api.sent)
    assert not any(voice_id in line for line in applied.api.writes for voice_id in strangers)


def test_a_recorded_id_that_is_empty_never_reaches_a_url(applied: World) -> None:
    applied.edit_state(lambda document: document["voices"]["narrator"].update(voice_id=""))
    applied.remove("narrator")
    stranger = applied.foreign("Not ours")

    ran = applied.run("apply", "--yes", "--allow-deletes")

    assert "Traceback" not in ran.err
    assert all(len(line.removeprefix("DELETE /saas/voice/m/")) == 36 for line in applied.api.writes)
    assert stranger in applied.voices


# -- law 6 -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["bearer", "pair"])
def test_no_secret_is_ever_written_or_shown(open_world: OpenWorld, scheme: str) -> None:
    world = open_world(processing_time=HOUR)
    env: dict[str, str | None] = {}
    if scheme == "pair":
        env = {"PALABRA_API_KEY": None, "PALABRA_CLIENT_ID": "an-id", "PALABRA_CLIENT_SECRET": "the-secret-of-a-pair"}
    world.declare("narrator")
    shown = ""
    for command in (
        ("plan", "-v", "--out", "voices.plan"),
        ("apply", "-v", "--yes", "--no-wait"),  # the journal and the lock are at their fullest
        ("apply", "-v", "--yes", "--json", "--no-wait", "--log-format", "json"),
        ("status", "-v", "--json"),
        ("apply", "-v", "--yes", "--timeout", "1ms"),
    ):
        ran = world.run(*command, env=env)
        assert "Traceback" not in ran.err
        shown += ran.out + ran.err
    forms = [json.loads(e.answer)["data"]["samples"][0] for e in world.api.exchanges if "/clone" in e.path]
    assert len(forms) == 1
    form = forms[0]["form_data"]
    secrets = [KEY if scheme == "bearer" else "the-secret-of-a-pair", form["policy"]]
    secrets += [value for name, value in form.items() if "signature" in name.lower() or "credential" in name.lower()]
    assert len(secrets) >= 3
    files = [path for path in world.root.rglob("*") if path.is_file() and path.suffix != ".mp3"]
    assert {path.suffix for path in files} >= {".yaml", ".plan", ".json"}
    written = "".join(path.read_text(errors="replace") for path in files)
    for secret in secrets:
        assert secret not in shown
        assert secret not in written
    assert forms[0]["url"] + "?" not in shown + written


# -- law 1 -------------------------------------------------------------------------------------------------------------

ODD: dict[str, dict[str, Any]] = {
    "spaces around": {"description": "  Warm.  "},
    "line breaks": {"description": "one\ntwo\r\nthree\n"},
    "nothing": {"description": ""},
    "only spaces": {"description": "   "},
    "a mark of somebody else's": {"description": "[voicectl other/key 0123abcd]"},
    "a mark of our own": {"description": "[voicectl voices-under-test/narrator 0123abcd]"},
    "half a mark": {"description": "[voicectl voices-under-test/narrator"},
    "accents and emoji": {"description": "Zoe\u0308 \U0001f600 \u202e"},
    "accents in the name": {"name": "Zo\u00eb-Ma\u00efa 3.1"},
    "the longest name": {"name": "n" * 64},
    "all labels null": {"labels": {"gender": None, "age_group": None, "mood": None}},
    "no labels": {"labels": {}},
    "very long": {"description": "word " * 900},
    "yaml that looks like something else": {"name": "no-2026", "description": "null"},
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_an_odd_value_converges_when_updated(applied: World, odd: dict[str, Any]) -> None:
    applied.declare("narrator", **odd)

    ran = applied.apply()

    assert applied.planned() == []
    assert applied.plan()["drift"] == []
    if odd is not ODD["a mark of our own"]:  # that one alone cannot be told from the real mark
        assert "the server keeps" not in ran.out


def test_every_odd_value_converges_when_created_and_after_a_lost_state(world: World) -> None:
    for number, odd in enumerate(ODD.values()):
        world.declare(f"v{number}", **odd)

    world.apply()
    planned = world.planned()
    ids = {key: record["voice_id"] for key, record in world.records.items()}
    world.forget_state()
    world.apply()

    assert planned == []
    assert {key: record["voice_id"] for key, record in world.records.items()} == ids
    assert world.planned() == []
    assert len(world.voices) == len(ODD)


def test_without_ownership_marks_everything_converges_and_no_mark_is_written(world: World) -> None:
    world.write("voicectl.yaml", "project: voices-under-test\nownership_mark: false\n")
    world.declare("narrator", description="Warm.")
    world.apply()
    world.declare("narrator", description="Cool.")
    world.apply()
    planned = world.planned()
    world.declare("narrator", seed=5, description="Cool.")
    world.apply()

    assert planned == []
    assert world.planned() == []
    assert [voice.description for voice in world.voices.values()] == ["Cool."]


# -- the official client -----------------------------------------------------------------------------------------------


def test_the_official_client_reads_what_apply_made(applied: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PALABRA_API_URL", applied.api.url)
    client = VoicesAPI(KEY)

    voice = asyncio.run(client.get(applied.get("narrator")))
    listed: Any = asyncio.run(client.list())

    assert (voice.name, voice.status, voice.language, voice.ready) == ("The narrator", "ready", "en", True)
    assert voice.description is not None
    assert voice.description.startswith("Warm. [voicectl voices-under-test/narrator ")
    assert voice.raw
    assert voice.raw["labels"] == {"gender": "female", "mood": "neutral"}
    assert {each.id for each in listed} == {record["voice_id"] for record in applied.records.values()}


def test_a_voice_made_by_the_official_client_can_be_imported(applied: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PALABRA_API_URL", applied.api.url)
    sample = applied.sample("ben/sample.mp3", seed=8)
    made = asyncio.run(VoicesAPI(KEY).create(sample, name="Ben", language="en", wait=False))
    applied.finish(made.id)
    applied.declare("ben", import_=made.id)

    applied.apply()

    assert applied.get("ben") == made.id
    assert applied.planned() == []


# -- as a program ------------------------------------------------------------------------------------------------------


def test_warnings_of_python_are_never_shown_and_a_run_leaves_no_files_behind(applied: World) -> None:
    applied.declare("newcomer", seed=3)
    before = {path.name for path in applied.root.iterdir()}

    ran = subprocess.run(
        [sys.executable, "-W", "error", "-m", "reconciler", "apply", "--yes", "-q"],
        cwd=applied.root, env={**applied.environ, "PATH": os.environ["PATH"]}, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip

    assert (ran.returncode, ran.stderr) == (0, "")
    assert {path.name for path in applied.root.iterdir()} - before <= {".voicectl"}
    left = {path.name for path in (applied.root / ".voicectl").iterdir()}
    assert left <= {"project.json", "samples.json", "voices.default.json"}, left
    assert Path(applied.state_file).stat().st_mode & 0o777 == 0o644
