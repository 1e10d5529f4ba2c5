"""Reading Palabra's JSON: tolerant of every shape that was seen, and never surprised by one that was not."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.palabra import wire

SURROGATES = st.characters(categories=["Cs"])
TEXT = st.text(st.characters() | SURROGATES, max_size=8)
FIELDS = (
    "voice_id", "name", "description", "labels", "processing_status", "processing_result", "samples", "url",
    "form_data", "items", "next", "data", "errors", "warnings", "detail", "title", "msg", "loc", "limit", "total",
    "remaining", "user_id", "utc_created_at",
)  # fmt: skip
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXT
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=6)
        | st.dictionaries(TEXT, inner, max_size=3)
    ),
    max_leaves=25,
)
VOICES = st.fixed_dictionaries({"voice_id": st.just("v1") | JSON}, optional=dict.fromkeys(FIELDS[1:], JSON))


@given(JSON | VOICES)
def test_no_json_raises_anything_but_a_wire_error(body: Any) -> None:
    payload = wire.unwrap(body)
    for read in (wire.read_voice, wire.read_form, wire.read_page):
        with suppress(wire.WireError):
            read(payload)
    limits = wire.read_limits(body)
    assert limits is None or limits.limit == int(limits.limit)
    assert all(text == str(text) != "" for text in wire.read_problems(body))


@given(VOICES)
def test_a_voice_that_was_read_is_text_throughout(payload: dict[str, Any]) -> None:
    try:
        voice = wire.read_voice(payload)
    except wire.WireError:
        return
    assert isinstance(voice.status, str)
    texts = (voice.name, voice.description, voice.user_id, voice.created_at, *(voice.labels or {}).values())
    assert all(text is None or isinstance(text, str) for text in texts)
    assert all(isinstance(text, str) for text in (*voice.problems, *voice.warnings))


@pytest.mark.parametrize(
    ("body", "payload"),
    [
        ({"data": {"voice_id": "v"}}, {"voice_id": "v"}),
        ({"ok": True, "data": [1]}, [1]),
        ({"voice_id": "v"}, {"voice_id": "v"}),
        ({"voice_id": "v", "data": {"voice_id": "w"}}, {"voice_id": "v", "data": {"voice_id": "w"}}),
        ({"data": "text"}, {"data": "text"}),
        ([1], [1]),
        (None, None),
    ],
)
def test_answers_are_read_wrapped_and_bare(body: Any, payload: Any) -> None:
    assert wire.unwrap(body) == payload


def test_a_whole_voice() -> None:
    payload = {
        "voice_id": "v1",
        "user_id": "u1",
        "utc_created_at": "2025-06-19T10:52:53.123456",
        "processing_status": "FAILED",
        "processing_result": {
            "errors": [{"title": "Failed Dependency", "detail": "Depended action failed."}],
            "warnings": ["too quiet"],
        },
        "name": "Anna",
        "description": None,
        "labels": {"gender": "female", "mood": None},
        "unheard_of": 1,
    }

    assert wire.read_voice(payload) == wire.Voice(
        voice_id="v1",
        status="failed",
        name="Anna",
        description=None,
        labels={"gender": "female", "mood": None},
        user_id="u1",
        created_at="2025-06-19T10:52:53.123456",
        problems=("Failed Dependency: Depended action failed.",),
        warnings=("too quiet",),
        complete=True,
    )


@pytest.mark.parametrize("missing", ["name", "description", "labels", "processing_status"])
def test_a_voice_without_one_of_its_fields_is_not_complete(missing: str) -> None:
    payload = {"voice_id": "v1", "name": "Anna", "description": "", "labels": {}, "processing_status": "ready"}
    assert wire.read_voice(payload).complete

    del payload[missing]

    assert not wire.read_voice(payload).complete


def test_an_unknown_status_is_kept() -> None:
    assert wire.read_voice({"voice_id": "v", "processing_status": "queued"}).status == "queued"
    assert wire.read_voice({"voice_id": "v"}).status == "unknown"


@pytest.mark.parametrize("voice_id", [None, "", " ", ".", "..", 7, "a/b", "a?b", "a#b", "%2e", "a\\b", "a\nb", ["v"]])
def test_a_voice_whose_id_cannot_stand_in_a_url_is_not_read(voice_id: Any) -> None:
    with pytest.raises(wire.WireError):
        wire.read_voice({"voice_id": voice_id})


def test_the_form_keeps_the_order_of_its_fields_and_hides_them() -> None:
    names = ["acl", "bucket", "key", "Content-Type", "x-amz-date", "policy", "x-amz-signature"]
    payload = {"samples": [{"url": "https://u.test/", "form_data": dict.fromkeys(names, "s3cret")}]}

    form = wire.read_form(payload)

    assert list(form.fields) == names
    assert "s3cret" not in f"{form!r} {form}"


@pytest.mark.parametrize(
    "payload",
    [None, [], {}, {"samples": []}, {"samples": [{"url": "u"}]}, {"samples": [{"form_data": {}, "url": None}]}],
)
def test_an_answer_without_a_form_is_a_wire_error(payload: Any) -> None:
    with pytest.raises(wire.WireError, match="upload form"):
        wire.read_form(payload)


@pytest.mark.parametrize(
    ("body", "ids", "following"),
    [
        ({"data": {"items": [{"voice_id": "a"}], "next": "t"}}, ["a"], "t"),
        ({"items": [{"voice_id": "a"}, {"voice_id": "b"}], "next": None}, ["a", "b"], None),
        ({"data": {"items": [], "next": ""}}, [], None),
        ({"data": {"items": [], "next": False}}, [], None),
        ({"data": [{"voice_id": "a"}]}, ["a"], None),
        ([{"voice_id": "a"}], ["a"], None),
    ],
)
def test_pages_of_every_shape(body: Any, ids: list[str], following: str | None) -> None:
    page = wire.read_page(body)

    assert [voice.voice_id for voice in page.voices] == ids
    assert page.next == following


@pytest.mark.parametrize(
    ("body", "limits"),
    [
        ({"data": {"limit": 50, "remaining": 7}}, wire.Limits(50, 7)),
        ({"limit": 50, "total": 20}, wire.Limits(50, 30)),
        ({"limit": 50}, wire.Limits(50, None)),
        ({"limit": "fifty"}, None),
        ({"data": {}}, None),
        (None, None),
    ],
)
def test_the_quota(body: Any, limits: wire.Limits | None) -> None:
    assert wire.read_limits(body) == limits


@pytest.mark.parametrize(
    ("body", "sentences"),
    [
        ({"errors": [{"title": "Forbidden resource", "detail": "Insufficient balance"}]},
         ("Forbidden resource: Insufficient balance",)),
        ({"errors": [{"title": "Not Found"}]}, ("Not Found",)),
        ({"errors": [{"title": "Same", "detail": "Same"}]}, ("Same",)),
        ({"errors": ["plain", {}, None, 4]}, ("plain",)),
        ({"detail": "Not authenticated"}, ("Not authenticated",)),
        ({"detail": [{"loc": ["body", "data"], "msg": "Field required", "type": "missing"}]},
         ("body.data: Field required",)),
        ({"message": "no"}, ("no",)),
        ({"title": "Oh"}, ("Oh",)),
        ({"errors": "text", "detail": {"a": 1}}, ()),
        ("text", ()),
        (None, ()),
    ],
)  # fmt: skip
def test_problems_of_every_shape_become_sentences(body: Any, sentences: tuple[str, ...]) -> None:
    assert wire.read_problems(body) == sentences
