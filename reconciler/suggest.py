"""Did you mean ...? The nearest known word to a mistyped one."""

from __future__ import annotations

from collections.abc import Iterable

_ALIKE = 0.6
"""difflib's own default: one slip in a short word passes, an unrelated word does not."""


def suggest(word: str, options: Iterable[str]) -> str | None:
    """Return the option that `word` most likely was meant to be, or None when none is near."""
    import difflib  # noqa: PLC0415 - nothing is misspelt most of the time

    folded = {option.casefold(): option for option in options}
    near = difflib.get_close_matches(word.casefold(), folded, n=1, cutoff=_ALIKE)
    return folded[near[0]] if near else None
