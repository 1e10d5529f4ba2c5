"""The review page: what it says, what it holds, and how big it gets."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace

import pytest
from html_reading import Reading
from plan_gallery import ALL, plan
from review_gallery import (
    CREATED,
    DELETED,
    MUSIC,
    NOISE,
    PAGE,
    REPLACED,
    UNCHANGED,
    UPDATED,
    many,
    png,
    sample,
)
from syrupy.assertion import SnapshotAssertion

from reconciler import __version__
from reconciler.plan.change import Action
from reconciler.report.html.page import ROOM, render_page
from reconciler.report.html.review import EmbeddedAudio, LinkedAudio, Page, SampleReview, VoiceReview
from reconciler.report.text import SYMBOLS, WORDS
from reconciler.samples.settings import CheckSetting


def only(voice: VoiceReview) -> Page:
    return replace(PAGE, plan=None, voices=(voice,))


def pictured(voice: VoiceReview, size: int = 17_000) -> VoiceReview:
    def with_picture(review: SampleReview | None) -> SampleReview | None:
        return None if review is None else replace(review, spectrogram_png=png(size))

    return replace(voice, now=with_picture(voice.now), before=with_picture(voice.before))


def test_what_a_reader_meets_in_order(snapshot: SnapshotAssertion) -> None:
    text = Reading(render_page(PAGE)).text.replace(__version__, "VERSION")
    # The limits are tuned elsewhere.
    assert snapshot == re.sub(r"(warning|error) ([<>]) [\u2212\d.]+", r"\1 \2 LIMIT", text)


def test_the_same_input_gives_the_same_bytes() -> None:
    assert render_page(PAGE) == render_page(PAGE)


def test_every_element_is_closed_and_every_id_is_there_once() -> None:
    read = Reading(render_page(PAGE))
    ids = [value for _, name, value in read.attributes if name == "id"]
    aimed = [value[1:] for _, name, value in read.attributes if name == "href" and value.startswith("#")]
    named = [value for _, name, value in read.attributes if name in ("aria-labelledby", "for")]

    assert not read.unclosed
    assert len(ids) == len(set(ids))
    assert set(aimed) | {part for value in named for part in value.split()} <= set(ids)


def test_what_stops_working_is_named_before_all_other_changes() -> None:
    text = Reading(render_page(PAGE)).text

    assert "2 voice ids will stop working\nclara must be replaced v-clara\nflora will be deleted v-flora" in text
    assert text.index("2 voice ids will stop working") < text.index("What to know before") < text.index("\nChanges\n")


@pytest.mark.parametrize("action", SYMBOLS)
def test_each_change_has_its_symbol_and_its_word(action: Action) -> None:
    change = next(change for change in ALL if change.action is action)
    text = Reading(render_page(replace(PAGE, plan=plan(change), voices=()))).text

    assert f"{SYMBOLS[action][0]} \n{change.key} {WORDS[action]}" in text.replace("\n", " \n") or (
        f"{SYMBOLS[action][0]} {change.key} {WORDS[action]}" in text
    )


def test_a_diagnostic_names_file_line_and_column() -> None:
    assert "warning v/c.yaml:4:3 odd sample.m4a" in Reading(render_page(only(REPLACED))).text


def test_a_plan_without_changes_says_so() -> None:
    assert "No changes. 6 voices are as declared." in Reading(render_page(replace(PAGE, plan=plan()))).text
    assert "No voices are declared." in Reading(render_page(replace(PAGE, plan=plan(unchanged=0), declared=0))).text


def test_a_page_without_a_plan_shows_the_voices_alone() -> None:
    read = Reading(render_page(replace(PAGE, plan=None)))

    assert ("section", "aria-labelledby", "plan-title") not in read.attributes
    assert "hanna" in read.text


def test_what_was_not_checked_is_never_ok() -> None:
    text = Reading(render_page(only(replace(CREATED, now=sample("a.mp3"))))).text

    assert f"not checked {MUSIC.rule} {MUSIC.reason}" in text
    assert "Music not checked" in text
    assert not re.search(r"Music.*\bok\b", text)
    assert "No findings in what was checked." in text


def test_a_rule_that_is_off_judges_nothing() -> None:
    voice = replace(CREATED, now=sample("a.mp3", settings={"audio.level": CheckSetting(off=True)}))

    assert re.search(r"Loudness \u221218.2 LUFS no limit", Reading(render_page(only(voice))).text)


def test_a_changed_sample_stands_beside_the_one_before() -> None:
    text = Reading(render_page(only(REPLACED))).text

    assert text.index("Before voices/clara.mp3") < text.index("Now voices/clara-2.mp3")
    assert re.search(r"Signal to noise 41.3 dB ok 9.8 dB error", text)


def test_a_voice_that_goes_shows_what_it_was_made_from() -> None:
    assert "Before voices/flora.mp3" in Reading(render_page(only(DELETED))).text


def test_voices_that_change_come_first_and_the_others_are_folded() -> None:
    read = Reading(render_page(replace(PAGE, voices=(UNCHANGED, UPDATED))))
    keys = [value for _, name, value in read.attributes if name == "data-key"]

    assert keys == ["bella", "hanna"]
    assert [tag for tag, _ in read.elements].count("details") == 1


def test_an_unchanged_voice_with_a_finding_is_open() -> None:
    voice = replace(UNCHANGED, now=sample("voices/hanna.mp3", NOISE))

    assert "details" not in [tag for tag, _ in Reading(render_page(only(voice))).elements]


def test_an_unchanged_voice_has_no_picture() -> None:
    assert "image/png" not in render_page(only(pictured(UNCHANGED)))
    assert "image/png" in render_page(only(pictured(UPDATED)))


def test_a_clip_is_embedded_linked_or_absent() -> None:
    def sources(audio: EmbeddedAudio | LinkedAudio | None) -> list[str]:
        voice = replace(CREATED, now=sample("a.mp3", audio=audio))
        read = Reading(render_page(only(voice)))
        return [value for tag, name, value in read.attributes if (tag, name) == ("audio", "src")]

    assert sources(None) == []
    assert sources(EmbeddedAudio(b"ID3", "audio/mpeg")) == ["data:audio/mpeg;base64,SUQz"]
    assert sources(LinkedAudio("voices/a b#1.mp3", "audio/mpeg")) == ["./voices/a%20b%231.mp3"]
    assert sources(LinkedAudio("javascript:alert(1)", "audio/mpeg")) == ["./javascript%3Aalert%281%29"]
    assert sources(LinkedAudio("//host/a.mp3", "audio/mpeg")) == [".///host/a.mp3"]


def test_nothing_is_asked_of_any_network() -> None:
    read = Reading(render_page(PAGE))
    addresses = [value for _, name, value in read.attributes if name in ("src", "href", "action", "srcset", "poster")]

    assert all(value.startswith(("#", "data:")) for value in addresses)
    assert "url(" not in re.sub(r"url\(#\w+\)", "", "".join(read.contents["style"]))
    assert not any(word in "".join(read.contents["script"]) for word in ("fetch(", "XMLHttp", "import", "WebSocket"))


def test_the_policy_allows_our_style_and_script_by_their_digests_and_nothing_else() -> None:
    read = Reading(render_page(PAGE))
    policy = next(value for _, name, value in read.attributes if name == "content" and "default-src" in value)

    for element in ("style", "script"):
        (content,) = read.contents[element]
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{element}-src 'sha256-{digest}';" in policy
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    assert "'self'" not in policy
    assert not any(name == "style" or name.startswith("on") for _, name, _ in read.attributes)


def test_only_linked_clips_may_be_loaded_from_beside_the_page() -> None:
    voice = replace(CREATED, now=sample("a.mp3", audio=LinkedAudio("a.mp3", "audio/mpeg")))

    assert "media-src data: file: &#39;self&#39;;" in render_page(only(voice))


@pytest.mark.parametrize("voice", [UNCHANGED, UPDATED, pictured(CREATED), pictured(REPLACED)], ids=lambda v: v.key)
def test_two_hundred_voices_stay_under_a_megabyte(voice: VoiceReview) -> None:
    assert len(render_page(many(voice, 200)).encode()) <= ROOM == 1_000_000


def test_audio_does_not_count_as_room() -> None:
    voice = pictured(replace(CREATED, now=sample("a.mp3", audio=EmbeddedAudio(bytes(900_000), "audio/mpeg"))))

    assert "image/png" in render_page(only(voice))


def test_pictures_go_first_to_voices_with_errors() -> None:
    fine = pictured(replace(UPDATED, now=sample("b.mp3")), 100_000)
    wrong = pictured(replace(CREATED, key="zora"), 100_000)
    voices = (*(replace(fine, key=f"a{index}") for index in range(10)), wrong)
    pieces = render_page(replace(PAGE, plan=None, voices=voices)).split("<article")

    assert "image/png" in next(piece for piece in pieces if 'data-key="zora"' in piece)
    assert 1 < sum("image/png" in piece for piece in pieces) < len(voices)
