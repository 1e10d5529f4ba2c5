"""A file's bytes, and what its model says of what is written in it."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from reconciler.desired.yaml_source import MAX_BYTES
from reconciler.errors import RepositoryError

_Model = TypeVar("_Model", bound=BaseModel)


def checked(model: type[_Model], value: object, raw: bytes, filename: str, key: str | None = None) -> _Model:
    """Return what a file declares. Raises RepositoryError with every problem that the model has with it."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        from reconciler.desired.schema import problems  # noqa: PLC0415 - 25 ms that only a file with errors costs

        raise RepositoryError(problems(error, model, raw, filename, key)) from error


def read_bytes(path: Path) -> bytes:
    """Return the file's bytes, at most one more than is allowed. Raises OSError, for a pipe or a device too."""
    if not path.is_file():
        path.stat()  # a link that leads nowhere says so itself
        raise OSError(0, "not a regular file")
    with path.open("rb", buffering=0) as file:
        return file.read(MAX_BYTES + 1)
