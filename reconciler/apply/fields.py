"""Writing the fields that can change in place, and reading back what the server made of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from reconciler.apply.actual_side import to_actual
from reconciler.apply.making import RunContext
from reconciler.errors import ApiRefusedError
from reconciler.plan.change import Change
from reconciler.plan.mark import Mark, read_mark, with_mark, without_mark
from reconciler.plan.record import NO_SAMPLE, desired_mark, recorded_mark
from reconciler.plan.sides import ActualVoice
from reconciler.state.document import VoiceRecord

Keep = Callable[[ActualVoice], dict[str, VoiceRecord | None]]
"""The records that state keeps, given the voice as it is now."""


class FieldWriter:
    """Sends updates: only what changed, labels whole (the API replaces them), the mark always with the description."""

    def __init__(self, run: RunContext) -> None:
        self._run = run

    async def write(
        self, change: Change, record: VoiceRecord, actual: ActualVoice, keep: Keep, *, force_mark: bool
    ) -> None:
        """Make the change's fields so, and the mark too if `force_mark` and it is missing or another."""
        mark = self._mark(change, record, actual)
        payload = self._payload(change, actual, mark, force_mark=force_mark)
        if not payload:
            self._run.ledger.conclude(None, keep(actual))
            return
        await self._send(change, actual.voice_id, payload, keep)

    async def unmark(self, change: Change, actual: ActualVoice, keep: Keep) -> None:
        """Take our mark off a voice that is no longer ours."""
        text = without_mark(actual.description, self._run.scope)
        await self._send(change, actual.voice_id, {"description": text}, keep)

    def _mark(self, change: Change, record: VoiceRecord, actual: ActualVoice) -> Mark | None:
        if not self._run.ownership_mark:
            return None
        recorded = recorded_mark(change.key, record.sample, self._run.scope)
        if recorded is not None or change.desired is None:
            return recorded
        mark, shown = desired_mark(change.desired, self._run.scope), read_mark(actual.description)
        if mark is not None and mark.fingerprint == NO_SAMPLE and shown is not None and shown.scope == mark.scope:
            return replace(mark, fingerprint=shown.fingerprint)  # the voice itself knows what it was made from
        return mark

    def _payload(self, change: Change, actual: ActualVoice, mark: Mark | None, *, force_mark: bool) -> dict[str, Any]:
        payload: dict[str, Any] = {}
        text: str | None = None
        labels: dict[str, Any] = {}
        for field in change.fields:
            group, _, label = field.path.partition(".")
            if group == "name":
                payload["name"] = field.after
            elif group == "description":
                text = field.after
            elif group == "labels":
                labels[label] = field.after
        if labels:
            payload["labels"] = {**(actual.labels or {}), **labels}
        if text is None and force_mark and mark is not None and read_mark(actual.description) != mark:
            text = without_mark(actual.description, self._run.scope)
        if text is not None:
            payload["description"] = with_mark(text, mark) or ""
        return payload

    async def _send(self, change: Change, voice_id: str, payload: dict[str, Any], keep: Keep) -> None:
        client = self._run.session.client
        intent = await self._run.ledger.intend("update", change.key, voice_id=voice_id)
        await client.update(voice_id, payload)
        voice = await client.get_voice(voice_id)  # an answer may echo anything; the voice itself decides
        if voice is None:
            raise ApiRefusedError(
                f"The voice {voice_id} is gone", request=f"POST /saas/voice/m/{voice_id}", fix="plan again"
            )
        self._run.ledger.conclude(intent, keep(to_actual(voice)))
