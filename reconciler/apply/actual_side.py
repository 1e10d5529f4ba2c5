"""The actual side: what the account holds.

A list answer may lag behind and may leave fields out, so it is not taken at its word where that would cost a voice:
a recorded voice that is not listed or was on its way, and a voice of ours that is listed but not recorded, are each
asked for by id.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.apply.lost_creates import looks
from reconciler.apply.recorded_side import trusted, unfinished
from reconciler.errors import AccountError
from reconciler.palabra import wire
from reconciler.plan.mark import is_marked
from reconciler.plan.marked import known_ids
from reconciler.plan.sides import Actual, ActualVoice, Quota
from reconciler.state.document import VoiceRecord

if TYPE_CHECKING:  # httpx takes 100 ms, and most of a plan needs no network
    from reconciler.palabra.client import PalabraClient


@dataclass(frozen=True, slots=True)
class AccountView:
    """What was read."""

    actual: Actual
    account: str | None
    """The user id that all voices share; None when it is unknown."""


Listed = tuple[dict[str, wire.Voice], wire.Limits | None]
"""Voices by id, and the quota where the server tells."""


async def list_account(client: PalabraClient) -> Listed:
    """Return what the account has, as its lists say: page after page, so the longest part of a plan."""
    return await asyncio.gather(client.list_voices(), client.limits())


async def read_actual(
    client: PalabraClient,
    recorded: Mapping[str, VoiceRecord],
    *,
    scope: str,
    imports: Iterable[str],
    settle: float,
    listing: Awaitable[Listed] | None = None,
) -> AccountView:
    """List the account (unless `listing` does so already), and ask again about every voice on which a decision hangs.

    A voice that was on its way may have been made a moment ago, so it is only gone when it is still missing after
    `settle` seconds.
    """
    listed, limits = await (listing or list_account(client))
    known = known_ids(recorded)
    doubtful = {*known, *imports} - listed.keys()
    doubtful |= {v.voice_id for v in listed.values() if v.voice_id not in known and is_marked(v.description, scope)}
    doubtful |= unfinished(recorded)
    asked = await _ask(client, doubtful)
    missing = unfinished(recorded) - asked.keys()
    async for _ in looks(settle if missing else 0):
        asked |= await _ask(client, missing)
        missing -= asked.keys()
        if not missing:
            break
    voices = {voice_id: voice for voice_id, voice in listed.items() if voice_id not in doubtful} | asked
    users = {voice.user_id for voice in listed.values()} - {None}
    return AccountView(
        Actual(
            voices={voice_id: to_actual(voice) for voice_id, voice in voices.items()},
            quota=Quota(limits.limit, limits.remaining) if limits else None,
        ),
        account=users.pop() if len(users) == 1 else None,
    )


async def read_doubtful(client: PalabraClient, recorded: Mapping[str, VoiceRecord], doubtful: Iterable[str]) -> Actual:
    """Trust state, and ask only about the voices that it cannot vouch for."""
    asked = set(doubtful)
    sure = {voice_id: voice for voice_id, voice in trusted(recorded).voices.items() if voice_id not in asked}
    return Actual({**sure, **{voice_id: to_actual(voice) for voice_id, voice in (await _ask(client, asked)).items()}})


async def _ask(client: PalabraClient, voice_ids: Iterable[str]) -> dict[str, wire.Voice]:
    """Return those of the voices that exist."""
    answers = await asyncio.gather(*(client.get_voice(voice_id) for voice_id in sorted(voice_ids)))
    return {voice.voice_id: voice for voice in answers if voice is not None}


def check_account(recorded: str | None, seen: str | None, *, filename: str) -> None:
    """Raise StateError when these credentials open another account than the one that state belongs to."""
    if recorded is not None and seen is not None and recorded != seen:
        raise AccountError(
            "These credentials belong to another account than the state document",
            where=filename,
            why=f"state was made with the user id {recorded}, this account has {seen}",
            fix="use the other credentials, or another --env; nothing was changed",
        )


def to_actual(voice: wire.Voice) -> ActualVoice:
    """Return a voice of the wire as the plan wants it."""
    return ActualVoice(
        voice_id=voice.voice_id,
        status=voice.status,
        name=voice.name,
        description=voice.description,
        labels=voice.labels,
        created_at=voice.created_at,
        problems=voice.problems,
        lang_code=voice.lang_code,
    )
