"""Runs workflows of GitHub Actions on this machine: their conditions, their environment, and their shell steps, for real.

Of what `uses:` names, checkout and the two artifact actions are played by git and by the fake GitHub; the action
voicectl is played by a PATH that has the voicectl under test.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from actions_runner import outputs_in
from fake_github import REPOSITORY, FakeGitHub, Run
from git_folder import git_environment

ROOT = Path(__file__).parents[1]
TOKEN = re.compile(r"\s*('(?:[^']|'')*'|&&|\|\||[!=]=|[<>]=?|[!()]|[\w.-]+)")


class Expression:
    """GitHub's expressions, as far as our workflows use them."""

    def __init__(self, text: str, contexts: Mapping[str, Any]) -> None:
        self._tokens = TOKEN.findall(text)
        assert "".join(self._tokens) == re.sub(r"\s+(?=(?:[^']*'[^']*')*[^']*$)", "", text), text
        self._contexts = contexts

    def value(self) -> Any:
        found = self._binary(["||"], ["&&"], ["==", "!=", ">", "<"])
        assert not self._tokens
        return found

    def _binary(self, *levels: list[str]) -> Any:
        if not levels:
            return self._single()
        left = self._binary(*levels[1:])
        while self._tokens and self._tokens[0] in levels[0]:
            sign = self._tokens.pop(0)
            right = self._binary(*levels[1:])
            match sign:
                case "||":
                    left = left or right
                case "&&":
                    left = left and right
                case "==" | "!=":
                    left = (str(left).lower() == str(right).lower()) is (sign == "==")
                case _:
                    first, second = float(left or 0), float(right or 0)
                    left = first > second if sign == ">" else first < second
        return left

    def _single(self) -> Any:
        token = self._tokens.pop(0)
        if token == "!":
            return not self._single()
        if token == "(":
            inner = self._binary(["||"], ["&&"], ["==", "!=", ">", "<"])
            assert self._tokens.pop(0) == ")"
            return inner
        if token.startswith("'"):
            return token[1:-1].replace("''", "'")
        if token.isdigit():
            return float(token)
        if token == "cancelled":
            assert self._tokens[:2] == ["(", ")"]
            del self._tokens[:2]
            return False
        found: Any = self._contexts
        for name in token.split("."):
            found = found.get(name, "") if isinstance(found, Mapping) else ""
        return found


def filled(text: Any, contexts: Mapping[str, Any]) -> str:
    """Return a text with its expressions evaluated."""

    def shown(value: Any) -> str:
        return str(value).lower() if isinstance(value, bool) else str(value)

    return re.sub(r"\$\{\{(.*?)\}\}", lambda found: shown(Expression(found[1].strip(), contexts).value()), shown(text))


@dataclass
class Step:
    """One step, when it is over."""

    name: str
    outcome: str
    log: str = ""
    outputs: dict[str, str] = field(default_factory=dict)


@dataclass
class Job:
    """One job, when it is over."""

    name: str
    steps: list[Step] = field(default_factory=list)
    summary: str = ""
    skipped: bool = False

    @property
    def outcome(self) -> str:
        if self.skipped:
            return "skipped"
        return "failure" if any(step.outcome == "failure" for step in self.steps) else "success"

    @property
    def log(self) -> str:
        return "\n".join(f"== {step.name}: {step.outcome}\n{step.log}" for step in self.steps)


@dataclass
class Event:
    """What happened on the site."""

    name: str
    commit: str
    """What is checked out where the workflow names nothing else."""
    ref: str = "main"
    payload: dict[str, Any] = field(default_factory=dict)
    head_sha: str = ""
    """The head of a pull request."""
    inputs: dict[str, Any] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)


@dataclass
class Runner:
    """Runs the workflows of one repository."""

    folder: Path
    remote: Path
    github: FakeGitHub
    environ: Mapping[str, str]
    """What the machine has set, such as the address of an emulator."""

    def __post_init__(self) -> None:
        self.programs = self.folder / "bin"
        """A folder for the PATH: the voicectl under test, and its Python."""
        self.programs.mkdir(parents=True)
        for name, words in (("voicectl", "-m reconciler"), ("python", "")):
            program = self.programs / name
            program.write_text(f'#!/bin/sh\nexec {sys.executable} {words} "$@"\n')
            program.chmod(0o755)

    def run(self, workflow: str, event: Event) -> dict[str, Job]:
        """Run a workflow as it is in the event's commit; returns its jobs by id."""
        number = len(self.github.runs) + 1
        text = self._git("show", f"{event.commit}:.github/workflows/{workflow}")
        document = yaml.safe_load(text)
        head = event.payload.get("pull_request", {}).get("head", {}).get("repo", {}).get("full_name", REPOSITORY)
        run = self.github.start(workflow, event.head_sha or event.commit, event.name, head)
        jobs: dict[str, Job] = {}
        for name, job in document["jobs"].items():
            needed = jobs.get(job.get("needs", ""))
            if needed and needed.outcome != "success" and "cancelled()" not in job.get("if", ""):
                jobs[name] = Job(name, skipped=True)
                continue
            jobs[name] = self._job(name, job, document.get("env", {}), event, run, self.folder / f"{number}-{name}")
        return jobs

    def _job(self, name: str, job: Any, env: Any, event: Event, run: Run, folder: Path) -> Job:
        payload = {"event": event.payload, "event_name": event.name, "ref_name": event.ref, "repository": REPOSITORY}
        token = self.github.token(job["permissions"])
        contexts: dict[str, Any] = {
            "github": {**payload, "token": token},
            "secrets": event.secrets,
            "inputs": event.inputs,
            "matrix": {"environment": "default"},
            "runner": {"temp": str(folder / "temp")},
            "steps": {},
        }
        done = Job(name)
        if not Expression(_condition(job.get("if", "!cancelled()")), contexts).value():
            done.skipped = True
            return done
        (folder / "temp").mkdir(parents=True)
        (folder / "workspace").mkdir()
        (folder / "summary").touch()
        base = {name: filled(value, contexts) for name, value in {**env, **job.get("env", {})}.items()}
        base |= {"GITHUB_RUN_ID": str(run.id), "GITHUB_EVENT_NAME": event.name, "GITHUB_REF_NAME": event.ref}
        for step in job["steps"]:
            ended = self._step(step, contexts, base, event, run, folder, failed=done.outcome == "failure")
            done.steps.append(ended)
            if "id" in step:
                contexts["steps"][step["id"]] = {"outcome": ended.outcome, "outputs": ended.outputs}
        done.summary = (folder / "summary").read_text()
        return done

    def _step(
        self,
        step: Any,
        contexts: Mapping[str, Any],
        base: Mapping[str, str],
        event: Event,
        run: Run,
        folder: Path,
        *,
        failed: bool,
    ) -> Step:
        name = step.get("name") or step.get("uses", "")
        condition = _condition(step.get("if", "1 == 1"))
        wanted = Expression(condition, contexts).value() and ("cancelled()" in condition or not failed)
        if not wanted:
            return Step(name, "skipped")
        given = {key: filled(value, contexts) for key, value in step.get("with", {}).items()}
        if "uses" in step:
            self._use(step["uses"], given, event, run, folder)
            return Step(name, "success")
        env = {**base, **{key: filled(value, contexts) for key, value in step.get("env", {}).items()}}
        return self._shell(name, step["run"], env, folder)

    def _use(self, action: str, given: Mapping[str, str], event: Event, run: Run, folder: Path) -> None:
        workspace = folder / "workspace"
        match action.partition("@")[0]:
            case "actions/checkout":
                self._check_out(workspace, given, event)
            case "actions/upload-artifact":
                files = sorted(path for path in Path(given["path"]).rglob("*") if path.is_file())
                named = {path.relative_to(given["path"]).as_posix(): path.read_bytes() for path in files}
                run.artifacts[given["name"]] = named
            case "actions/download-artifact":
                for name, content in run.artifacts.items():
                    target = workspace / given["path"] / name
                    target.mkdir(parents=True)
                    for path, raw in content.items():
                        (target / path).write_bytes(raw)
            case "./.github/actions/voicectl":
                assert (workspace / action / "action.yml").is_file(), "the action is in the checkout"
            case _:
                raise AssertionError(action)

    def _check_out(self, workspace: Path, given: Mapping[str, str], event: Event) -> None:
        """As actions/checkout does it: one commit, detached, or a branch by its name, with its remote branch."""
        depth = [] if given.get("fetch-depth") == "0" else ["--depth=1"]
        self._git("init", "--quiet", str(workspace))
        inside = ("-C", str(workspace))
        # A remote that refuses a push without credentials, as the real one does.
        pushing = self.remote.as_uri() if given["persist-credentials"] == "true" else "no-credentials:"
        self._git(*inside, "remote", "add", "origin", self.remote.as_uri())
        self._git(*inside, "remote", "set-url", "--push", "origin", pushing)
        if "ref" in given:
            refs = f"+refs/heads/{given['ref']}:refs/remotes/origin/{given['ref']}"
            self._git(*inside, "fetch", "--quiet", *depth, "origin", refs)
            self._git(*inside, "checkout", "--quiet", "-B", given["ref"], f"refs/remotes/origin/{given['ref']}")
        else:
            self._git(*inside, "fetch", "--quiet", *depth, "origin", event.commit)
            self._git(*inside, "checkout", "--quiet", "--detach", event.commit)

    def _shell(self, name: str, script: str, env: Mapping[str, str], folder: Path) -> Step:
        assert "${{" not in script
        file, output, summary = folder / "script", folder / "output", folder / "step-summary"
        file.write_text(script)
        output.write_text("")
        summary.write_text("")
        environ = {
            **git_environment(folder / "temp"),
            **self.environ,
            "PATH": f"{self.programs}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": self.github.url,
            "GITHUB_SERVER_URL": "https://github.example",
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_OUTPUT": str(output),
            "GITHUB_STEP_SUMMARY": str(summary),
            "RUNNER_TEMP": str(folder / "temp"),
            **env,
        }
        ended = subprocess.run(
            ["bash", "-e", str(file)], cwd=folder / "workspace", env=environ, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120, check=False,
        )  # fmt: skip
        with (folder / "summary").open("a") as whole:
            whole.write(summary.read_text())
        outcome = "failure" if ended.returncode else "success"
        return Step(name, outcome, ended.stdout, outputs_in(output.read_text()))

    def _git(self, *arguments: str) -> str:
        environ = git_environment(self.folder)
        ended = subprocess.run(
            ["git", *arguments], cwd=self.remote, env=environ, capture_output=True, text=True, check=True, timeout=60
        )
        return ended.stdout


def _condition(text: str) -> str:
    return text.strip().removeprefix("${{").removesuffix("}}").strip()
