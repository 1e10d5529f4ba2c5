"""A voice file that is about to be written: its fields, and its text in the form that `fmt` keeps."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

import yaml
from pydantic import ValidationError

from reconciler.desired.schema import problems
from reconciler.desired.voice_file import LABELS, VoiceFile
from reconciler.desired.yaml_source import parse
from reconciler.errors import Diagnostic, RepositoryError

_NOT_IN_A_NAME: Final = re.compile(r"[^\w\-. ]+|[/_-]+")
_LONGEST_NAME: Final = 64
"""Characters; and 3 is the shortest (palabra_api.md, section 5)."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What a new voice file says. Fields that are None were not said; only `name` and `lang_code` must be."""

    name: str | None = None
    lang_code: str | None = None
    description: str | None = None
    gender: str | None = None
    age_group: str | None = None
    mood: str | None = None
    denoise: bool | None = None


def propose_name(key: str) -> str:
    """Return a name made from a key: `support/tour-guide` is "Support Tour Guide"."""
    words = _NOT_IN_A_NAME.sub(" ", unicodedata.normalize("NFC", key)).split()
    name = " ".join(word[:1].upper() + word[1:] for word in words)
    if len(name) < 3:
        name = f"Voice {name}".rstrip()
    return name[:_LONGEST_NAME].rstrip()


def render(draft: Draft, *, file: str, schema: str) -> str:
    """Return the voice file's text, for a draft that has all; `file` and `schema` are paths relative to it."""
    return "".join(f"{line}\n" for line in _lines(draft, file, schema))


def check(text: str) -> tuple[Diagnostic, ...]:
    """Return what keeps a text from being a voice file; places in it mean nothing to its author."""
    raw = text.encode("utf-8", "surrogateescape")
    try:
        VoiceFile.model_validate(parse(raw, "voice file"))
    except ValidationError as error:
        return problems(error, VoiceFile, raw, "voice file")
    except RepositoryError as error:
        return error.diagnostics
    return ()


def faults(draft: Draft) -> tuple[Diagnostic, ...]:
    """Return what is wrong with what a draft says, whatever it leaves out."""
    filled = replace(draft, name=draft.name or "Any name", lang_code=draft.lang_code or "en")
    return check(render(filled, file="any.mp3", schema=""))


def _lines(draft: Draft, file: str, schema: str) -> Iterator[str]:
    yield f"# yaml-language-server: $schema={schema}"
    yield f"name: {scalar(str(draft.name))}"
    if draft.description is not None:
        yield f"description: {scalar(draft.description)}"
    labels = {label: value for label in LABELS if (value := getattr(draft, label)) is not None}
    if labels:
        yield f"labels: {{{', '.join(f'{label}: {scalar(value)}' for label, value in labels.items())}}}"
    yield "samples:"
    yield f"  - file: {scalar(file)}"
    yield f"    lang_code: {scalar(str(draft.lang_code))}"
    if draft.denoise is not None:
        yield f"    denoise: {'true' if draft.denoise else 'false'}"


def scalar(text: str) -> str:
    """Return text as a YAML value on one line, in quotes only where some reader of YAML might misread it."""
    plain = str(yaml.safe_dump(text, width=float("inf"), allow_unicode=True)).removesuffix("\n...\n").rstrip("\n")
    if "\n" not in plain:
        with suppress(RepositoryError, UnicodeEncodeError):
            if parse(plain.encode(), "") == text:  # PyYAML writes for readers of YAML 1.1
                return plain
    return json.dumps(text, ensure_ascii=False)
