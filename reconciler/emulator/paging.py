"""List queries: sort, page_size, and the opaque token that carries both and a place."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from reconciler.emulator.problems import ProblemError

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_PAGE_SIZE = 10
MAX_PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class PageQuery:
    """Which voices a list request asks for."""

    ascending: bool = False
    """By time of creation, then id."""
    size: int = DEFAULT_PAGE_SIZE
    after: tuple[int, str] | None = None
    """Time of creation in microseconds and id of the last voice of the page before."""

    def token_after(self, created_at: int, voice_id: str) -> str:
        """Return the token of the page that follows this voice."""
        place = json.dumps([self.ascending, self.size, created_at, voice_id])
        return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def read_page_query(query: Mapping[str, str]) -> PageQuery:
    """Read a query string. Raises ProblemError 422."""
    token = query.get("token")
    if token is not None:
        if "sort" in query or "page_size" in query:
            raise _refused("token: sort and page_size are not allowed together with it")
        return _read_token(token)
    sort = query.get("sort", "desc")
    if sort not in ("asc", "desc"):
        raise _refused("sort: must be asc or desc")
    size = query.get("page_size", str(DEFAULT_PAGE_SIZE))
    if not (size.isascii() and size.isdigit() and 1 <= int(size) <= MAX_PAGE_SIZE):
        raise _refused(f"page_size: must be an integer from 1 to {MAX_PAGE_SIZE}")
    return PageQuery(ascending=sort == "asc", size=int(size))


def _read_token(token: str) -> PageQuery:
    try:
        place = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except ValueError as error:
        raise _refused("token: not a token of this server") from error
    match place:
        case [bool(ascending), int(size), int(created_at), str(voice_id)] if 1 <= size <= MAX_PAGE_SIZE:
            return PageQuery(ascending=ascending, size=size, after=(created_at, voice_id))
        case _:
            raise _refused("token: not a token of this server")


def _refused(detail: str) -> ProblemError:
    return ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, detail)
