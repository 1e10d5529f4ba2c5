"""The slow look at the account: with jitter, so that many watchers are no herd, and rarely while it is down."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from reconciler.apply.actual_side import AccountView, check_account, read_actual
from reconciler.apply.recorded_side import trusted
from reconciler.apply.workspace import Workspace
from reconciler.errors import VoicectlError
from reconciler.state.store import LoadedState

FIRST_RETRY = 5.0
"""Seconds after the first look that failed; then twice as many each time."""
LONGEST_RETRY = 300.0
"""Seconds; or the pace of the looks, if that is slower."""
JITTER = 0.2
"""A wait is longer or shorter by up to this share."""

ReadAccount = Callable[[Workspace, LoadedState, Iterable[str]], Awaitable[AccountView]]
"""Reads the account. Raises VoicectlError."""


@dataclass(slots=True)
class Rhythm:
    """When to look next."""

    pace: float
    """Seconds between two looks."""
    failures: int = 0
    """Since the last look that worked."""

    def wait(self, share: float | None = None) -> float:
        """Return how many seconds to wait; `share` of the jitter is chance, -1 to 1."""
        chance = random.uniform(-1, 1) if share is None else share  # noqa: S311 - no secret hangs on it
        seconds = self.pace
        if self.failures:
            doubled = FIRST_RETRY * 2 ** min(self.failures - 1, 16)
            seconds = min(doubled, max(LONGEST_RETRY, self.pace))
        return seconds * (1 + JITTER * chance)


async def read_account(workspace: Workspace, loaded: LoadedState, imports: Iterable[str]) -> AccountView:
    """Open a connection for one look: nothing stays open between two of them. Raises VoicectlError."""
    from reconciler.apply.session import open_session  # noqa: PLC0415 - httpx

    async with open_session(workspace, workspace.project.parallelism) as session:
        # A voice that was made a moment ago is looked for at the next look; nobody waits for it here.
        view = await read_actual(session.client, loaded.voices, scope=workspace.scope, imports=imports, settle=0)
    check_account(loaded.account, view.account, filename=workspace.store.name)
    return view


def remembered(loaded: LoadedState) -> AccountView:
    """Return the account as state last saw it."""
    return AccountView(trusted(loaded.voices), loaded.account)


@dataclass(frozen=True, slots=True)
class Looked:
    """How a look at the account ended."""

    view: AccountView | None
    error: VoicectlError | None = None
    loaded: LoadedState | None = None
    """The state that the look was made with."""
