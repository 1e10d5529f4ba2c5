"""Which failures are worth another try, and when. stamina does the waiting."""

from __future__ import annotations

import email.utils
import math
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TypeVar

import stamina
import stamina.instrumentation

from reconciler.errors import ApiError, ApiUnknownError, ApiUnreachableError, UploadError

ATTEMPTS = 6
"""Tries of one request that fails."""
THROTTLED_ATTEMPTS = 40
"""Tries of one request that is told to come back later: the server works, it only has to be waited for."""
LONGEST_WAIT = 60.0
"""Seconds. A server that asks for more than this is not waited for."""
SHORTEST_WAIT = 1.0
"""Seconds. A server that asks for less, such as "0", is given our own growing pauses: all tries at once help nobody."""
TOO_MANY_REQUESTS = 429

T = TypeVar("T")

stamina.instrumentation.set_on_retry_hooks(())  # the run reports its own retries; nothing else may print


async def retrying(call: Callable[[], Awaitable[T]], *, idempotent: bool) -> T:
    """Call until it works, with exponential backoff and jitter, obeying Retry-After.

    A request that is not idempotent is tried again only after answers that prove that it was not carried out.
    """
    async for attempt in stamina.retry_context(
        on=_Patience(idempotent=idempotent),
        attempts=None,
        timeout=None,
        wait_initial=0.3,
        wait_max=10.0,
        wait_jitter=0.5,
    ):
        with attempt:
            return await call()
    raise AssertionError("stamina ends with a result or an error")


class _Patience:
    """Decides after each failure of one request whether to try again."""

    def __init__(self, *, idempotent: bool) -> None:
        self._idempotent = idempotent
        self._failures = 0
        self._throttled = 0

    def __call__(self, error: Exception) -> bool | float:
        """Return whether to try again, or after how many seconds."""
        if not isinstance(error, ApiError | UploadError):
            return False
        if error.status == TOO_MANY_REQUESTS:
            self._throttled += 1
            worth = self._throttled < THROTTLED_ATTEMPTS
        else:
            self._failures += 1
            worth = self._failures < ATTEMPTS and self._is_passing(error)
        if not worth or error.retry_after is None or error.retry_after < SHORTEST_WAIT:
            return worth
        return error.retry_after if error.retry_after <= LONGEST_WAIT else False

    def _is_passing(self, error: ApiError | UploadError) -> bool:
        if isinstance(error, UploadError):
            return error.retryable
        return isinstance(error, ApiUnreachableError) or (self._idempotent and isinstance(error, ApiUnknownError))


def read_retry_after(header: str | None, date: str | None = None) -> float | None:
    """Return the seconds that a Retry-After header asks for: a number of seconds or an HTTP date (RFC 9110, 10.2.3).

    A date is one of the server's clock, so it counts from the answer's own Date: our clock may be hours away.
    """
    try:
        seconds = float(header or "")
    except ValueError:
        moment, answered = read_http_date(header), read_http_date(date)
        now = answered.timestamp() if answered is not None else time.time()
        return None if moment is None else max(0.0, moment.timestamp() - now)
    return max(0.0, seconds) if math.isfinite(seconds) else None


def read_http_date(text: str | None) -> datetime | None:
    """Read an HTTP date of any of its three forms; all of them are UTC (RFC 9110, 5.6.7)."""
    try:
        moment = email.utils.parsedate_to_datetime(text or "")
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment.astimezone(UTC) if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
