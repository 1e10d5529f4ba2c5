"""What a plan must not do without a person's word."""

from __future__ import annotations

import pytest
from plan_sides import declared, mark, plan_of, recorded, shown, told

from reconciler.desired.project import Safety
from reconciler.desired.project_file import fraction
from reconciler.errors import Severity
from reconciler.plan.change import Plan
from reconciler.plan.safety import peak, refusals
from reconciler.plan.sides import Quota
from reconciler.state.document import VoiceRecord

LIMITS = Safety(max_deletes=0.3, min_voices=10, max_deletes_absolute=20)


def refused(plan: Plan, *, declared: int = 1, allow_deletes: bool = False, limits: Safety = LIMITS) -> list[str]:
    found = refusals(plan, limits, declared=declared, allow_deletes=allow_deletes)
    assert all(each.severity is Severity.ERROR for each in found)
    return [each.rule for each in found]


def deleting(count: int, *, of: int) -> Plan:
    """Return a plan that deletes `count` of so many recorded voices, and leaves the others as they are."""
    files = {f"k{n:03}": declared(f"k{n:03}", audio=str(n)) for n in range(of)}
    records: dict[str, VoiceRecord] = {key: recorded(file, f"v-{key}") for key, file in files.items()}
    voices = tuple(shown(f"v-{key}", description=mark(key, str(n))) for n, key in enumerate(files))
    kept = dict(list(files.items())[count:])
    plan = plan_of(kept, records, voices)
    assert len(plan.changes) == count
    return plan


@pytest.mark.parametrize(
    ("count", "of", "rules"),
    [
        (0, 50, []),
        (3, 10, []),
        (4, 10, ["safety.max-deletes"]),
        (8, 9, []),
        (20, 100, []),
        (21, 100, ["safety.max-deletes-absolute"]),
        (40, 100, ["safety.max-deletes", "safety.max-deletes-absolute"]),
    ],
)
def test_more_deletes_than_the_limits_allow_are_refused(count: int, of: int, rules: list[str]) -> None:
    assert refused(deleting(count, of=of), declared=of - count) == rules
    assert refused(deleting(count, of=of), declared=of - count, allow_deletes=True) == []


def test_a_refusal_names_the_limit_the_count_and_the_way_out() -> None:
    (refusal,) = refusals(deleting(4, of=10), LIMITS, declared=6, allow_deletes=False)

    assert refusal.summary == "Too many deletes: 4 of 10 voices (40.0%) is over 30%"
    assert "--allow-deletes" in refusal.detail
    assert "safety.max_deletes" in refusal.detail


@pytest.mark.parametrize(("written", "count", "of"), [("29%", 29, 100), ("58%", 29, 50), ("33.3%", 333, 1000)])
def test_as_many_deletes_as_the_limit_says_are_not_over_it(written: str, count: int, of: int) -> None:
    """In floats 0.29 * 100 is less than 29."""
    limits = Safety(max_deletes=fraction(written), min_voices=10, max_deletes_absolute=of)

    assert refused(deleting(count, of=of), limits=limits) == []
    (refusal,) = refusals(deleting(count + 1, of=of), limits, declared=1, allow_deletes=False)
    assert refusal.summary.endswith(f"is over {written}")


def test_an_empty_folder_is_refused_however_few_voices_there_are() -> None:
    assert refused(deleting(1, of=1), declared=0) == ["safety.empty"]
    assert refused(deleting(1, of=1), declared=0, allow_deletes=True) == []


def test_orphans_count_as_deletes() -> None:
    orphans = tuple(shown(f"v{n}", description=mark(f"k{n}", str(n))) for n in range(21))

    assert refused(plan_of(None, None, orphans), declared=1) == ["safety.max-deletes", "safety.max-deletes-absolute"]


def test_a_replacement_is_no_delete() -> None:
    plan = plan_of(declared(audio="b"), recorded(declared()), (shown(),))

    assert refused(plan, limits=Safety(0.0, 0, 0)) == []


def test_a_protected_voice_is_not_replaced() -> None:
    protected = declared(audio="b", lifecycle={"prevent_destroy": True})

    plan = plan_of(protected, recorded(declared()), (shown(),))

    assert refused(plan, allow_deletes=True) == ["safety.prevent-destroy"]


def test_taking_the_protection_off_and_replacing_is_one_step() -> None:
    record = recorded(declared(), prevent_destroy=True)

    assert refused(plan_of(declared(audio="b"), record, (shown(),))) == []


def test_deleting_the_file_does_not_lift_the_protection() -> None:
    plan = plan_of(None, recorded(declared(), prevent_destroy=True), (shown(),))
    (refusal,) = refusals(plan, LIMITS, declared=1, allow_deletes=True)

    assert refusal.rule == "safety.prevent-destroy"
    assert "Restore its voice file" in refusal.detail


@pytest.mark.parametrize("changed", [{"name": "Anna B"}, {"description": "Warm."}])
def test_a_protected_voice_can_be_updated(changed: dict[str, str]) -> None:
    protected = declared(**changed, lifecycle={"prevent_destroy": True})  # type: ignore[arg-type]

    assert refused(plan_of(protected, recorded(declared()), (shown(),))) == []


def test_a_protected_voice_can_be_forgotten() -> None:
    record = recorded(declared(), prevent_destroy=True, on_remove="forget")

    assert refused(plan_of(None, record, (shown(),))) == []


# -- quota -------------------------------------------------------------------------------------------------------------

NEW = declared(audio="b")
OLD = recorded(declared())


@pytest.mark.parametrize(("remaining", "rules"), [(None, []), (2, []), (1, ["safety.quota"]), (0, ["safety.quota"])])
def test_what_does_not_fit_is_refused(remaining: int | None, rules: list[str]) -> None:
    files = {"anna": declared(), "bella": declared("bella", audio="b")}

    assert refused(plan_of(files, quota=Quota(50, remaining)), allow_deletes=True) == rules


def test_without_something_to_make_a_full_account_is_no_obstacle() -> None:
    assert refused(plan_of(declared(name="Anna B"), OLD, (shown(),), quota=Quota(1, 0))) == []
    assert refused(plan_of(declared(name="Anna B"), OLD, (shown(),), quota=Quota(1, -3))) == []


def test_a_replacement_needs_room_for_both_unless_the_old_voice_goes_first() -> None:
    destroy_first = declared(audio="b", lifecycle={"replace": "destroy_first"})

    assert refused(plan_of(NEW, OLD, (shown(),), quota=Quota(1, 0))) == ["safety.quota"]
    assert refused(plan_of(destroy_first, OLD, (shown(),), quota=Quota(1, 0))) == []


def test_slots_of_half_made_voices_are_free_before_others_are_made() -> None:
    plan = plan_of(declared(), None, (shown(status="created"),), quota=Quota(1, 0))

    assert [action.value for _, action, _ in told(plan)] == ["clean", "create"]
    assert peak(plan.changes) == 0
    assert refused(plan) == []


def test_slots_of_deleted_voices_are_not() -> None:
    plan = plan_of({"bella": declared("bella", audio="b")}, OLD, (shown(),), quota=Quota(1, 0))
    (refusal,) = refusals(plan, LIMITS, declared=1, allow_deletes=True)

    assert refusal.rule == "safety.quota"
    assert refusal.summary == "The quota has room for 0 more of 1 voices, this plan needs 1 at its peak"
    assert "delete first" in refusal.detail
