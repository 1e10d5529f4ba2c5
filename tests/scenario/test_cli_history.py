"""`history`: a life of voices, told from git."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest
from cli_world import Ran, World
from git_folder import GitFolder, git_environment
from syrupy.assertion import SnapshotAssertion


class Life:
    """A world under git in which things happened."""

    def __init__(self, world: World) -> None:
        self.world = world
        world.write(".gitignore", ".voicectl/\n")
        self.folder = GitFolder.init(
            world.root,
            GIT_AUTHOR_DATE="2026-01-02T03:04:05+01:00",
            GIT_COMMITTER_DATE="2026-01-02T03:04:05+01:00",
        )
        self.folder.commit("Start")

    def run(self, *arguments: str, env: Mapping[str, str | None] | None = None) -> Ran:
        environ = git_environment(self.world.root.parent)
        del environ["HOME"]
        dates = {name: value for name, value in self.folder.environ.items() if name.endswith("_DATE")}
        return self.world.run(*arguments, env={**environ, **dates, **(env or {})})

    def apply(self, message: str) -> None:
        """Commit the files as somebody's pull request, apply, and commit that."""
        self.folder.commit(message)
        ran = self.run("apply", "--yes", "--commit")
        assert ran.code == 0, ran.err

    def history(self, *arguments: str) -> Any:
        ran = self.run("history", "--json", *arguments)
        assert (ran.code, ran.err) == (0, "")
        return ran.json


@pytest.fixture
def life(world: World) -> Life:
    """`narrator` was made, replaced, moved to `storyteller`, and removed; `anna` is still there."""
    life = Life(world)
    world.declare("narrator", seed=1)
    world.declare("anna", seed=2)
    life.apply("Add two voices (#1)")
    world.declare("narrator", seed=3, lifecycle={"keep_replaced": "7d"})
    life.apply("Merge pull request #2 from somebody/take-2")
    world.declare("anna", seed=2, description="Calm.")
    life.apply("Describe anna")
    return life


def without_names(text: str) -> str:
    """Return the text with commits, ids and hashes as words."""
    text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID", text)
    text = re.sub(r"commit [0-9a-f]{10}", "commit COMMIT", text)
    return re.sub(r"sha256 [0-9a-f]{10}", "sha256 HASH", re.sub(r'"20\d\d-[^"]*"', '"DATE"', text))


def test_the_trail_as_people_read_it(life: Life, snapshot: SnapshotAssertion) -> None:
    ran = life.run("history")

    assert (ran.code, ran.err) == (0, "")
    assert snapshot == without_names(ran.out)


def test_the_answer_to_which_recording_made_this_voice(life: Life, snapshot: SnapshotAssertion) -> None:
    first = life.history("narrator")["changes"][-1]["voice_id"]["after"]

    ran = life.run("history", "--voice-id", first)

    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"{first} is replaced, still usable\n")
    assert snapshot == without_names(ran.out)


def test_json_says_commit_person_pull_request_ids_and_whether_the_recording_is_still_there(life: Life) -> None:
    newest, oldest = life.history("narrator")["changes"]

    assert newest["voice_id"] == {"before": oldest["voice_id"]["after"], "after": life.world.get("narrator")}
    assert (newest["kind"], oldest["kind"]) == ("replaced", "added")
    assert newest["commit"]["pull_request"] == 2
    assert newest["commit"]["id"] == life.folder.git("rev-parse", "HEAD~2")
    assert newest["commit"]["author"] == "Anna Example"
    kept = {"path": "voices/narrator/sample.mp3", "lfs": False, "downloaded": True}
    assert newest["sample"]["after"]["kept"] == {**kept, "in": "head"}
    assert newest["sample"]["before"]["kept"] == {**kept, "in": "history"}
    assert oldest["sample"]["after"]["sha256"] == newest["sample"]["before"]["sha256"]


def test_every_id_that_ever_was_has_an_answer(life: Life) -> None:
    ids = {c["voice_id"][side] for c in life.history()["changes"] for side in ("before", "after")} - {None}
    assert len(ids) == 3

    life.world.remove("narrator")
    life.apply("Let the narrator go")

    answers = {voice_id: life.history("--voice-id", voice_id)["voice"] for voice_id in ids}
    assert sorted(answer["now"] for answer in answers.values()) == ["current", "gone", "gone"]
    assert all(answer["sample"]["sha256"] for answer in answers.values())
    assert {answer["first_seen"]["pull_request"] for answer in answers.values()} == {1, 2}


def test_the_key_that_a_voice_had_says_where_the_voice_went(life: Life) -> None:
    first = life.history("narrator")["changes"][-1]["voice_id"]["after"]
    life.world.remove("narrator")
    life.world.declare("teller", seed=3, previously=["narrator"], lifecycle={"keep_replaced": "7d"})
    life.apply("Call the narrator by another name (#4)")

    old, new = life.history("narrator")["changes"], life.history("teller")["changes"]
    assert old == new
    assert (old[0]["kind"], old[0]["key"], old[0]["previous_key"]) == ("moved", "teller", "narrator")
    for voice_id, now in ((first, "retired"), (life.world.get("teller"), "current")):
        answer = life.history("--voice-id", voice_id)["voice"]
        assert (answer["key"], answer["current_key"], answer["now"]) == ("narrator", "teller", now)
        assert "\n  voice   teller, made as narrator\n" in life.run("history", "--voice-id", voice_id).out


def test_a_limit_shows_the_newest(life: Life) -> None:
    assert life.history("--limit", "1")["changes"] == life.history()["changes"][:1]


def test_an_unknown_key_or_id_is_an_error_and_json_stays_json(life: Life) -> None:
    for arguments in (("narator",), ("--voice-id", "nobody"), ("--voice-id", ""), ("",)):
        ran = life.run("history", *arguments)
        assert (ran.code, ran.out) == (1, "")
        assert "The history knows nothing of" in ran.err
        assert life.run("history", "--json", *arguments).json["errored"] is True
    assert "did you mean 'narrator'?" in life.run("history", "narator").err
    assert life.run("history", "narrator", "--voice-id", "x").code == 64


def test_a_warning_goes_to_stderr_and_into_json(life: Life) -> None:
    clone = GitFolder(life.world.root.parent / "clone").clone_of(life.folder.path.as_uri(), "--depth=1")

    ran = life.run("-C", str(clone.path), "history")
    document = life.run("-C", str(clone.path), "history", "--json").json

    assert "This clone is shallow" in ran.err
    assert "(the clone ends here: what follows may be older)" in ran.out
    assert document["complete"] is False
    assert "This clone is shallow" in document["warnings"][0]
    assert all(change["commit"]["inherited"] for change in document["changes"])


def test_a_shallow_clone_does_not_say_that_a_voice_was_made_where_it_was_only_seen(life: Life) -> None:
    replaced = life.world.records["narrator"]["retired"][0]["voice_id"]
    state = life.world.state_file.read_text()
    life.folder.commit("Lose it", **{"voices.state.json": state.replace(replaced, "another-id")})
    life.folder.commit("Bring it back", **{"voices.state.json": state})
    clone = GitFolder(life.world.root.parent / "clone").clone_of(life.folder.path.as_uri(), "--depth=2")

    out = life.run("-C", str(clone.path), "history", "--voice-id", replaced).out

    assert "\n  sample  unknown" in out
    assert "\n  seen in commit " in out


def test_no_text_of_a_commit_steers_the_terminal(life: Life) -> None:
    text = json.loads(life.world.state_file.read_text())
    text["voices"]["anna"]["name"] = "\x1b[2JAnna\r"
    life.world.state_file.write_text(json.dumps(text))
    life.folder.git("config", "user.name", "Mallory\x1b[31m")
    life.folder.commit("Innocent\x1b[1A subject")

    assert "\x1b" not in life.run("history", "--limit", "1").out
    assert "\x1b[33m" in life.run("history", "--limit", "1", "--color", "always").out
