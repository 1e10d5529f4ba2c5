"""Which records a person means."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from reconciler.errors import VoicectlError
from reconciler.key_patterns import WILD, KeyPatterns
from reconciler.state.document import VoiceRecord
from reconciler.state.store import LoadedState
from reconciler.suggest import suggest


def select(loaded: LoadedState, patterns: Sequence[str], voice_id: str | None) -> dict[str, VoiceRecord]:
    """Return the records that are meant, by key: all without a pattern.

    Raises VoicectlError for a key that state does not know; a pattern may fit none.
    """
    check_known(loaded, [pattern for pattern in patterns if WILD.isdisjoint(pattern)])
    named = KeyPatterns(patterns)
    voices = {key: loaded.voices[key] for key in sorted(loaded.voices) if key in named}
    return voices if voice_id is None else {key: r for key, r in voices.items() if voice_id in r.voice_ids}


def check_known(loaded: LoadedState, keys: Collection[str]) -> None:
    """Raise VoicectlError for keys that state has no record of."""
    unknown = [key for key in keys if key not in loaded.voices]
    if not unknown:
        return
    near = [found for key in unknown if (found := suggest(key, loaded.voices))]
    raise VoicectlError(
        f"State has no record of {listed(unknown)} in the environment {loaded.document.environment!r}",
        fix=f"did you mean {listed(near)}?" if near else "`voicectl state list` lists the keys",
    )


def listed(keys: Sequence[str]) -> str:
    """Return keys as a sentence has them."""
    return ", ".join(map(repr, keys))
