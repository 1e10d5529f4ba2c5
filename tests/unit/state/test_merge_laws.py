"""The laws of merging state documents, for every document that could be."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from reconciler.errors import StateError
from reconciler.state.document import Retired, StateDocument, Successor, VoiceRecord, render
from reconciler.state.merge import MergeConflict, merge_documents
from reconciler.state.reading import parse

Voices = dict[str, VoiceRecord]
Edit = tuple[str, VoiceRecord | None]

KEYS = ["a", "support/anna", "Ж \u2028"]

few_ids = st.sampled_from(["1", "2", "3"])
successors = st.builds(
    Successor, few_ids, st.just("pending"), st.just("x"), st.none(), st.just(dict[str, str | None]()), st.none()
)
records = st.builds(
    VoiceRecord,
    voice_id=st.none() | few_ids,
    status=st.just("ready"),
    name=st.sampled_from(["x", "<<<<<<< ours\n"]),
    description=st.none(),
    labels=st.just(dict[str, str | None]()),
    sample=st.none(),
    retired=st.lists(
        st.builds(Retired, few_ids, st.sampled_from(["2026-01-01", "2026-01-02"]), st.sampled_from([None, "x", "y"])),
        max_size=2,
        unique_by=lambda old: old.voice_id,
    ).map(tuple),
    successor=st.none() | successors,
)
"""Few enough that two branches often meet on the same voice, and sometimes do the same to it."""


def own(key: str, record: VoiceRecord) -> VoiceRecord:
    """Return a record none of whose ids is another key's."""
    mine = key.encode().hex()
    successor = record.successor and replace(record.successor, voice_id=f"{mine}-{record.successor.voice_id}")
    return replace(
        record,
        voice_id=record.voice_id and f"{mine}-{record.voice_id}",
        retired=tuple(replace(old, voice_id=f"{mine}-{old.voice_id}") for old in record.retired),
        successor=successor,
    )


def voices_of(keys: list[str]) -> st.SearchStrategy[Voices]:
    return st.fixed_dictionaries({}, optional={key: st.builds(own, st.just(key), records) for key in keys})


def document(voices: Voices, serial: int = 3, account: str | None = "account") -> StateDocument:
    return StateDocument("default", "line", serial, account, voices)


def edited(base: StateDocument, changes: Voices, removed: set[str], steps: int) -> StateDocument:
    """Return what one branch makes of a document."""
    voices = {key: record for key, record in {**base.voices, **changes}.items() if key not in removed}
    return document(voices, base.serial + steps) if voices != base.voices else base


some_keys = st.sets(st.sampled_from(KEYS))
steps = st.integers(1, 3)
bases = voices_of(KEYS).map(document)


@st.composite
def branches(draw: st.DrawFn) -> tuple[StateDocument, StateDocument, StateDocument]:
    """Draw a base and two branches that may meet or not; some changes are the same on both."""
    base = draw(bases)
    shared = draw(voices_of(KEYS))
    sides = []
    for _ in range(2):
        changes = {**draw(voices_of(KEYS)), **{key: shared[key] for key in draw(some_keys) if key in shared}}
        sides.append(edited(base, changes, draw(some_keys), draw(steps)))
    return base, sides[0], sides[1]


def merged(base: StateDocument, ours: StateDocument, theirs: StateDocument) -> StateDocument | tuple[str, ...]:
    try:
        return merge_documents(base, ours, theirs)
    except MergeConflict as conflict:
        return tuple(sorted(conflict.reasons))


def ids(side: StateDocument) -> set[str]:
    """Return every voice id that a document knows."""
    found = set()
    for record in side.voices.values():
        found |= {old.voice_id for old in record.retired}
        found |= {record.voice_id} if record.voice_id else set()
        found |= {record.successor.voice_id} if record.successor else set()
    return found


def changed(base: StateDocument, side: StateDocument) -> set[str]:
    return {key for key in {*base.voices, *side.voices} if base.voices.get(key) != side.voices.get(key)}


@given(branches())
def test_it_does_not_matter_who_merges_whom(sides: tuple[StateDocument, StateDocument, StateDocument]) -> None:
    base, ours, theirs = sides
    assert merged(base, ours, theirs) == merged(base, theirs, ours)


@given(branches())
def test_a_side_that_did_nothing_changes_nothing(sides: tuple[StateDocument, StateDocument, StateDocument]) -> None:
    base, ours, _ = sides
    assert merged(base, ours, base) == ours
    assert merged(base, base, ours) == ours
    assert merged(base, ours, ours) == ours


@given(bases, st.data())
def test_changes_of_different_voices_always_merge(base: StateDocument, data: st.DataObject) -> None:
    mine = data.draw(some_keys)
    rest = sorted(set(KEYS) - mine)
    ours = edited(base, data.draw(voices_of(sorted(mine))), data.draw(some_keys) & mine, data.draw(steps))
    theirs = edited(base, data.draw(voices_of(rest)), data.draw(some_keys) - mine, data.draw(steps))

    result = merge_documents(base, ours, theirs)

    for key in KEYS:
        side = ours if key in mine else theirs
        assert result.voices.get(key) == side.voices.get(key)


@given(branches())
def test_no_voice_id_is_lost_but_those_that_a_side_took_out(
    sides: tuple[StateDocument, StateDocument, StateDocument],
) -> None:
    base, ours, theirs = sides
    result = merged(base, ours, theirs)
    assume(isinstance(result, StateDocument))
    assert isinstance(result, StateDocument)

    taken_out = (ids(base) - ids(ours)) | (ids(base) - ids(theirs))
    assert ids(result) >= (ids(ours) | ids(theirs)) - taken_out
    assert ids(result) <= ids(ours) | ids(theirs)


@given(branches())
def test_a_conflict_names_only_voices_that_both_sides_changed(
    sides: tuple[StateDocument, StateDocument, StateDocument],
) -> None:
    base, ours, theirs = sides
    result = merged(base, ours, theirs)
    both = changed(base, ours) & changed(base, theirs)

    if isinstance(result, tuple):
        assert len(result) <= len(both)
        assert all(any(f"the voice {key!r} " in reason for key in both) for reason in result)


@given(branches())
def test_one_serial_has_one_content(sides: tuple[StateDocument, StateDocument, StateDocument]) -> None:
    base, ours, theirs = sides
    result = merged(base, ours, theirs)
    assume(isinstance(result, StateDocument))
    assert isinstance(result, StateDocument)

    assert result.serial in (max(ours.serial, theirs.serial), max(ours.serial, theirs.serial) + 1)
    for side in (ours, theirs):
        if side.serial == result.serial and ours.serial != theirs.serial:
            assert render(side) == render(result)


@given(branches(), st.booleans())
def test_either_side_of_all_hunks_is_a_whole_document_and_the_markers_are_none(
    sides: tuple[StateDocument, StateDocument, StateDocument], first: bool
) -> None:
    base, ours, theirs = sides
    text = conflict_of(base, ours, theirs)
    assume(text is not None)
    assert text is not None

    with pytest.raises(StateError, match="corrupt"):
        parse(text, filename="voices.state.json")
    resolved = parse(resolve(text, first=first), filename="voices.state.json")
    side, other = (ours, theirs) if first else (theirs, ours)
    assert resolved.serial == max(ours.serial, theirs.serial) + 1
    for key in changed(base, side) - changed(base, other):
        assert resolved.voices.get(key) == side.voices.get(key)


def conflict_of(base: StateDocument, ours: StateDocument, theirs: StateDocument) -> str | None:
    try:
        merge_documents(base, ours, theirs)
    except MergeConflict as conflict:
        return conflict.text
    return None


def resolve(text: str, *, first: bool) -> str:
    """Take one side of every hunk, as a person does in an editor."""
    kept, where = [], None
    for line in text.split("\n"):
        if line.startswith("<<<<<<< ours ("):
            where = True
        elif line == "=======":
            where = False
        elif line == ">>>>>>> theirs":
            where = None
        elif where in (None, first):
            kept.append(line)
    return "\n".join(kept)
