"""Voices on the server that carry a mark of ours and that state does not know."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterator, Mapping

from reconciler.plan.mark import Mark, read_mark
from reconciler.plan.sides import Actual, ActualVoice, PlanOptions
from reconciler.state.document import VoiceRecord

ADOPTABLE = ("ready", "pending")
"""Statuses in which a voice that others made can be taken over."""
HALF_MADE = ("created", "failed")
"""Statuses in which a voice of ours is of no use to anybody: never uploaded, or refused by the processing."""


class MarkedVoices:
    """An index of them by the key in the mark. What a decision takes is no longer left over."""

    def __init__(self, actual: Actual, recorded: Mapping[str, VoiceRecord], options: PlanOptions) -> None:
        self.known = {voice_id: key for key, record in recorded.items() for voice_id in record.voice_ids}
        """Voice id -> the key that state records it under."""
        self.elsewhere: list[tuple[str, ActualVoice]] = []
        """Key and voice of what was made on another branch."""
        self._by_key: dict[str, list[tuple[Mark, ActualVoice]]] = defaultdict(list)
        self._taken: set[str] = set()
        self._foreign: dict[str, ActualVoice] = {}
        for voice in actual.voices.values():
            if voice.voice_id in self.known:
                continue
            mark = read_mark(voice.description)
            if mark is not None and mark.scope == options.scope and voice.voice_id in options.elsewhere:
                self.elsewhere.append((mark.key, voice))
            elif mark is not None and mark.scope == options.scope:
                self._by_key[mark.key].append((mark, voice))
            else:
                self._foreign[voice.voice_id] = voice

    def candidates(self, key: str) -> list[tuple[Mark, ActualVoice]]:
        """Return what is left for a key, the most useful first: ready before pending, the newest first."""
        left = [pair for pair in self._by_key.get(key, ()) if pair[1].voice_id not in self._taken]
        newest = sorted(left, key=lambda pair: pair[1].created_at or "", reverse=True)
        return sorted(newest, key=lambda pair: {"ready": 0, "pending": 1}.get(pair[1].status, 2))

    def made_alike(self, fingerprint: str, besides: Mapping[str, object]) -> list[str]:
        """Return the keys, other than those in `besides`, that have a useful voice of this very making."""
        return [
            key
            for key in sorted(self._by_key)
            if key not in besides
            and any(
                mark.fingerprint == fingerprint and voice.status not in HALF_MADE
                for mark, voice in self.candidates(key)
            )
        ]

    def take(self, voice: ActualVoice) -> None:
        """Let a decision have this voice."""
        self._taken.add(voice.voice_id)

    def left_over(self) -> Iterator[tuple[str, ActualVoice]]:
        """Yield key and voice of everything that no decision took."""
        for key in sorted(self._by_key):
            for _, voice in self.candidates(key):
                yield key, voice

    def unmanaged(self) -> list[ActualVoice]:
        """Return the voices of the account that are neither recorded, nor marked, nor taken, by id."""
        return [self._foreign[voice_id] for voice_id in sorted(self._foreign.keys() - self._taken)]


def strangers(actual: Actual, recorded: Mapping[str, VoiceRecord], declared: Container[str], scope: str) -> set[str]:
    """Return the ids of voices that carry our mark, and that neither state nor a voice file knows."""
    known = known_ids(recorded)
    marks = {v: read_mark(voice.description) for v, voice in actual.voices.items() if v not in known}
    return {v for v, mark in marks.items() if mark and mark.scope == scope and mark.key not in declared}


def known_ids(recorded: Mapping[str, VoiceRecord]) -> set[str]:
    """Return every voice id that state knows."""
    return {voice_id for record in recorded.values() for voice_id in record.voice_ids}
