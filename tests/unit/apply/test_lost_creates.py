"""Which voice a create whose answer was lost has made, and for how long it is looked for."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from reconciler.apply.lost_creates import find_lost, left_to_settle
from reconciler.errors import StateError
from reconciler.palabra import wire
from reconciler.palabra.client import PalabraClient
from reconciler.state.journal import CreateIntent

NOW = 1_800_000_000.0


def sent(at: float) -> CreateIntent:
    return CreateIntent(key="anna", name="Anna", mark=None, since=None, at=at)


def test_what_has_passed_since_the_newest_create_need_not_be_waited_for_again() -> None:
    assert left_to_settle([sent(NOW - 500), sent(NOW - 15)], settle=20, now=NOW) == pytest.approx(5)
    assert left_to_settle([sent(NOW - 60)], settle=20, now=NOW) < 0


def test_a_clock_that_was_set_back_makes_the_wait_no_longer() -> None:
    """The run that died was an hour ahead: the next one must not look for an hour."""
    assert left_to_settle([sent(NOW + 3600)], settle=20, now=NOW) == 20


class Account:
    """The part of a client that looking uses. Its voices are named Anna and wait for their samples."""

    def __init__(self, **created_at: str | None) -> None:
        self.voices = {voice_id: self._voice(voice_id, created) for voice_id, created in created_at.items()}

    def _voice(self, voice_id: str, created: str | None) -> wire.Voice:
        shown: dict[str, Any] = {"voice_id": voice_id, "name": "Anna", "processing_status": "created"}
        return wire.read_voice(shown | ({"utc_created_at": created} if created else {}))

    async def list_voices(self) -> dict[str, wire.Voice]:
        return self.voices

    async def get_voice(self, voice_id: str) -> wire.Voice | None:
        return self.voices.get(voice_id)


def found(account: Account, *, before: set[str] | None) -> list[str]:
    """Return the ids that are taken for the voice of a lost create, whose project does without marks."""
    intent = CreateIntent(key="anna", name="Anna", mark=None, since="2027-01-15T08:00:00Z", at=NOW)
    client = cast("PalabraClient", account)
    lost = asyncio.run(find_lost(client, [intent], (), seconds=0.001, before=before))
    return [voice.voice_id for voice in lost[intent]]


@pytest.mark.parametrize("created", [None, "2027-01-15T07:59:59"])
def test_a_voice_that_was_there_before_is_somebody_elses(created: str | None) -> None:
    """Of the same name, and just as half-made: it would be removed if it were taken for ours."""
    assert found(Account(old=created), before={"old"}) == []


def test_one_that_was_not_there_before_is_ours_whether_the_server_tells_its_age_or_not() -> None:
    assert found(Account(old=None, new=None), before={"old"}) == ["new"]
    assert found(Account(old="2027-01-14T00:00:00", new="2027-01-15T08:00:01"), before=None) == ["new"]


def test_where_nobody_looked_before_and_no_age_is_told_the_run_stops() -> None:
    with pytest.raises(StateError, match="or somebody else: old"):
        found(Account(old=None), before=None)


def test_two_in_the_window_stop_the_run() -> None:
    with pytest.raises(StateError, match=r"2 voices .* new, old"):
        found(Account(old="2027-01-15T07:59:59", new="2027-01-15T08:00:01"), before={"old"})
