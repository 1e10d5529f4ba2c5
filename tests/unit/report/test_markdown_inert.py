"""Text of files and servers cannot break a comment: it shows literally and pings nobody."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rendered_markdown import Rendered, dense, texts

from reconciler.report.inert import code, fenced, html_code, prose
from reconciler.report.paint import printable

LIVE = re.compile(r"[@#/\\<>&`*_~|\[\]{}$]|www|[^\W\d]\.\w|\.[^\W\d]|\d\.\d+\.\d|\w:\w|[a-z]\d|\d[a-z]")
"""What GitHub or Markdown may see something in, outside of code."""


@given(texts)
@example("")
@example(" ")
@example("` `")
@example("`x")
@example("x ``` y `` z")
@pytest.mark.parametrize("frame", ["see {} there", "- {} there", "## see {} there", "x {} y {}", "> {}"])
def test_code_shows_the_text_literally(frame: str, text: str) -> None:
    page = Rendered(frame.format(code(text), code(text)))

    assert dense(page.text) == dense(frame.lstrip("-#> ").format(printable(text), printable(text)))
    assert page.tags.count("code") == frame.count("{}")
    assert set(page.tags) <= {"p", "code", "ul", "li", "h2", "blockquote"}


@given(texts)
@example("ask @octocat about #1, see https://evil.example")
@example("* * * - 1. # x")
@example("(`a`). `b``c` ` ` `@x")
def test_prose_shows_the_text_literally_and_leaves_plain_words_alone(text: str) -> None:
    page = Rendered(f"- Why: {prose(text)}")

    assert dense(page.text).replace("`", "") == dense(f"Why: {printable(text)}").replace("`", "")
    assert set(page.tags) <= {"ul", "li", "code"}
    assert LIVE.search(page.outside_code.removeprefix("\n")) is None


def test_prose_reads_as_prose() -> None:
    assert prose("the sample lasts 29.99 s, less than 30 s") == "the sample lasts 29.99 s, less than 30 s"
    assert prose("no re-clone (it's the same); run `git lfs pull`") == (
        "no re-clone (it's the same); run `git lfs pull`"
    )
    assert prose("  two   spaces ") == "two spaces"
    assert prose("") == ""


@given(texts)
def test_html_code_shows_the_text_literally(text: str) -> None:
    page = Rendered(f"<details><summary>x {html_code(text)}</summary>\n\nbody\n\n</details>")

    assert dense(page.text) == dense(f"x {printable(text)} body")
    assert page.tags == ["details", "summary", "code", "p"]


@given(st.lists(texts, min_size=1, max_size=3))
@example(["```", "````", "~~~"])
def test_a_fence_holds_every_text(lines: list[str]) -> None:
    page = Rendered(f"before\n\n{fenced(lines, 'diff')}\n\nafter")

    assert page.tags == ["p", "pre", "code", "p"]
    assert dense(page.text) == dense(f"before {' '.join(map(printable, lines))} after")
    assert page.text.count("\n") >= len(lines)
