"""What is decided about a voice that has a file: one test for each case of a behaviour page."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from plan_sides import LATER, NOW, declared, mark, only, plan_of, recorded, shown, successor, told

from reconciler.errors import Severity
from reconciler.plan.change import Action, FieldChange
from reconciler.state.document import LastError, Retired

ANNA = declared()
NEW = declared(audio="b")


# -- nothing is recorded -----------------------------------------------------------------------------------------------


def test_a_new_file_is_a_create_that_shows_every_declared_field() -> None:
    change = only(plan_of(declared(description="Warm.", labels={"mood": None})))

    assert (change.action, change.voice_id, change.reason) == (Action.CREATE, None, "new voice")
    assert [(f.path, f.before, f.after) for f in change.fields] == [
        ("name", None, "Anna"),
        ("description", None, "Warm."),
        ("labels.mood", None, None),
        ("samples[0].sha256", None, "file-a"),
        ("samples[0].lang_code", None, "en"),
        ("samples[0].denoise", None, False),
        ("samples[0].speech_normalization", None, True),
    ]


def test_after_a_failed_attempt_it_is_a_create_that_says_so() -> None:
    failed = recorded(ANNA, None, "failed", last_error=LastError("no", ()))

    assert only(plan_of(ANNA, failed)).reason == "the last attempt failed"


def test_a_marked_voice_of_the_same_making_is_adopted_and_not_cloned_again() -> None:
    plan = plan_of(ANNA, None, (shown(),))

    assert told(plan) == [("anna", Action.ADOPT, "v1")]
    assert only(plan).fields == ()
    assert plan.unmanaged == 0


def test_an_adopted_voice_shows_the_fields_that_will_be_written() -> None:
    change = only(plan_of(declared(name="Anna B"), None, (shown(),)))

    assert change.action is Action.ADOPT
    assert change.fields == (FieldChange("name", "Anna", "Anna B"),)


def test_a_marked_voice_that_is_still_processing_is_adopted_too() -> None:
    assert told(plan_of(ANNA, None, (shown(status="pending"),))) == [("anna", Action.ADOPT, "v1")]


@pytest.mark.parametrize("status", ["created", "failed"])
def test_a_half_made_marked_voice_is_cleaned_and_another_is_made(status: str) -> None:
    plan = plan_of(ANNA, None, (shown(status=status),))

    assert told(plan) == [("anna", Action.CLEAN, "v1"), ("anna", Action.CREATE, None)]


def test_a_marked_voice_of_another_sample_is_replaced_so_that_it_stays_until_the_new_one_is_ready() -> None:
    assert told(plan_of(NEW, None, (shown(),))) == [("anna", Action.REPLACE, "v1")]


def test_of_several_marked_voices_the_newest_ready_one_is_adopted_and_the_rest_is_cleaned() -> None:
    old, new = shown("v1", created_at="2026-01-01"), shown("v2", created_at="2026-01-02")
    pending = shown("v3", "pending", created_at="2026-01-03")

    plan = plan_of(ANNA, None, (old, new, pending))

    assert told(plan) == [("anna", Action.CLEAN, "v1"), ("anna", Action.CLEAN, "v3"), ("anna", Action.ADOPT, "v2")]


def test_a_voice_of_the_declared_making_is_adopted_though_a_newer_one_of_another_making_is_there() -> None:
    """A replacement was under way when state was lost, and the file went back: the old voice works, and stays."""
    right, newer = (
        shown("v1", created_at="2026-01-01"),
        shown("v2", description=mark(audio="b"), created_at="2026-01-02"),
    )

    plan = plan_of(ANNA, None, (right, newer))

    assert told(plan) == [("anna", Action.CLEAN, "v2"), ("anna", Action.ADOPT, "v1")]


@pytest.mark.parametrize("scope", ["q", "p@staging"])
def test_a_voice_marked_by_another_project_or_environment_is_none_of_ours(scope: str) -> None:
    plan = plan_of(ANNA, None, (shown(description=mark(scope=scope)),))

    assert told(plan) == [("anna", Action.CREATE, None)]
    assert plan.unmanaged == 1


def test_a_voice_is_not_taken_by_its_name() -> None:
    assert told(plan_of(ANNA, None, (shown(description="Warm."),))) == [("anna", Action.CREATE, None)]


def test_a_voice_marked_with_a_previous_key_is_adopted_under_the_new_one() -> None:
    change = only(plan_of({"bella": declared("bella", previously=["anna"])}, None, (shown(),)))

    assert (change.key, change.action, change.voice_id, change.previous_key) == ("bella", Action.ADOPT, "v1", "anna")


def test_a_renamed_voice_is_known_by_its_making_when_state_is_lost() -> None:
    change = only(plan_of({"bella": declared("bella")}, None, (shown(),)))

    assert (change.key, change.action, change.previous_key) == ("bella", Action.ADOPT, "anna")


def test_which_of_two_alike_it_was_is_not_guessed() -> None:
    alike = (shown("v1"), shown("v2", description=mark("clara")))

    plan = plan_of({"bella": declared("bella")}, None, alike)

    assert ("bella", Action.CREATE, None) in told(plan)
    assert Action.ADOPT not in [change.action for change in plan.changes]


def test_a_pointer_cannot_tell_the_making_so_a_marked_voice_that_is_ready_is_not_cloned_in_parallel() -> None:
    plan = plan_of(declared(pointer=True), None, (shown(),))

    assert told(plan) == [("anna", Action.REPLACE, "v1")]


# -- import ------------------------------------------------------------------------------------------------------------


def test_an_import_adopts_the_voice_that_it_names() -> None:
    change = only(plan_of(declared(imports="x"), None, (shown("x", description="Cold.", name="Other"),)))

    assert (change.action, change.voice_id, change.reason) == (Action.ADOPT, "x", "imported by the voice file")
    assert change.fields == (FieldChange("name", "Other", "Anna"),)


def test_an_import_of_a_voice_that_is_not_there_is_an_error_and_makes_nothing() -> None:
    plan = plan_of(declared(imports="x"))

    assert plan.empty
    assert [(d.severity, d.rule, d.key) for d in plan.diagnostics] == [(Severity.ERROR, "plan.import", "anna")]


def test_an_import_of_a_voice_of_another_key_is_an_error() -> None:
    files = {"anna": ANNA, "bella": declared("bella", audio="b", imports="v1")}

    plan = plan_of(files, recorded(ANNA), (shown(),))

    assert plan.empty
    assert [(d.rule, d.key) for d in plan.diagnostics] == [("plan.import", "bella")]
    assert "'anna'" in plan.diagnostics[0].summary


def test_an_import_counts_only_while_state_has_no_voice() -> None:
    imported = declared(imports="x")

    assert plan_of(imported, recorded(imported), (shown(),)).empty


# -- the recorded voice is gone ----------------------------------------------------------------------------------------


def test_a_voice_that_is_gone_is_made_again() -> None:
    change = only(plan_of(ANNA, recorded(ANNA)))

    assert (change.action, change.reason) == (Action.CREATE, "the voice v1 no longer exists on the server")


def test_in_place_of_a_voice_that_is_gone_a_marked_one_is_adopted() -> None:
    assert told(plan_of(ANNA, recorded(ANNA), (shown("v9"),))) == [("anna", Action.ADOPT, "v9")]


def test_a_replacement_on_its_way_takes_the_place_of_a_voice_that_is_gone() -> None:
    record = recorded(ANNA, successor=successor(NEW))

    change = only(plan_of(NEW, record, (shown("v2", "pending", description=mark(audio="b")),)))

    assert (change.action, change.voice_id, change.actual) == (Action.RESUME, "v2", None)
    assert change.successor is not None


# -- the recorded voice was never ready --------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["pending", "ready", "failed", "thinking"])
def test_an_unfinished_voice_of_the_declared_making_is_resumed(status: str) -> None:
    assert told(plan_of(ANNA, recorded(ANNA, status="pending"), (shown(status=status),))) == [
        ("anna", Action.RESUME, "v1")
    ]


def test_a_voice_that_was_never_uploaded_is_cleaned_and_made_again() -> None:
    plan = plan_of(ANNA, recorded(ANNA, status="created"), (shown(status="created"),))

    assert told(plan) == [("anna", Action.CLEAN, "v1"), ("anna", Action.CREATE, None)]


def test_an_unfinished_voice_of_an_older_sample_is_cleaned_because_nobody_has_it() -> None:
    plan = plan_of(NEW, recorded(ANNA, status="pending"), (shown(status="pending"),))

    assert told(plan) == [("anna", Action.CLEAN, "v1"), ("anna", Action.CREATE, None)]


def test_a_voice_of_an_older_sample_that_became_ready_is_replaced() -> None:
    assert told(plan_of(NEW, recorded(ANNA, status="pending"), (shown(),))) == [("anna", Action.REPLACE, "v1")]


# -- the recorded voice is established ---------------------------------------------------------------------------------


def test_what_is_as_declared_is_unchanged() -> None:
    plan = plan_of(ANNA, recorded(ANNA), (shown(),))

    assert (plan.empty, plan.unchanged, plan.refreshed, plan.drift) == (True, 1, {}, ())


@pytest.mark.parametrize(
    ("changed", "path", "reason"),
    [
        ({"audio": "b"}, "samples[0].sha256", "sample changed"),
        ({"sample_lang_code": "pt-br"}, "samples[0].lang_code", "lang_code changed"),
        ({"sample_denoise": True}, "samples[0].denoise", "denoise changed"),
        ({"sample_speech_normalization": False}, "samples[0].speech_normalization", "speech_normalization changed"),
    ],
)
def test_everything_that_makes_a_voice_forces_a_replacement_and_says_why(
    changed: dict[str, object], path: str, reason: str
) -> None:
    change = only(plan_of(declared(**changed), recorded(ANNA), (shown(),)))  # type: ignore[arg-type]

    assert (change.action, change.reason, change.destroy_first) == (Action.REPLACE, reason, False)
    assert [(f.path, f.forces_replacement) for f in change.fields] == [(path, True)]


def test_several_reasons_are_named_together() -> None:
    new = declared(audio="b", sample_lang_code="de", sample_denoise=True)

    assert only(plan_of(new, recorded(ANNA), (shown(),))).reason == "sample, lang_code and denoise changed"


def test_the_same_audio_in_another_file_is_no_change_but_is_noted_and_remembered() -> None:
    tagged = declared(file="tagged")

    plan = plan_of(tagged, recorded(ANNA), (shown(),))

    assert (plan.empty, plan.unchanged) == (True, 1)
    assert [d.rule for d in plan.diagnostics] == ["plan.same-audio"]
    refreshed = plan.refreshed["anna"].sample
    assert refreshed is not None
    assert refreshed.sha256 == "file-tagged"


def test_an_unchanged_pointer_keeps_the_audio_hash_that_was_recorded() -> None:
    plan = plan_of(declared(pointer=True), recorded(ANNA), (shown(),))

    assert (plan.empty, plan.refreshed) == (True, {})


def test_destroy_first_is_carried_to_the_step() -> None:
    new = declared(audio="b", lifecycle={"replace": "destroy_first"})

    assert only(plan_of(new, recorded(ANNA), (shown(),))).destroy_first


def test_a_replacement_can_be_asked_for() -> None:
    change = only(plan_of(ANNA, recorded(ANNA), (shown(),), replace=("anna",)))

    assert (change.action, change.reason) == (Action.REPLACE, "asked for")


def test_asking_for_a_replacement_does_not_take_a_voice_made_before() -> None:
    plan = plan_of(ANNA, recorded(ANNA), (shown(), shown("v2")), replace=("anna",))

    assert ("anna", Action.REPLACE, "v1") in told(plan)


@pytest.mark.parametrize("status", ["created", "failed"])
def test_an_established_voice_that_the_server_takes_back_is_replaced(status: str) -> None:
    change = only(plan_of(ANNA, recorded(ANNA), (shown(status=status),)))

    assert (change.action, change.reason) == (Action.REPLACE, f"the server shows it as {status}")


def test_a_replacement_on_its_way_is_resumed() -> None:
    record = recorded(ANNA, successor=successor(NEW))
    waiting = shown("v2", "pending", description=mark(audio="b"))

    change = only(plan_of(NEW, record, (shown(), waiting)))

    assert (change.action, change.voice_id) == (Action.RESUME, "v2")
    assert (change.actual, change.successor) == (shown(), waiting)


def test_a_marked_replacement_that_state_forgot_is_resumed() -> None:
    waiting = shown("v2", "pending", description=mark(audio="b"))

    assert told(plan_of(NEW, recorded(ANNA), (shown(), waiting))) == [("anna", Action.RESUME, "v2")]


def test_a_replacement_that_was_never_uploaded_is_cleaned_and_made_again() -> None:
    record = recorded(ANNA, successor=successor(NEW, status="created"))

    plan = plan_of(NEW, record, (shown(), shown("v2", "created", description=mark(audio="b"))))

    assert told(plan) == [("anna", Action.CLEAN, "v2"), ("anna", Action.REPLACE, "v1")]


def test_a_replacement_that_is_no_longer_wanted_is_cleaned_and_the_voice_stays() -> None:
    record = recorded(ANNA, successor=successor(NEW))

    plan = plan_of(ANNA, record, (shown(), shown("v2", "pending", description=mark(audio="b"))))

    assert told(plan) == [("anna", Action.CLEAN, "v2")]
    assert plan.unchanged == 1


# -- fields that change in place ---------------------------------------------------------------------------------------


def test_declared_fields_are_updated_in_place_and_the_id_stays() -> None:
    new = declared(name="Anna B", description="Warm.", labels={"mood": "sad"})

    change = only(plan_of(new, recorded(ANNA), (shown(),)))

    assert (change.action, change.voice_id) == (Action.UPDATE, "v1")
    assert change.reason == "name, description, labels.mood changed"
    assert change.fields == (
        FieldChange("name", "Anna", "Anna B"),
        FieldChange("description", "", "Warm."),
        FieldChange("labels.mood", None, "sad"),
    )


def test_what_is_not_declared_is_not_compared() -> None:
    odd = shown(description=f"Somebody wrote this {mark()}", labels={"mood": "angry"})

    assert plan_of(ANNA, recorded(ANNA), (odd,)).empty


def test_drift_that_the_plan_undoes_is_shown_apart() -> None:
    plan = plan_of(ANNA, recorded(ANNA), (shown(name="Hacked"),))

    assert only(plan).fields == (FieldChange("name", "Hacked", "Anna"),)
    assert [(d.key, d.voice_id, d.fields) for d in plan.drift] == [
        ("anna", "v1", (FieldChange("name", "Anna", "Hacked"),))
    ]


def test_a_change_that_is_on_the_server_already_is_no_drift_and_nothing_to_do() -> None:
    plan = plan_of(declared(name="Anna B"), recorded(ANNA), (shown(name="Anna B"),))

    assert (plan.empty, plan.drift) == (True, ())
    assert plan.refreshed["anna"].name == "Anna B"


def test_protection_is_an_update_of_state_alone() -> None:
    change = only(plan_of(declared(lifecycle={"prevent_destroy": True}), recorded(ANNA), (shown(),)))

    assert change.action is Action.UPDATE
    assert change.fields == (FieldChange("lifecycle.prevent_destroy", before=False, after=True),)


@pytest.mark.parametrize("name", ["display_name", "description"])
def test_what_is_sent_at_creation_only_waits_and_is_no_change(name: str) -> None:
    anna: dict[str, Any] = {f"sample_{name}": "Take 3"}

    plan = plan_of(declared(**anna), recorded(ANNA), (shown(),))

    assert plan.empty
    assert [(d.severity, d.rule) for d in plan.diagnostics] == [(Severity.INFO, "plan.next-replacement")]
    assert name in plan.diagnostics[0].summary


# -- moves -------------------------------------------------------------------------------------------------------------


def test_a_renamed_key_keeps_its_voice() -> None:
    plan = plan_of({"bella": declared("bella")}, recorded(ANNA), (shown(),))

    change = only(plan)
    assert (change.key, change.action, change.voice_id, change.previous_key) == ("bella", Action.MOVE, "v1", "anna")
    assert change.fields == ()


def test_a_renamed_key_with_another_name_is_one_move_that_shows_both() -> None:
    change = only(plan_of({"bella": declared("bella", name="Bella", previously=["anna"])}, recorded(ANNA), (shown(),)))

    assert change.action is Action.MOVE
    assert change.fields == (FieldChange("name", "Anna", "Bella"),)


def test_a_renamed_key_with_another_sample_is_a_replacement_of_the_old_voice() -> None:
    change = only(plan_of({"bella": declared("bella", audio="b", previously=["anna"])}, recorded(ANNA), (shown(),)))

    assert (change.action, change.voice_id, change.previous_key) == (Action.REPLACE, "v1", "anna")


# -- retired voices ----------------------------------------------------------------------------------------------------


def test_a_replaced_voice_stays_until_its_time_and_is_cleaned_then() -> None:
    record = recorded(ANNA, retired=(Retired("v0", LATER),))
    voices = (shown(), shown("v0"))

    assert plan_of(ANNA, record, voices).empty
    plan = plan_of(ANNA, record, voices, now=LATER)
    assert told(plan) == [("anna", Action.CLEAN, "v0")]
    assert plan.unchanged == 1


def test_a_replaced_voice_that_is_gone_is_forgotten_without_ado() -> None:
    plan = plan_of(ANNA, recorded(ANNA, retired=(Retired("v0", NOW),)), (shown(),))

    assert plan.empty
    assert plan.refreshed["anna"].retired == ()


def test_a_replaced_voice_is_never_taken_for_a_second_voice() -> None:
    assert plan_of(ANNA, recorded(ANNA, retired=(Retired("v0", LATER),)), (shown(), shown("v0"))).empty


# -- odd servers -------------------------------------------------------------------------------------------------------


def test_a_value_that_the_server_keeps_in_a_form_of_its_own_is_settled_until_a_side_moves() -> None:
    record = recorded(ANNA, observed={"name": "ANNA!"})

    assert plan_of(ANNA, record, (shown(name="ANNA!"),)).empty
    assert only(plan_of(ANNA, record, (shown(name="ANNA?"),))).action is Action.UPDATE
    assert only(plan_of(declared(name="Bella"), record, (shown(name="ANNA!"),))).action is Action.UPDATE


def test_fields_that_the_answer_leaves_out_are_compared_with_what_was_sent() -> None:
    bare = shown(name=None, labels=None)
    anna = declared(labels={"mood": "sad"})

    assert plan_of(anna, recorded(anna), (bare,)).empty
    assert only(plan_of(declared(labels={"mood": "happy"}), recorded(anna), (bare,))).fields == (
        FieldChange("labels.mood", "sad", "happy"),
    )


def test_a_record_without_a_sample_cannot_be_the_declared_making() -> None:
    change = only(plan_of(ANNA, recorded(ANNA, sample=None), (shown(description=mark(audio="b")),)))

    assert (change.action, change.reason) == (Action.REPLACE, "the sample changed since this voice was made")
    assert change.fields[0] == FieldChange("samples[0].sha256", None, "file-a", forces_replacement=True)


def test_an_unchanged_voice_forgets_an_old_error() -> None:
    plan = plan_of(ANNA, recorded(ANNA, last_error=LastError("no", ())), (shown(),))

    assert plan.refreshed == {"anna": replace(recorded(ANNA), last_error=None)}
