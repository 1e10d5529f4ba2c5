"""What belongs into a repository of voices, as text. Nothing is written here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import PurePosixPath

import yaml

from reconciler import __version__
from reconciler.desired.root import FILENAME
from reconciler.desired.schema import project_schema, render, voice_schema

ACTION = ".github/actions/voicectl/action.yml"
WORKFLOWS = tuple(f".github/workflows/voicectl-{name}.yml" for name in ("plan", "apply", "drift"))
EXAMPLE = "example"
"""The key of the example voice."""
_FILES = resources.files("reconciler.scaffold").joinpath("files")
_PLAIN = re.compile(r"[\w ./-]+")
"""Names that mean themselves in YAML's quotes and in GitHub's expressions."""


@dataclass(frozen=True, slots=True)
class Template:
    """One file."""

    path: str
    """Relative to where it belongs, with forward slashes."""
    content: bytes


def project_files(name: str) -> Iterator[Template]:
    """Yield the settings and what editors complete them from."""
    text = (
        "# yaml-language-server: $schema=schemas/project.schema.json\n"
        "# Part of the mark by which voicectl knows its own voices: choose it once, and keep it.\n"
        + yaml.safe_dump({"project": name}, allow_unicode=True)  # quotes names such as `1.0`
    )
    yield Template(FILENAME, text.encode())
    yield Template("schemas/project.schema.json", render(project_schema()).encode())
    yield Template("schemas/voice.schema.json", render(voice_schema()).encode())


def example_files(voices: str) -> Iterator[Template]:
    """Yield a voice with a real recording, and the credit that its licence asks for."""
    folder = f"{voices}/{EXAMPLE}"
    up = "../" * len(PurePosixPath(folder).parts)
    text = _read("example/voice.yaml").decode().replace("@UP@", up)
    yield Template(f"{folder}/voice.yaml", text.encode())
    yield Template(f"{folder}/narrator.mp3", _read("example/narrator.mp3"))
    yield Template(f"{folder}/LICENSE.md", _read("example/LICENSE.md"))


def workflow_files(branch: str, directory: str) -> Iterator[Template]:
    """Yield the action and the workflows of GitHub Actions.

    `branch` is the one that is applied, `directory` where the project is, both as seen from the repository.
    """
    yield Template(ACTION, action_text().encode())
    for path in WORKFLOWS:
        text = _read(f"workflows/{PurePosixPath(path).name}").decode().replace("@VERSION@", __version__)
        yield Template(path, text.replace("@BRANCH@", branch).replace("@DIRECTORY@", directory).encode())


def action_text() -> str:
    """Return the composite action of this version."""
    return _read("action.yml").decode().replace("@VERSION@", __version__)


def is_plain(name: str) -> bool:
    """Whether a branch or a folder can be named in a workflow as it is."""
    return _PLAIN.fullmatch(name) is not None


def _read(path: str) -> bytes:
    return _FILES.joinpath(path).read_bytes()
