"""The faults file: which requests go wrong, when, and how. Documented for users in docs/emulator.md."""

from __future__ import annotations

import random
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Annotated, Literal, Self

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeFloat,
    PositiveInt,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from reconciler.errors import VoicectlError

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.emulator.store import Store

Host = Literal["api", "upload"]
ACTIONS = ("delay", "status", "reset", "truncate", "garbage", "hang", "trickle", "duplicate", "list_lag")


class _Edge(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Match(_Edge):
    """Which requests a rule is about; what is left out matches everything."""

    host: Host | None = None
    method: str | None = None
    path: str = "*"
    """A glob; `*` matches slashes too."""


class Fault(_Edge):
    """What goes wrong: exactly one of the actions, with its own options."""

    delay: NonNegativeFloat | None = None
    """Seconds before the request is looked at; all goes well then."""
    status: Annotated[int, Field(ge=400, le=599)] | None = None
    """This answer instead of the real one; nothing is carried out unless `after`."""
    retry_after: int | str | None = None
    """With `status`: the Retry-After header, seconds or an HTTP date."""
    body: str | None = None
    """With `status`: the body; by default a problem, or S3's XML."""
    reset: Literal["before", "after"] | None = None
    """Reset the TCP connection without an answer, before or after the request was carried out."""
    truncate: Annotated[int, Field(ge=0)] | None = None
    """Bytes of the body that arrive before the connection closes; carried out."""
    garbage: Literal[True] | None = None
    """200 with a body that is not JSON; carried out."""
    hang: NonNegativeFloat | None = None
    """Seconds without an answer, then a reset; nothing is carried out unless `after`."""
    trickle: NonNegativeFloat | None = None
    """Seconds between the bytes of the body; carried out."""
    duplicate: Literal[True] | None = None
    """Carried out twice; the second answer is sent."""
    list_lag: NonNegativeFloat | None = None
    """Voices younger than this many seconds are missing from list answers."""
    after: bool = False
    """With `status` and `hang`: carry the request out first."""

    @model_validator(mode="after")
    def _one_action(self) -> Self:
        given = [action for action in ACTIONS if getattr(self, action) is not None]
        if len(given) != 1:
            raise ValueError(f"exactly one of {', '.join(ACTIONS)} is needed, not {len(given)}")
        if self.status is None and (self.retry_after is not None or self.body is not None):
            raise ValueError("retry_after and body belong to status")
        if self.after and self.status is None and self.hang is None:
            raise ValueError("after belongs to status and hang")
        return self


class Rule(_Edge):
    """When a fault strikes, counted over the requests that match."""

    match: Match = Match()
    nth: PositiveInt | list[PositiveInt] | Literal["every"] = "every"
    """The number of the matching request, from 1."""
    probability: Annotated[float, Field(ge=0, le=1)] = 1.0
    seed: int = 0
    times: PositiveInt | None = None
    """How often it strikes at most."""
    fault: Fault

    def matches(self, host: Host, method: str, path: str) -> bool:
        """Whether a request counts for this rule."""
        wanted = self.match
        return (
            wanted.host in (None, host)
            and (wanted.method is None or wanted.method.upper() == method)
            and fnmatchcase(path, wanted.path)
        )

    def strikes(self, seen: int, fired: int) -> bool:
        """Whether the `seen`-th matching request goes wrong. The same seed always gives the same answer."""
        if self.times is not None and fired >= self.times:
            return False
        wanted = [self.nth] if isinstance(self.nth, int) else self.nth
        if wanted != "every" and seen not in wanted:
            return False
        return random.Random(f"{self.seed}:{seen}").random() < self.probability  # noqa: S311 - not a secret


RULES = TypeAdapter(list[Rule])


@dataclass(frozen=True, slots=True)
class _Version:
    """Tells one writing of the file from the next."""

    modified: int
    inode: int
    size: int


class Faults:
    """The rules of a file as it is now, and their counts, which are in the store and outlive a restart."""

    def __init__(self, path: Path, store: Store) -> None:
        """Raise VoicectlError if the file cannot be used."""
        self._path = path
        self._store = store
        self._version: _Version | None = None
        self._rules: list[Rule] = []
        self._reload()

    def next(self, host: Host, method: str, path: str) -> Fault | None:
        """Count a request and return the fault of the first rule that strikes.

        Raises VoicectlError if the file changed and cannot be used.
        """
        self._reload()
        struck = None
        for index, rule in enumerate(self._rules):
            if not rule.matches(host, method, path):
                continue
            with self._store.transaction() as db:
                name = f"{self._version}:{index}"
                db.execute("INSERT OR IGNORE INTO fault_count VALUES (?, 0, 0)", (name,))
                seen, fired = db.execute(
                    "UPDATE fault_count SET seen = seen + 1 WHERE rule = ? RETURNING seen, fired", (name,)
                ).fetchone()
                if struck is None and rule.strikes(seen, fired):
                    struck = rule.fault
                    db.execute("UPDATE fault_count SET fired = fired + 1 WHERE rule = ?", (name,))
        return struck

    def _reload(self) -> None:
        try:
            found = self._path.stat()
            version = _Version(found.st_mtime_ns, found.st_ino, found.st_size)
            if version != self._version:
                self._rules = RULES.validate_python(yaml.safe_load(self._path.read_text("utf-8")) or [])
                self._version = version
        except (OSError, UnicodeDecodeError, yaml.YAMLError, ValidationError) as error:
            raise VoicectlError(
                "the faults file cannot be used",
                where=str(self._path),
                why=str(error),
                fix="see docs/emulator.md",
            ) from error
