"""The root command. Each command's module is loaded when it is run, so that none pays for another."""

from __future__ import annotations

import errno
import importlib
import keyword
import os
import signal
import sys
from collections.abc import Sequence
from typing import Any

import click

from reconciler import __version__
from reconciler.cli.failures import fail, fail_usage
from reconciler.cli.settings import shared_options
from reconciler.errors import VoicectlError

COMMANDS = {
    "init": "Start a repository of voices, or complete one.",
    "new": "Make a voice from a recording.",
    "validate": "Check voice files and samples, offline.",
    "fmt": "Bring voice files into one form.",
    "plan": "Show what apply would do. Writes nothing.",
    "apply": "Bring the account to where the files say.",
    "watch": "Plan again at each save, live.",
    "status": "Show desired, recorded and actual side by side.",
    "get": "Print the id of a voice that is ready.",
    "export": "Write voice ids for the products that use them.",
    "import": "Adopt voices that exist.",
    "promote": "Carry over to one environment what is ready in another.",
    "rollback": "Bring a replaced voice back.",
    "mv": "Give a voice another key.",
    "inspect": "Show everything known about a recording.",
    "report": "Write a page to review plan and samples.",
    "history": "Show from git what became of each voice.",
    "emulator": "Serve the Palabra API on this machine.",
    "schema": "Print the JSON Schema of a file.",
    "state": "Look after the state document.",
    "unlock": "Clear the lock that a dead apply left behind.",
    "doctor": "Say what keeps voicectl from working here.",
    "completion": "Print a script that completes command lines.",
    "version": "Print the version.",
}
"""Name and short help, so that the list of commands needs none of their modules. A test compares."""

EPILOG = """\b
Examples:
  voicectl --env local apply --yes     try it without an account
  voicectl plan                        what would change, and why
  voicectl apply                       do it, after a question
  voicectl get narrator                the id that your product uses

\b
Exit codes: 0 done, 1 error, 2 changes (plan --detailed-exitcode), 3 finished
in part, 4 refused, 5 locked, 64 usage, 130 and 143 stopped by a signal.
"""


class LazyGroup(click.Group):
    """A group that imports a command's module when the command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order of a working day."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command, or None for a word that is none."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module = f"{cmd_name}_" if keyword.iskeyword(cmd_name) else cmd_name
        command: click.Command = importlib.import_module(f"reconciler.cli.{module}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command to run. Raises UsageError with the nearest name for a mistyped one."""
        from reconciler.suggest import suggest

        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = suggest(args[0], COMMANDS)
            hint = f" Did you mean `{near}`?" if near else ""
            raise click.UsageError(f"There is no command `{args[0]}`.{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without loading them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=LazyGroup,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "terminal_width": 80, "max_content_width": 80},
)
@shared_options
@click.version_option(__version__, message="voicectl %(version)s")
def root(**options: Any) -> None:
    """GitOps for voices: cloned voices declared in YAML, applied exactly once."""
    del options


def run(arguments: Sequence[str]) -> int:
    """Run one command line; returns the exit code. The only place that catches VoicectlError."""
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader of our output has gone, as `head` does
        _abandon_stdout()
        return 141
    except OSError as error:
        if sys.stdout.closed or error.errno not in (errno.ENOSPC, errno.EIO, errno.EDQUOT):
            raise
        _abandon_stdout()
        return fail(VoicectlError("Cannot write to stdout", why=error.strerror or str(error)))
    return code


def _run(arguments: Sequence[str]) -> int:
    try:
        code = root.main(list(arguments), prog_name="voicectl", standalone_mode=False)
    except click.exceptions.Exit as stopped:
        return stopped.exit_code
    except (click.Abort, KeyboardInterrupt):
        sys.stderr.write("\n")
        return 128 + signal.SIGINT
    except click.UsageError as error:
        return fail_usage(error)
    except VoicectlError as error:
        return fail(error)
    return code if isinstance(code, int) else 0


def _abandon_stdout() -> None:
    """Let what is still buffered go nowhere, instead of failing once more at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
