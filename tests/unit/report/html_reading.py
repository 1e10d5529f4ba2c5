"""Reads a page as a browser would: its elements, and the text that people see."""

from __future__ import annotations

from html.parser import HTMLParser

_BLOCKS = {"article", "section", "header", "p", "li", "h1", "h2", "h3", "h4", "tr", "caption", "summary", "dt", "dd"}
_UNSEEN = {"style", "script", "title", "defs"}
_EMPTY = {"meta", "link", "input", "br", "img"}


class Reading(HTMLParser):
    """What a page is made of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, tuple[str, ...]]] = []
        """Each element and the names of its attributes, in order."""
        self.attributes: list[tuple[str, str, str]] = []
        """Element, attribute, value."""
        self.contents: dict[str, list[str]] = {}
        """Raw text of style and script elements."""
        self.comments: list[str] = []
        self._lines: list[str] = [""]
        self._open: list[str] = []
        self.feed(text)
        self.close()

    @property
    def text(self) -> str:
        """Return what is seen, a block a line."""
        lines = (" ".join(line.split()) for line in self._lines)
        return "\n".join(line for line in lines if line) + "\n"

    @property
    def unclosed(self) -> list[str]:
        return self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, tuple(name for name, _ in attrs)))
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in _EMPTY:
            self._open.append(tag)
        self._break(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _EMPTY:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag
        self._break(tag)

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] in ("style", "script"):
            self.contents.setdefault(self._open[-1], []).append(data)
        if not _UNSEEN & set(self._open):
            self._lines[-1] += data

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    def _break(self, tag: str) -> None:
        if tag in _BLOCKS:
            self._lines.append("")
        elif tag in ("td", "th", "svg", "span", "code"):
            self._lines[-1] += " "
