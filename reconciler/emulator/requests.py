"""Request bodies and their rules (section 5 of the API page), and the 422 answer that names each field."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Annotated, Any, Generic, Literal, TypeVar, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, ValidationError

from reconciler.emulator.problems import ProblemError

Mime = Literal[
    "audio/x-wav",
    "audio/wav",
    "audio/mp3",
    "audio/x-m4a",
    "audio/mpeg",
    "audio/flac",
    "video/webm",
    "video/mp4",
    "video/mpeg",
]
Language = Literal[
    "az", "en", "en-gb", "en-us", "fr", "de", "tr", "ar", "it", "ru", "uk", "es", "es-mx", "pt", "pt-br",
    "sv", "pl", "id", "nl", "fi", "hu", "el", "cs", "sk", "da", "bg", "ro", "he", "hi", "zh", "ja", "yue",
    "ko", "en-gpt", "en-zh", "en-parler", "en-palabra-llm", "en-zns", "fr-zns", "en-f5", "en-orpheus",
]  # fmt: skip

NAME = re.compile(r"[\w\-. ]+")
FILENAME = re.compile(r"[\w\-. '\"()]+")


def _only(pattern: re.Pattern[str]) -> AfterValidator:
    """Match the whole text; `$` would let a newline at its end slip through."""

    def check(text: str) -> str:
        if not pattern.fullmatch(text):
            raise ValueError(f"only characters of {pattern.pattern} are allowed")
        return text

    return AfterValidator(check)


Name = Annotated[str, Field(min_length=3, max_length=64), _only(NAME)]
Filename = Annotated[str, Field(min_length=3, max_length=255), _only(FILENAME)]
Description = Annotated[str, Field(max_length=10_000)]
Labels = dict[str, str | None]


class _Body(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Sample(_Body):
    """One sample of a new voice."""

    filename: Filename
    mime_type: Mime
    lang_code: Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9-]+)?$")]
    display_name: Description | None = None
    description: Description | None = None
    denoise: StrictBool = False
    speech_normalization: StrictBool = True


class CloneRequest(_Body):
    """The body of POST /saas/voice/clone."""

    name: Name
    samples: Annotated[list[Sample], Field(min_length=1, max_length=1)]
    description: Description | None = None
    labels: Labels | None = None


class UpdateRequest(_Body):
    """The body of POST /saas/voice/m/{voice_id}; only the keys that were sent count."""

    name: Name = ""
    description: Description | None = None
    labels: Labels | None = None

    def changes(self) -> dict[str, Any]:
        """Return what was sent, null included."""
        return self.model_dump(exclude_unset=True)


BodyT = TypeVar("BodyT", bound=_Body)


class _Wrapped(_Body, Generic[BodyT]):
    data: BodyT


def parse(model: type[BodyT], body: bytes, *, bare: bool) -> BodyT:
    """Read a body, wrapped in `data` unless bare. Raises ProblemError 422 with one problem per mistake."""
    try:
        if bare:
            return model.model_validate_json(body)
        wrapped = _Wrapped[model]  # type: ignore[valid-type] # pydantic makes the class when asked
        return wrapped.model_validate_json(body).data
    except ValidationError as error:
        details = [f"{'.'.join(map(str, e['loc'])) or 'body'}: {e['msg']}" for e in error.errors()]
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, *details) from error


def require_listed_language(sample: Sample) -> None:
    """Raise ProblemError 422 for a language that section 8 of the API page does not list."""
    if sample.lang_code not in get_args(Language):
        detail = f"data.samples.0.lang_code: {sample.lang_code!r} is not a known language"
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, detail)
