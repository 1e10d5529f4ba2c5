"""A remembered voicectl.yaml is exactly what reading it gives."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from dataclasses import fields
from pathlib import Path

import pytest

from reconciler.desired.load import load_project
from reconciler.desired.project import Environment, Project, Safety
from reconciler.desired.project_cache import remembered_project

FULL = """\
project: p
voices: sounds
environments:
  prod:
    api_key_env: KEY
    api_url: https://example.test
    state: prod.json
    overrides: {"*": {labels: {mood: null}, samples: [{denoise: true}]}, anna: {name: Hanna}}
safety: {max_deletes: 20%, min_voices: 3, max_deletes_absolute: 4, references: ["src/**"]}
parallelism: 3
ownership_mark: false
checks: {audio.noise: {severity: warning, threshold: 12}, audio.music: "off"}
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    (root / ".voicectl").mkdir(parents=True)
    return root


def later() -> int:
    """Return a time at which every file was written long ago."""
    return time.time_ns() + 10_000_000_000


def remember(root: Path, text: str) -> Path:
    path = root / "voicectl.yaml"
    path.write_text(text)
    remembered_project(root, later)
    return path


def test_a_file_with_everything_in_it_is_remembered_to_the_last_field(root: Path) -> None:
    remember(root, FULL)
    project, said = remembered_project(root)
    fresh, _ = load_project(root)

    assert (project, said) == (fresh, ())
    assert project.source.at("parallelism") == fresh.source.at("parallelism")


def test_the_file_with_everything_in_it_has_nothing_as_the_defaults_have_it(root: Path) -> None:
    """So that a new field cannot be forgotten."""
    remember(root, FULL)
    full = load_project(root)[0]
    plain = load_project(root.parent)[0]

    assert [f.name for f in fields(Project) if getattr(full, f.name) == getattr(plain, f.name)] == []
    assert [f.name for f in fields(Safety) if getattr(full.safety, f.name) == getattr(Safety(), f.name)] == []
    prod, other = full.environments["prod"], Environment("other")
    assert [f.name for f in fields(Environment) if getattr(prod, f.name) == getattr(other, f.name)] == []


def test_pydantic_is_not_loaded_for_a_file_that_is_remembered(root: Path) -> None:
    remember(root, FULL)
    program = (
        "import sys; from pathlib import Path; from reconciler.desired.project_cache import remembered_project as r\n"
        "r(Path(sys.argv[1])); print(sorted({'pydantic', 'yaml'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", program, root], capture_output=True, text=True, check=True)

    assert ran.stdout == "[]\n"


def test_an_edit_is_seen_though_size_and_mtime_are_kept(root: Path) -> None:
    path = remember(root, "parallelism: 3\n")
    before = path.stat()
    path.write_text("parallelism: 4\n")
    while path.stat().st_ctime_ns == before.st_ctime_ns:
        os.utime(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    assert remembered_project(root)[0].parallelism == 4


def test_a_file_written_a_moment_ago_is_not_believed(root: Path) -> None:
    (root / "voicectl.yaml").write_text("parallelism: 3\n")
    remembered_project(root)

    assert not (root / ".voicectl/project.json").exists()


@pytest.mark.parametrize(
    "text", ["parallelism: many\n", "parallelism: [\n", "environments: {local: {state: x.json}}\n"]
)
def test_what_there_is_to_say_of_a_file_is_said_every_time(root: Path, text: str) -> None:
    remember(root, text)

    assert remembered_project(root, later) == load_project(root)
    assert load_project(root)[1]


def test_a_project_that_moved_has_the_name_of_its_new_folder(root: Path) -> None:
    remember(root, "parallelism: 3\n")
    moved = Path(shutil.move(root, root.with_name("elsewhere")))

    assert remembered_project(moved)[0].name == "elsewhere"


def test_a_file_that_is_gone_is_not_remembered(root: Path) -> None:
    remember(root, "parallelism: 3\n").unlink()

    assert remembered_project(root) == load_project(root)


def test_no_folder_is_made_for_the_cache(root: Path) -> None:
    (root / ".voicectl").rmdir()
    remember(root, "parallelism: 3\n")

    assert not (root / ".voicectl").exists()
