"""What is wrong with a sample is said before it is uploaded, and whoever knows better may say so."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from audio import make_audio
from cli_world import OpenWorld, World

BAD = {"audio.noise": {"severity": "error", "threshold": 200}}
"""No recording is 200 dB above its noise, so each has an error finding."""


def rules(diagnostics: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    return sorted((d["key"], d["rule"], d["severity"]) for d in diagnostics)


# -- refused, allowed, kept going --------------------------------------------------------------------------------------


def test_a_sample_with_an_error_is_not_uploaded(world: World) -> None:
    world.declare("anna", checks=BAD)

    plan, ran = world.run("plan", "--json"), world.run("apply", "--yes")

    assert plan.code == 0
    assert rules(plan.json["diagnostics"]) == [("anna", "audio.noise", "error")]
    assert plan.json["diagnostics"][0]["range"]["filename"] == "voices/anna/voice.yaml"
    assert ran.code == 4
    assert "anna: the background noise" in ran.err
    assert "--keep-going" in ran.err
    assert "--allow-finding audio.noise" in ran.err
    assert world.api.writes == []


def test_an_allowed_finding_is_a_warning_that_says_so(world: World) -> None:
    world.declare("anna", checks=BAD)

    ran = world.apply("--allow-finding", "audio.noise")

    assert "warning: the background noise" in ran.out
    assert "Allowed by --allow-finding." in ran.out
    assert world.voice("anna").status == "ready"


def test_an_allowed_finding_does_not_allow_another(world: World) -> None:
    world.declare("anna", checks=BAD)

    assert world.run("apply", "--yes", "--allow-finding", "audio.clipping").code == 4


def test_the_voices_own_checks_go_before_the_projects(world: World) -> None:
    world.write("voicectl.yaml", f"project: p\nchecks: {json.dumps(BAD)}\n")
    world.declare("anna", checks={"audio.noise": "off"})
    world.declare("bella", seed=1)

    assert rules(world.run("plan", "--json").json["diagnostics"]) == [
        ("anna", "audio.noise", "info"),
        ("bella", "audio.noise", "error"),
    ]


def test_with_keep_going_the_other_voices_are_made(world: World) -> None:
    world.declare("anna", checks=BAD)
    world.declare("bella", seed=1)

    ran = world.run("apply", "--yes", "--keep-going")

    assert ran.code == 3
    assert "skipped: create anna: the background noise" in ran.out
    assert "Apply finished in part: 1 created, 1 skipped." in ran.out
    assert sorted(world.records) == ["bella"]
    assert world.run("plan", "--json").json["summary"]["create"] == 1


def test_with_keep_going_and_nothing_else_to_do_it_is_in_part_all_the_same(world: World) -> None:
    """The same command has the same exit code however often it is run."""
    world.declare("anna", checks=BAD)

    ran = world.run("apply", "--yes", "--keep-going", "--json")

    assert ran.code == 3
    assert [(line["type"], line.get("step")) for line in ran.events][1:] == [("step", "skipped"), ("result", None)]
    assert world.api.writes == []


def test_a_plan_with_a_bad_sample_can_be_saved_and_applied_with_a_word_for_it(world: World) -> None:
    world.declare("anna", checks=BAD)

    plan = world.run("plan", "--out", "p.plan")
    refused = world.run("apply", "p.plan")

    assert plan.code == 0
    assert refused.code == 4
    assert "--allow-finding audio.noise" in refused.err
    assert world.run("apply", "p.plan", "--allow-finding", "audio.noise").code == 0


def test_a_finding_carries_its_numbers(world: World) -> None:
    world.declare("anna", checks=BAD)

    (found,) = world.run("validate", "--json").json["diagnostics"]

    assert found["measured"]["threshold"] == 200
    assert found["measured"]["unit"] == "dB"
    assert 30 < found["measured"]["value"] < 200
    assert found["summary"].endswith("(limit: 200 dB)")


def test_what_a_voice_turns_off_is_shown_by_the_plan(world: World) -> None:
    world.write("voicectl.yaml", f"project: p\nchecks: {json.dumps(BAD)}\n")
    world.declare("anna", checks={"audio.noise": "off"})

    (said,) = world.plan()["diagnostics"]

    assert (said["severity"], said["rule"]) == ("info", "audio.noise")
    assert said["detail"] == "This voice's own `checks` do not call it an error."


def test_a_bad_sample_leaves_the_voice_that_works(applied: World) -> None:
    before = applied.get("narrator")
    applied.declare("narrator", seed=7, checks=BAD)
    applied.declare("bella", seed=1)

    assert applied.run("apply", "--yes", "--keep-going").code == 3
    assert applied.get("narrator") == before
    assert applied.get("bella")


def test_a_sample_that_is_not_uploaded_is_not_in_the_way(applied: World) -> None:
    """Checks are about what would be sent: a voice that is as declared is not judged anew by plan."""
    applied.write("voicectl.yaml", f"project: voices-under-test\nchecks: {json.dumps(BAD)}\n")

    assert applied.plan()["diagnostics"] == []
    assert applied.run("validate").code == 1


# -- words about checks ------------------------------------------------------------------------------------------------


def test_a_mistyped_rule_is_said_at_its_place(world: World) -> None:
    world.write("voicectl.yaml", "project: p\nchecks:\n  audio.nois: off\n")
    world.declare("anna", checks={"sample.durations": "off"})

    found = world.run("validate", "--json").json["diagnostics"]

    assert [(d["rule"], d["detail"], d["range"]["filename"]) for d in found] == [
        ("check.unknown", "Did you mean `audio.noise`?", "voicectl.yaml"),
        ("check.unknown", "Did you mean `sample.duration`?", "voices/anna/voice.yaml"),
    ]
    assert found[0]["range"]["start"] == {"line": 3, "column": 15}


def test_a_mistyped_allowance_is_a_usage_error(world: World) -> None:
    ran = world.run("apply", "--yes", "--allow-finding", "audio.nois")

    assert ran.code == 64
    assert "did you mean 'audio.noise'?" in ran.err


def test_what_cannot_be_sent_cannot_be_allowed(world: World) -> None:
    ran = world.run("apply", "--yes", "--allow-finding", "sample.unreadable")

    assert ran.code == 64
    assert "'sample.unreadable' cannot be allowed" in ran.err


def test_one_recording_for_two_voices_is_a_warning(world: World) -> None:
    world.declare("anna")
    world.declare("bella")

    found = world.run("validate", "--json").json["diagnostics"]

    assert [(d["key"], d["rule"], d["severity"]) for d in found] == [
        ("anna", "sample.duplicate", "warning"),
        ("bella", "sample.duplicate", "warning"),
    ]
    assert found[0]["summary"] == "the same audio is the sample of `bella` too"
    assert rules(world.plan()["diagnostics"]) == rules(found)


def test_duplicates_can_be_meant(world: World) -> None:
    world.declare("anna", checks={"sample.duplicate": "off"})
    world.declare("bella", checks={"sample.duplicate": "off"}, sample={"denoise": True})

    assert world.run("validate", "--json").json["diagnostics"] == []


def test_what_was_not_checked_is_not_called_good(world: World) -> None:
    world.declare("anna")

    ran = world.run("validate")

    assert "note: audio.music" in ran.out
    assert "not checked in 1 sample: needs the extra 'noise'" in ran.out
    assert "audio.music" in [s["rule"] for s in world.run("validate", "--json").json["not_checked"]]


# -- measured once -----------------------------------------------------------------------------------------------------


def test_an_unchanged_sample_is_measured_once(world: World, tmp_path: Path) -> None:
    cache = {"VOICECTL_CACHE": str(tmp_path / "cache")}
    sample = world.sample("anna/sample.mp3")
    world.declare("anna")
    first = world.run("validate", "--json", env=cache)
    kept = sorted((tmp_path / "cache" / "measurements").rglob("*.json"))
    before = kept[0].stat().st_mtime_ns

    second = world.run("validate", "--json", env=cache)
    world.apply()

    assert first.out == second.out
    assert [path.stem for path in kept] == [hashlib.sha256(sample.read_bytes()).hexdigest()]
    assert kept[0].stat().st_mtime_ns == before


# -- inspect -----------------------------------------------------------------------------------------------------------


def test_inspect_says_everything_as_json(world: World) -> None:
    sample = world.sample("anna/sample.mp3", seconds=31)

    ran = world.run("inspect", "voices/anna/sample.mp3", "--json")
    (said,) = ran.json

    assert ran.code == 0
    assert said["file"] == "voices/anna/sample.mp3"
    assert said["sha256"] == hashlib.sha256(sample.read_bytes()).hexdigest()
    assert said["size"] == sample.stat().st_size
    facts = ("container", "mime_type", "codec", "channels", "sample_rate", "speakers")
    assert [said[name] for name in facts] == ["mp3", "audio/mpeg", "mp3", 1, 16000, 1]
    assert said["duration"] == pytest.approx(31, abs=0.2)
    assert said["speech_seconds"] > 20
    assert said["findings"] == []
    assert "audio.music" in [skipped["rule"] for skipped in said["not_checked"]]


def test_inspect_measures_good_files_beside_bad_ones(world: World) -> None:
    make_audio(world.root / "short.wav", container="wav", seconds=12)
    make_audio(world.root / "fine.flac", container="flac", seconds=31)
    (world.root / "page.mp3").write_text("<html></html>")

    ran = world.run("inspect", "short.wav", "fine.flac", "page.mp3", "--json")
    text = world.run("inspect", "short.wav", "fine.flac", "page.mp3")

    assert ran.code == text.code == 1
    assert [[f["rule"] for f in said["findings"]] for said in ran.json] == [
        ["sample.duration", "audio.silence"],
        [],
        ["sample.unreadable"],
    ]
    assert ran.json[2]["duration"] is None
    assert "error: the sample lasts 12.00 s, less than 30 s [sample.duration]" in text.out
    assert "ok: nothing is wrong with what was checked" in text.out


def test_inspect_names_a_file_that_is_not_there(world: World) -> None:
    ran = world.run("inspect", "none.mp3")

    assert (ran.code, ran.out) == (1, "")
    assert "none.mp3" in ran.err


def test_inspect_leaves_nothing_where_there_is_no_project(open_world: OpenWorld, tmp_path: Path) -> None:
    world = open_world()
    folder = tmp_path / "elsewhere"
    make_audio(folder / "take.mp3", container="mp3", seconds=31)

    assert world.run("inspect", "take.mp3", cwd=folder, env={"VOICECTL_CACHE": None}).code == 0
    assert [path.name for path in folder.iterdir()] == ["take.mp3"]


# -- report ------------------------------------------------------------------------------------------------------------


def test_report_writes_one_page_with_the_plan_and_the_recordings(applied: World) -> None:
    applied.declare("narrator", seed=5)
    applied.declare("bella", seed=6)

    ran = applied.run("report", "--out", "review.html")
    page = (applied.root / "review.html").read_text()

    assert (ran.code, ran.out) == (0, "")
    assert ran.err.startswith("Wrote review.html")
    assert "bella" in page
    assert page.count("<audio") == 2
    assert applied.api.writes == []


def test_report_offline_asks_nobody(applied: World) -> None:
    applied.declare("bella", seed=6)
    applied.api.sent.clear()

    ran = applied.run("report", "--offline", "--audio", "link", "--out", "r.html", env={"PALABRA_API_KEY": None})

    assert ran.code == 0
    assert applied.api.sent == []
    assert "voices/bella/sample.mp3" in (applied.root / "r.html").read_text()


def test_report_of_broken_files_writes_no_page(applied: World) -> None:
    applied.write("voices/bad.yaml", "name: X\n")

    ran = applied.run("report", "--out", "review.html")

    assert ran.code == 1
    assert not (applied.root / "review.html").exists()
