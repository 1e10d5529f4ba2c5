"""`voicectl init`: a repository that works at once, and an old one that is completed and otherwise left alone."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import jsonschema
import pytest
import yaml
from cli_world import Ran
from git_folder import GitFolder, git_environment

from reconciler.cli.app import run

ROOT = Path(__file__).parents[2]
RECORDING = ROOT / "voices" / "narrator" / "narrator.mp3"
MADE = {
    "voicectl.yaml", "schemas/project.schema.json", "schemas/voice.schema.json",
    "voices/example/voice.yaml", "voices/example/narrator.mp3", "voices/example/LICENSE.md",
    ".gitignore", ".gitattributes", ".github/actions/voicectl/action.yml",
    ".github/workflows/voicectl-plan.yml", ".github/workflows/voicectl-apply.yml", ".github/workflows/voicectl-drift.yml",
}  # fmt: skip


@dataclass(frozen=True)
class Shell:
    """A person's machine: no account, and only the programs that the test gives it."""

    home: Path

    def __call__(self, *arguments: str, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> list[str]:
        """Run voicectl; it must succeed. Returns the lines of stdout."""
        ran = self.run(*arguments, cwd=cwd, env=env)
        assert ran.code == 0, ran.out + ran.err
        return ran.out.splitlines()

    def run(self, *arguments: str, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> Ran:
        out, err = io.StringIO(), io.StringIO()
        kept = {"VOICECTL_CACHE": os.environ["VOICECTL_CACHE"]}
        with (
            patch.dict(os.environ, {**git_environment(self.home), **kept, **(env or {})}, clear=True),
            contextlib.chdir(cwd or self.home),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            code = run(arguments)
        return Ran(code, out.getvalue(), err.getvalue())


@pytest.fixture
def voicectl(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def programs(folder: Path, *, lfs: bool) -> dict[str, str]:
    """Return a PATH with git, and with a git-lfs or without one."""
    folder.mkdir(exist_ok=True)
    (folder / "git").symlink_to(str(shutil.which("git")))
    if lfs:
        (folder / "git-lfs").write_text("#!/bin/sh\necho git-lfs/3.0\n")
        (folder / "git-lfs").chmod(0o755)
    return {"PATH": str(folder)}


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not {".git", ".voicectl"} & set(path.relative_to(folder).parts)
    }


def said(lines: list[str]) -> dict[str, str]:
    """Return what became of each file."""
    head = lines[: lines.index("")] if "" in lines else lines
    return {line.split()[1].rstrip(":,"): line.split()[0] for line in head}


# -- from nothing ----------------------------------------------------------------------------------------------------


def test_an_empty_folder_becomes_a_repository_that_works_at_once(voicectl: Shell, tmp_path: Path) -> None:
    lines = voicectl("init", "my-voices")
    root = tmp_path / "my-voices"

    assert said(lines) == dict.fromkeys(MADE, "created")
    assert set(files_of(root)) == MADE
    assert yaml.safe_load((root / "voicectl.yaml").read_text()) == {"project": "my-voices"}
    assert voicectl("validate", cwd=root)[-1].startswith("1 voice")
    assert voicectl("--env", "local", "apply", "--yes", cwd=root)[-1] == "Apply complete: 1 created."
    assert len(voicectl("--env", "local", "get", "example", cwd=root)) == 1
    assert voicectl("--env", "local", "plan", cwd=root) == ["No changes. 1 voice is as declared."]


def test_the_schemas_are_where_the_files_say_and_fit_them(voicectl: Shell, tmp_path: Path) -> None:
    root = tmp_path / "deep"
    root.mkdir()
    (root / "voicectl.yaml").write_text("project: x\nvoices: media/voices\n")
    voicectl("init", "deep")

    for file in (ROOT / "voicectl.yaml", root / "media/voices/example/voice.yaml"):
        first = file.read_text().partition("\n")[0]
        schema = file.parent / first.partition("$schema=")[2]
        assert schema.is_file(), schema
        jsonschema.validate(yaml.safe_load(file.read_text()), json.loads(schema.read_text()))


def test_the_example_is_the_narrator_with_the_credit_that_its_licence_asks_for(voicectl: Shell, tmp_path: Path) -> None:
    voicectl("init", "x")
    example = tmp_path / "x" / "voices" / "example"

    assert (example / "narrator.mp3").read_bytes() == RECORDING.read_bytes()
    credit = (example / "LICENSE.md").read_text()
    assert all(word in credit for word in ("Allison Smith", "ShareAlike 3.0", "Digium", "consent"))
    assert "never asked" in (example / "voice.yaml").read_text()


def test_parts_can_be_left_out(voicectl: Shell, tmp_path: Path) -> None:
    voicectl("init", "x", "--no-workflows", "--no-example")

    left = {name for name in MADE if not name.startswith((".github/", "voices/"))}
    assert set(files_of(tmp_path / "x")) == left
    assert voicectl.run("--env", "local", "plan", cwd=tmp_path / "x").code == 0


@pytest.mark.parametrize("name", ["1.0", "no", "2026-11-22", "Stimmen für alle"])
def test_a_folder_of_any_name_makes_a_project_that_can_be_read(voicectl: Shell, tmp_path: Path, name: str) -> None:
    voicectl("init", name, "--no-example")

    project = yaml.safe_load((tmp_path / name / "voicectl.yaml").read_text())["project"]
    assert project == name.replace(" ", "-")
    assert voicectl.run("validate", cwd=tmp_path / name).code == 0


# -- again, and in what is there -------------------------------------------------------------------------------------


def test_the_second_time_nothing_changes(voicectl: Shell, tmp_path: Path) -> None:
    GitFolder.init(tmp_path / "x")
    voicectl("init", "x")
    before = files_of(tmp_path / "x")

    lines = voicectl("init", cwd=tmp_path / "x")

    assert set(said(lines).values()) == {"same"}
    assert files_of(tmp_path / "x") == before


def test_nothing_of_an_existing_repository_is_overwritten(voicectl: Shell, tmp_path: Path) -> None:
    here = GitFolder.init(tmp_path / "x")
    own = {
        "voicectl.yaml": "project: ours\nenvironments: {staging: {state: media/staging.json}}\n",
        ".gitignore": "node_modules/",
        ".gitattributes": "*.png binary\n",
        ".github/workflows/voicectl-plan.yml": "name: ours\n",
        ".github/workflows/ci.yml": "name: ci\n",
        "schemas/voice.schema.json": "{}\n",
        "voices/mine.yaml": "name: Mine\nsamples: [{file: mine.mp3, lang_code: en}]\n",
    }
    shutil.copy(RECORDING, here.write("voices/mine.mp3", "").parent / "mine.mp3")
    here.commit("Ours", **own)

    lines = voicectl("init", cwd=here.path)
    after = files_of(here.path)

    outcome = said(lines)
    assert {name for name, result in outcome.items() if result == "left"} == {
        "voicectl.yaml", ".github/workflows/voicectl-plan.yml", "schemas/voice.schema.json",
    }  # fmt: skip
    assert "voices/example/voice.yaml" not in outcome
    for name in own.keys() - {".gitignore", ".gitattributes"}:
        assert after[name].decode() == own[name]
    assert after[".gitignore"].decode() == "node_modules/\n.voicectl/\n"
    attributes = after[".gitattributes"].decode().splitlines()
    assert attributes[0] == "*.png binary"
    assert attributes[-2:] == ["voices*.state.json merge=voicectl", "/media/staging.json merge=voicectl"]
    assert not any("lfs" in line for line in attributes), "git has a recording already"
    assert "git has recordings already" in "\n".join(lines)


def test_in_a_repository_the_merge_driver_is_installed_and_init_says_so_where_it_is_none(
    voicectl: Shell, tmp_path: Path
) -> None:
    lines = voicectl("init", "x")
    assert any("`git init`" in line for line in lines)
    here = GitFolder.init(tmp_path / "x")

    lines = voicectl("init", cwd=here.path)

    assert here.git("config", "merge.voicectl.driver") == "voicectl state merge %O %A %B %P"
    assert not any("`git init`" in line for line in lines)


@pytest.mark.parametrize(("branch", "applied"), [("trunk", "trunk"), ("master", "master"), ("feature/x", "feature/x")])
def test_the_branch_that_is_applied_is_that_of_the_repository(
    voicectl: Shell, tmp_path: Path, branch: str, applied: str
) -> None:
    here = GitFolder.init(tmp_path / "x")
    here.git("symbolic-ref", "HEAD", f"refs/heads/{branch}")

    voicectl("init", cwd=here.path)

    apply = yaml.safe_load((here.path / ".github/workflows/voicectl-apply.yml").read_text())
    assert apply[True]["push"]["branches"] == [applied]


def test_on_a_side_branch_the_main_branch_is_applied(voicectl: Shell, tmp_path: Path) -> None:
    origin = GitFolder.init(tmp_path / "origin")
    origin.git("symbolic-ref", "HEAD", "refs/heads/trunk")
    origin.commit("first")
    here = GitFolder(tmp_path / "x").clone_of(origin.path)
    here.git("switch", "--quiet", "--create", "side")

    voicectl("init", cwd=here.path)

    assert 'branches: ["trunk"]' in (here.path / ".github/workflows/voicectl-apply.yml").read_text()


def test_a_project_in_a_folder_of_a_repository_has_its_workflows_at_the_top(voicectl: Shell, tmp_path: Path) -> None:
    here = GitFolder.init(tmp_path / "x")

    voicectl("init", "x/our media/vöices")

    top = files_of(here.path)
    assert "our media/vöices/voicectl.yaml" in top
    assert "our media/vöices/.gitattributes" in top
    plan = yaml.safe_load(top[".github/workflows/voicectl-plan.yml"])
    assert plan["env"]["VOICECTL_DIRECTORY"] == "our media/vöices"


def test_a_folder_whose_name_could_end_a_quote_gets_no_workflows_and_that_is_said(
    voicectl: Shell, tmp_path: Path
) -> None:
    here = GitFolder.init(tmp_path / "x")

    lines = voicectl("init", 'x/${{ "voices" }}')

    assert ".github" not in {name.partition("/")[0] for name in files_of(here.path)}
    assert any("for workflows: rename the folder" in line for line in lines)


# -- Git LFS ---------------------------------------------------------------------------------------------------------


def test_with_git_lfs_recordings_go_there(voicectl: Shell, tmp_path: Path) -> None:
    here = GitFolder.init(tmp_path / "x")

    lines = voicectl("init", cwd=here.path, env=programs(tmp_path / "bin", lfs=True))

    for name in ("voices/a.mp3", "voices/deep/er/b.wav", "voices/c.mpeg"):
        assert here.git("check-attr", "filter", name) == f"{name}: filter: lfs"
    for name in ("music/a.mp3", "voices/a.yaml", "voices.mp3"):
        assert here.git("check-attr", "filter", name) == f"{name}: filter: unspecified"
    assert any("`git lfs install`" in line for line in lines)


def test_without_git_lfs_recordings_stay_in_git_until_it_is_there(voicectl: Shell, tmp_path: Path) -> None:
    here = GitFolder.init(tmp_path / "x")

    lines = voicectl("init", cwd=here.path, env=programs(tmp_path / "without", lfs=False))

    assert (here.path / ".gitattributes").read_text() == "voices*.state.json merge=voicectl\n"
    assert any("install git-lfs and run `voicectl init` again" in line for line in lines)
    voicectl("init", cwd=here.path, env=programs(tmp_path / "with", lfs=True))
    assert "filter=lfs" in (here.path / ".gitattributes").read_text()


def test_a_choice_of_git_lfs_that_was_made_is_kept(voicectl: Shell, tmp_path: Path) -> None:
    here = GitFolder.init(tmp_path / "x")
    rule = "*.[mw]* filter=lfs diff=lfs merge=lfs -text\n*.flac filter=lfs\n"
    here.commit("Ours", **{".gitattributes": rule})

    voicectl("init", cwd=here.path, env=programs(tmp_path / "bin", lfs=True))

    assert (here.path / ".gitattributes").read_text() == f"{rule}voices*.state.json merge=voicectl\n"


# -- where it cannot be ----------------------------------------------------------------------------------------------


def test_a_folder_of_another_project_is_refused(voicectl: Shell, tmp_path: Path) -> None:
    voicectl("init", "x")
    before = files_of(tmp_path / "x")

    ended = voicectl.run("init", "x/voices/inner")

    assert ended.code == 64
    assert "This folder belongs to another project" in ended.err
    assert files_of(tmp_path / "x") == before


def test_a_broken_voicectl_yaml_is_said_and_nothing_is_written(voicectl: Shell, tmp_path: Path) -> None:
    (tmp_path / "voicectl.yaml").write_text("project: [\n")

    ended = voicectl.run("init")

    assert ended.code == 1
    assert "voicectl.yaml:" in ended.err
    assert set(files_of(tmp_path)) == {"voicectl.yaml"}


def test_a_file_in_the_way_is_no_traceback(voicectl: Shell, tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / ".github").write_text("in the way")

    ended = voicectl.run("init", "x")

    assert ended.code == 1
    assert "Cannot write .github/actions/voicectl/action.yml" in ended.err
    assert "Traceback" not in ended.err
    assert voicectl.run("init", "x/.github").code == 64


def test_it_needs_no_git(voicectl: Shell, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    lines = voicectl("init", "x", env={"PATH": str(tmp_path / "empty")})

    assert set(said(lines).values()) == {"created"}
