"""The canonical form: it says what the file said, keeps every comment, and is its own canonical form."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from odd_yaml import odd_yaml

from reconciler.authoring.canonical import canonical
from reconciler.authoring.draft import Draft, render
from reconciler.desired.yaml_source import parse
from reconciler.errors import RepositoryError

ROOT = Path(__file__).parents[3]


def formed(text: str, filename: str = "anna.yaml") -> str:
    return canonical(text.encode(), filename).decode()


def value(text: str) -> str:
    return json.dumps(parse(text.encode(), "x"), sort_keys=True)


def is_yaml(text: str) -> bool:
    with suppress(RepositoryError):
        return parse(text.encode(), "x") is not None
    return False


def comments(text: str) -> Counter[str]:
    return Counter(line.partition("#")[2].rstrip() for line in text.splitlines() if "#" in line)


def assert_kept_and_formatted_once(text: str) -> None:
    before, once = value(text), formed(text)

    assert value(once) == before
    assert comments(once) == comments(text)
    assert formed(once) == once
    assert "\r" not in once
    assert once == "" or once.endswith("\n")


@settings(max_examples=300)
@given(st.integers(0, 2**32))
def test_any_text_keeps_what_it_says_and_is_formatted_once(seed: int) -> None:
    text = odd_yaml(seed)
    assume(is_yaml(text))
    assert_kept_and_formatted_once(text)


@pytest.mark.parametrize(
    "text",
    ["name: |\n first", "name: |\n first\n   ", "name: |+\n   first\n   ", "name:\n- Anna\n # odd\n- Anna",
     "name:\n # odd\n- - a\n  - b: c", "odd: |+\n first\n\nname: x\n\nlabels: y\n", "name: |\n  a\n     \n\nx: y"],
)  # fmt: skip
def test_a_text_that_was_once_changed_is_kept(text: str) -> None:
    assert_kept_and_formatted_once(text)


@pytest.mark.parametrize("seed", [2545, 2550])
def test_a_comment_belongs_to_the_same_field_each_time(seed: int) -> None:
    """Comments that are further in than one above them went to another field with every run."""
    assert_kept_and_formatted_once(odd_yaml(seed))


def test_most_odd_texts_are_yaml() -> None:
    """The law above is not empty."""
    assert sum(is_yaml(odd_yaml(seed)) for seed in range(100)) >= 70


@given(st.text(max_size=60), st.text(max_size=20), st.sampled_from([None, "male"]), st.sampled_from([None, True]))
def test_what_new_writes_is_canonical(description: str, file: str, gender: str | None, denoise: bool | None) -> None:
    text = render(
        Draft("Anna", "en", description, gender=gender, denoise=denoise), file=f"{file}.mp3", schema="../s.json"
    )
    try:
        parse(text.encode("utf-8", "surrogateescape"), "x")
    except (RepositoryError, UnicodeEncodeError):
        assume(False)

    assert formed(text) == text


@pytest.mark.parametrize(
    "path", [ROOT / "voicectl.yaml", *sorted((ROOT / "voices").rglob("*.yaml"))], ids=lambda path: path.stem
)
def test_the_examples_are_canonical(path: Path) -> None:
    assert canonical(path.read_bytes(), path.name) == path.read_bytes()


def test_fields_come_in_the_order_of_the_schema_with_their_comments() -> None:
    before = """\
# about the file

# the recording
samples:
-   lang_code:   en
    # the take
    file: a.mp3   # third
    # below the sample
odd: 1
labels:
    mood: sad
    # who
    gender: male
    # below the labels

# what it is called
name:   Anna
# at the end
"""
    after = """\
# about the file

# what it is called
name: Anna
labels:
  # who
  gender: male
  mood: sad
  # below the labels
# the recording
samples:
  # the take
  - file: a.mp3   # third
    lang_code: en
    # below the sample
odd: 1
# at the end
"""
    assert formed(before) == after


def test_what_stands_at_the_top_stays_there() -> None:
    assert formed("# yaml-language-server: $schema=x\nsamples: []\nname: x\n") == (
        "# yaml-language-server: $schema=x\nname: x\nsamples: []\n"
    )


def test_empty_lines_are_single_and_travel_with_what_is_below_them() -> None:
    assert formed("\n\nsamples: []\n\n\n\n\nname: x\nlabels: {}\n\n\n") == "name: x\nlabels: {}\nsamples: []\n"
    assert formed("name: x\n\nsamples: []\nlabels: {}\n") == "name: x\nlabels: {}\n\nsamples: []\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("name: x\r\nlabels: {}\r\n", "name: x\nlabels: {}\n"),
        ("\ufeffname: x\n", "name: x\n"),
        ("name: x", "name: x\n"),
        ("name:    x   \n", "name: x\n"),
        ("name: 'x'\n", "name: 'x'\n"),
        ("name:   x     # why\n", "name: x     # why\n"),
        ("labels: {a: 1,b:  2}\n", "labels: {a: 1,b:  2}\n"),
        ("labels:\n      gender: x\n", "labels:\n  gender: x\n"),
        ("previously:\n- a\n-   b\n", "previously:\n  - a\n  - b\n"),
        ("previously:\n- a\n# more\n- b\n# end\n", "previously:\n  - a\n  # more\n  - b\n# end\n"),
        ("samples:\n-\n    file: x\n", "samples:\n  -\n    file: x\n"),
        ("description: |\n     a\n       b\n\n     c  \n", "description: |\n  a\n    b\n\n  c  \n"),
        ("description: >-\n a\n # b\n", "description: >-\n  a\n  # b\n"),
        ("description: |1\n   a\n", "description: |1\n   a\n"),
        ("description: 'a\n\n      b'\n", "description: 'a\n\n  b'\n"),
        ('description: "a\\\n    b"\n', 'description: "a\\\n  b"\n'),
        ("description:\n      long text\n      goes on\n", "description:\n  long text\n  goes on\n"),
        ("labels: {gender: male,\n         mood: sad}\n", "labels: {gender: male,\n         mood: sad}\n"),
        ("labels: &l\n    gender: male\nname: x\n", "name: x\nlabels: &l\n  gender: male\n"),
        ("samples: &a []\nname: *a\n", "samples: &a []\nname: *a\n"),
        ("---\nsamples: []\nname: x\n...\n", "---\nname: x\nsamples: []\n...\n"),
        ("", ""),
        ("  \n\n", ""),
        ("   # all\n\n\n# of it\n", "# all\n\n# of it\n"),
        ("{name: x,\n samples: []}\n", "{name: x,\n samples: []}\n"),
    ],
)  # fmt: skip
def test_layout(before: str, after: str) -> None:
    assert formed(before) == after


def test_long_lines_and_other_scripts_stay_as_they_are() -> None:
    text = f"name: Zoë\ndescription: {'日本語 ' * 100}end \U0001f399\n"

    assert formed(text) == text


def test_settings_have_the_order_of_settings() -> None:
    before = "environments:\n    prod:\n        state: x\n        api_url: y\nproject: p\nvoices: v\n"

    assert formed(before, "voicectl.yaml") == (
        "project: p\nvoices: v\nenvironments:\n  prod:\n    api_url: y\n    state: x\n"
    )


@pytest.mark.parametrize(
    ("text", "place", "rule"),
    [("a: [", "1:5", "yaml.syntax"), ("a: 1\na: 2\n", "2:1", "yaml.duplicate-key"), ("? a\n: b\n", "1:1", "fmt.left-alone"),
     ("a: 1\n---\nb: 2\n", "2:1", "yaml.unsupported"), ("a:\n\t- b\n", "2:1", "yaml.syntax")],
)  # fmt: skip
def test_what_cannot_be_formatted_is_an_error_at_its_place(text: str, place: str, rule: str) -> None:
    with pytest.raises(RepositoryError) as caught:
        formed(text)

    (diagnostic,) = caught.value.diagnostics
    assert (str(diagnostic.range), diagnostic.rule) == (f"anna.yaml:{place}", rule)


def test_a_file_of_comments_alone_takes_no_time_that_grows_with_its_square() -> None:
    text = "name: x\n" + "# c\n" * 60_000

    assert formed(text) == text
