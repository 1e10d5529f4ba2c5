"""A repository of voices with a remote that others push to."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path

from cli_world import Ran, World
from git_folder import GitFolder, git_environment

from reconciler.state.document import render
from reconciler.state.reading import parse

STATE = "voices.state.json"


@dataclasses.dataclass(frozen=True, slots=True)
class Team:
    """A repository with a remote that others push to."""

    world: World
    here: GitFolder
    remote: Path

    def apply(self, *arguments: str, env: Mapping[str, str | None] | None = None) -> Ran:
        environ = git_environment(self.world.root.parent)
        del environ["HOME"]
        return self.world.run("apply", "--yes", "--commit", *arguments, env={**environ, **(env or {})})

    def colleague(self, name: str = "colleague") -> GitFolder:
        return GitFolder(self.world.root.parent / name).clone_of(self.remote)

    @property
    def pushed(self) -> str:
        return self.here.git("--git-dir", str(self.remote), "rev-parse", "main")

    @property
    def state(self) -> str:
        return self.world.state_file.read_text()

    def show(self, revision: str, path: str = STATE) -> str:
        return self.here.git("--git-dir", str(self.remote), "show", f"{revision}:{path}") + "\n"

    def files_of(self, revision: str) -> list[str]:
        return self.here.git("show", "--format=", "--name-only", revision).splitlines()


def team_of(world: World) -> Team:
    world.write(".gitignore", ".voicectl/\n")
    here = GitFolder.init(world.root)
    here.commit("Declare the voices")
    return Team(world, here, here.bare_remote(world.root.parent / "remote.git"))


def rename_voice(text: str, key: str, name: str) -> str:
    """Return what another machine's apply would have made of a state document."""
    document = parse(text, filename=STATE)
    record = dataclasses.replace(document.voices[key], name=name)
    return render(dataclasses.replace(document, serial=document.serial + 1, voices={**document.voices, key: record}))


def add_voice(text: str, key: str, like: str) -> str:
    document = parse(text, filename=STATE)
    record = dataclasses.replace(document.voices[like], voice_id=f"id-of-{key}")
    return render(dataclasses.replace(document, serial=document.serial + 1, voices={**document.voices, key: record}))
