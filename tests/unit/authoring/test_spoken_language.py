"""What points to a language, and what only seems to."""

from __future__ import annotations

from pathlib import Path

import pytest
from audio import make_audio

from reconciler.authoring.language import of_locale, of_name, of_recording
from reconciler.errors import UsageError


@pytest.mark.parametrize(
    ("name", "code"),
    [("anna.fr.mp3", "fr"), ("anna_de.wav", "de"), ("anna-pt-br.mp3", "pt-br"), ("anna_en_US.flac", "en-us"),
     ("take2.yue.mp3", "yue"), ("fr.mp3", "fr"), ("take_ab_fr.mp3", "fr"), ("ANNA_DE.WAV", "de")],
)  # fmt: skip
def test_a_file_name_may_end_in_a_language(name: str, code: str) -> None:
    language = of_name(name)

    assert language is not None
    assert language.code == code
    assert language.said_by == "the file's name"


@pytest.mark.parametrize(
    "name", ["anna.mp3", "anna_xx.mp3", "free.mp3", "anna_en-zh2.mp3", "my_dan.mp3", ".mp3", "de_anna.mp3"]
)
def test_a_name_that_says_nothing_is_not_made_to(name: str) -> None:
    assert of_name(name) is None


@pytest.mark.parametrize(
    ("environ", "code"),
    [({"LANG": "de_DE.UTF-8"}, "de"), ({"LANG": "pt_BR.UTF-8"}, "pt-br"), ({"LC_ALL": "fr_FR", "LANG": "de"}, "fr"),
     ({"LANG": "C.UTF-8"}, None), ({"LANG": "POSIX"}, None), ({}, None), ({"LANG": "tlh"}, None)],
)  # fmt: skip
def test_the_locale_is_a_proposal_for_a_person(environ: dict[str, str], code: str | None) -> None:
    language = of_locale(environ)

    assert (language.code if language else None) == code


def test_the_tag_of_a_container_counts(tmp_path: Path) -> None:
    tagged = make_audio(tmp_path / "anna.mp3", container="mp3", seconds=1, tags={"language": "ger"})
    language = of_recording(tagged)

    assert language is not None
    assert (language.code, language.said_by) == ("de", "the file's language tag")


def test_a_region_says_more_than_a_tag_without_one(tmp_path: Path) -> None:
    tagged = make_audio(tmp_path / "anna.pt-br.mp3", container="mp3", seconds=1, tags={"language": "por"})
    language = of_recording(tagged)

    assert language is not None
    assert language.code == "pt-br"


def test_a_name_and_a_tag_that_disagree_are_no_answer(tmp_path: Path) -> None:
    tagged = make_audio(tmp_path / "anna.fr.mp3", container="mp3", seconds=1, tags={"language": "ger"})

    with pytest.raises(UsageError, match="not clear") as caught:
        of_recording(tagged)
    assert "says fr" in caught.value.why
    assert "says de" in caught.value.why


def test_a_recording_that_says_nothing_has_no_language(tmp_path: Path) -> None:
    assert of_recording(make_audio(tmp_path / "anna.wav", container="wav", seconds=1)) is None
