"""Finding whole names in text, thousands at a time: one look at each word, however many names there are."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

_WORD = re.compile(r"\w+|[^\w\s]")


class Names:
    """An index of names by the rarest word in each."""

    def __init__(self, names: Mapping[str, str]) -> None:
        """Each name comes with the characters that, like letters and digits, cannot stand beside it.

        With "-/", `anna` is not found in `support/anna`, in `anna-marie` or in `Susanna`.
        """
        self._unfit = {unicodedata.normalize("NFC", name): unfit for name, unfit in names.items()}
        self._written = {unicodedata.normalize("NFC", name): name for name in names}
        counts = Counter(word for name in self._unfit for word in set(_WORD.findall(name)))
        self._places: dict[str, set[tuple[int, int]]] = defaultdict(set)
        for name in self._unfit:
            rarest = min(_WORD.finditer(name), key=lambda word: counts[word[0]])
            self._places[rarest[0]].add((rarest.start(), len(name)))

    def find(self, text: str) -> Iterator[tuple[str, int, int]]:
        """Yield each name that stands in the text, with its line and column, both from 1."""
        text = unicodedata.normalize("NFC", text)
        if self._places.keys().isdisjoint(_WORD.findall(text)):
            return
        line, begins, counted = 1, 0, 0
        for word in _WORD.finditer(text):
            for before, length in self._places.get(word[0], ()):
                start, end = word.start() - before, word.start() - before + length
                name = text[start:end] if start >= 0 and end <= len(text) else ""
                if name in self._unfit and self._stands_alone(name, text[start - 1 : start], text[end : end + 1]):
                    line += text.count("\n", counted, start)
                    begins, counted = text.rfind("\n", 0, start) + 1, start
                    yield self._written[name], line, start - begins + 1

    def _stands_alone(self, name: str, *beside: str) -> bool:
        return not any(c and (c == "_" or c.isalnum() or c in self._unfit[name] or _is_mark(c)) for c in beside)


def _is_mark(character: str) -> bool:
    """Whether it belongs to the letter before it, as accents and vowel signs do."""
    return unicodedata.category(character).startswith("M")
