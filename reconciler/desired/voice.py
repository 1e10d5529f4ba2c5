"""The voice file: what a voice should be.

VoiceFile is the file as it is written, checked by pydantic; it is the source of schemas/voice.schema.json.
VoiceSpec is what the rest of the program works with. Names and bounds are the API's own (palabra_api.md,
sections 5 and 8), so that its documentation applies.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal, cast

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from reconciler.desired.yaml_source import spans
from reconciler.errors import Range

LANG_CODES: Final = frozenset({
    "az", "en", "en-gb", "en-us", "fr", "de", "tr", "ar", "it", "ru", "uk", "es", "es-mx",
    "pt", "pt-br", "sv", "pl", "id", "nl", "fi", "hu", "el", "cs", "sk", "da", "bg",
    "ro", "he", "hi", "zh", "ja", "yue", "ko", "en-gpt", "en-zh", "en-parler", "en-palabra-llm", "en-zns", "fr-zns",
    "en-f5", "en-orpheus",
})  # fmt: skip
"""The languages that Palabra's documentation names (section 8). The list may be incomplete."""

_NAME: Final = re.compile(r"[\w\-. ]+")
_LANG_CODE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9-]+)?")
_DURATION: Final = re.compile(r"([0-9]{1,9})([smhdw])")
_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
"""Seconds."""
_LONGEST: Final = 3650
"""Days. Beyond it dates overflow, and nobody means it."""


class ReplaceOrder(StrEnum):
    """Which comes first when a voice is made anew."""

    CREATE_FIRST = "create_first"
    DESTROY_FIRST = "destroy_first"


class OnRemove(StrEnum):
    """What happens to the voice on the server when its file is removed."""

    DELETE = "delete"
    FORGET = "forget"


@dataclass(frozen=True, slots=True)
class Source:
    """The file a voice was read from."""

    filename: str
    """Relative to the project's root, with forward slashes."""
    path: Path
    """Absolute."""
    raw: bytes = field(default=b"", repr=False, compare=False)
    """What was read, so that a place is the place in what was read."""

    def at(self, *path: str | int) -> Range:
        """Return where a field's value is. The file is parsed again for it: for messages only."""
        return spans(self.raw, self.filename).value(*path)


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """How a voice comes and goes."""

    prevent_destroy: bool = False
    replace: ReplaceOrder = ReplaceOrder.CREATE_FIRST
    keep_replaced: timedelta = timedelta(0)
    """How long a replaced voice stays usable."""
    on_remove: OnRemove = OnRemove.DELETE


@dataclass(frozen=True, slots=True)
class SampleSpec:
    """The recording a voice is cloned from."""

    file: str
    """As written: relative to the voice file."""
    lang_code: str
    """Lowercase."""
    denoise: bool = False
    speech_normalization: bool = True
    display_name: str | None = None
    """Sent at creation only."""
    description: str | None = None
    """Sent at creation only."""


@dataclass(frozen=True, slots=True)
class VoiceSpec:
    """A voice as the repository declares it."""

    key: str
    """Its path below voices/, without the ending: the alias that consumers use."""
    name: str
    description: str | None
    """None: not declared, so not compared. Empty: declared to be empty."""
    labels: Mapping[str, str | None]
    """Declared labels only."""
    sample: SampleSpec
    lifecycle: Lifecycle
    previously: tuple[str, ...]
    """Keys under which this voice used to be declared."""
    import_id: str | None
    """The id of an existing voice to adopt."""
    source: Source


def unfit_for_key(key: str) -> str | None:
    """Return the first character that cannot stand in a key, or None.

    A key is part of the ownership mark `[voicectl PROJECT/KEY FP]`, which must be found again in a description.
    """
    unfit = (c for c in key if c in "[]" or c.isspace() or unicodedata.category(c) in {"Cc", "Cs"})
    return next(unfit, None)


# Checks raise ValueError(what is wrong, what to do): both are shown, after the field's name.


def _name(value: str) -> str:
    if not 3 <= len(value) <= 64:
        raise ValueError(f"is {len(value)} characters long: 3 to 64 are wanted", "The API accepts no other length.")
    if _NAME.fullmatch(value):
        return value
    allowed = "Letters and digits of any language, `_`, `-`, `.` and spaces are allowed."
    if _NAME.fullmatch(unicodedata.normalize("NFC", value)):
        raise ValueError(
            "has accents as characters of their own", f"Write it in Unicode's composed form (NFC). {allowed}"
        )
    wrong = next(character for character in value if not _NAME.fullmatch(character))
    raise ValueError(f"has the character {_character(wrong)}", allowed)


def _character(character: str) -> str:
    code = f"U+{ord(character):04X}"
    named = unicodedata.name(character, "")
    shown = f"`{character}` " if character.isprintable() and not unicodedata.combining(character) else ""
    return f"{shown}({code} {named})" if named else f"{shown}({code})"


def _file(value: str) -> str:
    if not value.strip():
        raise ValueError("is empty", "Write the path of the recording, relative to this file.")
    if any(unicodedata.category(character) == "Cc" for character in value):
        raise ValueError("has a control character", "Write the path of the recording, relative to this file.")
    if value.startswith("/"):
        raise ValueError("is an absolute path", "Write it relative to this file, so that it is right on every machine.")
    return value


def _lang_code(value: str) -> str:
    if not _LANG_CODE.fullmatch(value):
        raise ValueError(f'is "{value}", which is not a language code', "Write for example `en`, `pt-br` or `yue`.")
    return value.lower()


def _key(value: str) -> str:
    wrong = unfit_for_key(value)
    if not value or wrong is not None:
        what = "is empty" if wrong is None else f"has the character {_character(wrong)}"
        raise ValueError(what, "A key is a path below the voices folder, such as `support/anna`.")
    return value


def _voice_id(value: str) -> str:
    if not value or any(character in "/?#" or character.isspace() for character in value) or not value.isprintable():
        raise ValueError("is not a voice id", "An id is not empty and has no `/`, `?`, `#` and no spaces.")
    return value


def duration(value: str) -> timedelta:
    """Return what `90m` or `7d` means. Raises ValueError(what is wrong, what to do)."""
    if not (parts := _DURATION.fullmatch(value)):
        raise ValueError(
            f'is "{value}", which is not a duration', "Write for example `0s`, `90m`, `12h`, `7d` or `2w`."
        )
    seconds = int(parts[1]) * _UNITS[parts[2]]
    if seconds > _LONGEST * _UNITS["d"]:
        raise ValueError("is too long", f"{_LONGEST}d is the longest.")
    return timedelta(seconds=seconds)


def _duration(value: str) -> str:
    duration(value)
    return value


def nullable(schema: dict[str, Any]) -> None:
    """Write a choice that may be null as one enum: editors complete it better than an anyOf."""
    options = schema.pop("anyOf")[0]["enum"]
    del schema["default"]  # left out is not the same as null
    schema["enum"] = [*options, None]


STRICT: Final = ConfigDict(strict=True, extra="forbid", frozen=True)


class LabelsEntry(BaseModel):
    """How the voice is found and filtered. Only the labels written here are compared with the server's."""

    model_config = STRICT

    gender: Literal["male", "female"] | None = Field(
        default=None,
        description="Who is speaking; null removes the label.",
        examples=["female"],
        json_schema_extra=nullable,
    )
    age_group: Literal["kid", "adult", "senior"] | None = Field(
        default=None,
        description="How old the voice sounds; null removes the label.",
        examples=["adult"],
        json_schema_extra=nullable,
    )
    mood: Literal["neutral", "happy", "angry", "sad"] | None = Field(
        default=None,
        description="How the voice feels; null removes the label.",
        examples=["neutral"],
        json_schema_extra=nullable,
    )


class SampleEntry(BaseModel):
    """The recording the voice is cloned from."""

    model_config = STRICT

    file: Annotated[str, AfterValidator(_file)] = Field(
        description="The recording, relative to this file and inside the repository: MP3, WAV, FLAC, WEBM, MP4, MPEG "
        "or MPG, at least 30 seconds, at most 10 MiB, one speaker. Another recording means a new voice with a new id.",
        examples=["anna.mp3"],
        json_schema_extra={"minLength": 1, "pattern": "^[^/]"},
    )
    lang_code: Annotated[str, AfterValidator(_lang_code)] = Field(
        title="Language code",
        description="The language spoken in the recording. Another language means a new voice with a new id.",
        examples=["en", "pt-br", "yue"],
        json_schema_extra={"pattern": "^[A-Za-z]{2,3}(-[A-Za-z0-9-]+)?$"},
    )
    denoise: bool = Field(
        default=False,
        description="Let Palabra remove background noise first. A change means a new voice with a new id.",
        examples=[True],
    )
    speech_normalization: bool = Field(
        default=True,
        description="Let Palabra even out the speech first. A change means a new voice with a new id.",
        examples=[False],
    )
    display_name: str | None = Field(
        default=None,
        description="The sample's name at Palabra. Sent at creation: a change takes effect with the next replacement.",
        examples=["Anna"],
    )
    description: str | None = Field(
        default=None,
        description="A note on the sample. Sent at creation: a change takes effect with the next replacement.",
        examples=["Studio take 3"],
    )


class LifecycleEntry(BaseModel):
    """How the voice comes and goes."""

    model_config = STRICT

    prevent_destroy: bool = Field(
        default=False,
        description="Refuse every plan that would delete or replace this voice. Removing the file does not lift it.",
        examples=[True],
    )
    replace: Literal["create_first", "destroy_first"] = Field(
        default="create_first",
        description="Which comes first when the voice must be made anew.",
        examples=["create_first"],
        json_schema_extra={
            "enumDescriptions": [
                "The new voice is ready before the old one goes.",
                "The old voice goes first, where the quota leaves no room for both.",
            ]
        },
    )
    keep_replaced: Annotated[str, AfterValidator(_duration)] = Field(
        default="0s",
        description="How long a replaced voice stays usable before apply removes it: a number and s, m, h, d or w.",
        examples=["7d", "12h"],
        json_schema_extra={"pattern": "^[0-9]{1,9}[smhdw]$"},
    )
    on_remove: Literal["delete", "forget"] = Field(
        default="delete",
        description="What happens to the voice when its file is removed.",
        examples=["forget"],
        json_schema_extra={
            "enumDescriptions": [
                "The voice is deleted on the server.",
                "The voice stays on the server and is no longer managed.",
            ]
        },
    )


class VoiceFile(BaseModel):
    """One cloned voice. Its key is the path of this file below the voices folder."""

    model_config = ConfigDict(**STRICT, title="Voice")

    schema_: str | None = Field(
        default=None,
        alias="$schema",
        title="Schema",
        description="Where the JSON Schema of this file is, for editors.",
        examples=["../schemas/voice.schema.json"],
    )
    name: Annotated[str, AfterValidator(_name)] = Field(
        description="The voice's name: 3 to 64 letters, digits, `_`, `-`, `.` and spaces.",
        examples=["Anna Narrator"],
        # an approximation that every regex dialect reads alike: \w is ASCII only in some of them
        json_schema_extra={"minLength": 3, "maxLength": 64, "pattern": r"^[^\x00-\x1f!-,/:-@\[-^`{-\x7f]+$"},
    )
    description: str | None = Field(
        default=None,
        description="What the voice is like. Left out: not managed. Empty text: kept empty.",
        examples=["Warm and calm."],
    )
    labels: LabelsEntry | None = Field(
        default=None,
        title="Labels",
        description="How the voice is found and filtered. Only the labels written here are managed.",
        examples=[{"gender": "female", "age_group": "adult", "mood": "neutral"}],
    )
    samples: list[SampleEntry] = Field(
        min_length=1,
        max_length=1,
        description="The recording, exactly one today; a list because the API has a list.",
        examples=[[{"file": "anna.mp3", "lang_code": "en"}]],
    )
    lifecycle: LifecycleEntry | None = Field(
        default=None,
        title="Lifecycle",
        description="How the voice comes and goes.",
        examples=[{"prevent_destroy": True}],
    )
    previously: list[Annotated[str, AfterValidator(_key)]] | None = Field(
        default=None,
        description="Keys under which this voice used to be declared: it is moved, not made anew.",
        examples=[["old-key"]],
    )
    import_id: Annotated[str, AfterValidator(_voice_id)] | None = Field(
        default=None,
        alias="import",
        title="Import",
        description="The id of an existing voice to adopt instead of creating one.",
        examples=["0a1b2c3d"],
    )

    def spec(self, key: str, source: Source) -> VoiceSpec:
        """Return the voice that this file declares."""
        sample, labels, lifecycle = self.samples[0], self.labels, self.lifecycle or LifecycleEntry()
        declared = (
            {label: getattr(labels, label) for label in LABELS if label in labels.model_fields_set} if labels else {}
        )
        return VoiceSpec(
            key=key,
            name=self.name,
            description=self.description,
            labels=MappingProxyType(cast("dict[str, str | None]", declared)),
            sample=SampleSpec(
                file=sample.file,
                lang_code=sample.lang_code,
                denoise=sample.denoise,
                speech_normalization=sample.speech_normalization,
                display_name=sample.display_name,
                description=sample.description,
            ),
            lifecycle=Lifecycle(
                prevent_destroy=lifecycle.prevent_destroy,
                replace=ReplaceOrder(lifecycle.replace),
                keep_replaced=duration(lifecycle.keep_replaced),
                on_remove=OnRemove(lifecycle.on_remove),
            ),
            previously=tuple(self.previously or ()),
            import_id=self.import_id,
            source=source,
        )


LABELS: Final = tuple(LabelsEntry.model_fields)
"""In the order of the API's documentation."""
