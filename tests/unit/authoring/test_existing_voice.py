"""The voice file of a voice that exists: whatever the API shows, the file is one that the loader takes."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.authoring.existing_voice import acceptable_name, key_of_name, voice_text
from reconciler.authoring.place import checked_key
from reconciler.desired.source import Source
from reconciler.desired.voice_file import VoiceFile
from reconciler.desired.yaml_source import parse
from reconciler.plan.diff import canonical_text, updates
from reconciler.plan.sides import ActualVoice, DesiredVoice

texts = st.text(st.characters(), max_size=20)
odd = st.sampled_from(
    ["yes", "1e3", "0x10", "null", "~", "a: b", "# no", "- a", "'", '"', "\ud800", "a\x00b", "\u2028", "\x85", "\ufeff"]
)
voices = st.builds(
    ActualVoice,
    voice_id=st.sampled_from(["v-1", "0123", "1e3", "null"]),
    status=st.just("ready"),
    name=st.none() | texts | odd,
    description=st.none() | texts | odd | st.just("Warm. [voicectl other/anna 01234567]"),
    labels=st.none()
    | st.dictionaries(
        st.sampled_from(["gender", "age_group", "mood", "accent"]),
        st.none() | st.sampled_from(["Male", "female", "happy", "Young"]),
    ),
    lang_code=st.none() | st.sampled_from(["en", "EN-gb", "zh_hant", "no", "", "on"]),
)


@given(voices)
@example(ActualVoice("v", "ready", "ab"))
def test_every_voice_has_a_file_that_is_valid_and_declares_it_as_it_is(voice: ActualVoice) -> None:
    written = voice_text(voice, "../schemas/voice.schema.json")

    raw = written.text.encode("utf-8")
    spec = VoiceFile.model_validate(parse(raw, "")).spec("anna", Source("voices/anna.yaml", "/r/anna.yaml", raw))
    changed = updates(DesiredVoice(spec, None), voice, None, "p")
    assert [field.path for field in changed] == (["name"] if written.renamed else [])
    assert (spec.import_id, spec.sample.file) == (voice.voice_id, None)
    assert (spec.description is None) <= (not voice.description or not is_writable(voice.description))


def is_writable(text: str) -> bool:
    return all(c.isprintable() or c == "\n" for c in text)


@given(st.none() | texts | odd)
def test_every_name_makes_a_key_that_a_file_can_have(name: str | None) -> None:
    key = key_of_name(name)

    assert checked_key(key) == key
    assert len(key.encode("utf-8", "surrogatepass")) < 250


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Anna Narrator", "anna-narrator"),
        ("Zo\u00eb  M\u00fcller.", "zoe-muller"),
        ("\u65e5\u672c\u8a9e \u304c", "\u65e5\u672c\u8a9e-\u304c"),
        ("\u0410\u043d\u043d\u0430", "\u0430\u043d\u043d\u0430"),
        ("---", "voice"),
        (None, "voice"),
        ("a/../b", "a-b"),
        ("x" * 99, "x" * 60),
    ],
)
def test_a_key_reads_like_the_name(name: str | None, key: str) -> None:
    assert key_of_name(name) == unicodedata.normalize("NFC", key)


@pytest.mark.parametrize(
    ("name", "accepted"),
    [
        ("Anna", "Anna"),
        ("A!", "Voice A-"),
        ("", "Voice"),
        (None, "Voice"),
        ("Zoe\u0308", "Zo\u00eb"),
        ("Anna & Ben", "Anna - Ben"),
        ("x" * 99, "x" * 64),
    ],
)
def test_a_name_that_no_file_may_have_is_mended(name: str | None, accepted: str) -> None:
    assert acceptable_name(name) == accepted


def test_a_name_in_another_form_of_unicode_is_not_another_name() -> None:
    written = voice_text(ActualVoice("v", "ready", "Zoe\u0308"), "s")

    assert not written.renamed
    assert canonical_text(written.name) == "Zo\u00eb"
