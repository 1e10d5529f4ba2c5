"""Finding the voice of a create whose answer was lost.

The API has no idempotency key, so such a create is never just repeated: the list is read until the voice shows up,
or until a lagging list would have shown it. The ownership mark says which voice it is. Without marks it is the name,
the status and the server's own time that say so; where two voices fit, the run stops and names them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from reconciler.apply.clock import read_moment
from reconciler.errors import StateError
from reconciler.palabra import wire
from reconciler.plan.diff import canonical_text
from reconciler.plan.mark import read_mark
from reconciler.state.document import Successor, VoiceRecord
from reconciler.state.journal import CreateIntent

if TYPE_CHECKING:  # httpx takes 100 ms, and most of a plan needs no network
    from reconciler.palabra.client import PalabraClient

SETTLE = 20.0
"""Seconds after a create within which an answer may still miss its voice; VOICECTL_SETTLE sets another."""
PAUSES = (0.5, 1.0, 2.0, 4.0)
"""Seconds between looks; the last one repeats."""
WINDOW = timedelta(minutes=5)
"""How long after it was sent a create may still be carried out by the server."""
SKEW = timedelta(seconds=2)
"""HTTP dates have whole seconds."""


async def find_lost(
    client: PalabraClient,
    intents: Sequence[CreateIntent],
    known: Collection[str],
    *,
    seconds: float,
    before: Collection[str] | None = None,
) -> dict[CreateIntent, list[wire.Voice]]:
    """Return, for each create, the voices that it made; none where the list has settled without one.

    `known` are ids that belong to somebody else, `before` those that the account had before the creates, None where
    that is not known any more; after `seconds` the list must show what there is. Without a mark a create has made at
    most one voice: raises StateError when several could be it, or when it may as well be an old one of somebody else.
    """
    old = frozenset(before or ())
    found: dict[CreateIntent, list[wire.Voice]] = {intent: [] for intent in intents}
    async for _ in looks(seconds):
        listed = await client.list_voices()
        for intent in intents:
            fitting = [v for v in listed.values() if v.voice_id not in known and _may_be(intent, v, old)]
            # A lagging list may also show what was deleted a moment ago.
            asked = [await client.get_voice(v.voice_id) for v in fitting]
            found[intent] = [v for v in asked if v is not None]
        if all(any(v.voice_id not in old for v in voices) for voices in found.values()):
            break
    for intent, voices in found.items():
        if intent.mark is None and len(voices) > 1:
            raise _ambiguous(intent, voices)
        if intent.mark is None and before is None and any(read_moment(v.created_at) is None for v in voices):
            raise _of_unknown_age(intent, voices[0])
    return {intent: [v for v in voices if v.voice_id not in old] for intent, voices in found.items()}


def left_to_settle(intents: Sequence[CreateIntent], *, settle: float, now: float) -> float:
    """Return for how many seconds yet a list may miss what these creates made; `now` is our time, as in the intents.

    Never more than `settle`: a clock that was set back since does not make the wait longer.
    """
    return min(settle, max(intent.at for intent in intents) + settle - now)


async def looks(seconds: float) -> AsyncIterator[None]:
    """Yield now, and again after growing pauses, the last time when the seconds have passed."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    yield
    turn = 0
    while (left := end - loop.time()) > 0:
        await asyncio.sleep(min(left, PAUSES[min(turn, len(PAUSES) - 1)]))
        turn += 1
        yield


def _may_be(intent: CreateIntent, voice: wire.Voice, old: Collection[str]) -> bool:
    if intent.mark is not None:
        mark = read_mark(voice.description)
        return mark is not None and str(mark) == intent.mark
    if not _same_name(voice.name, intent.name) or voice.status != "created":
        return False
    created = read_moment(voice.created_at)
    since = read_moment(intent.since) or datetime.fromtimestamp(intent.at, UTC) - WINDOW
    if created is None:
        return voice.voice_id not in old
    return since - SKEW <= created <= since + WINDOW


def _same_name(one: str | None, other: str | None) -> bool:
    """Whether two names are one, however a server trims, folds or collapses what it was sent."""
    folded = [" ".join(canonical_text(name).casefold().split()) for name in (one, other)]
    return folded[0] == folded[1]


def _ambiguous(intent: CreateIntent, voices: Sequence[wire.Voice]) -> StateError:
    ids = ", ".join(sorted(v.voice_id for v in voices))
    return StateError(
        f"A lost answer left {len(voices)} voices that {intent.key!r} may have made: {ids}",
        why=f"all are named {intent.name!r}, were created in the same minutes and wait for their sample",
        fix="delete those that are not wanted and run again; `ownership_mark: true` makes this question answerable",
    )


def _of_unknown_age(intent: CreateIntent, voice: wire.Voice) -> StateError:
    return StateError(
        f"A lost answer left a voice that {intent.key!r} may have made, or somebody else: {voice.voice_id}",
        why=f"it is named {intent.name!r} and waits for its sample, and the server does not say since when",
        fix="delete it if it is not wanted, else give it another name, and run again; "
        "`ownership_mark: true` makes this question answerable",
    )


def record_of_lost(intent: CreateIntent, voice: wire.Voice, before: VoiceRecord | None) -> VoiceRecord:
    """Return the record that makes a found voice known: the next plan then does what has to be done about it."""
    if before is not None and before.voice_id is not None:
        found = Successor(voice.voice_id, voice.status, intent.name, None, {}, sample=None)
        return replace(before, successor=found)
    retired = before.retired if before else ()
    return VoiceRecord(voice.voice_id, voice.status, intent.name, None, {}, sample=None, retired=retired)
