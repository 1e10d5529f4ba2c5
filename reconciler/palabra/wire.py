"""Palabra's JSON, read tolerantly and written exactly.

Sections 4 to 6 of the API page: unknown fields are ignored, unknown statuses kept, wrapped and bare answers both
read, RFC 9457 problems turned into words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from msgspec import Struct

UNKNOWN = "unknown"
"""The status of a voice whose answer has none."""


class Voice(Struct, frozen=True, gc=False):
    """A voice as an answer shows it."""

    voice_id: str
    status: str
    name: str | None
    description: str | None
    labels: Mapping[str, str | None] | None
    """None when the answer has no labels field."""
    user_id: str | None
    created_at: str | None
    """As the server wrote it; UTC, with or without a zone."""
    problems: tuple[str, ...]
    """Errors of the processing."""
    warnings: tuple[str, ...]
    complete: bool
    """Whether the answer had all of name, description, labels and status: list answers may leave some out."""
    lang_code: str | None = None


@dataclass(frozen=True, slots=True)
class UploadForm:
    """Where and with which fields the sample is uploaded. It authorizes by itself, so it is never written down."""

    url: str
    fields: Mapping[str, str]
    """In the order received."""

    def __repr__(self) -> str:
        """Show nothing that could be used: a repr ends up in tracebacks and logs."""
        return "UploadForm(...)"


@dataclass(frozen=True, slots=True)
class Limits:
    """GET /saas/voice/limits."""

    limit: int
    remaining: int | None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list."""

    voices: tuple[Voice, ...]
    next: str | None


class WireError(ValueError):
    """An answer that is JSON, but not what the API promises."""


def unwrap(body: Any) -> Any:
    """Return the payload of an answer, wrapped in `data` or bare (section 11, row 2)."""
    if isinstance(body, dict) and "voice_id" not in body and isinstance(body.get("data"), dict | list):
        return body["data"]
    return body


def read_voice(payload: Any) -> Voice:
    """Read a voice. Raises WireError when it has no usable id."""
    if not isinstance(payload, dict) or not is_usable_id(payload.get("voice_id")):
        raise WireError("the answer has no voice_id")
    result = payload.get("processing_result")
    labels = payload.get("labels")
    no_labels: dict[str, str | None] | None = {} if "labels" in payload else None
    return Voice(
        voice_id=payload["voice_id"],
        status=str(payload.get("processing_status") or UNKNOWN).lower(),
        name=_text(payload.get("name")),
        description=_text(payload.get("description")),
        labels={str(k): _text(v) for k, v in labels.items()} if isinstance(labels, dict) else no_labels,
        user_id=_text(payload.get("user_id")),
        created_at=_text(payload.get("utc_created_at")),
        problems=read_problems(result, "errors"),
        warnings=read_problems(result, "warnings"),
        complete={"name", "description", "labels", "processing_status"} <= payload.keys(),
        lang_code=_text(payload.get("lang_code")),
    )


def read_form(payload: Any) -> UploadForm:
    """Read the upload form out of the answer to a create (section 11, rows 13 and 14). Raises WireError."""
    samples = payload.get("samples") if isinstance(payload, dict) else None
    sample = samples[0] if isinstance(samples, list) and samples else None
    if isinstance(sample, dict) and isinstance(sample.get("url"), str) and isinstance(sample.get("form_data"), dict):
        return UploadForm(sample["url"], {str(k): str(v) for k, v in sample["form_data"].items()})
    raise WireError("the answer has no upload form for the sample")


def read_page(body: Any) -> Page:
    """Read one page of a list. Raises WireError."""
    payload = unwrap(body)
    items = payload.get("items") if isinstance(payload, dict) else payload
    if not isinstance(items, list):
        raise WireError("the answer has no items")
    # An item without a usable id is nothing that anybody could act on, and no reason not to see the others.
    voices = tuple(read_voice(i) for i in items if isinstance(i, dict) and is_usable_id(i.get("voice_id")))
    token = payload.get("next") if isinstance(payload, dict) else None
    return Page(voices, str(token) if isinstance(token, str | int) and not isinstance(token, bool) and token else None)


def read_limits(body: Any) -> Limits | None:
    """Read the quota; None when the answer tells no limit."""
    payload = unwrap(body)
    if not isinstance(payload, dict) or not isinstance(payload.get("limit"), int):
        return None
    limit, total, remaining = payload["limit"], payload.get("total"), payload.get("remaining")
    if not isinstance(remaining, int):
        remaining = limit - total if isinstance(total, int) else None
    return Limits(limit, remaining)


def read_problems(body: Any, field: str = "errors") -> tuple[str, ...]:
    """Return the problems in an answer as sentences: RFC 9457 lists, a framework's `detail`, or nothing."""
    if not isinstance(body, dict):
        return ()
    listed = body.get(field)
    if isinstance(listed, list):
        return tuple(text for text in map(_problem, listed) if text)
    detail = body.get("detail") or body.get("title") or body.get("message")
    if isinstance(detail, list):
        return tuple(text for text in map(_problem, detail) if text)
    return (detail,) if isinstance(detail, str) else ()


def _problem(problem: Any) -> str:
    if isinstance(problem, str):
        return problem
    if not isinstance(problem, dict):
        return ""
    place = problem.get("loc")
    said = problem.get("detail") or problem.get("title") or problem.get("msg") or ""
    at = f"{'.'.join(map(str, place))}: " if isinstance(place, list) else ""
    title = problem.get("title")
    lead = f"{title}: " if isinstance(title, str) and problem.get("detail") and title != said else ""
    return f"{at}{lead}{said}" if said else ""


def is_usable_id(voice_id: Any) -> bool:
    """Whether an id can stand in a URL: an empty or odd one would turn a delete of one into something else."""
    return (
        isinstance(voice_id, str)
        and voice_id.isprintable()
        and bool(voice_id.strip("."))
        and not set(voice_id) & set("/?#%\\ ")
    )


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else str(value)
