"""The voice file of a voice that exists and has none: as the API shows it, its recording in nobody's hands."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from pydantic import ValidationError

from reconciler.authoring.draft import scalar
from reconciler.desired.voice_file import LABELS, LabelsEntry, SampleEntry, VoiceFile
from reconciler.desired.yaml_source import parse
from reconciler.errors import RepositoryError
from reconciler.plan.diff import canonical_label, canonical_text
from reconciler.plan.sides import ActualVoice

UNKNOWN_LANGUAGE: Final = "und"
"""ISO 639-2 for "undetermined": what a voice file says where the API shows no language."""
_UNFIT: Final = re.compile(r"[^\w\-. ]")
_BETWEEN_WORDS: Final = re.compile(r"[\W_]+")
_LONGEST_NAME: Final = 64
"""Characters; and 3 is the shortest (palabra_api.md, section 5)."""
_LONGEST_KEY: Final = 60
"""Characters, so that no file system minds."""


@dataclass(frozen=True, slots=True)
class VoiceText:
    """A voice file that is about to be written."""

    text: str
    name: str
    """As the file says it."""
    renamed: bool
    """The voice has a name that no voice file may have, so it gets another one."""


def voice_text(voice: ActualVoice, schema: str) -> VoiceText:
    """Return the file that declares a voice as it is; `schema` is a path relative to that file.

    What cannot be declared is left out, and then not managed: labels of another vocabulary, a description that no
    file can hold.
    """
    name = acceptable_name(voice.name)
    description = voice.description or None
    text = _written(name, description, voice, schema)
    if description is not None and not _says(text, description):
        text = _written(name, None, voice, schema)
    return VoiceText(text, name, renamed=canonical_text(name) != canonical_text(voice.name))


def acceptable_name(name: str | None) -> str:
    """Return a voice's name as a voice file may have it: itself, unless the API's own rules are against it."""
    fit = _UNFIT.sub("-", unicodedata.normalize("NFC", name or ""))[:_LONGEST_NAME]
    return fit if len(fit) >= 3 else f"Voice {fit}".rstrip()


def key_of_name(name: str | None) -> str:
    """Return a key made from a name: lowercase words with dashes, without accents where that leaves plain letters."""
    composed = unicodedata.normalize("NFKC", name or "").casefold()
    bare = "".join(c for c in unicodedata.normalize("NFKD", composed) if not unicodedata.combining(c))
    words = _BETWEEN_WORDS.sub("-", bare if bare.isascii() else unicodedata.normalize("NFC", composed))
    return words[:_LONGEST_KEY].strip("-") or "voice"


def _written(name: str, description: str | None, voice: ActualVoice, schema: str) -> str:
    return "".join(f"{line}\n" for line in _lines(name, description, voice, schema))


def _lines(name: str, description: str | None, voice: ActualVoice, schema: str) -> Iterator[str]:
    yield f"# yaml-language-server: $schema={schema}"
    yield f"name: {scalar(name)}"
    if description is not None:
        yield f"description: {scalar(description)}"
    if labels := _labels(voice):
        yield f"labels: {{{', '.join(f'{label}: {scalar(value)}' for label, value in labels.items())}}}"
    yield "samples:"
    yield "  - file: null # the recording is not in this repository"
    yield f"    lang_code: {scalar(_lang_code(voice))}"
    yield f"import: {scalar(voice.voice_id)}"


def _labels(voice: ActualVoice) -> dict[str, str]:
    labels: dict[str, str] = {}
    for label in LABELS:
        value = canonical_label((voice.labels or {}).get(label))
        if value is not None:
            with suppress(ValidationError):
                LabelsEntry.model_validate({label: value})
                labels[label] = value
    return labels


def _lang_code(voice: ActualVoice) -> str:
    try:
        return SampleEntry.model_validate({"file": None, "lang_code": voice.lang_code}).lang_code
    except ValidationError:
        return UNKNOWN_LANGUAGE


def _says(text: str, description: str) -> bool:
    """Whether the loader reads this description out of the file."""
    try:
        said = VoiceFile.model_validate(parse(text.encode("utf-8"), "")).description
    except (UnicodeEncodeError, RepositoryError, ValidationError):
        return False
    return canonical_text(said) == canonical_text(description)
