"""A team of voices on a GitHub of its own: a repository made by `init`, a bare remote, workflows, and an emulator."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cli_world import KEY, Ran, World
from fake_github import REPOSITORY, FakeGitHub
from git_folder import GitFolder, git_environment
from workflow_runner import Event, Job, Runner

PLAN, APPLY, DRIFT = (f"voicectl-{name}.yml" for name in ("plan", "apply", "drift"))
SECRETS = {"PALABRA_API_KEY": KEY}


def has_programs() -> str:
    """Return which program of GitHub's machines is missing here; nothing when all are there."""
    return ", ".join(name for name in ("bash", "curl", "jq") if shutil.which(name) is None)


@dataclass
class Team:
    """Somebody's clone, and what happens on the site."""

    world: World
    here: GitFolder
    remote: Path
    github: FakeGitHub
    runner: Runner
    heads: dict[int, tuple[str, str]] = field(default_factory=dict)
    """Branch and head of each pull request."""

    def voicectl(self, *arguments: str) -> Ran:
        """Run a command on somebody's own machine."""
        environ = git_environment(self.world.root.parent)
        del environ["HOME"]
        return self.world.run(*arguments, env={**environ, "PATH": self.here.environ["PATH"]})

    # -- the site ---------------------------------------------------------------------------------------------------

    def pull_request(
        self, number: int, branch: str, *, secrets: Mapping[str, str] = SECRETS, repository: str = REPOSITORY
    ) -> dict[str, Job]:
        """Push the branch, and run the workflow plan on what the merge would be."""
        head = self.here.git("rev-parse", branch)
        self.here.git(
            "push", "--quiet", "--force", "origin", f"{branch}:refs/heads/{branch}", f"{branch}:refs/pull/{number}/head"
        )
        self.heads[number] = (branch, head)
        merged = self._merge_commit("main", head, f"Merge {branch}")
        self.here.git("push", "--quiet", "--force", "origin", f"{merged}:refs/pull/{number}/merge")
        payload: dict[str, Any] = {
            "pull_request": {"number": number, "head": {"sha": head, "repo": {"full_name": repository}}}
        }
        event = Event("pull_request", merged, f"{number}/merge", payload, head, secrets=dict(secrets))
        return self.runner.run(PLAN, event)

    def merge(self, number: int, *, repository: str = REPOSITORY) -> str:
        """Merge a pull request on the site; returns the commit."""
        branch, head = self.heads[number]
        merged = self._merge_commit("main", head, f"Merge pull request #{number} from anna/{branch}")
        self.here.git("push", "--quiet", "origin", f"{merged}:refs/heads/main")
        self.github.merge(merged, number, head, repository=repository)
        return merged

    def pushed(self, *, secrets: Mapping[str, str] = SECRETS) -> Job:
        """Run the workflow apply, as after a push to main."""
        return self.runner.run(APPLY, Event("push", self.main, secrets=dict(secrets)))["apply"]

    def by_hand(self, workflow: str = APPLY, *, ref: str = "main", allow_deletes: bool = False) -> Job:
        """Start a workflow from the Actions tab."""
        commit = self.here.git("--git-dir", str(self.remote), "rev-parse", ref)
        event = Event("workflow_dispatch", commit, ref, inputs={"allow-deletes": allow_deletes}, secrets=SECRETS)
        (job,) = self.runner.run(workflow, event).values()
        return job

    @property
    def plan_shown(self) -> str:
        """What the last run of the workflow plan has for its comment."""
        return self.github.runs[-1].artifacts["voicectl-plan-default"]["plan.md"].decode()

    @property
    def main(self) -> str:
        """The newest commit of the remote's main."""
        return self.here.git("--git-dir", str(self.remote), "rev-parse", "main")

    # -- a person's day ----------------------------------------------------------------------------------------------

    def begin(self, branch: str) -> None:
        """Start a branch on the newest main."""
        self.here.git("fetch", "--quiet", "origin")
        self.here.git("switch", "--quiet", "--create", branch, "origin/main")

    def on_main(self) -> None:
        """Go back to main, and pull."""
        self.here.git("switch", "--quiet", "main")
        self.here.git("pull", "--quiet", "--ff-only", "origin", "main")

    def _merge_commit(self, base: str, head: str, message: str) -> str:
        """Merge as the site does, in no working tree of anybody's."""
        folder = self.world.root.parent / "the site"
        site = GitFolder(folder, PATH=self.here.environ["PATH"]).clone_of(self.remote)
        site.git("switch", "--quiet", base)
        site.git("fetch", "--quiet", "origin", "+refs/pull/*:refs/pull/*")
        site.git("merge", "--quiet", "--no-ff", "--message", message, head)
        merged = site.head
        self.here.git("fetch", "--quiet", str(folder), merged)
        shutil.rmtree(folder)
        return merged


def team_of(world: World, github: FakeGitHub, *options: str) -> Team:
    """Make a repository with `voicectl init`, commit it, and push it to a bare remote."""
    folder = world.root.parent
    remote = folder / "remote.git"
    runner_environ = {
        "PALABRA_API_URL": world.environ["PALABRA_API_URL"],
        "VOICECTL_CACHE": world.environ["VOICECTL_CACHE"],
    }
    runner = Runner(folder / "machines", remote, github, runner_environ)
    path = f"{runner.programs}:{git_environment(folder)['PATH']}"
    here = GitFolder.init(world.root, PATH=path, PYTHONPATH=str(Path(__file__).parents[1]))
    team = Team(world, here, remote, github, runner)
    made = team.voicectl("init", *options)
    assert made.code == 0, made.err
    here.commit("Begin")
    here.bare_remote(remote)
    subprocess.run(["git", "config", "uploadpack.allowAnySHA1InWant", "true"], cwd=remote, check=True)
    return team
