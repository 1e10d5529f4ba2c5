"""Nothing in a name, a file name or a message can become markup, script or a trick of the eye."""

from __future__ import annotations

from dataclasses import replace

import pytest
from html_reading import Reading
from hypothesis import example, given, settings
from hypothesis import strategies as st
from plan_gallery import plan
from review_gallery import CLIPPED, measurement, sample

from reconciler.errors import Diagnostic, Position, Range, Severity
from reconciler.plan.change import Action, Change, Drift, FieldChange
from reconciler.report.html.page import render_page
from reconciler.report.html.review import LinkedAudio, Page, VoiceReview
from reconciler.samples.finding import Finding, NotChecked

HOSTILE = (
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "</style><img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    "{{ 7 * 7 }}{% raw %}",
    "--><!--",
    "]]>",
    "javascript:alert(1)",
    "&lt;b&gt;",
    "<!-- x",
)


def page_of(text: str) -> Page:
    """Return a page that shows the text wherever text of files and servers is shown."""
    finding = Finding("audio.clipping", Severity.ERROR, text, text, 1, 2, text, 12.0, 14.0)
    far = Finding(text, Severity.WARNING, text, text)
    where = Range(text, Position(1, 2))
    probe = replace(measurement().probe, container=text, codec=text, mime_type=text)
    shown = sample(
        text,
        finding,
        far,
        measured=replace(CLIPPED, probe=probe),
        sha256=text,
        not_checked=(NotChecked(text, text),),
        audio=LinkedAudio(text, text),
    )
    diagnostic = Diagnostic(Severity.ERROR, text, text, text, text, where)
    unplaced = replace(diagnostic, range=None)
    voices = tuple(
        VoiceReview(text, text, action, text, shown, shown, (diagnostic, unplaced))
        for action in (Action.REPLACE, Action.UNCHANGED)
    )
    fields = (FieldChange(text, text, {text: text}, forces_replacement=True), FieldChange("x", None, text))
    changes = tuple(Change(text, action, text, text, text, fields) for action in (Action.REPLACE, Action.MOVE))
    full = plan(*changes, drift=(Drift(text, text, fields),), diagnostics=(diagnostic, unplaced))
    return Page(text, text, text, text, full, 1, voices)


BENIGN = Reading(render_page(page_of("x")))


@settings(max_examples=25)
@given(st.one_of(st.sampled_from(HOSTILE), st.text("<>&\"'/=-! scriptonx\\`", min_size=1), st.text(min_size=1)))
@example("\udcff")
@example("\x00")
def test_text_changes_no_element_and_no_attribute(text: str) -> None:
    read = Reading(render_page(page_of(text)))

    assert read.elements == BENIGN.elements
    assert read.comments == []
    assert not read.unclosed
    assert read.contents == BENIGN.contents


@pytest.mark.parametrize("text", HOSTILE)
def test_text_is_shown_as_it_was_written(text: str) -> None:
    page = render_page(page_of(text))

    assert Reading(page).text.count(" ".join(text.split())) > 20
    assert text not in page or "<" not in text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("anna\u202egpj.exe", "anna\\u202egpj.exe"),
        ("anna\u2066\u2069", "anna\\u2066\\u2069"),
        ("an\u200bna", "an\\u200bna"),
        ("an\x00na\x1b[31m", "an\\x00na\\x1b[31m"),
        ("anna\r\nerror", "anna\\r\\nerror"),
    ],
)
def test_what_tricks_the_eye_is_made_visible(text: str, shown: str) -> None:
    page = render_page(page_of(text))

    assert shown in page
    assert not any(c in page for c in text if not c.isprintable() and c != "\n")


def test_the_page_can_be_written_as_utf_8_whatever_a_file_is_called() -> None:
    assert "\\udcff" in render_page(page_of("a\udcff.mp3")).encode().decode()
