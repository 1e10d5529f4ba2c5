"""The plan as JSON, its digest, and the saved plan that approves it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import jsonschema
import pytest
from msgspec import structs
from plan_sides import declared, mark, plan_of, recorded, shown, successor

from reconciler.errors import Diagnostic, Position, Range, RefusedError, RepositoryError, Severity, UsageError
from reconciler.plan.approval import approval_of
from reconciler.plan.change import Action, Plan
from reconciler.plan.document import errored_to_json, plan_to_json
from reconciler.plan.saved import SavedPlan, parse_saved, render_saved, sealed
from reconciler.plan.schema import plan_schema
from reconciler.plan.sides import Quota

PROBLEM = Diagnostic(Severity.ERROR, "x.y", "what", "why", "anna", Range("voices/anna.yaml", Position(4, 3)))


def many() -> Plan:
    """Return a plan with every action, with drift, diagnostics and a quota."""
    anna, new = declared(), declared(audio="b")
    files = {
        "create": declared("create", audio="1"),
        "update": declared("update", audio="2", name="New name", description="\u00e9\x00\u2028"),
        "replace": declared("replace", audio="3b"),
        "adopt": declared("adopt", audio="4"),
        "moved": declared("moved", audio="5", previously=["old"]),
        "resume": declared("resume", audio="6"),
        "unchanged": declared("unchanged", audio="7", sample_display_name="later"),
        "error": declared("error", audio="8", imports="nothing"),
    }
    old = {
        "update": declared("update", audio="2"),
        "replace": declared("replace", audio="3"),
        "old": declared("old", audio="5"),
        "resume": declared("resume", audio="6"),
        "unchanged": declared("unchanged", audio="7"),
        "delete": declared("delete", audio="9"),
        "forget": declared("forget", audio="10"),
    }
    records = {key: recorded(file, f"v-{key}") for key, file in old.items()}
    records["resume"] = replace(records["resume"], status="pending")
    records["forget"] = replace(records["forget"], on_remove="forget")
    records["delete"] = replace(records["delete"], successor=successor(new, "v-next"))
    voices = [
        shown(f"v-{key}", description=mark(key, str(file.sample and file.sample.sha256)[5:]))
        for key, file in old.items()
    ]
    voices[0] = structs.replace(voices[0], name="Drifted")
    voices += [shown("v-adopt", description=mark("adopt", "4")), shown("v-next", "pending"), shown("x", description="")]
    assert anna.spec.name == "Anna"
    return plan_of(files, records, tuple(voices), quota=Quota(50, None)).with_diagnostics([PROBLEM])


def digest(plan: Plan) -> str:
    return approval_of(plan).digest


def test_the_gallery_has_every_action() -> None:
    assert [action for action in Action if many().count(action) == 0] == []
    assert many().drift


def test_the_contract_has_these_fields_in_this_order() -> None:
    document = plan_to_json(many())

    assert list(document) == [
        *("format_version", "voicectl_version", "environment", "state_serial", "digest"),
        *("summary", "changes", "drift", "diagnostics", "quota"),
    ]
    assert list(document["summary"]) == [
        *("create", "update", "replace", "delete", "adopt", "move", "resume", "forget", "clean", "unchanged"),
    ]
    assert list(document["changes"][0]) == ["key", "action", "reason", "voice_id", "previous_key", "fields"]
    assert document["state_serial"] == 7
    assert document["diagnostics"][-1]["range"] == {
        "filename": "voices/anna.yaml",
        "start": {"line": 4, "column": 3},
    }


def test_summary_and_changes_agree() -> None:
    document = plan_to_json(many())

    for action, count in document["summary"].items():
        listed = sum(change["action"] == action for change in document["changes"])
        assert listed == (0 if action == "unchanged" else count)


@pytest.mark.parametrize("plan", [many(), plan_of()], ids=["many", "empty"])
def test_every_form_of_a_plan_fits_the_published_schema(plan: Plan) -> None:
    schema = plan_schema()
    jsonschema.Draft202012Validator.check_schema(schema)

    for document in (
        plan_to_json(plan),
        json.loads(render_saved(plan)),
        errored_to_json("default", RepositoryError((PROBLEM,))),
    ):
        jsonschema.validate(json.loads(json.dumps(document)), schema)


@pytest.mark.parametrize(
    "broken", [{"changes": [{"key": "anna"}]}, {"summary": {}}, {"format_version": "2.0"}, {"digest": "sha256:x"}]
)
def test_the_schema_is_not_empty_talk(broken: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(plan_to_json(many()) | broken, plan_schema())


# -- the digest --------------------------------------------------------------------------------------------------------


def changed_plans() -> dict[str, Plan]:
    """Return plans that differ from `plan_of(declared())` in one thing each."""
    plan = plan_of(declared())
    recorded_side = plan.recorded
    return {
        "name": plan_of(declared(name="Anna B")),
        "sample": plan_of(declared(audio="b")),
        "language": plan_of(declared(sample_lang_code="de")),
        "action": plan_of(declared(), None, (shown(),)),
        "another voice": plan_of({"anna": declared(), "bella": declared("bella", audio="b")}),
        "targets": plan_of(declared(), targets=("anna",)),
        "replace": plan_of(declared(), replace=("anna",)),
        "serial": replace(plan, recorded=replace(recorded_side, serial=8)),
        "lineage": replace(plan, recorded=replace(recorded_side, lineage="other")),
        "account": replace(plan, recorded=replace(recorded_side, account="other")),
        "lifecycle": plan_of(declared(lifecycle={"keep_replaced": "7d"})),
        "checks": plan_of(declared(checks={"audio.noise": "off"})),
        "environment": replace(plan, recorded=replace(recorded_side, environment="staging")),
    }


@pytest.mark.parametrize("name", changed_plans())
def test_a_change_of_anything_that_matters_is_another_digest(name: str) -> None:
    assert digest(changed_plans()[name]) != digest(plan_of(declared()))


def test_all_these_digests_differ_from_each_other() -> None:
    digests = [digest(plan) for plan in changed_plans().values()]

    assert len(set(digests)) == len(digests)


def test_words_the_quota_and_the_time_of_day_are_no_other_plan() -> None:
    plan = plan_of(declared())

    same = plan_of(declared(), now="2027-01-01T00:00:00Z", quota=Quota(50, 3)).with_diagnostics([PROBLEM])

    assert digest(same) == digest(plan)


def test_what_is_sent_at_creation_is_part_of_what_was_approved() -> None:
    """The fields of a create do not show it, but the voice will have it."""
    assert digest(plan_of(declared(sample_display_name="x"))) != digest(plan_of(declared()))


# -- saved plans -------------------------------------------------------------------------------------------------------


def saved(plan: Plan) -> SavedPlan:
    return parse_saved(render_saved(plan), filename="p.json", environment="default")


def test_the_plan_that_was_approved_passes() -> None:
    saved(many()).check(many())


def test_options_come_back_so_that_the_same_question_is_asked_again() -> None:
    plan = plan_of(declared(), targets=("anna",), replace=("anna",))

    assert (saved(plan).targets, saved(plan).replace) == (("anna",), ("anna",))


@pytest.mark.parametrize("name", changed_plans())
def test_any_other_plan_is_refused_and_told_apart(name: str) -> None:
    with pytest.raises(RefusedError, match="stale") as caught:
        saved(plan_of(declared())).check(changed_plans()[name])

    assert caught.value.why
    assert caught.value.exit_code == 4


def test_a_refusal_says_what_moved() -> None:
    with pytest.raises(RefusedError) as caught:
        saved(plan_of(declared())).check(plan_of(declared(), None, (shown(),)))

    assert caught.value.why == ("anna: create (new voice) -> adopt (carries our mark, but state does not know it)")


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '"x"', '{"format_version": 1}', "\ud800"])
def test_a_file_that_is_no_saved_plan_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError, match=r"p\.json is not a saved plan"):
        parse_saved(text, filename="p.json", environment="default")


def test_json_of_a_plan_that_was_not_saved_is_no_approval() -> None:
    with pytest.raises(UsageError):
        parse_saved(json.dumps(plan_to_json(many())), filename="p.json", environment="default")


def test_a_plan_of_another_environment_or_version_is_refused() -> None:
    document = json.loads(render_saved(many()))

    with pytest.raises(RefusedError, match="environment 'default', not 'staging'"):
        parse_saved(json.dumps(document), filename="p.json", environment="staging")
    with pytest.raises(RefusedError, match="another version"):
        parse_saved(json.dumps(document | {"format_version": "2.0"}), filename="p.json", environment="default")
    newer = sealed(document | {"format_version": "1.9", "unheard_of": 1})
    parse_saved(json.dumps(newer), filename="p.json", environment="default").check(many())


def altered(document: Any) -> Iterator[Any]:
    """Yield copies of JSON with one text, number or name changed, added or taken away."""
    match document:
        case dict():
            yield document | {"added": 1}
            for name, value in document.items():
                yield {other: kept for other, kept in document.items() if other != name}
                for changed in altered(value):
                    yield document | {name: changed}
        case list():
            yield [*document, "added"]
            for index, value in enumerate(document):
                yield [*document[:index], *document[index + 1 :]]
                for changed in altered(value):
                    yield [*document[:index], changed, *document[index + 1 :]]
        case str():
            yield f"{document} altered"
        case bool() | None:
            yield "altered"
        case int():
            yield document + 1


def test_a_plan_of_which_anything_was_altered_is_no_approval() -> None:
    """Also of what only people read: a reviewer must not be shown another plan than the one that is carried out."""
    document = json.loads(render_saved(many()))
    copies = list(altered(document))

    for copy in copies:
        with pytest.raises((RefusedError, UsageError)):
            parse_saved(json.dumps(copy), filename="p.json", environment="default").check(many())

    assert len(copies) > 100


def test_a_plan_that_was_only_laid_out_anew_is_still_the_approved_one() -> None:
    document = json.loads(render_saved(many()))

    text = json.dumps(document, sort_keys=True, separators=(",", ":"))

    parse_saved(text, filename="p.json", environment="default").check(many())


def test_a_saved_plan_holds_no_marks_of_time_so_that_saving_twice_is_the_same() -> None:
    assert render_saved(many()) == render_saved(many())
