"""`voicectl mv`: a voice gets another key, and stays the same voice."""

from __future__ import annotations

import json

import pytest
import yaml
from cli_world import HOUR, OpenWorld, World
from waiting_apply import waiting_apply

from reconciler.state.backup import FOLDER
from reconciler.state.lock import Lock, current_holder


def everything(world: World) -> dict[str, bytes]:
    """Return all files of the repository but backups, and empty folders too."""
    return {
        path.relative_to(world.root).as_posix(): path.read_bytes() if path.is_file() else b"<folder>"
        for path in sorted(world.root.rglob("*"))
        if ".voicectl" not in path.parts
    }


def voice_file(world: World, name: str) -> dict[str, object]:
    written: dict[str, object] = yaml.safe_load((world.root / "voices" / name).read_text())
    return written


def test_folder_recording_and_state_move_together_and_nothing_is_cloned(applied: World) -> None:
    before = applied.get("narrator")
    ran = applied.run("mv", "narrator", "stories/teller")

    assert ran.code == 0, ran.err
    assert "voices/narrator -> voices/stories/teller" in ran.out
    assert "narrator -> stories/teller in the state of default" in ran.out
    assert applied.get("stories/teller") == before
    assert applied.records["stories/teller"]["sample"]["file"] == "voices/stories/teller/sample.mp3"
    assert voice_file(applied, "stories/teller/voice.yaml")["previously"] == ["narrator"]
    assert not (applied.root / "voices/narrator").exists()
    assert {action for _, action in applied.planned()} <= {"move", "update"}
    applied.apply()
    assert applied.get("stories/teller") == before
    assert applied.planned() == []
    assert len(applied.voices) == 2


def test_an_environment_that_knows_only_the_old_key_moves_by_previously(applied: World) -> None:
    state = applied.state_file.read_bytes()
    applied.run("mv", "narrator", "teller")
    applied.state_file.write_bytes(state)  # as in another clone, or a document that is elsewhere

    assert applied.planned() == [("teller", "move")]
    applied.apply()
    assert applied.planned() == []
    assert len(applied.voices) == 2


def test_a_lost_state_after_a_move_costs_no_clone(applied: World) -> None:
    applied.run("mv", "narrator", "teller")
    applied.forget_state()

    assert {action for _, action in applied.planned()} == {"adopt"}


def test_there_and_back_again(applied: World) -> None:
    before = everything(applied)
    assert applied.run("mv", "narrator", "deep/er/teller").code == 0
    assert applied.run("mv", "deep/er/teller", "narrator").code == 0

    after = everything(applied)
    voice = "voices/narrator/voice.yaml"
    assert after.pop(voice) == before.pop(voice) + b"previously: [deep/er/teller]\n"
    assert json.loads(after.pop("voices.state.json"))["voices"] == json.loads(before.pop("voices.state.json"))["voices"]
    assert after == before
    assert applied.planned() == []


def test_a_voice_without_a_folder_of_its_own_takes_its_recording_along(world: World) -> None:
    world.sample("support/anna.mp3")
    world.sample("support/other.mp3", seed=1)
    world.write(
        "voices/support/anna.yaml",
        "# yaml-language-server: $schema=../../schemas/voice.schema.json\nname: Anna\nsamples:\n  - file: anna.mp3 # take 3\n    lang_code: en\n",
    )
    ran = world.run("mv", "support/anna", "bea")

    assert ran.code == 0, ran.err
    assert set(everything(world)) == {
        "voicectl.yaml",
        "voices",
        "voices/bea.yaml",
        "voices/anna.mp3",
        "voices/support",
        "voices/support/other.mp3",
    }
    assert (world.root / "voices/bea.yaml").read_text() == (
        "# yaml-language-server: $schema=../schemas/voice.schema.json\n"
        "name: Anna\nsamples:\n  - file: anna.mp3 # take 3\n    lang_code: en\npreviously: [support/anna]\n"
    )
    assert world.run("validate").code == 0


def test_a_recording_that_others_use_stays_and_is_found(world: World) -> None:
    world.declare("anna", seed=1)
    world.write("voices/bea.yaml", "name: Bea\nsamples:\n  - file: anna/sample.mp3\n    lang_code: de\n")
    assert world.run("mv", "anna", "deep/anna").code == 0

    assert (world.root / "voices/anna/sample.mp3").exists()
    written = voice_file(world, "deep/anna/voice.yaml")
    assert written["samples"] == [{"file": "../../anna/sample.mp3", "lang_code": "en"}]
    assert world.run("plan", "--offline").code == 0


def test_a_recording_elsewhere_is_named_from_the_new_place(world: World) -> None:
    world.sample("raw/take.mp3")
    world.write("voices/anna.yaml", "name: Anna\nsamples: [{file: raw/take.mp3, lang_code: en}]\n")
    assert world.run("mv", "anna", "a/b/c").code == 0

    assert voice_file(world, "a/b/c.yaml")["samples"] == [{"file": "../../raw/take.mp3", "lang_code": "en"}]


def test_voices_inside_of_the_folder_stay(world: World) -> None:
    world.declare("anna", seed=1)
    world.declare("anna/low", seed=2)
    assert world.run("mv", "anna", "bea").code == 0
    assert world.run("mv", "bea", "anna/high").code == 0

    assert {key for key, _ in world.planned("--offline")} == {"anna/high", "anna/low"}
    assert (world.root / "voices/anna/high/sample.mp3").exists()


def test_overrides_of_the_voice_follow(world: World) -> None:
    world.declare("anna", seed=1)
    world.write(
        "voicectl.yaml", "project: p\nenvironments:\n  prod:\n    overrides:\n      anna: {name: Anna P} # why\n"
    )
    assert world.run("mv", "anna", "bea").code == 0

    assert "      bea: {name: Anna P} # why\n" in (world.root / "voicectl.yaml").read_text()
    assert "Anna P" in world.run("plan", "--offline", "--env", "prod").out


def test_an_override_of_the_recording_moves_along_or_is_refused(world: World) -> None:
    world.declare("anna", seed=1)
    world.sample("anna/other.mp3", seed=2)
    other = "{samples: [{file: other.mp3}]}"
    world.write("voicectl.yaml", f"project: p\nenvironments:\n  prod:\n    overrides: {{anna: {other}}}\n")
    assert world.run("mv", "anna", "deep/anna").code == 0
    assert (world.root / "voices/deep/anna/other.mp3").exists()
    assert world.run("plan", "--offline", "--env", "prod").code == 0

    world.declare("deep/anna/er", seed=3)  # so that the folder cannot move as a whole
    world.write("voices/raw/other.mp3", "no matter what")
    settings = world.root / "voicectl.yaml"
    settings.write_text(settings.read_text().replace("other.mp3", "../../raw/other.mp3"))
    before = everything(world)
    ran = world.run("mv", "deep/anna", "bea")

    assert ran.code == 1
    assert "An override names the recording ../../raw/other.mp3" in ran.err
    assert everything(world) == before


def test_every_environment_with_a_document_here_is_moved(world: World) -> None:
    world.declare("anna", seed=1)
    world.apply()
    world.run("--env", "local", "apply", "--yes")
    ran = world.run("mv", "anna", "bea")

    assert "in the state of default" in ran.out
    assert "in the state of local" in ran.out
    assert world.run("--env", "local", "get", "bea").code == 0
    assert world.get("bea")


def test_a_document_elsewhere_is_left_to_its_next_apply(world: World) -> None:
    world.declare("anna", seed=1)
    world.write("voicectl.yaml", "project: p\nenvironments:\n  prod: {state: 'https://state.invalid/prod'}\n")
    ran = world.run("mv", "anna", "bea")

    assert ran.code == 0, ran.err
    assert "The state of prod is elsewhere" in ran.out


def test_a_dry_run_changes_nothing(applied: World) -> None:
    before = everything(applied)
    ran = applied.run("mv", "narrator", "stories/teller", "--dry-run")

    assert ran.code == 0, ran.err
    assert "would be moved    voices/narrator -> voices/stories/teller" in ran.out
    assert "would be moved    narrator -> stories/teller in the state of default" in ran.out
    assert everything(applied) == before


# -- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "code", "said"),
    [
        ("narrater", "x", 1, "did you mean `narrator`?"),
        ("nobody", "x", 1, "There is no voice `nobody`"),
        ("narrator", "support/anna", 1, "There is a voice `support/anna` already"),
        ("narrator", "narrator", 1, "There is a voice `narrator` already"),
        ("narrator", "a b", 64, "cannot be a key"),
        ("narrator", "../x", 64, "hidden"),
        ("narrator", "taken", 1, "Something is in the way"),
        ("broken", "x", 1, "is broken"),
        ("narrator", "once", 1, "is an old key of another voice"),
    ],
)
def test_what_cannot_be_moved_stays(applied: World, old: str, new: str, code: int, said: str) -> None:
    applied.write("voices/taken/voice.yaml/file", "in the way")
    applied.write("voices/broken.yaml", "name: [\n")
    applied.declare("support/anna", seed=2, previously=["once"])
    before = everything(applied)
    ran = applied.run("mv", old, new)

    assert ran.code == code, ran.err
    assert said in ran.err
    assert everything(applied) == before


def test_nothing_moves_while_somebody_applies(applied: World) -> None:
    before = everything(applied)
    holder = current_holder(since="2026-01-01T00:00:00Z", command="apply")
    with Lock(applied.root / ".voicectl" / "default.lock", holder):
        ran = applied.run("mv", "narrator", "teller")

    assert ran.code == 5
    assert everything(applied) == before


def test_nothing_moves_under_the_first_apply_of_all(world: World) -> None:
    """There is no state document yet: only the lock says that somebody applies."""
    world.declare("narrator")
    before = everything(world)
    holder = current_holder(since="2026-01-01T00:00:00Z", command="apply")
    with Lock(world.root / ".voicectl" / "default.lock", holder):
        ran = world.run("mv", "narrator", "teller")

    assert ran.code == 5
    assert everything(world) == before


def test_what_only_a_dead_run_knows_is_moved_by_the_next_apply(open_world: OpenWorld) -> None:
    world = open_world(processing_time=HOUR)
    with waiting_apply(world, "narrator"):
        pass
    (voice_id,) = world.voices
    ran = world.run("mv", "narrator", "teller")
    world.finish(voice_id)
    world.apply()

    assert ran.code == 0, ran.err
    assert world.get("teller") == voice_id


def test_a_key_that_state_still_has_is_not_taken(applied: World) -> None:
    applied.remove("support/anna")
    before = everything(applied)
    ran = applied.run("mv", "narrator", "support/anna")

    assert ran.code == 1
    assert "support/anna" in ran.err
    assert everything(applied) == before


def test_a_disk_that_refuses_half_way_leaves_all_as_it_was(applied: World) -> None:
    """The second state document cannot be changed: by then, the files and the first one have moved."""
    applied.run("--env", "local", "apply", "--yes")
    before, local = everything(applied), applied.root / ".voicectl" / "local"
    known = (local / "voices.state.json").read_bytes()
    (local / FOLDER).write_text("a file where a folder is wanted")
    ran = applied.run("mv", "narrator", "deep/er/teller")

    assert ran.code == 1
    assert "Cannot make a backup" in ran.err
    assert everything(applied) == before
    assert (local / "voices.state.json").read_bytes() == known
    assert applied.planned() == []
    (local / FOLDER).unlink()
    assert applied.run("mv", "narrator", "deep/er/teller").code == 0
