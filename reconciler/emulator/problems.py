"""Problem objects, as the API sends them in `errors[]` and in `processing_result.errors[]`."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TYPE_BASE = "https://docs.palabra.ai/docs/error_codes#"
SYNTHETIC_CODE_BASE = 900_000
"""Real codes are unknown but for one, so ours are easy to tell from real ones."""


class ProblemError(Exception):
    """The request is refused; one problem for each detail."""

    def __init__(self, status: HTTPStatus, *details: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(*details)
        self.status = status
        self.details = details
        self.headers = headers


def problem(status: int, detail: str, instance: str) -> dict[str, Any]:
    """Return one problem; its texts keep the minimum lengths of the API page (5, 5 and 1 characters)."""
    title = HTTPStatus(status).phrase
    return {
        "type": TYPE_BASE + "".join(filter(str.isalpha, title.lower())),
        "status": status,
        "title": title,
        "detail": detail,
        "instance": instance,
        "error_code": SYNTHETIC_CODE_BASE + status,
    }


def problem_response(
    status: int, details: Sequence[str], instance: str, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """Return the failure envelope."""
    errors = [problem(status, detail, instance) for detail in details]
    return JSONResponse({"ok": False, "errors": errors}, status_code=status, headers=headers)
