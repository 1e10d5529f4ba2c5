"""Which declared key is an old recorded key under another name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from reconciler.plan.diff import making
from reconciler.plan.sides import DesiredVoice
from reconciler.state.document import VoiceRecord


def find_moves(desired: Mapping[str, DesiredVoice], recorded: Mapping[str, VoiceRecord]) -> dict[str, str]:
    """Return new key -> recorded key.

    `previously` in the voice file decides, and so does the id of a recorded voice under `import`. Without them, a key
    that vanished and a key that appeared are the same voice when exactly these two share sample and settings; the
    name decides between several.
    """
    appeared = [key for key in desired if key not in recorded or recorded[key].voice_id is None]
    vanished = {key for key in recorded if key not in desired and recorded[key].voice_id is not None}
    by_id = {recorded[key].voice_id: key for key in vanished}
    moves: dict[str, str] = {}
    for key in appeared:
        spec = desired[key].spec
        imported = by_id.get(spec.import_id) if spec.import_id else None
        for old in (*spec.previously, imported):
            if old is not None and old in vanished:
                moves[key] = old
                vanished.discard(old)
                break
    by_sample = _by_sample(vanished, recorded)
    for by_name in (True, False):
        claims: dict[str, list[str]] = defaultdict(list)
        for key in appeared:
            if key not in moves and desired[key].spec.import_id is None:
                matches = [old for old in by_sample(desired[key]) if old in vanished]
                matches = [old for old in matches if _alike(desired[key], recorded[old], by_name=by_name)]
                if len(matches) == 1:
                    claims[matches[0]].append(key)
        for old, keys in claims.items():
            if len(keys) == 1:
                moves[keys[0]] = old
                vanished.discard(old)
    return moves


class _by_sample:  # noqa: N801 - reads as the question it answers
    """Vanished keys by either hash of their sample, so that looking one up does not read them all."""

    def __init__(self, keys: Iterable[str], recorded: Mapping[str, VoiceRecord]) -> None:
        self._keys: dict[str, list[str]] = defaultdict(list)
        for key in sorted(keys):
            sample = recorded[key].sample
            if sample is not None:
                for digest in {sample.sha256, sample.stream_sha256} - {None}:
                    self._keys[str(digest)].append(key)

    def __call__(self, desired: DesiredVoice) -> list[str]:
        digests = (desired.sample.sha256, desired.sample.stream_sha256) if desired.sample else ()
        return sorted({key for digest in digests if digest for key in self._keys.get(digest, ())})


def _alike(desired: DesiredVoice, record: VoiceRecord, *, by_name: bool) -> bool:
    if record.sample is None or making(desired, record.sample):
        return False
    return not by_name or record.name == desired.spec.name
