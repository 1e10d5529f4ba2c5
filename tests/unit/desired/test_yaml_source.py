"""Safe YAML: what is read, what is refused, and where."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.desired.yaml_source import MAX_ALIASES, MAX_BYTES, MAX_DEPTH, MAX_NODES, parse, spans
from reconciler.errors import Diagnostic, RepositoryError, Severity


def read(text: str) -> object:
    return parse(text.encode(), "a.yaml")


def refused(raw: str | bytes) -> list[str]:
    with pytest.raises(RepositoryError) as caught:
        parse(raw.encode() if isinstance(raw, str) else raw, "a.yaml")
    return [f"{problem.rule} {problem.range}" for problem in caught.value.diagnostics]


def problems_of(raw: bytes) -> tuple[Diagnostic, ...]:
    try:
        parse(raw, "a.yaml")
    except RepositoryError as error:
        return error.diagnostics or (Diagnostic(Severity.ERROR, "", ""),)  # refused without a reason: a bug
    return ()


@pytest.mark.parametrize(
    "text", ["no", "yes", "on", "off", "y", "22:22", "1_000", "0b1", "2024-01-02", "1e", "=", "0x"]
)
def test_what_yaml_1_1_turned_into_something_else_is_text(text: str) -> None:
    assert {"v": text} == read(f"v: {text}")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("true", True),
        ("FALSE", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("-12", -12),
        ("007", 7),
        ("0o17", 15),
        ("0xff", 255),
        ("1.10", 1.1),
        (".5e1", 5.0),
        ("-.inf", float("-inf")),
        ("'true'", "true"),
        ('"12"', "12"),
        ("!!str 12", "12"),
        ("!!float 12", 12.0),
        ("! 12", "12"),
    ],
)
def test_the_core_schema_of_yaml_1_2(text: str, expected: object) -> None:
    value = read(f"v: {text}")

    assert {"v": expected} == value
    assert isinstance(value, dict)
    assert type(expected) is type(value["v"])


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("a: 1\nb: 2\na: 3\n b: 4", ["yaml.duplicate-key a.yaml:3:1", "yaml.syntax a.yaml:4:3"]),
        ("a: 1\nb: 2\na: 3\nb: 4", ["yaml.duplicate-key a.yaml:3:1", "yaml.duplicate-key a.yaml:4:1"]),
        ("a: {b: 1, 'b': 2}", ["yaml.duplicate-key a.yaml:1:11"]),
        ("a: [1", ["yaml.syntax a.yaml:1:4"]),
        ("a: 'x", ["yaml.syntax a.yaml:1:4"]),
        ("a:\n\tb: 1", ["yaml.syntax a.yaml:2:1"]),
        ("a: @b", ["yaml.syntax a.yaml:1:4"]),
        ("a: b: c", ["yaml.syntax a.yaml:1:5"]),
        ("a: *b", ["yaml.syntax a.yaml:1:4"]),
        ("a: &x [*x]", ["yaml.syntax a.yaml:1:8"]),
        ("a: !!python/name:os.system x", ["yaml.unsupported a.yaml:1:4"]),
        ("a: !!set {x}", ["yaml.unsupported a.yaml:1:4"]),
        ("a: !!int x", ["yaml.syntax a.yaml:1:4"]),
        ("a: {}\n<<: {}", ["yaml.unsupported a.yaml:2:1"]),
        ("1: a", ["yaml.unsupported a.yaml:1:1"]),
        ("? [a]\n: b", ["yaml.unsupported a.yaml:1:3"]),
        ("a: 1\n---\nb: 2", ["yaml.unsupported a.yaml:2:1"]),
        (b"a: \xff", ["yaml.encoding a.yaml:1:4"]),
        (b"\xef\xbb\xbfa: 1", ["yaml.encoding a.yaml:1:1"]),
        ("a: 1".encode("utf-16"), ["yaml.encoding a.yaml:1:1"]),
        ("x: 1\na: \x00", ["yaml.encoding a.yaml:2:4"]),
        ("a: é\u2028b: 1", ["yaml.encoding a.yaml:1:5"]),
        ("a: " + "9" * 5000, ["yaml.limit a.yaml:1:4"]),
        ("#" * (MAX_BYTES + 1), ["yaml.limit a.yaml:1:1"]),
    ],
)
def test_what_is_refused_and_where(raw: str | bytes, expected: list[str]) -> None:
    assert expected == refused(raw)


def test_a_duplicate_key_names_both_places() -> None:
    with pytest.raises(RepositoryError) as caught:
        parse(b"name: a\nname: b", "a.yaml")

    (problem,) = caught.value.diagnostics
    assert str(problem.range) == "a.yaml:2:1"
    assert "a.yaml:1:1" in problem.detail


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_depth_is_refused_before_it_can_exhaust_the_stack(opening: str) -> None:
    assert [problem.split()[0] for problem in refused(opening * 60_000)] == ["yaml.limit"]


def test_depth_up_to_the_limit_is_read() -> None:
    assert json.loads("[" * MAX_DEPTH + "]" * MAX_DEPTH) == read("[" * MAX_DEPTH + "]" * MAX_DEPTH)


def test_aliases_are_read_within_a_limit() -> None:
    assert read("a: &x [1]\nb: [" + "*x, " * MAX_ALIASES + "]") == {"a": [1], "b": [[1]] * MAX_ALIASES}
    assert [p.split()[0] for p in refused("a: &x 1\nb: [" + "*x, " * (MAX_ALIASES + 1) + "]")] == ["yaml.limit"]


def test_an_alias_counts_as_what_it_stands_for() -> None:
    bomb = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    bomb += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 9)]

    assert [problem.split()[0] for problem in refused("\n".join(bomb))] == ["yaml.limit"]


def test_values_are_limited() -> None:
    assert [problem.split()[0] for problem in refused("[" + "1, " * MAX_NODES + "]")] == ["yaml.limit"]


@pytest.mark.parametrize("raw", [b"", b"# only a comment\n", b"---\n", b"null"])
def test_an_empty_document_is_nothing(raw: bytes) -> None:
    assert parse(raw, "a.yaml") is None


def test_places_are_those_of_keys_and_values() -> None:
    places = spans(b"# c\nname: Anna\nsamples:\n  - {file: a, lang_code: en}\n", "v.yaml")

    assert str(places.value()) == "v.yaml:2:1"
    assert str(places.value("name")) == "v.yaml:2:7"
    assert str(places.key("name")) == "v.yaml:2:1"
    assert str(places.key("samples", 0, "lang_code")) == "v.yaml:4:15"
    assert str(places.value("samples", 0, "lang_code")) == "v.yaml:4:26"
    assert str(places.value("samples", 0, "missing", "deeper")) == "v.yaml:4:5"


def test_columns_count_characters_not_bytes() -> None:
    assert str(spans("é😀: ü".encode(), "v.yaml").value("é😀")) == "v.yaml:1:5"


@given(
    st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
)
def test_any_bytes_are_read_or_refused_with_places(raw: bytes) -> None:
    spans(raw, "a.yaml")

    assert all(problem.range and problem.summary for problem in problems_of(raw))


@given(st.text(alphabet="ab:-?[]{}&*!|>'\"%@`#,\n\t ~<01.\\ux\r", max_size=60))
def test_any_punctuation_is_read_or_refused(text: str) -> None:
    assert all(problem.range and problem.summary for problem in problems_of(text.encode()))


TEXT = st.text(
    st.characters(
        exclude_categories=["Cc", "Cs", "Zl", "Zp", "Cn"], exclude_characters="\ufeff", include_characters='\0\n\t"\\'
    )
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**18), 10**18) | TEXT,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(TEXT.filter(lambda key: key != "<<"), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(JSON)
def test_json_is_read_as_json(value: object) -> None:
    """YAML 1.2 is a superset of JSON: the same document means the same."""
    assert value == parse(json.dumps(value, ensure_ascii=False).encode(), "a.yaml")
