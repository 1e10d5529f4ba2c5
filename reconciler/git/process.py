"""One git process at a time: arguments as a list, no shell, no questions, words that do not depend on the language."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from reconciler.errors import VoicectlError

NETWORK_TIMEOUT = 120.0
"""Seconds that one fetch or push may take."""
SOMEBODY_ELSES = frozenset(
    {
        "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_COMMON_DIR", "GIT_NAMESPACE", "GIT_PREFIX", "GIT_GRAFT_FILE", "GIT_SHALLOW_FILE", "GIT_REPLACE_REF_BASE",
        "GIT_CONFIG", "GIT_QUARANTINE_PATH", "GIT_INTERNAL_SUPER_PREFIX", "GIT_EXTERNAL_DIFF", "GIT_DIFF_OPTS",
        "GIT_ICASE_PATHSPECS", "GIT_GLOB_PATHSPECS", "GIT_NOGLOB_PATHSPECS",
    }
)  # fmt: skip
"""What git tells its hooks of the repository they run for: it would send our git there, whatever folder we name."""
QUIET = {
    "LC_ALL": "C",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_LITERAL_PATHSPECS": "1",  # a state document may be called `a*.json`
    "GIT_OPTIONAL_LOCKS": "0",  # reading never stands in the way of a person's git
    "GIT_EDITOR": "true",
    "GIT_MERGE_AUTOEDIT": "no",
}


@dataclass(frozen=True, slots=True)
class Ended:
    """A git process at its end."""

    code: int
    out: bytes
    err: str

    @property
    def ok(self) -> bool:
        """Whether git was content."""
        return self.code == 0

    @property
    def text(self) -> str:
        """What it printed, without the last line's end."""
        return self.out.decode("utf-8", "surrogateescape").removesuffix("\n")

    @property
    def words(self) -> str:
        """What it said, on one line."""
        said = self.err.strip() or self.out.decode("utf-8", "replace").strip()
        return "; ".join(line.strip() for line in said.splitlines() if line.strip()) or f"git ended with {self.code}"


class Git:
    """Runs git in one folder. No method but `text` minds how git ended."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self.folder = folder
        self.environ = {name: value for name, value in environ.items() if name not in SOMEBODY_ELSES} | QUIET

    def run(self, *arguments: str, stdin: bytes = b"", environ: Mapping[str, str] | None = None) -> Ended:
        """Run one command. Raises VoicectlError only where there is no git at all."""
        with self._started(arguments, environ or {}) as process:
            out, err = process.communicate(stdin)
        return Ended(process.returncode, out, err.decode("utf-8", "replace"))

    def text(self, *arguments: str, stdin: bytes = b"", environ: Mapping[str, str] | None = None) -> str:
        """Return what a command prints. Raises VoicectlError, with git's words, when it fails."""
        ended = self.run(*arguments, stdin=stdin, environ=environ)
        if not ended.ok:
            raise VoicectlError(f"git {arguments[0]} failed", where=str(self.folder), why=ended.words)
        return ended.text

    def remote(self, *arguments: str, seconds: float = NETWORK_TIMEOUT) -> Ended:
        """Run a command that asks a remote. It cannot ask a person, and it ends when its time is over."""
        environ = {} if self._has_own_ssh() else {"GIT_SSH_COMMAND": "ssh -o BatchMode=yes"}
        # A session of its own has no terminal, so neither ssh nor a credential helper can wait for one.
        with self._started(arguments, environ, new_session=True) as process:
            try:
                out, err = process.communicate(timeout=seconds)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.communicate()
                return Ended(-signal.SIGKILL, b"", f"git {arguments[0]} had no answer within {seconds:g} seconds")
        return Ended(process.returncode, out, err.decode("utf-8", "replace"))

    def _has_own_ssh(self) -> bool:
        named = "GIT_SSH_COMMAND" in self.environ or "GIT_SSH" in self.environ
        return named or self.run("config", "--get", "core.sshCommand").ok

    @contextmanager
    def conversation(self, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
        """Start a command that is asked and answers through its pipes; it is ended with the block."""
        with self._started(arguments, {}, errors=subprocess.DEVNULL) as process:
            try:
                yield process
            finally:
                process.kill()

    @contextmanager
    def _started(
        self,
        arguments: tuple[str, ...],
        environ: Mapping[str, str],
        *,
        new_session: bool = False,
        errors: int = subprocess.PIPE,
    ) -> Iterator[subprocess.Popen[bytes]]:
        try:
            process = subprocess.Popen(
                ["git", *arguments],
                cwd=self.folder,
                env={**self.environ, **environ},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=new_session,
            )
        except FileNotFoundError as error:
            raise VoicectlError(
                "git cannot be run", why="there is no `git` on the PATH", fix="install git, or add it to the PATH"
            ) from error
        with process:
            try:
                yield process
            except BaseException:
                process.kill()
                raise
