"""What is decided about voices whose recording is not in the repository."""

from __future__ import annotations

from dataclasses import replace

import pytest
from msgspec import structs
from plan_sides import declared, mark, only, plan_of, recorded, shown, successor, told

from reconciler.errors import Severity
from reconciler.plan.change import Action, FieldChange
from reconciler.plan.mark import Mark
from reconciler.plan.record import NO_SAMPLE, desired_mark

NONE = declared(audio=None)
ANNA = declared()
BARE = recorded(NONE)
MARKED = shown(description=str(Mark("p", "anna", NO_SAMPLE)))


def errors(plan: object) -> list[str]:
    return [d.summary for d in plan.diagnostics if d.severity is Severity.ERROR]  # type: ignore[attr-defined]


def test_nothing_about_its_sample_is_compared() -> None:
    other = declared(audio=None, sample_lang_code="de", sample_denoise=True)

    assert plan_of(other, BARE, (MARKED,)).empty
    assert plan_of(other, BARE, (MARKED,)).refreshed == {}
    assert BARE.sample is None


def test_its_other_fields_are_managed() -> None:
    assert only(plan_of(NONE, BARE, (structs.replace(MARKED, name="Hers"),))).fields == (
        FieldChange("name", "Hers", "Anna"),
    )


def test_its_mark_has_no_fingerprint() -> None:
    assert str(desired_mark(NONE, "p")) == "[voicectl p/anna 00000000]"


def test_a_recording_that_is_added_makes_another_voice() -> None:
    change = only(plan_of(ANNA, BARE, (MARKED,)))

    assert (change.action, change.reason) == (Action.REPLACE, "a sample was added")
    assert change.fields == (FieldChange("samples[0].sha256", None, "file-a", forces_replacement=True),)


def test_a_recording_that_the_voice_itself_names_is_learned() -> None:
    plan = plan_of(ANNA, BARE, (shown(),))

    assert plan.empty
    assert plan.refreshed == {"anna": recorded(ANNA)}


def test_a_recording_that_is_taken_away_stays_recorded() -> None:
    plan = plan_of(NONE, recorded(ANNA), (shown(),))

    assert (plan.empty, plan.refreshed) == (True, {})
    assert [(d.severity, d.rule) for d in plan.diagnostics] == [(Severity.INFO, "plan.no-sample")]


def test_a_setting_of_a_recording_that_is_recorded_still_counts() -> None:
    plan = plan_of(declared(audio=None, sample_denoise=True), recorded(ANNA), (shown(),))

    assert plan.empty
    assert errors(plan) == [
        "This voice would have to be made (denoise changed), but its recording is not in the repository"
    ]


@pytest.mark.parametrize("status", ["created", "failed"])
def test_a_voice_that_is_of_no_use_cannot_be_made_anew(status: str) -> None:
    plan = plan_of(NONE, BARE, (structs.replace(MARKED, status=status),))

    assert plan.empty
    assert errors(plan) == [
        f"This voice would have to be made (the server shows it as {status}), but its recording is not in the repository"
    ]


def test_a_replacement_on_its_way_goes_on_though_the_recording_was_taken_away() -> None:
    record = replace(recorded(ANNA), successor=successor(declared(sample_denoise=True)))

    plan = plan_of(declared(audio=None, sample_denoise=True), record, (shown(), shown("v2", "pending")))

    assert told(plan) == [("anna", Action.RESUME, "v2")]


@pytest.mark.parametrize("audio", ["a", None])
def test_when_state_is_lost_whatever_has_its_mark_is_adopted(audio: str | None) -> None:
    described = mark(audio=audio) if audio else MARKED.description

    assert told(plan_of(NONE, None, (shown(description=described),))) == [("anna", Action.ADOPT, "v1")]


def test_it_is_not_known_by_its_making_as_all_such_voices_are_alike() -> None:
    plan = plan_of({"bella": declared("bella", audio=None)}, None, (MARKED,))

    assert told(plan) == [("anna", Action.DELETE, "v1")]
    assert len(errors(plan)) == 1


def test_a_lost_state_and_an_added_recording_replace_the_marked_voice() -> None:
    change = only(plan_of(ANNA, None, (MARKED,)))

    assert (change.action, change.reason) == (Action.REPLACE, "a sample was added")


def test_the_mark_of_a_lost_state_goes_before_the_import_of_an_older_voice() -> None:
    """The file still names the voice that was imported, and that was replaced since."""
    plan = plan_of(declared(imports="v0"), None, (shown(),))

    assert told(plan) == [("anna", Action.ADOPT, "v1")]


def test_a_gone_voice_gives_way_to_another_one_that_is_named() -> None:
    other = shown("x", description="theirs")

    assert told(plan_of(declared(audio=None, imports="x"), BARE, (other,))) == [("anna", Action.ADOPT, "x")]
    assert len(errors(plan_of(declared(audio=None, imports="v1"), BARE, (other,)))) == 1


@pytest.mark.parametrize("status", ["created", "failed", "thinking"])
def test_a_voice_that_is_not_ready_is_not_imported(status: str) -> None:
    plan = plan_of(declared(imports="x"), None, (shown("x", status, description="theirs"),))

    assert plan.empty
    assert errors(plan) == [f"The voice x is {status}: it cannot be adopted"]
