"""Overlays as they are written: a voice file in which nothing is required, checked where it stands."""

from __future__ import annotations

import copy
import functools
import operator
import types
from typing import Annotated, Any, Final, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, GetPydanticSchema, create_model
from pydantic_core import core_schema

from reconciler.desired.model import STRICT
from reconciler.desired.overlay import Written
from reconciler.desired.voice_file import VoiceFile

_OF_THE_FILE: Final = frozenset({"schema_", "previously"})
"""Fields that say something about the file, which is one for all environments."""


def _without_defaults(schema: dict[str, Any]) -> None:
    """A field that is left out here is as the voice file has it, so an editor must not show a default."""
    for field in schema.get("properties", {}).values():
        field.pop("default", None)


def _optional(model: type[BaseModel], doc: str | None = None) -> type[BaseModel]:
    """Return the model with no field required, and so are the models in it."""
    fields: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        if name not in _OF_THE_FILE:
            optional = copy.copy(field)
            optional.annotation = _optional_inside(field.annotation)
            optional.default = None  # never seen: what was not written is not merged
            fields[name] = (optional.annotation, optional)
    name = model.__name__.removesuffix("Entry").removesuffix("File") + "Overlay"
    config = ConfigDict(**STRICT, json_schema_extra=_without_defaults)
    return create_model(name, __config__=config, __doc__=doc or model.__doc__, **fields)


def _optional_inside(annotation: Any) -> Any:
    arguments = get_args(annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return _optional(annotation)
    if get_origin(annotation) is list:
        return list[_optional_inside(arguments[0])]  # type: ignore[misc] # made at run time, for pydantic
    if get_origin(annotation) in (types.UnionType, Union):
        return functools.reduce(operator.or_, map(_optional_inside, arguments))
    return annotation


_VOICE: Final = _optional(VoiceFile, "Fields of a voice file, as they are in this environment. None is required.")


def _as_written(value: Any, check: core_schema.ValidatorFunctionWrapHandler) -> Any:
    check(value)
    return value


Overlay = Annotated[
    Written,
    GetPydanticSchema(lambda _, handler: core_schema.no_info_wrap_validator_function(_as_written, handler(_VOICE))),
]
"""As a field of a pydantic model: checked like a voice file, and kept as it is written."""
