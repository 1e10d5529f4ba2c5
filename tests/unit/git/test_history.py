"""The audit trail, read from real repositories."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from git_folder import GitFolder

from reconciler.errors import VoicectlError
from reconciler.git.history import Entry, History, of_key, open_history, origin_of
from reconciler.git.log import pull_request
from reconciler.git.recordings import Kept, find_recordings
from reconciler.state.document import RecordedSample, Retired, StateDocument, Successor, VoiceRecord, render

STATE = "voices.state.json"


def sample(raw: str = "raw", file: str = "voices/a.mp3") -> RecordedSample:
    sha256 = hashlib.sha256(raw.encode()).hexdigest()
    return RecordedSample(file, sha256, len(raw.encode()), None, "en", denoise=False, speech_normalization=True)


def voice(voice_id: str | None, raw: str = "raw", **fields: Any) -> VoiceRecord:
    return replace(VoiceRecord(voice_id, "ready", "Anna", None, {}, sample(raw)), **fields)


def state(serial: int, voices: dict[str, VoiceRecord], environment: str = "default") -> str:
    return render(StateDocument(environment, "line", serial, "me", voices))


@pytest.fixture
def folder(tmp_path: Path) -> GitFolder:
    return GitFolder.init(tmp_path / "repository")


@contextmanager
def opened(folder: GitFolder, name: str = STATE) -> Iterator[History]:
    with open_history(folder.path, folder.path / name, "default", folder.environ) as history:
        yield history


def told(folder: GitFolder, key: str | None = None) -> list[tuple[str, ...]]:
    """Return subject, key, kind and ids of every entry."""
    with opened(folder) as history:
        entries = list(history.entries() if key is None else of_key(history.entries(), key))
    return [_told(entry) for entry in entries]


def _told(entry: Entry) -> tuple[str, ...]:
    old, new = entry.change.ids
    subject = entry.commit.subject if entry.commit else "-"
    return (subject, entry.change.key, entry.change.kind.value, f"{old or '-'} -> {new or '-'}")


def test_every_change_of_every_voice_has_its_commit(folder: GitFolder) -> None:
    folder.commit("first", **{STATE: state(1, {"a": voice("1"), "b": voice("2")})})
    folder.commit("unrelated", **{"notes.txt": ""})
    folder.commit("second", **{STATE: state(2, {"a": voice("3", "other"), "b": voice("2", name="Bob")})})
    folder.commit("third", **{STATE: state(3, {"b": voice("2", name="Bob")})})
    folder.commit("serial only", **{STATE: state(4, {"b": voice("2", name="Bob")})})

    assert told(folder) == [
        ("third", "a", "removed", "3 -> -"),
        ("second", "a", "replaced", "1 -> 3"),
        ("second", "b", "changed", "2 -> 2"),
        ("first", "a", "added", "- -> 1"),
        ("first", "b", "added", "- -> 2"),
    ]
    with opened(folder) as history:
        second = next(e for e in history.entries() if e.change.key == "b")
    assert [(f.path, f.before, f.after) for f in second.change.fields] == [("name", "Anna", "Bob")]
    assert second.commit is not None
    assert (second.commit.author, second.commit.email) == ("Anna Example", "anna@example.test")


def test_a_voice_is_followed_to_the_keys_it_had_before(folder: GitFolder) -> None:
    folder.commit("made", **{STATE: state(1, {"old": voice("1"), "other": voice("9")})})
    folder.commit("moved", **{STATE: state(2, {"middle": voice("1"), "other": voice("9")})})
    both = {"new": voice("2", "b", retired=(Retired("1", "2026"),)), "other": voice("8", "x")}
    folder.commit("moved and replaced", **{STATE: state(3, both)})

    assert told(folder, "new") == [
        ("moved and replaced", "new", "moved", "1 -> 2"),
        ("moved", "middle", "moved", "1 -> 1"),
        ("made", "old", "added", "- -> 1"),
    ]


def test_a_move_with_a_new_voice_is_known_by_the_trailer_of_the_apply(folder: GitFolder) -> None:
    folder.commit("made", **{STATE: state(1, {"my old": voice("1")})})
    message = 'moved\n\nVoicectl-Environment: default\nVoicectl-Voice: "my new" 1 -> 2\n'
    message += 'Voicectl-Voice: "my new" 0 -> -\n'
    folder.commit(message, **{STATE: state(2, {"my new": voice("2", "b")})})

    assert told(folder, "my new") == [("moved", "my new", "moved", "1 -> 2"), ("made", "my old", "added", "- -> 1")]


def test_branches_are_told_in_full_and_a_merge_only_for_what_neither_side_had(folder: GitFolder) -> None:
    base = {"a": voice("1"), "b": voice("2"), "c": voice("3")}
    folder.commit("base", **{STATE: state(1, base)})
    folder.git("switch", "--quiet", "--create", "side")
    folder.commit("on the side", **{STATE: state(2, {**base, "a": voice("side")})})
    folder.git("switch", "--quiet", "main")
    folder.commit("on main", **{STATE: state(2, {**base, "b": voice("main")})})
    folder.try_git("merge", "--no-commit", "side")
    merged = {"a": voice("side"), "b": voice("main"), "c": voice("by-hand")}
    folder.commit("merge", **{STATE: state(3, merged)})

    assert sorted(told(folder)[:3]) == [
        ("merge", "c", "replaced", "3 -> by-hand"),
        ("on main", "b", "replaced", "2 -> main"),
        ("on the side", "a", "replaced", "1 -> side"),
    ]


def test_a_renamed_document_is_followed(folder: GitFolder) -> None:
    voices = {f"v{n}": voice(str(n)) for n in range(20)}
    folder.commit("under the old name", **{"voices.state.json": state(1, voices)})
    folder.git("mv", STATE, "voices.prod.state.json")
    folder.commit("renamed", **{"voices.prod.state.json": state(1, {**voices, "v3": voice("x")}, "prod")})
    folder.commit("later", **{"voices.prod.state.json": state(2, {**voices, "v3": voice("y")}, "prod")})

    with opened(folder, "voices.prod.state.json") as history:
        entries = [_told(entry) for entry in of_key(history.entries(), "v3")]

    assert entries == [
        ("later", "v3", "replaced", "x -> y"),
        ("renamed", "v3", "replaced", "3 -> x"),
        ("under the old name", "v3", "added", "- -> 3"),
    ]


def test_a_version_that_cannot_be_read_is_skipped_with_a_warning_and_nothing_is_invented(folder: GitFolder) -> None:
    folder.commit("good", **{STATE: state(1, {"a": voice("1"), "b": voice("2")})})
    good = state(2, {"a": voice("3"), "b": voice("2")})
    broken = folder.commit("broken", **{STATE: good.replace('"ready"', "<<<<<<< ours", 1)})
    folder.commit("also broken", **{STATE: "not even JSON"})
    folder.commit("good again", **{STATE: good})

    assert told(folder) == [
        ("good again", "a", "replaced", "1 -> 3"),
        ("good", "a", "added", "- -> 1"),
        ("good", "b", "added", "- -> 2"),
    ]
    with opened(folder) as history:
        list(history.entries())
        assert len(history.warnings) == 2
        assert f"Commit {broken[:10]} has a state document that cannot be read" in history.warnings[1]


def test_documents_in_another_form_are_read_all_the_same(folder: GitFolder) -> None:
    """Older renderers, editors, Windows: what it says counts, not how it is written."""
    one, two = ({"a": voice("1"), "é": voice("2")}, {"a": voice("1"), "é": voice("3")})
    folder.commit("compact", **{STATE: json.dumps(json.loads(state(1, one)))})
    folder.commit("rendered", **{STATE: state(1, one)})
    folder.commit("windows", **{STATE: state(2, two).replace("\n", "\r\n")})
    folder.commit("empty", **{STATE: state(3, {})})

    assert told(folder) == [
        ("empty", "a", "removed", "1 -> -"),
        ("empty", "é", "removed", "3 -> -"),
        ("windows", "é", "replaced", "2 -> 3"),
        ("compact", "a", "added", "- -> 1"),
        ("compact", "é", "added", "- -> 2"),
    ]


def test_what_is_not_committed_yet_is_told_first(folder: GitFolder) -> None:
    folder.commit("made", **{STATE: state(1, {"a": voice("1")})})
    folder.write(STATE, state(2, {"a": voice("2")}))

    assert told(folder) == [("-", "a", "replaced", "1 -> 2"), ("made", "a", "added", "- -> 1")]


# -- which recording made this voice? ----------------------------------------------------------------------------------


def answer(folder: GitFolder, voice_id: str) -> tuple[str, str | None, str] | None:
    with opened(folder) as history:
        origin = origin_of(voice_id, [e for e in history.entries() if voice_id in e.voice_ids])
        if origin is None:
            return None
        subject = origin.entry.commit.subject if origin.entry.commit else "-"
        return origin.key, origin.sample.sha256 if origin.sample else None, subject


def test_any_id_that_ever_was_has_its_recording(folder: GitFolder) -> None:
    folder.commit("first take", **{STATE: state(1, {"old": voice("1", "take 1")})})
    folder.commit("tags edited", **{STATE: state(2, {"old": voice("1", "take 1, other tags")})})
    on_its_way = Successor("2", "pending", "Anna", None, {}, sample("take 2"))
    waiting = voice("1", "take 1, other tags", successor=on_its_way)
    folder.commit("second take", **{STATE: state(3, {"new": waiting})})
    ready = voice("2", "take 2", retired=(Retired("1", "2026"),))
    folder.commit("ready", **{STATE: state(4, {"new": ready})})
    folder.commit("gone", **{STATE: state(5, {})})

    assert answer(folder, "1") == ("old", sample("take 1").sha256, "first take")
    assert answer(folder, "2") == ("new", sample("take 2").sha256, "second take")
    assert answer(folder, "3") is None


# -- pull requests -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "number"),
    [
        ("Record anna again (#12)", 12),
        ("Merge pull request #7 from anna/take-3\n\nRecord anna again", 7),
        ("Merged in take-3 (pull request #5)", 5),
        ("Merged PR 31: Record anna again", 31),
        ("Merge branch 'x' into 'main'\n\nRecord anna\n\nSee merge request group/voices!44", 44),
        ("Fix #12 for good", None),
        ("Record anna", None),
    ],
)
def test_the_number_of_a_pull_request_is_where_the_forges_write_it(message: str, number: int | None) -> None:
    assert pull_request(message) == number


def test_a_commit_of_apply_has_the_number_of_the_merge_that_it_applied(folder: GitFolder) -> None:
    folder.commit("Merge pull request #7 from anna/take-3\n\nRecord anna again", **{"voices/a.mp3": "raw"})
    folder.commit("Apply\n\nVoicectl-Environment: default\n", **{STATE: state(1, {"a": voice("1")})})
    folder.commit("By hand", **{STATE: state(2, {"a": voice("2")})})

    with opened(folder) as history:
        assert [entry.pull_request for entry in history.entries()] == [None, 7]


# -- where recordings are ----------------------------------------------------------------------------------------------


def pointer(raw: str) -> str:
    made = sample(raw)
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{made.sha256}\nsize {made.size}\n"


def where(folder: GitFolder, *raws: str) -> dict[str, Kept]:
    with opened(folder) as history:
        found = find_recordings(history.repository, {sample(raw).sha256: sample(raw).size for raw in raws})
    return {raw: found[sample(raw).sha256] for raw in raws if sample(raw).sha256 in found}


def test_a_recording_is_found_by_its_bytes_wherever_git_has_it(folder: GitFolder) -> None:
    folder.commit("1", **{STATE: state(1, {}), "voices/a.mp3": "take 1", "voices/b.mp3": pointer("in lfs")})
    folder.commit("2", **{"voices/a.mp3": "take 2", "voices/c.mp3": pointer("downloaded"), "x y/ä.mp3": "take 3"})
    hidden = sample("downloaded").sha256
    folder.write(f".git/lfs/objects/{hidden[:2]}/{hidden[2:4]}/{hidden}", "downloaded")
    folder.git("rm", "--quiet", "voices/b.mp3")
    folder.git("mv", "x y/ä.mp3", "voices/moved.mp3")
    folder.commit("3")

    assert where(folder, "take 1", "take 2", "take 3", "take 4", "in lfs", "downloaded") == {
        "take 1": Kept("voices/a.mp3", in_head=False, lfs=False),
        "take 2": Kept("voices/a.mp3", in_head=True, lfs=False),
        "take 3": Kept("voices/moved.mp3", in_head=True, lfs=False),
        "in lfs": Kept("voices/b.mp3", in_head=False, lfs=True, downloaded=False),
        "downloaded": Kept("voices/c.mp3", in_head=True, lfs=True, downloaded=True),
    }


# -- what git can be ---------------------------------------------------------------------------------------------------


def test_a_shallow_clone_says_what_it_cannot_see_and_blames_nobody(folder: GitFolder, tmp_path: Path) -> None:
    folder.commit("first", **{STATE: state(1, {"a": voice("1")})})
    boundary = folder.commit("second", **{STATE: state(2, {"a": voice("2")})})
    folder.commit("third", **{STATE: state(3, {"a": voice("3")})})
    clone = GitFolder(tmp_path / "clone").clone_of(folder.path.as_uri(), "--depth=2")

    with opened(clone) as history:
        entries = list(history.entries())
        assert history.complete is False
        assert f"before commit {boundary[:10]} cannot be seen" in history.warnings[0]
        assert "`git fetch --unshallow`" in history.warnings[0]

    assert [(_told(e)[0], e.inherited) for e in entries] == [("third", False), ("second", True)]


def test_a_repository_with_sha256_names_is_as_good(tmp_path: Path) -> None:
    folder = GitFolder.init(tmp_path / "modern", "--object-format=sha256")
    folder.commit("first", **{STATE: state(1, {"a": voice("1")}), "voices/a.mp3": "raw"})
    folder.commit("second", **{STATE: state(2, {"a": voice("2")})})

    assert [line[0] for line in told(folder)] == ["second", "first"]
    assert where(folder, "raw") == {"raw": Kept("voices/a.mp3", in_head=True, lfs=False)}


def test_a_document_that_was_never_committed_is_told_as_such(folder: GitFolder) -> None:
    folder.write(STATE, state(1, {"a": voice("1")}))

    with opened(folder) as history:
        assert [_told(e) for e in history.entries()] == [("-", "a", "added", "- -> 1")]
        assert "there is no commit yet" in history.warnings[0]
    folder.write(".gitignore", STATE)
    folder.commit("something else")
    with opened(folder) as history:
        assert "git does not have it" in history.warnings[0]


def test_a_document_in_conflict_hides_no_history(folder: GitFolder) -> None:
    folder.commit("made", **{STATE: state(1, {"a": voice("1")})})
    folder.write(STATE, "<<<<<<< ours\n")

    assert told(folder) == [("made", "a", "added", "- -> 1")]
    with opened(folder) as history:
        assert "cannot be read as it is now" in history.warnings[0]


def test_no_document_at_all_is_an_error_with_a_way_out(folder: GitFolder) -> None:
    with pytest.raises(VoicectlError, match="no state document") as raised, opened(folder):
        pass

    assert "`voicectl apply --commit`" in raised.value.fix


def test_a_folder_without_git_and_one_that_git_does_not_trust_are_told_in_gits_words(
    folder: GitFolder, tmp_path: Path
) -> None:
    outside = GitFolder(tmp_path / "outside", GIT_CEILING_DIRECTORIES=str(tmp_path))
    outside.path.mkdir()
    with pytest.raises(VoicectlError, match="no git repository"), opened(outside):
        pass

    folder.commit("made", **{STATE: state(1, {})})
    folder.environ["GIT_TEST_ASSUME_DIFFERENT_OWNER"] = "1"
    with pytest.raises(VoicectlError, match="does not trust") as raised, opened(folder):
        pass
    assert "safe.directory" in raised.value.why


def test_a_persons_settings_of_git_change_nothing(folder: GitFolder) -> None:
    voices = {f"v{n}": voice(str(n)) for n in range(20)}
    folder.git("config", "user.name", "Änne")
    folder.commit("first", **{"old.json": state(1, voices)})
    folder.git("mv", "old.json", STATE)
    folder.commit("ünter another name", **{STATE: state(2, {**voices, "v1": voice("x")})})

    def seen() -> list[tuple[str, ...]]:
        with opened(folder) as history:
            return [(*_told(e), e.commit.author if e.commit else "") for e in history.entries()]

    plain = seen()
    assert len(plain) == 21
    assert plain[0][0] == "ünter another name"
    assert plain[0][-1] == "Änne"
    for name, value in {
        "log.showSignature": "true", "log.follow": "true", "color.ui": "always", "diff.renames": "copies",
        "log.date": "relative", "format.pretty": "oneline", "diff.noprefix": "true", "log.decorate": "full",
        "i18n.logOutputEncoding": "latin1", "diff.external": "false", "log.diffMerges": "first-parent",
    }.items():  # fmt: skip
        folder.git("config", name, value)

    assert seen() == plain
