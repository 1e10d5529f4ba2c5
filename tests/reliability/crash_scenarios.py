"""What a run may be in the middle of when it dies: one scenario for each action of a plan."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from voice_repository import PROJECT, Repository

STATE, JOURNAL = "state", "journal"
LOSSES: tuple[frozenset[str], ...] = (
    frozenset(),
    frozenset({STATE}),
    frozenset({JOURNAL}),
    frozenset({STATE, JOURNAL}),
)
UNMARKED = PROJECT + "ownership_mark: false\n"


@dataclass(frozen=True, slots=True)
class Scenario:
    """A history up to the run that dies, and what must be true in the end."""

    name: str
    before: Callable[[Repository], Any]
    """Makes the world that the run begins in."""
    edit: Callable[[Repository], Any]
    """What a person changes before the run."""
    settings: str = PROJECT
    losses: tuple[frozenset[str], ...] = LOSSES
    served: str | None = None
    """A key for which consumers have a ready voice at every moment (law 5)."""
    same: str | None = None
    """A key that has, in the end, the very voice that `a` had: no clone was needed."""
    uploaded: bool = True
    """Whether the voices are made of the declared samples; an imported one is not."""


def nothing(_: Repository) -> None:
    """Change nothing."""


def two_declared(repository: Repository) -> None:
    repository.declare("a", seed=1, description="Warm.", labels={"gender": "female"})
    repository.declare("b", seed=2)


def two_applied(repository: Repository) -> None:
    two_declared(repository)
    repository.apply_well()


def one_applied(repository: Repository, **lifecycle: Any) -> None:
    repository.declare("a", seed=1, description="Warm.", lifecycle=lifecycle or None)
    repository.apply_well()


def importing(repository: Repository) -> None:
    voice_id = repository.account.foreign("Made by hand")
    repository.declare("a", import_=voice_id)
    repository.apply_well()
    repository.remove("a")
    repository.state_file.unlink()
    repository.account.palabra.sql("UPDATE voice SET name = 'By hand', description = NULL WHERE voice_id = ?", voice_id)


def reimport(repository: Repository) -> None:
    (voice_id,) = repository.ours
    repository.declare("a", description="Adopted.", import_=voice_id)


def one_forgetful(repository: Repository) -> None:
    two_declared(repository)
    repository.declare("a", lifecycle={"on_remove": "forget"})
    repository.apply_well()


def let_go(repository: Repository) -> None:
    repository.let_go(repository.records["a"]["voice_id"])
    repository.remove("a")


def uploaded_only(repository: Repository) -> None:
    two_declared(repository)
    repository.apply_well("--no-wait")
    repository.account.settle()


def half_made(repository: Repository) -> None:
    """Leave a voice that was reserved and never uploaded, by a run of which nothing else is left."""
    two_declared(repository)
    log = repository.root.parent / "passages"
    point = passages(repository, log).index("http after POST") + 1
    assert repository.killed_at(point)
    repository.lose({STATE, JOURNAL})


def passages(repository: Repository, log: Any) -> list[str]:
    """Apply in a world that is put back afterwards, and return the names of the crash points that it passed."""
    log.unlink(missing_ok=True)
    snapshot = repository.snapshot(log.with_suffix(".before"))
    repository.apply(crash_log=str(log))
    repository.account.settle()
    repository.restore(snapshot)
    names: list[str] = log.read_text("utf-8").splitlines()
    return names


def kept_for_a_week(repository: Repository) -> None:
    one_applied(repository, keep_replaced="7d")


def other_sample(repository: Repository) -> None:
    repository.declare("a", seed=3)


def all_at_once(repository: Repository) -> None:
    """Ask for a replacement, a move, two creates."""
    repository.declare("a", seed=3)
    repository.rename("b", "d")
    repository.declare("e", seed=4)
    repository.declare("f", seed=5)


SCENARIOS: Collection[Scenario] = (
    Scenario("create", nothing, two_declared),
    Scenario(
        "update",
        two_applied,
        lambda r: r.declare("a", name="Other name", description="Cold.", labels={"gender": "male"}),
        served="a",
        same="a",
    ),
    Scenario("replace", two_applied, other_sample, served="a"),
    Scenario("replace by setting", one_applied, lambda r: r.declare("a", sample={"denoise": True}), served="a"),
    Scenario("replace destroy_first", lambda r: one_applied(r, replace="destroy_first"), other_sample),
    Scenario("replace keep_replaced", kept_for_a_week, other_sample, served="a"),
    Scenario("delete", two_applied, lambda r: r.remove("a")),
    Scenario("move", two_applied, lambda r: r.rename("a", "c"), same="c"),
    Scenario("adopt by import", importing, reimport, same="a", uploaded=False),
    Scenario("forget", one_forgetful, let_go),
    Scenario("resume", uploaded_only, nothing, same="a"),
    Scenario("clean", half_made, nothing),
    Scenario(
        "everything",
        two_applied,
        all_at_once,
        served="a",
    ),
    Scenario("create unmarked", nothing, two_declared, settings=UNMARKED, losses=LOSSES[:1]),
    Scenario("replace unmarked", two_applied, other_sample, settings=UNMARKED, losses=LOSSES[:1], served="a"),
)
