"""Where a state document may be, as voicectl.yaml says it."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.desired.load import load_project
from reconciler.desired.state_address import checked_state

BROKEN = [
    "s3://bucket",
    "s3://bucket/",
    "s3:///key",
    "s3://b/key",
    "s3://user:password@bucket/key",
    "s3://bucket/key?versionId=1",
    "s3://bucket/key#part",
    "s3://bucket/a//b",
    "s3://bucket/../key",
    "s3://bucket/key/",
    "s3://bucket/k ey",
    "gs://bucket/%61",
    "az://container",
    "ftp://host/path",
    "file:///etc/passwd",
    "https://",
    "https://user:password@host/path",
    "https://host/path?token=secret",
    "https://host:port/path",
    "../x.json",
    "/x.json",
]


@pytest.mark.parametrize("value", ["s3://bucket/key", "gs://b.u-c_ket/a/b.json", "az://container/key", "a/b.json"])
def test_these_are_taken_as_they_are(value: str) -> None:
    assert checked_state(value) == value


@pytest.mark.parametrize(
    ("value", "taken"),
    [("S3://bucket/Key", "s3://bucket/Key"), ("HTTPS://host/x/", "https://host/x"), ("./a.json", "a.json")],
)
def test_each_place_is_written_in_one_way(value: str, taken: str) -> None:
    assert checked_state(value) == taken


@pytest.mark.parametrize("value", BROKEN)
def test_these_are_refused_without_a_word_of_what_may_be_a_secret(value: str) -> None:
    with pytest.raises(ValueError, match=r"scheme|bucket|path|address|more than|object") as caught:
        checked_state(value)

    what, fix = caught.value.args
    assert what
    assert fix
    assert not {"password", "secret"} & set(f"{what} {fix}".split())


def test_an_address_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "voicectl.yaml").write_text("environments: {default: {state: 's3://bucket/key'}, other: {}}")

    project, problems = load_project(tmp_path)

    assert problems == ()
    assert project.state_location("default") == "s3://bucket/key"
    assert project.state_files == (
        tmp_path / ".voicectl/local/voices.state.json",
        tmp_path / "voices.other.state.json",
    )


def test_two_environments_cannot_share_a_document(tmp_path: Path) -> None:
    (tmp_path / "voicectl.yaml").write_text(
        "environments:\n  a: {state: 's3://bucket/key'}\n  b: {state: 'S3://bucket/key'}\n"
    )

    _, (problem,) = load_project(tmp_path)

    assert str(problem.range) == "voicectl.yaml:3:14"
    assert "`a` and `b` have the same state document" in problem.summary


def test_an_unknown_scheme_is_told_with_the_known_ones(tmp_path: Path) -> None:
    (tmp_path / "voicectl.yaml").write_text("environments: {a: {state: 'ftp://host/key'}}")

    _, (problem,) = load_project(tmp_path)

    assert str(problem.range) == "voicectl.yaml:1:27"
    for form in ("s3://bucket/key", "gs://bucket/key", "az://container/key", "https://host/path"):
        assert form in problem.detail
