"""voicectl state list, show, mv, rm, pull and push: on a real document, with what plan makes of it afterwards."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_world import World
from waiting_apply import waiting_apply


@pytest.fixture
def requests_before(applied: World) -> int:
    """How many requests the API had had when the test began."""
    return len(applied.api.exchanges)


def backups(world: World) -> list[Path]:
    return sorted((world.root / ".voicectl" / "backups").glob("*"))


# -- looking ---------------------------------------------------------------------------------------------------------


def test_keys_are_listed_one_a_line(applied: World) -> None:
    voice_id = applied.records["narrator"]["voice_id"]

    assert applied.run("state", "list").out == "narrator\nsupport/anna\n"
    assert applied.run("state", "list", "support/*").out == "support/anna\n"
    assert applied.run("state", "list", "--id", voice_id).out == "narrator\n"
    assert applied.run("state", "list", "narrator", "--json").json == [
        {"key": "narrator", "voice_id": voice_id, "status": "ready"}
    ]


def test_a_record_is_shown_as_it_stands_in_the_document(applied: World) -> None:
    shown = applied.run("state", "show", "narrator")

    assert shown.out.startswith(f"narrator:\n  voice_id: {applied.records['narrator']['voice_id']}\n  status: ready\n")
    assert applied.run("state", "show", "narrator", "--json").json == applied.records["narrator"]


@pytest.mark.parametrize("words", ["show narator", "list narator", "mv narator x", "rm narator"])
def test_a_mistyped_key_is_named_with_the_nearest_one(applied: World, words: str) -> None:
    ran = applied.run("state", *words.split())

    assert (ran.code, ran.out) == (1, "")
    assert "'narator'" in ran.err
    assert "did you mean 'narrator'?" in ran.err


def test_looking_writes_nothing_and_asks_nobody(applied: World, requests_before: int) -> None:
    before = applied.state_file.read_bytes()
    for words in ("list", "show narrator", "pull", "mv narrator x --dry-run", "rm narrator --dry-run"):
        assert applied.run("state", *words.split(), env={"PALABRA_API_KEY": None}).code == 0

    assert applied.state_file.read_bytes() == before
    assert backups(applied) == []
    assert len(applied.api.exchanges) == requests_before


# -- mv --------------------------------------------------------------------------------------------------------------


def test_a_moved_record_and_its_moved_file_are_the_same_voice(applied: World) -> None:
    """No clone; the mark is renewed, and consumers get the same id under the new key."""
    voice_id = applied.get("narrator")
    ran = applied.run("state", "mv", "narrator", "stories/teller")
    assert (ran.code, ran.out) == (0, f"stories/teller\tmoved from narrator\t{voice_id}\n")
    assert f"backup: {backups(applied)[0]}\n" in ran.err
    (applied.root / "voices/stories").mkdir()
    (applied.root / "voices/narrator").rename(applied.root / "voices/stories/teller")
    (change,) = applied.plan()["changes"]

    assert (change["action"], change["reason"]) == ("update", "mark changed")
    applied.apply()
    assert applied.get("stories/teller") == voice_id
    assert "/stories/teller " in (applied.voices[voice_id].description or "")
    assert applied.planned() == []
    assert len(applied.voices) == 2


def test_a_moved_record_gives_its_old_key_free(applied: World) -> None:
    """Another voice takes the old key; then state is lost, and each voice is still its own."""
    voice_id = applied.get("narrator")
    applied.run("state", "mv", "narrator", "teller")
    (applied.root / "voices/narrator").rename(applied.root / "voices/teller")
    applied.declare("narrator", seed=7)
    applied.apply()
    before = applied.records
    applied.forget_state()
    applied.apply()

    assert applied.get("teller") == voice_id
    assert {key: record["voice_id"] for key, record in applied.records.items()} == {
        key: record["voice_id"] for key, record in before.items()
    }
    assert len(applied.voices) == 3


def test_a_moved_record_without_a_moved_file_is_moved_back_by_the_next_apply(applied: World) -> None:
    voice_id = applied.get("narrator")
    applied.run("state", "mv", "narrator", "teller")

    assert applied.planned() == [("narrator", "move")]
    applied.apply()
    assert applied.get("narrator") == voice_id
    assert len(applied.voices) == 2


@pytest.mark.parametrize(
    ("new", "code", "word"),
    [("support/anna", 1, "already"), ("a b", 64, "cannot be a key"), ("../x", 64, "cannot be"), ("", 64, "empty")],
)
def test_a_key_that_cannot_be_or_that_is_taken_is_refused(applied: World, new: str, code: int, word: str) -> None:
    before = applied.state_file.read_bytes()
    ran = applied.run("state", "mv", "narrator", new)

    assert (ran.code, ran.out) == (code, "")
    assert word in ran.err
    assert applied.state_file.read_bytes() == before


# -- rm --------------------------------------------------------------------------------------------------------------


def test_a_forgotten_voice_stays_and_is_adopted_again_as_was_said(applied: World, requests_before: int) -> None:
    voice_id = applied.get("narrator")
    ran = applied.run("state", "rm", "narrator")

    assert (ran.code, ran.out) == (0, f"narrator\tremoved\t{voice_id}\n")
    assert "found again by the next plan" in ran.err
    assert len(applied.api.exchanges) == requests_before
    assert applied.run("get", "narrator").code == 1
    assert applied.planned() == [("narrator", "adopt")]
    applied.apply()
    assert applied.get("narrator") == voice_id
    assert len(applied.voices) == 2


def test_a_forgotten_voice_without_its_file_is_a_planned_delete(applied: World) -> None:
    applied.run("state", "rm", "narrator")
    applied.remove("narrator")

    assert applied.planned() == [("narrator", "delete")]


def test_several_are_forgotten_at_once_or_none(applied: World) -> None:
    assert applied.run("state", "rm", "narrator", "nobody").code == 1
    assert len(applied.records) == 2
    assert applied.run("state", "rm", "narrator", "support/anna").out.count("\n") == 2
    assert applied.records == {}


# -- pull and push ---------------------------------------------------------------------------------------------------


def test_what_is_pulled_is_what_is_stored(applied: World) -> None:
    stored = applied.state_file.read_text()
    assert applied.run("state", "pull").out == stored
    assert applied.run("state", "pull", "--out", "pulled.json").out == ""
    assert (applied.root / "pulled.json").read_text() == stored


def test_a_corrupt_document_can_be_pulled_and_is_an_error(applied: World) -> None:
    applied.state_file.write_text("{")
    ran = applied.run("state", "pull")

    assert (ran.code, ran.out) == (1, "{")
    assert "corrupt" in ran.err


def test_where_no_document_is_nothing_is_pulled(world: World) -> None:
    ran = world.run("state", "pull")

    assert (ran.code, ran.out) == (1, "")
    assert "There is no state document yet" in ran.err


def test_a_backup_brings_back_what_was_there(applied: World) -> None:
    before = applied.records
    applied.run("state", "rm", "narrator")
    (backup,) = backups(applied)
    refused = applied.run("state", "push", str(backup))
    assert (refused.code, refused.out) == (4, "")
    assert "older" in refused.err
    pushed = applied.run("state", "push", str(backup), "--force")

    assert (pushed.code, pushed.out) == (0, f"narrator\tadded\t{before['narrator']['voice_id']}\n")
    assert applied.records == before
    assert applied.planned() == []


def test_a_document_moves_to_another_place_by_pull_and_push(applied: World) -> None:
    """As docs/teams.md says: pull, name the new place, push."""
    before = applied.records
    applied.run("state", "pull", "--out", "pulled.json")
    applied.write("voicectl.yaml", "project: voices-under-test\nenvironments: {default: {state: elsewhere/x.json}}\n")
    pushed = applied.run("state", "push", "pulled.json")

    assert pushed.code == 0
    assert pushed.out.count("\tadded\t") == 2
    assert json.loads((applied.root / "elsewhere/x.json").read_text())["voices"] == before
    assert (applied.root / "elsewhere/x.json").read_bytes() == applied.state_file.read_bytes()
    applied.state_file.unlink()
    assert applied.planned() == []


def test_a_document_is_pushed_from_stdin(applied: World) -> None:
    document = json.loads(applied.state_file.read_text())
    document["serial"] += 5
    del document["voices"]["narrator"]
    pushed = applied.process("state", "push", "-", stdin=json.dumps(document))

    assert (pushed.code, pushed.out.split("\t")[:2]) == (0, ["narrator", "removed"])
    assert list(applied.records) == ["support/anna"]


@pytest.mark.parametrize(
    ("text", "code", "word"),
    [("{", 1, "corrupt"), (None, 1, "No such file"), ('{"environment": "other"}', 4, "--env other")],
)
def test_what_cannot_be_pushed_changes_nothing(applied: World, text: str | None, code: int, word: str) -> None:
    before = applied.state_file.read_bytes()
    if text is not None:
        plain = {**json.loads(before), **json.loads(text)} if code == 4 else None
        applied.write("pushed.json", json.dumps(plain) if plain else text)
    ran = applied.run("state", "push", "pushed.json", "--force")

    assert (ran.code, ran.out) == (code, "")
    assert word in ran.err
    assert applied.state_file.read_bytes() == before


# -- beside a run ----------------------------------------------------------------------------------------------------


def test_a_run_in_progress_keeps_surgery_away_and_a_dead_one_is_folded_in(applied: World) -> None:
    """Exit 5 while it lives. When it is killed, what its journal says goes into the document first."""
    with waiting_apply(applied, "third"):
        for words in ("mv narrator x", "rm narrator", "push voices.state.json", "rebuild"):
            ran = applied.run("state", *words.split())
            assert (ran.code, ran.out) == (5, ""), ran.err
            assert "voicectl apply --yes" in ran.err
        assert applied.run("state", "list").out == "narrator\nsupport/anna\nthird\n"
        assert "is not in this document" in applied.run("state", "pull").err
    assert journal(applied)
    moved = applied.run("state", "mv", "third", "drei")

    assert moved.code == 0, moved.err
    assert sorted(applied.records) == ["drei", "narrator", "support/anna"]
    assert applied.records["drei"]["status"] == "pending"
    assert "third" in json.loads(backups(applied)[-1].read_text())["voices"]
    assert journal(applied) == b""


def journal(world: World) -> bytes:
    path = world.root / ".voicectl" / "default.journal"
    return path.read_bytes() if path.exists() else b""
