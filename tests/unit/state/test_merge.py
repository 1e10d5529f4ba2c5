"""Merging state documents: what people do, case by case."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reconciler.state.document import RecordedSample, Retired, StateDocument, VoiceRecord, render
from reconciler.state.merge import MergeConflict, merge_documents


def voice(voice_id: str = "id-1", **fields: Any) -> VoiceRecord:
    sample = RecordedSample("voices/a.mp3", "aa", 9, "bb", "en", denoise=False, speech_normalization=True)
    return replace(VoiceRecord(voice_id, "ready", "Anna", None, {}, sample), **fields)


def state(
    serial: int = 1, *, account: str | None = "me", lineage: str = "line", **voices: VoiceRecord
) -> StateDocument:
    return StateDocument("default", lineage, serial, account, voices)


def test_two_branches_that_add_different_voices_merge() -> None:
    base = state(4, old=voice("o"))
    ours, theirs = state(5, old=voice("o"), a=voice("1")), state(7, old=voice("o"), b=voice("2"))

    merged = merge_documents(base, ours, theirs)

    assert merged == state(8, old=voice("o"), a=voice("1"), b=voice("2"))


def test_the_same_voice_changed_on_both_sides_is_a_conflict_that_says_so() -> None:
    base = state(1, a=voice("1"), b=voice("2"))
    ours, theirs = state(2, a=voice("x"), b=voice("2")), state(2, a=voice("y"), b=voice("3"))

    with pytest.raises(MergeConflict) as raised:
        merge_documents(base, ours, theirs)

    assert raised.value.reasons == ("the voice 'a' was changed on both sides",)
    text = raised.value.text or ""
    start, end = "<<<<<<< ours (the voice 'a' was changed on both sides)\n", ">>>>>>> theirs\n"
    assert text.count(start) == text.count("=======\n") == text.count(end) == 1
    inside = text.partition(start)[2].partition(end)[0]
    assert '"voice_id": "x"' in inside
    assert '"voice_id": "y"' in inside
    assert '"voice_id": "3"' not in inside
    assert '"voice_id": "3"' in text


def test_a_voice_deleted_here_and_changed_there_is_a_conflict() -> None:
    base = state(1, a=voice("1"))

    with pytest.raises(MergeConflict, match="the voice 'a' was deleted on one side and changed on the other"):
        merge_documents(base, state(2), state(2, a=voice("1", name="Other")))


def test_the_same_change_on_both_sides_is_one_change() -> None:
    base = state(1, a=voice("1"), gone=voice("2"))
    ours = state(2, a=voice("x"), b=voice("b"))

    assert merge_documents(base, ours, state(2, a=voice("x"), c=voice("c"))).voices == {
        "a": voice("x"), "b": voice("b"), "c": voice("c"),
    }  # fmt: skip


def test_a_side_that_has_all_of_the_other_is_taken_as_it_is() -> None:
    base = state(1)
    later = state(3, a=voice("1"), b=voice("2"))

    assert merge_documents(base, state(2, a=voice("1")), later) is later


def test_lists_of_replaced_voices_merge_as_sets_beside_other_changes() -> None:
    old, older, new = Retired("old", "2026-01-02"), Retired("older", "2026-01-01"), Retired("new", "2026-01-03")
    base = state(1, a=voice(retired=(old, older)))
    ours = state(2, a=voice(name="Other", retired=(older, old, new)))
    theirs = state(2, a=voice(retired=(old,)))

    assert merge_documents(base, ours, theirs).voices["a"] == voice(name="Other", retired=(old, new))


def test_a_replaced_voice_that_both_sides_keep_is_kept_for_the_longer_time() -> None:
    base = state(1, a=voice())
    ours, theirs = (state(2, a=voice(retired=(Retired("r", f"2026-01-0{day}", name=f"take {day}"),))) for day in (1, 2))

    assert merge_documents(base, ours, theirs).voices["a"].retired == (Retired("r", "2026-01-02", name="take 2"),)


def test_one_voice_under_two_new_keys_is_a_conflict() -> None:
    base = state(1, old=voice("1"))

    with pytest.raises(MergeConflict, match="each side gave it another key") as raised:
        merge_documents(base, state(2, left=voice("1")), state(2, right=voice("1")))

    assert len(raised.value.reasons) == 2


@pytest.mark.parametrize(
    ("ours", "theirs", "reason"),
    [
        (state(2, lineage="x", a=voice()), state(2, lineage="y", b=voice("2")), "unrelated documents"),
        (state(2, account="x", a=voice()), state(2, account="y", b=voice("2")), "two accounts, x and y"),
        (state(2, a=voice()), replace(state(2, b=voice("2")), environment="prod"), "two environments"),
    ],
)
def test_documents_that_do_not_belong_together_are_never_mixed(
    ours: StateDocument, theirs: StateDocument, reason: str
) -> None:
    with pytest.raises(MergeConflict, match=reason) as raised:
        merge_documents(None, ours, theirs)

    assert raised.value.text is None


def test_a_document_that_began_on_both_sides_of_one_line_merges_without_a_base() -> None:
    ours, theirs = state(2, a=voice("1")), state(1, account=None, b=voice("2"))

    with pytest.raises(MergeConflict, match="two accounts"):
        merge_documents(state(1, account="other"), ours, replace(theirs, account="third"))
    assert merge_documents(None, ours, theirs) == state(3, a=voice("1"), b=voice("2"))
    assert render(merge_documents(None, ours, theirs)).endswith("}\n")
