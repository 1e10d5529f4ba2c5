"""Reading a state document back, strictly: going on with a wrong one would clone every voice again.

By hand and not by pydantic, because `get` and `export` do nothing else, and products call them all day.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from reconciler.errors import StateError
from reconciler.state.document import (
    VERSION,
    LastError,
    RecordedSample,
    Retired,
    StateDocument,
    Successor,
    VoiceRecord,
)
from reconciler.state.usual_document import LARGE, usual_document

T = TypeVar("T")


def parse(text: str, *, filename: str) -> StateDocument:
    """Read a state document. Raises StateError for a file that is not one, or that a newer voicectl wrote."""
    if len(text) > LARGE and (document := usual_document(text)):
        return document
    earlier = (
        "put an earlier one in its place (`voicectl state push FILE --force`)"
        if "://" in filename
        else f"restore the file from git (`git log -- {filename}`)"
    )
    rebuild = f"{earlier}, or make it anew from the marks on the server with `voicectl state rebuild`"
    try:
        plain = json.loads(text)
    except (ValueError, RecursionError) as error:
        sides = re.findall(r"^<<<<<<< (.*)$", text, re.MULTILINE)
        if sides:
            raise StateError(
                "The state document is corrupt",
                where=filename,
                why=f"it has conflict markers of a merge: {'; '.join(sides)}",
                fix="keep one side of each part between the markers and run `voicectl plan`: "
                "a voice that only the other side knew is found by its mark. Or make it anew: `voicectl state rebuild`",
            ) from error
        why = f"it is not JSON: {error}"
        raise StateError("The state document is corrupt", where=filename, why=why, fix=rebuild) from error
    version = plain.get("version") if isinstance(plain, dict) else None
    if isinstance(version, int) and version > VERSION:
        raise StateError(
            f"The state document has version {version}, this voicectl knows {VERSION}",
            where=filename,
            why="a newer voicectl wrote it",
            fix="upgrade voicectl; or make a document of this version from the server with `voicectl state rebuild`",
        )
    try:
        return _document(_Fields(plain, ""))
    except ValueError as error:
        raise StateError("The state document is corrupt", where=filename, why=str(error), fix=rebuild) from error


def read_record(plain: Any) -> VoiceRecord:
    """Read one record out of the journal. Raises StateError when it is none."""
    try:
        return _record(_Fields(plain, ""))
    except ValueError as error:
        raise StateError("The journal is corrupt", why=str(error), fix="move the file away") from error


class _Fields:
    """One JSON object; asks for its fields by name and kind, and says which one is wrong."""

    def __init__(self, plain: Any, path: str) -> None:
        if not isinstance(plain, dict):
            raise ValueError(f"{path or 'the document'} is not an object")  # noqa: TRY004 - of data, not of an argument
        self._plain = plain
        self._path = path

    def text(self, name: str) -> str:
        return self._get(name, str)

    def text_or_none(self, name: str) -> str | None:
        return None if self._plain.get(name) is None else self.text(name)

    def voice_id(self, name: str) -> str:
        voice_id = self.text(name)
        if not voice_id.isprintable() or not voice_id.strip(".") or set(voice_id) & set("/?#%\\ "):
            raise ValueError(f"{self._below(name)} is {voice_id!r}, which no voice can have")
        return voice_id

    def voice_id_or_none(self, name: str) -> str | None:
        return None if self._plain.get(name) is None else self.voice_id(name)

    def flag(self, name: str) -> bool:
        return self._get(name, bool)

    def flag_or_not(self, name: str) -> bool:
        return name in self._plain and self.flag(name)

    def number(self, name: str) -> int:
        value = self._get(name, int)
        if isinstance(value, bool):
            raise self._wrong(name)
        return value

    def labels(self, name: str) -> dict[str, str | None]:
        labels = self._get(name, dict)
        if not all(value is None or isinstance(value, str) for value in labels.values()):
            raise self._wrong(name)
        return labels

    def labels_or_none(self, name: str) -> dict[str, str | None] | None:
        return None if self._plain.get(name) is None else self.labels(name)

    def mapping_or_none(self, name: str) -> dict[str, Any] | None:
        return None if self._plain.get(name) is None else self._get(name, dict)

    def texts(self, name: str) -> tuple[str, ...]:
        texts = self._get(name, list)
        if not all(isinstance(text, str) for text in texts):
            raise self._wrong(name)
        return tuple(texts)

    def object_or_none(self, name: str, read: Callable[[_Fields], T]) -> T | None:
        value = self._plain.get(name)
        return None if value is None else read(_Fields(value, self._below(name)))

    def objects(self, name: str, read: Callable[[_Fields], T]) -> tuple[T, ...]:
        below = self._below(name)
        listed = self._get(name, list) if name in self._plain else []
        return tuple(read(_Fields(value, f"{below}[{n}]")) for n, value in enumerate(listed))

    def by_key(self, name: str, read: Callable[[_Fields], T]) -> Mapping[str, T]:
        below = self._below(name)
        return {key: read(_Fields(value, f"{below}.{key}")) for key, value in self._get(name, dict).items()}

    def _get(self, name: str, kind: type[T]) -> T:
        value = self._plain.get(name)
        if not isinstance(value, kind):
            raise self._wrong(name)
        return value

    def _wrong(self, name: str) -> ValueError:
        problem = "has the wrong type" if name in self._plain else "is missing"
        return ValueError(f"{self._below(name)} {problem}")

    def _below(self, name: str) -> str:
        return f"{self._path}.{name}" if self._path else name


def _document(fields: _Fields) -> StateDocument:
    if fields.number("version") != VERSION:
        raise ValueError(f"version is not {VERSION}")
    return StateDocument(
        environment=fields.text("environment"),
        lineage=fields.text("lineage"),
        serial=fields.number("serial"),
        account=fields.text_or_none("account"),
        voices=fields.by_key("voices", _record),
    )


def _record(fields: _Fields) -> VoiceRecord:
    return VoiceRecord(
        voice_id=fields.voice_id_or_none("voice_id"),
        status=fields.text("status"),
        name=fields.text("name"),
        description=fields.text_or_none("description"),
        labels=fields.labels("labels"),
        sample=fields.object_or_none("sample", _sample),
        created_at=fields.text_or_none("created_at"),
        prevent_destroy=fields.flag_or_not("prevent_destroy"),
        retired=fields.objects("retired", _retired),
        last_error=fields.object_or_none("last_error", lambda e: LastError(e.text("summary"), e.texts("problems"))),
        on_remove=fields.text_or_none("on_remove"),
        successor=fields.object_or_none("successor", _successor),
        observed=fields.mapping_or_none("observed"),
        manage=fields.text_or_none("manage"),
    )


def _sample(fields: _Fields) -> RecordedSample:
    return RecordedSample(
        file=fields.text("file"),
        sha256=fields.text("sha256"),
        size=fields.number("size"),
        stream_sha256=fields.text_or_none("stream_sha256"),
        lang_code=fields.text("lang_code"),
        denoise=fields.flag("denoise"),
        speech_normalization=fields.flag("speech_normalization"),
        display_name=fields.text_or_none("display_name"),
        description=fields.text_or_none("description"),
    )


def _retired(fields: _Fields) -> Retired:
    return Retired(
        voice_id=fields.voice_id("voice_id"),
        until=fields.text("until"),
        name=fields.text_or_none("name"),
        description=fields.text_or_none("description"),
        labels=fields.labels_or_none("labels"),
        sample=fields.object_or_none("sample", _sample),
        created_at=fields.text_or_none("created_at"),
        observed=fields.mapping_or_none("observed"),
    )


def _successor(fields: _Fields) -> Successor:
    return Successor(
        voice_id=fields.voice_id("voice_id"),
        status=fields.text("status"),
        name=fields.text("name"),
        description=fields.text_or_none("description"),
        labels=fields.labels("labels"),
        sample=fields.object_or_none("sample", _sample),
        created_at=fields.text_or_none("created_at"),
    )
