"""A plan that was to adopt voices, and does nothing else."""

from __future__ import annotations

from plan_sides import declared, plan_of, recorded, shown

from reconciler.plan.importing import not_adopting, with_imports
from reconciler.plan.sides import DesiredVoice

ANNA = declared()
BELLA = declared("bella", audio="b")
THEIRS = shown("x", description="theirs")


def refused(desired: dict[str, DesiredVoice], imports: dict[str, str], **sides: object) -> list[tuple[str | None, str]]:
    plan = plan_of(with_imports(desired, imports), **sides, targets=tuple(imports))  # type: ignore[arg-type]
    return [(note.key, note.summary) for note in not_adopting(plan, imports)]


def test_only_the_named_voice_files_import() -> None:
    files = with_imports({"anna": ANNA, "bella": BELLA}, {"anna": "x", "nobody": "y"})

    assert {key: voice.spec.import_id for key, voice in files.items()} == {"anna": "x", "bella": None}


def test_an_adoption_passes() -> None:
    assert refused({"anna": ANNA, "bella": BELLA}, {"anna": "x"}, voices=(THEIRS,)) == []


def test_a_voice_that_is_adopted_already_passes() -> None:
    assert refused({"anna": ANNA}, {"anna": "v1"}, records=recorded(ANNA), voices=(shown(),)) == []


def test_a_key_with_another_voice_does_not() -> None:
    assert refused({"anna": ANNA}, {"anna": "x"}, records=recorded(ANNA), voices=(shown(), THEIRS)) == [
        ("anna", "cannot adopt the voice x: it has the voice v1")
    ]


def test_a_key_whose_marked_voice_state_lost_does_not() -> None:
    assert refused({"anna": ANNA}, {"anna": "x"}, voices=(shown(), THEIRS)) == [
        ("anna", "cannot adopt the voice x: it has the voice v1")
    ]


def test_nothing_else_is_done_beside_an_adoption() -> None:
    stray = shown("s", "created")

    assert refused({"anna": ANNA}, {"anna": "x"}, voices=(THEIRS, stray)) == [
        ("anna", "has more to do than to adopt a voice: clean (ours and half-made (created), but unknown to state)")
    ]


def test_what_is_an_error_already_is_not_refused_too() -> None:
    assert refused({"anna": ANNA}, {"anna": "no-such-voice"}) == []


def test_a_plan_of_an_apply_is_not_its_concern() -> None:
    assert not_adopting(plan_of(ANNA), {}) == ()
