"""Markdown as GitHub renders it, with the very renderer that GitHub has (cmark-gfm), taken apart again."""

from __future__ import annotations

from html.parser import HTMLParser

import cmarkgfm
from cmarkgfm.cmark import Options
from hypothesis import strategies as st

CODE = {"code", "pre"}
"""Where GitHub looks for no mention, reference, commit or emoji."""

NASTY = (
    "@octocat", "#1", "GH-12", "octo/repo#7", "https://evil.example", "www.evil.example", "a@evil.example", ":smile:",
    "![x](https://evil.example/x.png)", "[x](javascript:alert(1))", "<b>", "</details>", "<!--", "-->", "<script>",
    "`", "``", "```", "~~~", "\n", "\n\n", "\r", "|", "\\", "*", "**", "_", "~~", "> ", "- ", "1. ", "# ", "---", "===",
    "&lt;", "&#64;", "[ ]", "[^1]", "{0}", "$x$", "\u202e", "\u2066", "\u200b", "\x00", "\x1b[31m", "\ud800",
    "6dcb09b5b57875f334f61aebed695e2e4193db5e", "::error::x", "##[error]", "]]>", "]]", "word", " ", "  ", ".", "mailto:",
)  # fmt: skip
texts = st.lists(st.one_of(st.sampled_from(NASTY), st.text(max_size=5)), max_size=8).map("".join)
"""Text as it may stand in a file or come from a server, with all that Markdown, HTML and GitHub read in it."""


class Rendered(HTMLParser):
    """The tags and the text of a rendered page."""

    def __init__(self, markdown: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.comments: list[str] = []
        self.text = ""
        self.outside_code = ""
        self._open: list[str] = []
        self.feed(cmarkgfm.github_flavored_markdown_to_html(markdown, options=Options.CMARK_OPT_UNSAFE))
        self.close()
        assert self._open == [], "every element is closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert [name for name, _ in attrs if name not in ("lang", "class")] == []
        if tag not in ("br", "hr", "img", "input"):
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    def handle_data(self, data: str) -> None:
        self.text += data
        self.outside_code += " " if CODE & set(self._open) else data


def dense(text: str) -> str:
    """Return the text without white space, of which a browser shows what it likes."""
    return "".join(text.split())
