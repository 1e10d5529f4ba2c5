"""The workflows that `init` writes, and our own: what two linters say, and what no linter knows."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from git_folder import GitFolder

from reconciler import __version__
from reconciler.doctor.repository import STAMP
from reconciler.scaffold.templates import ACTION, WORKFLOWS, action_text, workflow_files

ROOT = Path(__file__).parents[3]
PROGRAMS = Path(sys.executable).parent
MADE = {each.path: each.content.decode() for each in workflow_files("main", ".")}
OWN = {path.relative_to(ROOT).as_posix(): path.read_text() for path in sorted((ROOT / ".github").rglob("*.yml"))}
ALL = {**{f"ours {path}": text for path, text in OWN.items()}, **MADE}
each_file = pytest.mark.parametrize("text", ALL.values(), ids=list(ALL))
each_workflow = pytest.mark.parametrize("path", WORKFLOWS)


def jobs_of(text: str) -> dict[str, Any]:
    jobs: dict[str, Any] = yaml.safe_load(text).get("jobs", {})
    return jobs


def steps_of(text: str) -> Iterator[dict[str, Any]]:
    document = yaml.safe_load(text)
    for job in [*document.get("jobs", {}).values(), document.get("runs", {})]:
        yield from job.get("steps", [])


# -- the linters -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> GitFolder:
    """A user's repository, with the files in their places."""
    folder = GitFolder.init(tmp_path_factory.mktemp("linted") / "repository")
    for path, text in MADE.items():
        folder.write(path, text)
    return folder


def linted(*arguments: str, folder: Path) -> None:
    ended = subprocess.run(arguments, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr


@pytest.mark.parametrize("whose", ["made", "ours"])
def test_actionlint_and_shellcheck_find_nothing(repository: GitFolder, whose: str) -> None:
    folder = repository.path if whose == "made" else ROOT
    linted(str(PROGRAMS / "actionlint"), "-shellcheck", str(PROGRAMS / "shellcheck"), folder=folder)


@pytest.mark.parametrize("whose", ["made", "ours"])
def test_zizmor_finds_nothing_that_matters(repository: GitFolder, whose: str) -> None:
    """Offline. What is low says that a syntax is newer than GitHub Enterprise Server knows."""
    folder = repository.path if whose == "made" else ROOT
    program = str(PROGRAMS / "zizmor")
    linted(
        program, "--offline", "--no-progress", "--min-severity=medium", "--strict-collection", ".github", folder=folder
    )


# -- what they do not know -------------------------------------------------------------------------------------------


def test_our_action_is_the_one_that_init_writes() -> None:
    assert OWN[ACTION] == action_text() == MADE[ACTION]


@pytest.mark.parametrize("path", MADE)
def test_the_first_line_says_which_voicectl_wrote_it(path: str) -> None:
    """`doctor` reads it."""
    stamp = STAMP.match(MADE[path].partition("\n")[0])

    assert stamp is not None
    assert stamp[1] == __version__
    assert not re.search(r"@[A-Z]+@", MADE[path]), "a placeholder is left"


def test_the_action_installs_the_version_that_wrote_it() -> None:
    assert yaml.safe_load(MADE[ACTION])["inputs"]["requirement"]["default"] == f"voicectl=={__version__}"


@pytest.mark.parametrize("path", MADE)
def test_its_lines_fit_a_reviewers_screen(path: str) -> None:
    """A person reviews these files."""
    long = [line for line in MADE[path].splitlines() if len(line) > 120 and "::error::" not in line]

    assert [line for line in long if "hashFiles" not in line] == []


@each_file
def test_actions_are_pinned_by_commit_with_the_version_beside(text: str) -> None:
    used = re.findall(r"uses: (.+)", text)

    for action in used:
        assert action.startswith("./") or re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action), action


def test_an_action_has_one_pin_everywhere() -> None:
    pins = {tuple(found) for text in ALL.values() for found in re.findall(r"uses: (actions/[\w-]+)@(.+)", text)}

    assert len(pins) == len({action for action, _ in pins})


@each_file
def test_no_expression_reaches_a_script(text: str) -> None:
    """Text of somebody else's would become a command: it comes through the environment."""
    for step in steps_of(text):
        assert "${{" not in step.get("run", "")


@pytest.mark.parametrize("path", MADE)
def test_every_script_ends_at_its_first_error(path: str) -> None:
    for step in steps_of(MADE[path]):
        script = step.get("run", "")
        assert script.count("\n") < 3 or script.startswith("set -euo pipefail\n")


@each_file
def test_nothing_of_a_fork_meets_a_secret(text: str) -> None:
    triggers = yaml.safe_load(text).get(True, {})  # YAML 1.1 reads `on` as true

    assert not {"pull_request_target", "workflow_run", "issue_comment"} & set(triggers)


@each_workflow
def test_every_job_has_the_least_permissions_and_an_end(path: str) -> None:
    allowed: dict[str, dict[str, str]] = {
        "plan": {"contents": "read"},
        "comment": {"pull-requests": "write"},
        "apply": {"contents": "write", "pull-requests": "read", "actions": "read"},
        "drift": {"contents": "read"},
    }

    assert yaml.safe_load(MADE[path])["permissions"] == {}
    for name, job in jobs_of(MADE[path]).items():
        assert job["permissions"] == allowed[name]
        assert job["timeout-minutes"] <= 60


@each_workflow
def test_only_apply_keeps_the_credentials_of_its_checkout(path: str) -> None:
    for name, job in jobs_of(MADE[path]).items():
        kept = [
            s["with"]["persist-credentials"] for s in job["steps"] if s.get("uses", "").startswith("actions/checkout")
        ]
        assert kept in ([], [name == "apply"])


@each_workflow
def test_secrets_are_known_to_single_steps_only(path: str) -> None:
    document = yaml.safe_load(MADE[path])

    assert "secrets." not in str(document.get("env", {}))
    for job in document["jobs"].values():
        assert "secrets." not in str(job.get("env", {}))
        for step in job["steps"]:
            assert "secrets." not in str(step) or "voicectl " in step["run"]


def test_applies_of_one_environment_never_run_side_by_side_and_none_is_cut_off() -> None:
    concurrency = jobs_of(MADE[WORKFLOWS[1]])["apply"]["concurrency"]

    assert concurrency == {"group": "voicectl-apply-${{ matrix.environment }}", "cancel-in-progress": False}


def test_the_job_that_may_write_comments_runs_no_code_of_the_repository() -> None:
    steps = jobs_of(MADE[WORKFLOWS[0]])["comment"]["steps"]

    assert [step["uses"].partition("@")[0] for step in steps if "uses" in step] == ["actions/download-artifact"]
    assert not re.search(r"^\s*voicectl ", steps[-1]["run"], re.MULTILINE)


def test_the_branch_and_the_folder_are_those_of_the_repository() -> None:
    made = {each.path: each.content.decode() for each in workflow_files("trunk", "media/voices")}
    apply = yaml.safe_load(made[WORKFLOWS[1]])

    assert apply[True]["push"]["branches"] == ["trunk"]
    assert "github.ref_name == 'trunk'" in apply["jobs"]["apply"]["if"]
    assert {yaml.safe_load(made[path])["env"]["VOICECTL_DIRECTORY"] for path in WORKFLOWS} == {"media/voices"}


# -- the action's own steps ------------------------------------------------------------------------------------------


def action_step(name: str) -> str:
    (script,) = [step["run"] for step in steps_of(MADE[ACTION]) if step.get("name") == name]
    assert isinstance(script, str)
    return script


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("plan --offline", ["plan", "--offline"]),
        ("plan --target 'a b' --target \"c\"", ["plan", "--target", "a b", "--target", "c"]),
        ("plan\n  --offline\n", ["plan", "--offline"]),
        ("get $(touch made) `touch made` $HOME *", ["get", "$(touch", "made)", "`touch", "made`", "$HOME", "*"]),
    ],
)
def test_the_action_splits_a_command_as_a_shell_does_and_expands_nothing(
    tmp_path: Path, command: str, words: list[str]
) -> None:
    program = tmp_path / "bin" / "voicectl"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@" > words\nexit 3\n')
    program.chmod(0o755)
    environ = {"PATH": f"{program.parent}:/usr/bin:/bin", "COMMAND": command}

    ended = subprocess.run(["bash", "-e", "-c", action_step("Run")], cwd=tmp_path, env=environ, check=False)

    assert ended.returncode == 3
    assert (tmp_path / "words").read_text().splitlines() == words
    assert not (tmp_path / "made").exists()


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_the_action_installs_what_it_is_told_and_nothing_else(tmp_path: Path) -> None:
    program = tmp_path / "python"
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@" > words\n')
    program.chmod(0o755)
    environ = {"PATH": f"{tmp_path}:/usr/bin:/bin", "REQUIREMENT": "voicectl==1.2.3; touch made"}

    subprocess.run(["bash", "-e", "-c", action_step("Install")], cwd=tmp_path, env=environ, check=True)

    assert (tmp_path / "words").read_text().splitlines()[-1] == "voicectl==1.2.3; touch made"
    assert not (tmp_path / "made").exists()


def test_the_outputs_of_the_action_are_outputs_of_its_command() -> None:
    """An output that no command writes would be empty for ever."""
    written = (ROOT / "reconciler" / "report" / "github_files.py").read_text()

    for name, output in yaml.safe_load(MADE[ACTION])["outputs"].items():
        assert output["value"] == f"${{{{ steps.command.outputs.{name} }}}}"
        assert f'"{name}"' in written
