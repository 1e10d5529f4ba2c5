"""Real git in temporary folders, with nobody's configuration but the test's own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

AUTHOR = {"name": "Anna Example", "email": "anna@example.test"}


def git_environment(home: Path) -> dict[str, str]:
    """Return what git may know of the machine it runs on: a PATH and an empty home."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "EMAIL": "",
    }


class GitFolder:
    """A working tree, and the git that looks after it."""

    def __init__(self, path: Path, **environ: str) -> None:
        self.path = path
        self.environ = {**git_environment(path.parent), **environ}

    @classmethod
    def init(cls, path: Path, *options: str, **environ: str) -> GitFolder:
        """Start a repository on the branch `main`, with an author."""
        path.mkdir(parents=True, exist_ok=True)
        folder = cls(path, **environ)
        folder.git("init", "--quiet", "--initial-branch=main", *options)
        folder.introduce()
        return folder

    def introduce(self) -> None:
        """Tell git who commits here."""
        for name, value in AUTHOR.items():
            self.git("config", f"user.{name}", value)

    def git(self, *arguments: str, env: Mapping[str, str] | None = None) -> str:
        """Run git; it must succeed. Returns what it prints."""
        ended = self.try_git(*arguments, env=env)
        assert ended.returncode == 0, (arguments, ended.stdout, ended.stderr)
        return ended.stdout.rstrip("\n")

    def try_git(self, *arguments: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """Run git, come what may."""
        return subprocess.run(
            ["git", *arguments],
            cwd=self.path,
            env={**self.environ, **(env or {})},
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )

    def commit(self, message: str = "Some work", **files: str) -> str:
        """Commit everything there is, and these files; returns the commit."""
        for name, text in files.items():
            self.write(name, text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.head

    def write(self, name: str, text: str) -> Path:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    @property
    def head(self) -> str:
        return self.git("rev-parse", "HEAD")

    @property
    def status(self) -> str:
        return self.git("status", "--porcelain")

    def bare_remote(self, path: Path) -> Path:
        """Make a bare repository, and push the current branch to it as its upstream."""
        path.mkdir(parents=True)
        self.git("init", "--quiet", "--bare", "--initial-branch=main", str(path))
        self.git("remote", "add", "origin", str(path))
        self.git("push", "--quiet", "--set-upstream", "origin", "HEAD")
        return path

    def clone_of(self, remote: Path | str, *options: str) -> GitFolder:
        """Clone into this folder's path, which must not exist yet."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            ["git", "clone", "--quiet", *options, str(remote), str(self.path)],
            env=self.environ, check=True, capture_output=True, timeout=60,
        )  # fmt: skip
        self.introduce()
        return self
