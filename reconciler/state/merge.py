"""Two state documents that grew apart become one again, voice by voice. Pure."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from reconciler.state.document import Retired, StateDocument, VoiceRecord, render, to_plain

T = TypeVar("T")


class MergeConflict(Exception):  # noqa: N818 - named as git names it; it is an answer, not an error
    """The two sides cannot both be true."""

    def __init__(self, reasons: tuple[str, ...], text: str | None = None) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = reasons
        """One each, naming the voice."""
        self.text = text
        """What could be merged, with git's conflict markers around the rest; None where nothing could."""


@dataclass(frozen=True, slots=True)
class _Clash:
    ours: VoiceRecord | None
    theirs: VoiceRecord | None
    reason: str


def merge_documents(base: StateDocument | None, ours: StateDocument, theirs: StateDocument) -> StateDocument:
    """Return the document that has what both sides changed since `base`. Raises MergeConflict.

    A voice that one side alone changed is taken from it; the same change on both sides is one change. The serial is
    one more than the greater, because no document of that serial has this content yet.
    """
    if theirs in (ours, base):
        return ours
    if ours == base:
        return theirs
    _check_same_line(ours, theirs)
    voices, clashes = _merge_voices(base.voices if base else {}, ours.voices, theirs.voices)
    account, agreed = _three_way(base.account if base else None, ours.account, theirs.account)
    if not agreed:
        raise MergeConflict((f"the sides belong to two accounts, {ours.account} and {theirs.account}",))
    newer = ours if ours.serial > theirs.serial else theirs
    if not clashes and ours.serial != theirs.serial and (voices, account) == (dict(newer.voices), newer.account):
        return newer
    merged = replace(newer, voices=voices, account=account, serial=newer.serial + 1)
    if clashes:
        raise MergeConflict(tuple(clash.reason for clash in clashes.values()), _with_markers(merged, clashes))
    return merged


def _check_same_line(ours: StateDocument, theirs: StateDocument) -> None:
    if ours.environment != theirs.environment:
        raise MergeConflict((f"the sides are of two environments, {ours.environment!r} and {theirs.environment!r}",))
    if ours.lineage != theirs.lineage:
        why = f"the sides are two unrelated documents: lineage {ours.lineage} and {theirs.lineage}"
        raise MergeConflict((why,))


def _merge_voices(
    base: Mapping[str, VoiceRecord], ours: Mapping[str, VoiceRecord], theirs: Mapping[str, VoiceRecord]
) -> tuple[dict[str, VoiceRecord], dict[str, _Clash]]:
    merged: dict[str, VoiceRecord] = {}
    clashes: dict[str, _Clash] = {}
    for key in sorted({*base, *ours, *theirs}):
        sides = base.get(key), ours.get(key), theirs.get(key)
        record, agreed = _merge_record(*sides)
        if not agreed:
            how = "deleted on one side and changed on the other" if None in sides[1:] else "changed on both sides"
            clashes[key] = _Clash(*sides[1:], f"the voice {key!r} was {how}")
        elif record is not None:
            merged[key] = record
    for keys in _new_twins(merged, ours, theirs):
        for key in keys:
            del merged[key]
            others = " and ".join(repr(other) for other in keys if other != key)
            reason = f"the voice {key!r} has the same id as {others}: each side gave it another key"
            clashes[key] = _Clash(ours.get(key), theirs.get(key), reason)
    return merged, clashes


def _merge_record(
    base: VoiceRecord | None, ours: VoiceRecord | None, theirs: VoiceRecord | None
) -> tuple[VoiceRecord | None, bool]:
    record, agreed = _three_way(base, ours, theirs)
    if agreed or ours is None or theirs is None:
        return record, agreed
    # Replaced voices come and go by themselves, so their lists merge as sets beside whatever else changed.
    plain = [side and replace(side, retired=()) for side in (base, ours, theirs)]
    record, agreed = _three_way(*plain)
    if not agreed or record is None:
        return None, False
    return replace(record, retired=_merge_retired(base.retired if base else (), ours.retired, theirs.retired)), True


def _merge_retired(
    base: tuple[Retired, ...], ours: tuple[Retired, ...], theirs: tuple[Retired, ...]
) -> tuple[Retired, ...]:
    retired, agreed = _three_way(base, ours, theirs)
    if agreed:
        return retired
    before, left, right = ({old.voice_id: old for old in side} for side in (base, ours, theirs))
    kept: list[Retired] = []
    for voice_id in {*left, *right}:
        old, agreed = _three_way(before.get(voice_id), left.get(voice_id), right.get(voice_id))
        if not agreed:
            old = max((side[voice_id] for side in (left, right) if voice_id in side), key=_rank)
        if old is not None:
            kept.append(old)
    return tuple(sorted(kept, key=_rank))


def _rank(old: Retired) -> tuple[str, str, str]:
    """Order replaced voices by when they go; of one voice told in two ways, the same one comes first on either side."""
    return old.until, old.voice_id, json.dumps(to_plain(old), sort_keys=True)


def _three_way(base: T, ours: T, theirs: T) -> tuple[T, bool]:
    """Return the side that changed, and whether there is one answer."""
    return (ours if theirs == base else theirs), ours == theirs or base in (ours, theirs)


def _new_twins(
    merged: Mapping[str, VoiceRecord], ours: Mapping[str, VoiceRecord], theirs: Mapping[str, VoiceRecord]
) -> list[list[str]]:
    """Return groups of keys that share a voice id by the merge alone."""
    before = [_keys_by_id(side) for side in (ours, theirs)]
    return [
        keys
        for voice_id, keys in _keys_by_id(merged).items()
        if len(keys) > 1 and all(len(side.get(voice_id, ())) < len(keys) for side in before)
    ]


def _keys_by_id(voices: Mapping[str, VoiceRecord]) -> dict[str, list[str]]:
    keys: dict[str, list[str]] = defaultdict(list)
    for key in sorted(voices):
        voice_id = voices[key].voice_id
        if voice_id is not None:
            keys[voice_id].append(key)
    return keys


def _with_markers(merged: StateDocument, clashes: Mapping[str, _Clash]) -> str:
    """Return the merged text in which each clash is one hunk. Either side of all hunks is a whole document."""
    ours = _blocks(merged, {key: clash.ours for key, clash in clashes.items()})
    theirs = _blocks(merged, {key: clash.theirs for key, clash in clashes.items()})
    text, hunk, reasons = "", ("", ""), list[str]()
    for place in [*sorted({*ours, *theirs}), None]:
        left, right = (ours.get(place, ""), theirs.get(place, "")) if place else ("", "")
        if left != right:  # neighbours share a hunk: the comma after a voice depends on the next one
            hunk = (hunk[0] + left, hunk[1] + right)
            reasons += [clashes[place[1]].reason] if place and place[1] in clashes else []
            continue
        if reasons:
            text += with_markers(hunk, "; ".join(reasons))
            hunk, reasons = ("", ""), []
        text += left
    return text


def with_markers(sides: tuple[str, str], reason: str) -> str:
    """Return two texts, which end their lines, as git shows a conflict. No document reader takes it for one."""
    ours, theirs = sides
    return f"<<<<<<< ours ({reason})\n{ours}=======\n{theirs}>>>>>>> theirs\n"


def _blocks(merged: StateDocument, side: Mapping[str, VoiceRecord | None]) -> dict[tuple[int, str], str]:
    """Return the text of the document with one side's records, cut into its head, each voice, and its tail."""
    records = {key: record for key, record in side.items() if record is not None}
    document = replace(merged, voices={**merged.voices, **records})
    keys = iter(sorted(document.voices))
    blocks: dict[tuple[int, str], str] = defaultdict(str)
    place = (0, "")
    for line in render(document).removesuffix("\n").split("\n"):
        if line.startswith('    "'):
            place = (1, next(keys))
        elif line == "  }":
            place = (2, "")
        blocks[place] += f"{line}\n"
    return blocks
