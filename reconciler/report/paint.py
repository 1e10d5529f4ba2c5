"""Colour, and making sure that no text from a file or a server can steer a terminal."""

from __future__ import annotations

from dataclasses import dataclass

_CODES = {"red": 31, "green": 32, "yellow": 33, "cyan": 36, "bold": 1, "dim": 2}


@dataclass(frozen=True, slots=True)
class Paint:
    """Colours text, or leaves it as it is. Colour never carries a meaning that the text does not have too."""

    on: bool

    def __call__(self, text: str, *styles: str) -> str:
        """Return the text in these styles."""
        if not self.on or not text:
            return text
        return f"\x1b[{';'.join(str(_CODES[style]) for style in styles)}m{text}\x1b[0m"


def printable(text: str) -> str:
    """Return text that cannot move the cursor, change colours, forge lines, or command GitHub's runner.

    The runner obeys `##[name]` anywhere in a line of a step's output (actions/runner, ActionCommand).
    """
    safe = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return safe.replace("##[", "# #[")
