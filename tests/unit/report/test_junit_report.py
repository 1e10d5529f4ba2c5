"""JUnit: read by a real consumer, valid by Jenkins' schema, and XML whatever the text says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import xmlschema
from hypothesis import given, settings
from hypothesis import strategies as st
from junitparser import JUnitXml
from plan_gallery import DIAGNOSTICS
from rendered_markdown import texts
from syrupy.assertion import SnapshotAssertion

from reconciler.errors import Diagnostic, Severity
from reconciler.report.junit import REPOSITORY, render_junit
from reconciler.report.paint import printable

SCHEMA = Path(__file__).parents[2] / "schemas/jenkins-junit.xsd"
KEYS = ("anna", "bella")


@pytest.fixture(scope="session")
def schema() -> Any:
    return xmlschema.XMLSchema(SCHEMA)


def consumed(text: str) -> dict[str, Any]:
    """Return the cases by name, as junitparser reads them."""
    (suite,) = JUnitXml.fromstring(text.encode())
    return {case.name: case for case in suite}


def test_findings_as_junit(snapshot: SnapshotAssertion) -> None:
    assert snapshot == render_junit(DIAGNOSTICS, KEYS)


def test_there_is_one_case_a_voice_and_errors_alone_fail_it() -> None:
    text = render_junit(DIAGNOSTICS, KEYS)
    report, cases = JUnitXml.fromstring(text.encode()), consumed(text)

    assert (report.tests, report.failures, report.errors) == (3, 1, 0)
    assert sorted(cases) == ["anna", "bella", REPOSITORY]
    assert cases["bella"].is_passed
    assert cases[REPOSITORY].is_passed
    (failure,) = cases["anna"].result
    assert failure.type == "safety.quota"
    assert "Delete first." in failure.text
    assert "warning: a.mp3 has 10.2 MB" in cases["anna"].system_out


def test_several_errors_are_one_failure_that_names_all() -> None:
    error = Diagnostic(Severity.ERROR, "sample.size", "too small", "", "anna")
    (failure,) = consumed(render_junit([error, DIAGNOSTICS[2], error], KEYS))["anna"].result

    assert failure.message == "too small (and 2 more)"
    assert failure.text.count("error: ") == 3


def test_a_voice_that_could_not_be_read_is_a_case_too() -> None:
    assert sorted(consumed(render_junit([Diagnostic(Severity.ERROR, "voice.empty", "x", "", "zoe")], ()))) == ["zoe"]


def test_no_voices_are_an_empty_suite(schema: Any) -> None:
    text = render_junit((), ())

    schema.validate(text)
    assert consumed(text) == {}


found = st.builds(Diagnostic, st.sampled_from(list(Severity)), st.just("a.b"), texts, texts, st.sampled_from(KEYS))


@settings(max_examples=50)
@given(st.lists(found, max_size=3), texts.filter(str.strip))
def test_any_text_is_xml_that_the_schema_allows_and_the_consumer_reads_back(
    schema: Any, diagnostics: list[Diagnostic], key: str
) -> None:
    text = render_junit(diagnostics, (*KEYS, key))

    schema.validate(text)
    cases = consumed(text)
    assert printable(key) in cases
    errors = [d for d in diagnostics if d.severity is Severity.ERROR]
    shown = "".join(result.text for case in cases.values() for result in case.result)
    assert all(printable(d.summary) in shown for d in errors)
