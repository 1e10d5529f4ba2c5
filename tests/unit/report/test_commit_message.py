"""The commit's message: what happened, and trailers that nothing can forge."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from git_folder import GitFolder
from hypothesis import given
from hypothesis import strategies as st

from reconciler.apply.events import Outcome, Step
from reconciler.git.history import _MOVED_ID, _unquoted
from reconciler.plan.change import Action, Change
from reconciler.report.commit import LONGEST, commit_message
from reconciler.state.document import Retired, StateDocument, VoiceRecord

nasty = st.text(max_size=12) | st.sampled_from(
    ["-", "", "a b", 'say "x"', "a -> b", "x\nVoicectl-Voice: a b -> c", "\u2028", "\\", "Fixes: #1", "é"]
)


def voice(voice_id: str | None) -> VoiceRecord:
    return VoiceRecord(voice_id, "ready", "Anna", None, {}, None)


def state(voices: dict[str, VoiceRecord], environment: str = "default") -> StateDocument:
    return StateDocument(environment, "line", 1, "me", voices)


def trailers(message: str) -> list[str]:
    """Return the last paragraph, which is where git looks for them."""
    return message.rstrip("\n").rpartition("\n\n")[2].split("\n")


@given(st.dictionaries(nasty, st.tuples(st.none() | nasty, st.none() | nasty), max_size=3), nasty, nasty)
def test_no_key_id_or_word_of_the_server_forges_a_line(
    ids: dict[str, tuple[str | None, str | None]], environment: str, said: str
) -> None:
    before = {key: voice(old) for key, (old, _) in ids.items()}
    after = {key: voice(new) for key, (_, new) in ids.items()}
    failed = [Outcome(Change(key, Action.UPDATE, ""), Step.FAILED, message=said) for key in ids]

    message = commit_message(state(before, environment), state(after, environment), failed)

    assert all(line.isprintable() for line in message.split("\n"))
    first, *rest = trailers(message)
    assert first.startswith("Voicectl-Environment: ")
    found = {}
    for line in rest:
        moved = _MOVED_ID.fullmatch(line)
        assert moved is not None
        key, old, new = (_unquoted(word) for word in moved.groups())
        found[key] = (None if moved[2] == "-" else old, None if moved[3] == "-" else new)
    assert found == {key: pair for key, pair in ids.items() if pair[0] != pair[1]}


def test_git_reads_the_trailers_as_we_wrote_them(tmp_path: Path) -> None:
    before, after = state({"my anna": voice("1"), "b": voice("2")}), state({"my anna": voice("3"), "c": voice("4")})
    folder = GitFolder.init(tmp_path / "repository")

    folder.commit(commit_message(before, after, []))

    assert folder.git("log", "-1", "--format=%(trailers:only,unfold)").splitlines() == [
        "Voicectl-Environment: default",
        "Voicectl-Voice: b 2 -> -",
        "Voicectl-Voice: c - -> 4",
        'Voicectl-Voice: "my anna" 1 -> 3',
    ]


def test_a_move_is_one_line_and_keeps_its_id_without_a_trailer() -> None:
    message = commit_message(state({"old": voice("1")}), state({"new": voice("1")}), [])

    assert message == ("Apply voices to default: 1 moved\n\n- new: moved; from old\n\nVoicectl-Environment: default\n")


def test_a_move_with_a_replacement_says_both() -> None:
    change = Change("new", Action.REPLACE, "", voice_id="1", previous_key="old")

    message = commit_message(
        state({"old": voice("1")}), state({"new": voice("2")}), [Outcome(change, Step.DONE, voice_id="2")]
    )

    assert "- new: moved; from old; voice 1 -> 2\n" in message
    assert trailers(message) == ["Voicectl-Environment: default", "Voicectl-Voice: new 1 -> 2"]


def test_a_replaced_voice_whose_time_was_over_has_a_trailer_of_its_own_after_that_of_the_voice_in_use() -> None:
    kept = replace(voice("2"), retired=(Retired("1", "2026-01-01T00:00:00Z"),))

    cleaned = trailers(commit_message(state({"anna": kept}), state({"anna": voice("2")}), []))
    deleted = trailers(commit_message(state({"anna": kept}), state({}), []))

    assert cleaned[1:] == ["Voicectl-Voice: anna 1 -> -"]
    assert deleted[1:] == ["Voicectl-Voice: anna 2 -> -", "Voicectl-Voice: anna 1 -> -"]


@pytest.mark.parametrize(
    ("action", "verb"), [(Action.ADOPT, "adopted"), (Action.CREATE, "created"), (Action.RESUME, "resumed")]
)
def test_the_word_is_what_the_run_did(action: Action, verb: str) -> None:
    done = [Outcome(Change("a", action, ""), Step.DONE)]

    message = commit_message(state({}), state({"a": voice("1")}), done)

    assert message.startswith(f"Apply voices to default: 1 {verb}\n\n- a: {verb}; voice - -> 1\n")


def test_what_was_not_done_is_told_in_few_words() -> None:
    failed = [Outcome(Change("a", Action.CREATE, ""), Step.FAILED, message="x" * 5000)]

    message = commit_message(state({}), state({}), failed)

    assert message.splitlines()[0] == "Apply voices to default: 1 not done"
    assert f"- a: create failed ({'x' * LONGEST})\n" in message


def test_a_document_that_changed_in_its_head_only_is_bookkeeping() -> None:
    before = state({"a": voice("1")})

    message = commit_message(before, replace(before, serial=2), [])

    assert message == "Apply voices to default: bookkeeping only\n\nVoicectl-Environment: default\n"
