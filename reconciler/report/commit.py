"""An apply as a commit: its message, and the word to whoever asked for it."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from reconciler.apply.events import Outcome, Step
from reconciler.git.state_commit import Committed
from reconciler.plan.change import Action
from reconciler.report.json_text import json_text
from reconciler.report.outcome import DONE
from reconciler.report.paint import Paint, printable
from reconciler.state.changes import Kind, VoiceChange, voice_changes
from reconciler.state.document import StateDocument

ENVIRONMENT_TRAILER = "Voicectl-Environment"
VOICE_TRAILER = "Voicectl-Voice"
LONGEST = 300
"""Characters of a server's message: a commit is no log file."""
SILENT = frozenset({"voice_id", "created_at", "status", "observed", "sample.size", "sample.stream_sha256"})
"""Fields that go without saying."""


def commit_message(before: StateDocument, after: StateDocument, outcomes: Sequence[Outcome]) -> str:
    """Return what happened, by voice, and trailers for programs: one for each voice id that came, went or moved.

    `Voicectl-Voice: KEY OLD-ID -> NEW-ID`, `-` for none. Whatever could be taken for more than one word stands in
    double quotes as a JSON string, so that no name and no text of a server can forge a line.
    """
    old_ids = {o.change.key: o.change.voice_id for o in outcomes if o.change.previous_key and o.change.voice_id}
    changes = voice_changes(before.voices, after.voices, old_ids)
    by_key: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        by_key[outcome.change.key].append(outcome)
    lines = [f"- {_line(change, by_key[change.key])}" for change in changes]
    told = {change.key for change in changes}
    lines += [
        f"- {word(o.change.key)}: {_undone(o)}"
        for o in outcomes
        if o.step is not Step.DONE and o.change.key not in told
    ]
    trailers = [f"{ENVIRONMENT_TRAILER}: {word(after.environment)}"]
    for change in changes:
        old, new = change.ids
        if old != new:
            trailers.append(_trailer(change.key, old, new))
        trailers += [_trailer(change.key, voice_id, None) for voice_id in _others_that_went(change)]
    body = "\n".join(lines) + "\n\n" if lines else ""
    return f"{_subject(after.environment, changes, by_key)}\n\n{body}" + "\n".join(trailers) + "\n"


def _trailer(key: str, old: str | None, new: str | None) -> str:
    return f"{VOICE_TRAILER}: {word(key)} {word(old)} -> {word(new)}"


def _others_that_went(change: VoiceChange) -> list[str]:
    """Return the ids that are recorded no more, besides the one in use: replaced voices whose time was over."""
    before, after = (record.voice_ids if record else () for record in (change.before, change.after))
    return [voice_id for voice_id in before if voice_id not in after and voice_id != change.ids[0]]


def word(text: str | None) -> str:
    """Return a text so that it is one word on one line; `-` for none."""
    if text is None:
        return "-"
    plain = text.isprintable() and text != "-" and not set(text) & set(' "\\') and text != ""
    return text if plain else json.dumps(text)


def _subject(environment: str, changes: Sequence[VoiceChange], by_key: Mapping[str, Sequence[Outcome]]) -> str:
    counts = Counter(_verb(change, by_key[change.key]) for change in changes)
    undone = sum(outcome.step is not Step.DONE for outcomes in by_key.values() for outcome in outcomes)
    parts = [f"{count} {verb}" for verb, count in counts.items()] + ([f"{undone} not done"] if undone else [])
    return f"Apply voices to {word(environment)}: {', '.join(parts) or 'bookkeeping only'}"


def _line(change: VoiceChange, outcomes: Sequence[Outcome]) -> str:
    old, new = change.ids
    parts = [_verb(change, outcomes)]
    if change.previous_key is not None:
        parts.append(f"from {word(change.previous_key)}")
    if old != new:
        parts.append(f"voice {word(old)} -> {word(new)}")
    if change.after is not None and old != new and change.after.sample is not None:
        parts.append(f"sample {word(change.after.sample.file)}")
    elif change.kind is Kind.CHANGED:
        parts.append(", ".join(f.path for f in change.fields if f.path not in SILENT))
    parts += [_undone(o) for o in outcomes if o.step is not Step.DONE]
    return f"{word(change.key)}: {'; '.join(part for part in parts if part)}"


def _verb(change: VoiceChange, outcomes: Sequence[Outcome]) -> str:
    """Return the word for what was done; where no step of this run did it, for what differs."""
    done = [o.change.action for o in outcomes if o.step is Step.DONE]
    action = next((action for action in done if action is not Action.CLEAN), None)
    return DONE[action] if action is not None and change.kind is not Kind.MOVED else change.kind.value


def _undone(outcome: Outcome) -> str:
    why = printable(outcome.message)[:LONGEST]
    return f"{outcome.change.action.value} {outcome.step.value}" + (f" ({why})" if why else "")


def commit_text(committed: Committed, paint: Paint) -> str:
    """Return what became of `--commit` and `--push`, for people."""
    if committed.commit is None and committed.pushed is None:
        return "Nothing to commit: the state document is as it was.\n"
    text = "Nothing new to commit.\n"
    if committed.commit is not None:
        where = (
            f"to {committed.branch}" if committed.branch else "on a detached HEAD: give it a branch, or it gets lost"
        )
        text = paint(f"Committed {committed.commit[:10]} {printable(where)}.", "bold") + "\n"
    if committed.pushed is not None:
        what = "" if committed.commit else f" what was committed before, {committed.pushed.commit[:10]},"
        on_top = ", on top of what was new there" if committed.pushed.rebased else ""
        text += paint(f"Pushed{what} to {printable(committed.upstream or '')}{on_top}.", "bold") + "\n"
        left_behind = committed.pushed.left_behind
        if left_behind:
            text += (
                f"Your branch is not there yet: {printable(left_behind.rstrip('.'))}. `git pull --rebase` catches up.\n"
            )
    return text


def commit_line(committed: Committed) -> str:
    """Return the same as the last event of `apply --json`."""
    plain = {
        "type": "commit",
        "commit": committed.commit,
        "branch": committed.branch,
        "pushed_to": committed.upstream,
        "rebased": committed.pushed is not None and committed.pushed.rebased,
    }
    return json_text(plain)
