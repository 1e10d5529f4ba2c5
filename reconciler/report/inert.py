"""Text of files and servers as Markdown that shows it literally: nothing in it formats, links, embeds or pings.

What is not plainly words goes into code. There GitHub looks for no mention (@name), reference (#1), commit, emoji
or link, and Markdown for no syntax; character entities would not do, for GitHub looks after they are resolved.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from reconciler.report.paint import printable

_PLAIN_WORD = re.compile(r"\(?(?:[A-Za-z]+(?:[-'][A-Za-z]+)*|\d+(?:\.\d+)?)\)?[.,;:!?]?", re.ASCII)
_QUOTED = re.compile(r"(\(?)`([^`]+)`([).,;:!?]*)(?!\S)")
_TOKEN = re.compile(rf"{_QUOTED.pattern}|\S+")
_BACKTICKS = re.compile(r"`+")


def code(text: str) -> str:
    """Return the text as an inline code span; a space for empty text, which no span can hold."""
    text = printable(text) or " "
    fence = "`" * _free_length(text)
    padded = text.strip() and (text[0] in " `" or text[-1] in " `")
    return f"{fence} {text} {fence}" if padded else f"{fence}{text}{fence}"


def prose(text: str) -> str:
    """Return a sentence for the middle of a line, where no list begins.

    Plain words stay as they are, `quoted` ones become code, and so does everything else, backticks and all.
    """
    parts: list[str] = []
    odd: list[str] = []
    for token in _TOKEN.finditer(printable(text)):
        word = token.group()
        quoted = _QUOTED.fullmatch(word)
        if not quoted and not _PLAIN_WORD.fullmatch(word):
            odd.append(word)
            continue
        if odd:
            parts.append(code(" ".join(odd)))
            odd.clear()
        parts.append(f"{quoted[1]}{code(quoted[2])}{quoted[3]}" if quoted else word)
    if odd:
        parts.append(code(" ".join(odd)))
    return " ".join(parts)


def html_code(text: str) -> str:
    """Return the text as code for a line of HTML, such as a summary."""
    return f"<code>{html.escape(printable(text))}</code>"


def fenced(lines: Sequence[str], language: str = "") -> str:
    """Return a code block; each line of text stays one line."""
    shown = [printable(line) for line in lines]
    fence = "`" * _free_length("\n".join(shown), shortest=3)
    return "\n".join([f"{fence}{language}", *shown, fence])


def _free_length(text: str, shortest: int = 1) -> int:
    """Return the length of a run of backticks that the text does not have."""
    longest = max((len(run) for run in _BACKTICKS.findall(text)), default=0)
    return max(shortest, longest + 1)
