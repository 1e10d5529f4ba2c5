"""The options that every command has, before or after its name, and what they make."""

from __future__ import annotations

import functools
import logging
import os
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from reconciler.errors import UsageError
from reconciler.report.json_text import json_text
from reconciler.report.paint import Paint

if TYPE_CHECKING:
    from reconciler.apply.workspace import Workspace
    from reconciler.report.checking import SampleProgress
    from reconciler.state.store import StateStore

Function = Callable[..., Any]
Command = TypeVar("Command", bound=Function)


def option(*names: str, **attributes: Any) -> Callable[[Command], Command]:
    """Return a click option that can also be set by VOICECTL_NAME."""
    long = next(name for name in names if name.startswith("--")).partition("/")[0]
    return click.option(*names, envvar=f"VOICECTL_{long[2:].upper().replace('-', '_')}", **attributes)


@dataclass(frozen=True, slots=True)
class Settings:
    """The shared options of one run."""

    directory: Path
    environment: str
    paint: Paint
    """For stdout."""
    paint_errors: Paint
    """For stderr."""
    verbose: bool
    quiet: bool
    no_input: bool
    log_json: bool

    @property
    def root(self) -> Path:
        """The project's root: the nearest folder at or above the directory that has a voicectl.yaml."""
        from reconciler.desired.root import find_root

        return find_root(self.directory)

    def workspace(self) -> Workspace:
        """Return the environment of the repository that the command works on."""
        from reconciler.apply.workspace import open_workspace

        return open_workspace(self.root, self.environment, os.environ)

    def sample_progress(self) -> SampleProgress:
        """Return what shows how far the look at the samples has come."""
        from reconciler.report.checking import SampleProgress

        shown = sys.stderr.isatty() and not self.quiet and not self.log_json
        return SampleProgress(shown=shown, color=self.paint_errors.on)

    def store(self) -> StateStore:
        """Return where the state of the environment is, for commands that need nothing else.

        Where voicectl.yaml says nothing about environments it is not read: checking all of it takes 100 ms.
        """
        from reconciler.desired.root import DEFAULT, FILENAME, LOCAL, default_state_path, work_folder
        from reconciler.state.store import StateStore

        root, name = self.root, self.environment
        written = (root / FILENAME).read_bytes() if (root / FILENAME).is_file() else b""
        if name not in (DEFAULT, LOCAL) or re.search(rb"^[^#\n]*environments", written, re.MULTILINE):
            return self.workspace().store
        return StateStore.of_file(default_state_path(root, name), work_folder(root, name), name)


_SHARED: tuple[Callable[[Function], Function], ...] = (
    option("-C", "--directory", "directory", metavar="DIR", help="Work in this folder."),
    option("--env", metavar="NAME", help="The environment; `local` needs no account."),
    click.option("-v", "--verbose", is_flag=True, default=None, envvar="VOICECTL_VERBOSE", help="Show API requests."),
    click.option("-q", "--quiet", is_flag=True, default=None, envvar="VOICECTL_QUIET", help="Show no progress."),
    option("--color", type=click.Choice(["auto", "always", "never"]), help="Default: auto, only on a terminal."),
    option("--no-input", is_flag=True, default=None, help="Never ask a question."),
    option("--log-format", type=click.Choice(["text", "json"]), help="Form of messages on stderr."),
)
_NAMES = ("directory", "env", "verbose", "quiet", "color", "no_input", "log_format")


def shared_options(function: Command) -> Command:
    """Add the shared options to a command or group."""
    for decorate in reversed(_SHARED):
        decorate(function)  # click writes its parameters into the function itself
    return function


def voice_command(short_help: str) -> Callable[[Callable[..., int | None]], click.Command]:
    """Return a decorator for a command with the shared options; its function gets Settings first."""

    def decorate(function: Callable[..., int | None]) -> click.Command:
        @functools.wraps(function)
        def call(**values: Any) -> int | None:
            return function(_settings(_merged(click.get_current_context(), values)), **values)

        return click.command(short_help=short_help)(shared_options(call))

    return decorate


def _merged(context: click.Context, values: dict[str, Any]) -> dict[str, Any]:
    """Take the shared options out of a command's values: given after the command's name, else before it."""
    own = {name: values.pop(name) for name in _NAMES}
    root = context.find_root()
    if root is context:
        return own
    above = root.params
    typed = {name for name in _NAMES if context.get_parameter_source(name) is ParameterSource.COMMANDLINE}
    return {name: own[name] if name in typed else above.get(name) for name in _NAMES}


def _settings(given: dict[str, Any]) -> Settings:
    try:
        directory = Path(given["directory"] or ".").absolute()
    except FileNotFoundError as error:
        raise UsageError("The working folder is gone", fix="cd to one that exists, or name one with -C") from error
    if not directory.is_dir():
        raise UsageError(f"-C {given['directory']}: there is no such folder")
    color = given["color"] or "auto"
    verbose = bool(given["verbose"])
    if verbose:
        _show_requests(as_json=given["log_format"] == "json")
    return Settings(
        directory=directory,
        environment=given["env"] or "default",
        paint=Paint(on=_in_color(color, sys.stdout.isatty())),
        paint_errors=Paint(on=_in_color(color, sys.stderr.isatty())),
        verbose=verbose,
        quiet=bool(given["quiet"]),
        no_input=bool(given["no_input"]),
        log_json=given["log_format"] == "json",
    )


def _in_color(wish: str, terminal: bool) -> bool:
    """Decide as no-color.org and the terminals have it: a wish on the command line beats the environment."""
    if wish != "auto":
        return wish == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return terminal and os.environ.get("TERM") != "dumb"


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return json_text({"severity": "debug", "summary": record.getMessage()}).removesuffix("\n")


def _show_requests(*, as_json: bool) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLines() if as_json else logging.Formatter("%(message)s"))
    logger = logging.getLogger("voicectl")
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
