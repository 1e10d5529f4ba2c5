"""A team: checkouts of one repository, one account, and one state document in an object store."""

from __future__ import annotations

import functools
import json
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from forked_runs import ForkServer, Ran, Run
from palabra_process import Account, Rule, matching, until
from voice_repository import Repository

if TYPE_CHECKING:
    from seaweed import Seaweed  # pytest imports it, to rewrite its asserts

BUCKET = "uploads"
PARTIAL = 3


@dataclass(frozen=True, slots=True)
class Checkout:
    """One folder in which somebody applies."""

    team: Team
    root: Path

    @property
    def work(self) -> Path:
        """The folder of journals and copies."""
        return self.root / ".voicectl"

    def start(self, *commands: str, **order: Any) -> Run:
        """Start a process that carries out command lines, each written as one string."""
        environ = {**self.team.environ, "HOME": str(self.root), **order.pop("environ", {})}
        return self.team.runs.start([c.split() for c in commands], self.root, environ, **order)

    def run(self, *commands: str, **order: Any) -> Ran:
        """Carry out command lines in one process."""
        return self.start(*commands, **order).wait()

    def apply(self, *options: str, **order: Any) -> Ran:
        """Apply."""
        return self.run(" ".join(["apply --yes", *options]), **order)

    def apply_well(self, *options: str, **order: Any) -> Ran:
        """Apply; it must succeed."""
        ran = self.apply(*options, **order)
        assert ran.code == 0, str(ran)
        return ran


class Team:
    """Everybody who applies to one account with one state document."""

    def __init__(self, folder: Path, account: Account, runs: ForkServer, seaweed: Seaweed, *, lease: float) -> None:
        """`lease` is how many seconds a lease lasts."""
        self.folder = folder
        self.account = account
        self.runs = runs
        self.seaweed = seaweed
        self.key = f"{folder.name}/{account.key}.json"
        self.address = f"s3://{BUCKET}/{self.key}"
        self.environ = {**account.environ, **seaweed.environ, "VOICECTL_LEASE": str(lease)}
        state = f"environments: {{default: {{state: '{self.address}'}}}}\n"
        settings = f"project: p\nchecks: {{sample.duplicate: off}}\n{state}"  # one recording is enough for all
        self._origin = Repository(folder / "origin", account, runs, settings=settings)

    def declare(self, keys: Iterable[str], **fields: Any) -> None:
        """Write voice files, all with one recording. Checkouts made before do not have them."""
        for key in keys:
            (self._origin.root / "voices" / key).parent.mkdir(exist_ok=True)
            self._origin.declare(key, **{"name": "Voice " + key.replace("/", "-"), **fields})

    def checkout(self, name: str) -> Checkout:
        """Return another folder with everything that was declared."""
        shutil.copytree(self._origin.root, self.folder / name, copy_function=os.link)
        return Checkout(self, self.folder / name)

    @property
    def records(self) -> dict[str, Any]:
        """The voices in the state document."""
        voices: dict[str, Any] = self._object("")["voices"]
        return voices

    @property
    def leases(self) -> list[dict[str, Any]]:
        """The list of leases."""
        listed: list[dict[str, Any]] = self._object(".lock")["leases"]
        return listed

    def _object(self, ending: str) -> Any:
        missing = self.seaweed.client.exceptions.NoSuchKey
        try:
            return json.load(self.seaweed.client.get_object(Bucket=BUCKET, Key=self.key + ending)["Body"])
        except missing:
            return {"voices": {}, "leases": []}

    def put_lease(self, **fields: Any) -> None:
        """Let another machine hold a lease on everything, for an hour."""
        later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        lease = {"id": "x", "patterns": [], "since": "2026-01-01T00:00:00Z", "command": "voicectl apply", "beat": 0}
        text = json.dumps({"version": 1, "leases": [{**lease, "machine": "y", "ttl": 60, "expires": later, **fields}]})
        self.seaweed.client.put_object(Bucket=BUCKET, Key=f"{self.key}.lock", Body=text.encode())

    def assert_right(self) -> None:
        """As below, and no run has left anything behind."""
        self.assert_made()
        assert self.leases == [], "a lease was left behind"
        left = [path.name for path in self.folder.glob("*/.voicectl/*.journal")]
        assert left == [], "a journal was not folded"

    def assert_made(self) -> None:
        """One ready voice for each declared voice, recorded; none beside it, and nobody else's touched."""
        records, ours = self.records, self._origin.ours
        assert records.keys() == self._origin.declared.keys()
        assert sorted(record["voice_id"] for record in records.values()) == sorted(ours)
        assert {record["status"] for record in records.values()} == {"ready"}
        assert {voice.status for voice in ours.values()} == {"ready"}
        self._origin.assert_foreign_untouched()


FAULTS: tuple[Rule, ...] = (
    {"match": matching("create"), "probability": 0.08, "seed": 1, "fault": {"reset": "after"}},
    {"match": matching("create"), "probability": 0.08, "seed": 2, "fault": {"status": 502}},
    {"match": matching("upload"), "probability": 0.08, "seed": 3, "fault": {"reset": "before"}},
    {"match": matching("upload"), "probability": 0.08, "seed": 4, "fault": {"status": 503, "after": True}},
    {"match": matching("get"), "probability": 0.05, "seed": 5, "fault": {"status": 500}},
    {"match": matching("list"), "probability": 0.05, "seed": 6, "fault": {"truncate": 20}},
    {"probability": 0.03, "seed": 7, "fault": {"status": 429, "retry_after": 0}},
)
"""Lost answers, refusals, broken uploads: each kind of trouble that a run has to get over by itself."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """Processes that apply at once, each its own voices of one document."""

    team: Team
    processes: int
    voices: int
    """Of each process."""

    def declare(self) -> None:
        """Write the voice files of all. Their recording is measured once here, and not in each process at once."""
        self.team.declare(f"p{process}/v{voice}" for process in range(self.processes) for voice in range(self.voices))
        ran = self.team.checkout("measured").run("plan --target p0/v0")
        assert ran.code == 0, str(ran)

    def apply(self, *, one_folder: bool, restarts: int, **order: Any) -> list[Ran]:
        """Let all apply at once, and restart the store this many times under them; returns how they ended.

        Who finishes in part, because an answer was lost too often, applies once more, as its last line says.
        """
        names = ["all"] if one_folder else [f"p{process}" for process in range(self.processes)]
        checkouts = [self.team.checkout(name) for name in names]
        places = [(checkouts[process % len(checkouts)], f"--target p{process}/*") for process in range(self.processes)]
        running = [checkout.start(f"apply --yes {target}", **order) for checkout, target in places]
        made = self.processes * self.voices
        for turn in range(1, restarts + 1):
            self._until(made * turn // (restarts + 1))
            self.team.seaweed.kill()
            self.team.seaweed.start()
        ends = [run.wait() for run in running]
        return [
            checkout.apply(target, **order) if ran.code == PARTIAL else ran
            for ran, (checkout, target) in zip(ends, places, strict=True)
        ]

    def _until(self, number: int) -> None:
        """Wait until there are so many voices: for as long as it takes, while there are ever more."""
        for some in range(number):
            until(functools.partial(self._has, some + 1), f"{some + 1} voices")

    def _has(self, number: int) -> bool:
        return len(self.team.account.voices) >= number
