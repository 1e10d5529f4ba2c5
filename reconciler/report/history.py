"""The audit trail, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.git.history import Entry, Origin
from reconciler.git.log import Commit
from reconciler.git.recordings import Kept
from reconciler.report.json_text import json_text
from reconciler.report.paint import Paint, printable
from reconciler.state.changes import FieldDifference, Kind
from reconciler.state.document import RecordedSample, StateDocument, VoiceRecord, to_plain

SHORT = 10
"""Characters of a commit or a hash that people read."""
TOLD_APART = frozenset(
    {"voice_id", "created_at", "sample.file", "sample.sha256", "sample.size", "sample.stream_sha256"}
)
"""Fields that a line of their own shows, or that say nothing to people."""
COLOURS = {Kind.ADDED: "green", Kind.REMOVED: "red", Kind.REPLACED: "yellow", Kind.MOVED: "cyan", Kind.CHANGED: "cyan"}


@dataclass(frozen=True, slots=True)
class Trail:
    """What `history` shows."""

    environment: str
    state: str
    """The document, from the top of the working tree."""
    entries: Sequence[Entry]
    kept: Mapping[str, Kept]
    """Where recordings are, by sha256."""
    complete: bool
    warnings: Sequence[str]
    now: StateDocument | None
    origin: Origin | None = None
    """Of `--voice-id`."""


def samples_of(entries: Sequence[Entry]) -> dict[str, int]:
    """Return the recordings that entries are about: sizes by sha256."""
    return {sample.sha256: sample.size for entry in entries for sample in _samples(entry)}


def _samples(entry: Entry) -> Iterator[RecordedSample]:
    for record in (entry.change.before, entry.change.after):
        if record is not None:
            successor = record.successor.sample if record.successor else None
            yield from (sample for sample in (record.sample, successor) if sample is not None)


# -- for programs ----------------------------------------------------------------------------------------------------


def history_json(trail: Trail) -> str:
    """Return one JSON document; docs/reference.md describes it."""
    plain: dict[str, Any] = {
        "format_version": "1.0",
        "environment": trail.environment,
        "state": trail.state,
        "complete": trail.complete,
        "warnings": list(trail.warnings),
    }
    if trail.origin is not None:
        plain["voice"] = _origin_json(trail.origin, trail)
    plain["changes"] = [_entry_json(entry, trail.kept) for entry in trail.entries]
    return json_text(plain, indent=2)


def _origin_json(origin: Origin, trail: Trail) -> dict[str, Any]:
    return {
        "voice_id": origin.voice_id,
        "key": origin.key,
        "current_key": current_key(origin.voice_id, trail.now),
        "now": whereabouts(origin.voice_id, trail.now),
        "sample": _sample_json(origin.sample, trail.kept),
        "first_seen": _commit_json(origin.entry),
    }


def _entry_json(entry: Entry, kept: Mapping[str, Kept]) -> dict[str, Any]:
    change = entry.change
    before, after = change.before, change.after
    return {
        "commit": _commit_json(entry),
        "key": change.key,
        "previous_key": change.previous_key,
        "kind": change.kind.value,
        "voice_id": dict(zip(("before", "after"), change.ids, strict=True)),
        "status": {"before": before.status if before else None, "after": after.status if after else None},
        "sample": {
            "before": _sample_json(before.sample if before else None, kept),
            "after": _sample_json(after.sample if after else None, kept),
        },
        "fields": [{"path": f.path, "before": f.before, "after": f.after} for f in change.fields],
    }


def _commit_json(entry: Entry) -> dict[str, Any] | None:
    commit = entry.commit
    if commit is None:
        return None
    return {
        "id": commit.id,
        "author": commit.author,
        "email": commit.email,
        "date": commit.date,
        "subject": commit.subject,
        "pull_request": entry.pull_request,
        "inherited": entry.inherited,
    }


def _sample_json(sample: RecordedSample | None, kept: Mapping[str, Kept]) -> dict[str, Any] | None:
    if sample is None:
        return None
    where = kept.get(sample.sha256)
    plain: dict[str, Any] = to_plain(sample)
    plain["kept"] = where and {
        "path": where.path,
        "in": "head" if where.in_head else "history",
        "lfs": where.lfs,
        "downloaded": where.downloaded,
    }
    return plain


def whereabouts(voice_id: str, now: StateDocument | None) -> str:
    """Return what a voice id is today: `current`, `successor`, `retired`, or `gone`."""
    records = now.voices.values() if now else ()
    if any(record.voice_id == voice_id for record in records):
        return "current"
    if any(record.successor is not None and record.successor.voice_id == voice_id for record in records):
        return "successor"
    return "retired" if any(old.voice_id == voice_id for record in records for old in record.retired) else "gone"


def current_key(voice_id: str, now: StateDocument | None) -> str | None:
    """Return the key under which the document knows a voice id, in whatever way; None for one that is gone."""
    records = now.voices.items() if now else ()
    return next((key for key, record in records if voice_id in record.voice_ids), None)


# -- for people ------------------------------------------------------------------------------------------------------


def history_text(trail: Trail, paint: Paint) -> str:
    """Return the trail as git shows its log: the newest first, one block a commit."""
    blocks = [_answer(trail.origin, trail, paint)] if trail.origin is not None else []
    shown: list[str] = []
    last: Commit | None = None
    for number, entry in enumerate(trail.entries):
        if number == 0 or entry.commit is not last:
            if shown:
                blocks.append("".join(shown))
            shown, last = [_heading(entry, paint)], entry.commit
        shown.append("\n" + _entry(entry, trail.kept, paint))
    return "\n".join([*blocks, *(["".join(shown)] if shown else [])])


def _is_making(origin: Origin) -> bool:
    """Whether the voice came with that commit, and was not known to it as an older one that is still there."""
    after = origin.entry.change.after
    return after is None or all(old.voice_id != origin.voice_id for old in after.retired)


def _answer(origin: Origin, trail: Trail, paint: Paint) -> str:
    now = {"current": "in use", "successor": "on its way", "retired": "replaced, still usable", "gone": "gone"}
    lines = [f"{paint(printable(origin.voice_id), 'bold')} is {now[whereabouts(origin.voice_id, trail.now)]}"]
    key = current_key(origin.voice_id, trail.now) or origin.key
    made_as = f", made as {printable(origin.key)}" if key != origin.key else ""
    lines.append(f"  voice   {printable(key)}{made_as}")
    lines.append(f"  sample  {_sample(origin.sample, trail.kept)}")
    if origin.entry.commit is None:
        lines.append("  made    not committed yet")
    else:
        seen = "before" if origin.entry.inherited else "made in" if _is_making(origin) else "seen in"
        lines.append(f"  {seen:<7} {_commit(origin.entry)}")
    return "\n".join(lines) + "\n"


def _heading(entry: Entry, paint: Paint) -> str:
    if entry.commit is None:
        return paint("not committed yet", "yellow") + "\n"
    cut = " (the clone ends here: what follows may be older)" if entry.inherited else ""
    return f"{paint(_commit(entry), 'yellow')}{cut}\n    {printable(entry.commit.subject)}\n"


def _commit(entry: Entry) -> str:
    assert entry.commit is not None
    number = f" #{entry.pull_request}" if entry.pull_request is not None else ""
    who = printable(f"{entry.commit.author} <{entry.commit.email}>")
    return f"commit {entry.commit.id[:SHORT]}{number}  {entry.commit.date[:16].replace('T', ' ')}  {who}"


def _entry(entry: Entry, kept: Mapping[str, Kept], paint: Paint) -> str:
    change = entry.change
    came = f" from {printable(change.previous_key)}" if change.previous_key is not None else ""
    lines = [f"    {printable(change.key)}: {paint(change.kind.value, COLOURS[change.kind])}{came}"]
    old, new = change.ids
    if old != new:
        lines.append(f"      voice   {printable(old or '-')} -> {printable(new or '-')}")
    before, after = (record.sample if record else None for record in (change.before, change.after))
    if _hash(before) != _hash(after):
        lines += [f"      {name}  {_sample(s, kept)}" for name, s in (("was   ", before), ("sample", after)) if s]
    lines += [
        f"      {_field(f)}" for f in change.fields if f.path not in TOLD_APART and _both(change.before, change.after)
    ]
    return "\n".join(lines) + "\n"


def _both(before: VoiceRecord | None, after: VoiceRecord | None) -> bool:
    return before is not None and after is not None


def _hash(sample: RecordedSample | None) -> str | None:
    return sample.sha256 if sample else None


def _sample(sample: RecordedSample | None, kept: Mapping[str, Kept]) -> str:
    if sample is None:
        return "unknown: the voice was adopted, or its making is out of sight"
    return (
        f"{printable(sample.file)}  sha256 {printable(sample.sha256[:SHORT])}  {_kept(sample, kept.get(sample.sha256))}"
    )


def _kept(sample: RecordedSample, where: Kept | None) -> str:
    if where is None:
        return "(not in git)"
    place = "in the repository" if where.in_head else "only in the history"
    if where.lfs:
        place += " as a Git LFS pointer" + ("" if where.downloaded else ", not downloaded")
    return f"({place}{'' if where.path.endswith(sample.file) else ', as ' + printable(where.path)})"


def _field(difference: FieldDifference) -> str:
    before, after = (printable(json.dumps(v, ensure_ascii=False)) for v in (difference.before, difference.after))
    return f"{printable(difference.path)}: {before} -> {after}"
