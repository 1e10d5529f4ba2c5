"""The voice file as it is written, checked by pydantic; it is the source of schemas/voice.schema.json.

Apart from what it makes, VoiceSpec, since nobody who reads no voice file shall wait for pydantic. Names and bounds are
the API's own (palabra_api.md, sections 5 and 8), so that its documentation applies.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any, Final, Literal, cast

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from reconciler.desired.check_file import Check, Rule, check_specs
from reconciler.desired.model import STRICT, nullable
from reconciler.desired.source import Source
from reconciler.desired.voice import Lifecycle, Manage, OnRemove, ReplaceOrder, SampleSpec, VoiceSpec, unfit_for_key

_NAME: Final = re.compile(r"[\w\-. ]+")
_LANG_CODE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9-]+)?")
_DURATION: Final = re.compile(r"([0-9]{1,9})([smhdw])")
_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
"""Seconds."""
_LONGEST: Final = 3650
"""Days. Beyond it dates overflow, and nobody means it."""

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
        raise ValueError("is empty", "Write the path of the recording, relative to the voice file.")
    if any(unicodedata.category(character) == "Cc" for character in value):
        raise ValueError("has a control character", "Write the path of the recording, relative to the voice file.")
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


def voice_id(value: str) -> str:
    """Return a voice id that can stand in an address. Raises ValueError(what is wrong, what to do)."""
    odd = any(character in "/?#%\\" or character.isspace() for character in value)
    if not value.strip(".") or odd or not value.isprintable():
        raise ValueError("is not a voice id", "An id is not empty and has no `/`, `\\`, `?`, `#`, `%` and no spaces.")
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


def _text_or_null(**bounds: object) -> Callable[[dict[str, Any]], None]:
    """Return what writes a text that may be null with the bounds of the text."""

    def write(schema: dict[str, Any]) -> None:
        schema["anyOf"] = [{"type": "string", **bounds}, {"type": "null"}]

    return write


class LabelsEntry(BaseModel):
    """How the voice is found and filtered. Only the labels written here are compared with the server's."""

    model_config = STRICT

    gender: Literal["male", "female"] | None = Field(
        default=None,
        description="Who is speaking; null removes the label.",
        examples=["female"],
        json_schema_extra=nullable("A man's voice.", "A woman's voice.", "No such label."),
    )
    age_group: Literal["kid", "adult", "senior"] | None = Field(
        default=None,
        description="How old the voice sounds; null removes the label.",
        examples=["adult"],
        json_schema_extra=nullable(
            "A child's voice.", "A grown-up's voice.", "An old person's voice.", "No such label."
        ),
    )
    mood: Literal["neutral", "happy", "angry", "sad"] | None = Field(
        default=None,
        description="How the voice feels; null removes the label.",
        examples=["neutral"],
        json_schema_extra=nullable("Even.", "Cheerful.", "Angry.", "Sad.", "No such label."),
    )


class SampleEntry(BaseModel):
    """The recording the voice is cloned from."""

    model_config = STRICT

    file: Annotated[str, AfterValidator(_file)] | None = Field(
        description="The recording, relative to the voice file and inside the repository: MP3, WAV, FLAC, WEBM, MP4, "
        "MPEG or MPG, at least 30 seconds, at most 10 MiB, one speaker. Another recording means a new voice with a new "
        "id. null: the recording is not in the repository; such a voice cannot be made, but one that exists can be "
        "managed in name, description and labels.",
        examples=["anna.mp3"],
        json_schema_extra=_text_or_null(minLength=1, pattern="^[^/]"),
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
    import_id: Annotated[str, AfterValidator(voice_id)] | None = Field(
        default=None,
        alias="import",
        title="Import",
        description="The id of an existing voice to adopt instead of creating one.",
        examples=["0a1b2c3d"],
    )
    manage: Literal["full", "observe"] = Field(
        default="full",
        description="How far the voice is managed.",
        examples=["observe"],
        json_schema_extra={
            "enumDescriptions": [
                "The voice is kept as this file says.",
                "Nothing is ever written to the voice: plan shows where it differs. It must exist, see `import`.",
            ]
        },
    )
    checks: dict[Rule, Check] | None = Field(
        default=None,
        description="Checks of this voice's sample by rule id, instead of the project's: a severity (error, warning, "
        "off), or a severity and a threshold.",
        examples=[{"audio.noise": {"severity": "warning", "threshold": 12}}],
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
            labels=cast("dict[str, str | None]", declared),
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
            manage=Manage(self.manage),
            checks=check_specs(self.checks),
        )


LABELS: Final = tuple(LabelsEntry.model_fields)
"""In the order of the API's documentation."""
