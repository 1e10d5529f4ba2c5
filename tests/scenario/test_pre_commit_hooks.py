"""The hooks for pre-commit, run by pre-commit itself.

Its environments are left out, as they are installed from an index: the hooks run the program under test instead.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from cli_world import World
from git_folder import GitFolder, git_environment

ROOT = Path(__file__).parents[2]
MANIFEST = ROOT / ".pre-commit-hooks.yaml"
UGLY = "samples:\n- {file: a.mp3, lang_code: en}\nname:   Anna # who\n"
CLEAN = "name: Anna # who\nsamples:\n  - {file: a.mp3, lang_code: en}\n"

needs_pre_commit = pytest.mark.skipif(
    not (Path(sys.executable).parent / "pre-commit").exists(), reason="pre-commit is not installed"
)


class Author:
    """A person with a repository of voices, and pre-commit."""

    def __init__(self, folder: Path, world: World) -> None:
        self._home = folder
        hooks = folder / "hooks"
        offered = GitFolder.init(hooks)
        manifest = yaml.safe_load(MANIFEST.read_text())
        (hooks / MANIFEST.name).write_text(yaml.safe_dump([{**hook, "language": "system"} for hook in manifest]))
        revision = _committed(offered)
        self.root = world.root
        used = [{"id": hook["id"]} for hook in manifest]
        config = {"repos": [{"repo": str(hooks), "rev": revision, "hooks": used}]}
        world.write(".pre-commit-config.yaml", yaml.safe_dump(config))
        world.write(".gitignore", ".voicectl/\n")
        self._git = GitFolder.init(self.root)
        _committed(self._git)

    def commits(self) -> subprocess.CompletedProcess[str]:
        """Stage all, and run the hooks on it."""
        self._git.git("add", "-A")
        bin_folder = Path(sys.executable).parent
        environ = {
            **git_environment(self._home),
            "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}",
            "PRE_COMMIT_HOME": str(self._home / "cache"),
            "VOICECTL_CACHE": os.environ["VOICECTL_CACHE"],
        }
        return subprocess.run(
            [bin_folder / "pre-commit", "run", "--color", "never"],
            cwd=self.root, env=environ, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip


def _committed(folder: GitFolder) -> str:
    folder.git("add", "-A")
    folder.git("commit", "-q", "-m", "Begin")
    return folder.git("rev-parse", "HEAD")


@pytest.fixture
def author(tmp_path: Path, world: World) -> Author:
    return Author(tmp_path, world)


def test_the_manifest_offers_both_hooks_with_commands_that_exist() -> None:
    hooks = {hook["id"]: hook for hook in yaml.safe_load(MANIFEST.read_text())}

    assert set(hooks) == {"voicectl-validate", "voicectl-fmt"}
    assert {hook["language"] for hook in hooks.values()} == {"python"}
    assert shutil.which("voicectl", path=str(Path(sys.executable).parent))


@needs_pre_commit
def test_pre_commit_takes_the_manifest() -> None:
    program = Path(sys.executable).parent / "pre-commit"
    ran = subprocess.run([program, "validate-manifest", MANIFEST], capture_output=True, text=True, check=False)

    assert ran.returncode == 0, ran.stdout


@needs_pre_commit
def test_a_commit_is_formatted_and_then_let_pass(author: Author, world: World) -> None:
    world.sample("a.mp3")
    world.write("voices/anna.yaml", UGLY)
    world.write("elsewhere.yaml", UGLY)
    first = author.commits()
    second = author.commits()

    assert first.returncode == 1
    assert "files were modified by this hook" in first.stdout
    assert (world.root / "voices/anna.yaml").read_text() == CLEAN
    assert (world.root / "elsewhere.yaml").read_text() == UGLY
    assert second.returncode == 0, second.stdout


@needs_pre_commit
def test_a_commit_of_a_bad_recording_is_stopped(author: Author, world: World) -> None:
    world.sample("a.mp3", seconds=5)
    world.write("voices/anna.yaml", CLEAN)
    ran = author.commits()

    assert ran.returncode == 1
    assert "sample.duration" in ran.stdout
    assert "voices/anna.yaml:" in ran.stdout


@needs_pre_commit
def test_a_commit_of_other_files_asks_nothing(author: Author, world: World) -> None:
    world.write("voices/broken.yaml", "name: [")
    author.commits()
    (world.root / "voices/broken.yaml").unlink()
    world.write("readme.md", "hello")
    ran = author.commits()

    assert ran.returncode == 0, ran.stdout
    assert ran.stdout.count("Skipped") == 2
