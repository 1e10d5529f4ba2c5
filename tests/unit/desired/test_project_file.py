"""voicectl.yaml: settings, their defaults, and where the state is."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.desired.checks import CheckSpec
from reconciler.desired.load import load_project
from reconciler.desired.project import Environment, Safety, fit_name
from reconciler.desired.project_file import fraction
from reconciler.desired.root import find_repository, find_root
from reconciler.errors import UsageError


def rules(root: Path, text: str | bytes) -> list[str]:
    (root / "voicectl.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
    return [f"{problem.rule} {problem.range}".replace(" voicectl.yaml:", " ") for problem in load_project(root)[1]]


@pytest.mark.parametrize("text", [None, "", "# nothing yet\n", "environments:\nsafety:\nchecks:\n"])
def test_every_setting_has_a_default(tmp_path: Path, text: str | None) -> None:
    root = tmp_path / "my voices!"
    root.mkdir()
    if text is not None:
        (root / "voicectl.yaml").write_text(text)

    project, problems = load_project(root)

    assert problems == ()
    assert project.name == "my-voices"
    assert not project.name_is_explicit
    assert project.voices_dir == "voices"
    assert dict(project.environments) == {"default": Environment("default"), "local": Environment("local")}
    assert Safety(0.3, 10, 20) == project.safety
    assert project.parallelism == 8
    assert project.ownership_mark
    assert dict(project.checks) == {}


def test_every_setting_arrives(tmp_path: Path) -> None:
    (tmp_path / "voicectl.yaml").write_text(
        "$schema: s.json\nproject: Проект-1.x\nvoices: a/b/\nparallelism: 2\nownership_mark: false\n"
        "environments: {staging: {api_key_env: KEY, api_url: 'http://127.0.0.1:8080', state: ./s/x.json}, other: {}}\n"
        "safety: {max_deletes: 12.5%, min_voices: 0, max_deletes_absolute: 1, references: [src/**, ./config/*.json]}\n"
        "checks: {audio.music: off, audio.noise: {severity: warning, threshold: 12}}\n"
    )

    project, problems = load_project(tmp_path)

    assert problems == ()
    assert (project.name, project.name_is_explicit) == ("Проект-1.x", True)
    assert project.voices_dir == "a/b"
    assert Environment("staging", "KEY", "http://127.0.0.1:8080", "s/x.json") == project.environments["staging"]
    assert Safety(0.125, 0, 1, ("src/**", "config/*.json")) == project.safety
    assert (project.parallelism, project.ownership_mark) == (2, False)
    assert dict(project.checks) == {"audio.music": CheckSpec("off"), "audio.noise": CheckSpec("warning", 12)}
    assert tmp_path / "s/x.json" == project.state_location("staging")
    assert tmp_path / "voices.other.state.json" == project.state_location("other")


def test_where_the_state_of_the_built_in_environments_is(tmp_path: Path) -> None:
    project, _ = load_project(tmp_path)

    assert tmp_path / "voices.state.json" == project.state_location("default")
    assert tmp_path / ".voicectl/local/voices.state.json" == project.state_location("local")


def test_an_unknown_environment_is_a_usage_error_with_a_way_out(tmp_path: Path) -> None:
    project, _ = load_project(tmp_path)

    with pytest.raises(UsageError) as caught:
        project.state_location("lokal")

    assert caught.value.fix == "Did you mean `local`?"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("projct: x", ["project.unknown-field 1:1"]),
        ("project: a/b", ["project.value 1:10"]),
        ("project: 'a\n\n'", ["project.value 1:10"]),
        ("project: 12", ["project.type 1:10"]),
        ("voices: ../x", ["project.value 1:9"]),
        ("voices: /x", ["project.value 1:9"]),
        ("voices: .", ["project.value 1:9"]),
        ("parallelism: 0", ["project.value 1:14"]),
        ("parallelism: 1.5", ["project.type 1:14"]),
        ("ownership_mark: no", ["project.type 1:17"]),
        ("environments: {a b: {}}", ["project.value 1:16"]),
        ("environments: {a: {api_url: 'ftp://x'}}", ["project.value 1:29"]),
        ("environments: {a: {api_url: 'http://u:p@x'}}", ["project.value 1:29"]),
        ("environments: {a: {api_url: 'http://x:y'}}", ["project.value 1:29"]),
        ("environments: {a: {api_url: 'http://[x'}}", ["project.value 1:29"]),
        ("environments: {a: {state: ../x.json}}", ["project.value 1:27"]),
        ("environments: {local: {api_url: 'http://x'}}", ["project.value 1:33"]),
        ("environments: {local: {state: x.json}}", ["project.value 1:31"]),
        ("environments: {a: {state: voices.state.json}}", ["project.value 1:27"]),
        ("environments: {a: {state: s.json}, b: {state: ./s.json}}", ["project.value 1:47"]),
        ("environments: {b: {state: voices.a.state.json}, a: {}}", ["project.value 1:27"]),
        ("environments: {a: {state: .voicectl/local/voices.state.json}}", ["project.value 1:27"]),
        ("checks: {noise: off}", ["project.value 1:10"]),
        ("checks: {audio.noise: of}", ["project.value 1:23"]),
        ("checks: {audio.noise: {limit: 3}}", ["project.unknown-field 1:24"]),
        ("checks: {audio.noise: {threshold: .nan}}", ["project.value 1:35"]),
        ("safety: {min_voices: -1}", ["project.value 1:22"]),
        ("safety: {references: src}", ["project.type 1:22"]),
        ("safety: {references: [src, ../x]}", ["project.value 1:28"]),
        ("[]", ["project.type 1:1"]),
        ("false", ["project.type 1:1"]),
        ("a: [", ["yaml.syntax 1:5"]),
    ],
)
def test_what_is_refused_and_where(tmp_path: Path, text: str, expected: list[str]) -> None:
    assert expected == rules(tmp_path, text)


def test_a_file_that_cannot_be_read_is_an_error_not_a_default(tmp_path: Path) -> None:
    (tmp_path / "voicectl.yaml").mkdir()

    assert [problem.rule for problem in load_project(tmp_path)[1]] == ["project.unreadable"]


@pytest.mark.parametrize("secret", ["plbr_0123456789abcdef", "sk-0123456789/abcdef"])
def test_a_key_that_was_pasted_into_the_file_is_never_shown(tmp_path: Path, secret: str) -> None:
    (tmp_path / "voicectl.yaml").write_text(f"environments: {{a: {{api_key_env: {secret}}}}}")

    (problem,) = load_project(tmp_path)[1]

    assert problem.rule == "project.value"
    assert secret not in repr(problem)


@pytest.mark.parametrize(
    ("value", "expected"), [("30%", 0.3), ("0 %", 0.0), ("100%", 1.0), (0.5, 0.5), (0, 0.0), (1.0, 1.0)]
)
def test_shares(value: object, expected: float) -> None:
    assert expected == pytest.approx(fraction(value))


@pytest.mark.parametrize(
    "value", [1, 30, "30", "101%", "-1%", 1.1, -0.1, True, False, None, float("nan"), float("inf")]
)
def test_what_is_no_share(value: object) -> None:
    """The number 1 is refused: it is meant as one voice and would be read as all of them."""
    with pytest.raises(ValueError, match="is not a share"):
        fraction(value)


@pytest.mark.parametrize(
    ("folder", "expected"), [("a b[c]", "a-b-c"), ("", "voices"), ("...", "..."), ("x" * 99, "x" * 64)]
)
def test_a_folder_name_is_made_fit_for_the_ownership_mark(folder: str, expected: str) -> None:
    assert expected == fit_name(folder)


def test_the_root_is_the_nearest_project_then_the_repository_then_here(tmp_path: Path) -> None:
    deep = tmp_path / "repository/project/voices/anna"
    deep.mkdir(parents=True)

    assert deep == find_root(deep)
    (tmp_path / "repository/.git").write_text("gitdir: elsewhere")  # a linked worktree has a file
    assert tmp_path / "repository" == find_root(deep)
    (tmp_path / "repository/project/voicectl.yaml").touch()
    assert tmp_path / "repository/project" == find_root(deep)
    assert tmp_path / "repository" == find_repository(tmp_path / "repository/project")
