"""How errors look: what, where, why, and what to do next."""

from __future__ import annotations

import json
import os
import sys

import click

from reconciler.errors import RepositoryError, Severity, UsageError, VoicectlError
from reconciler.report.paint import Paint, printable


def fail(error: VoicectlError) -> int:
    """Write the error to stderr in the form that was asked for; returns the exit code."""
    form = _wanted("--log-format", "VOICECTL_LOG_FORMAT")
    if form == "json":
        sys.stderr.write(_as_json(error))
    else:
        color = _wanted("--color", "VOICECTL_COLOR")
        on = color == "always" or (color != "never" and sys.stderr.isatty() and not os.environ.get("NO_COLOR"))
        sys.stderr.write(_as_text(error, Paint(on=on)))
    return error.exit_code


def fail_usage(error: click.UsageError) -> int:
    """Write a usage error to stderr; returns 64, never click's own 2: CI would read that as "there are changes"."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        sys.stderr.write(f"{error.format_message()}\n")
        return UsageError.exit_code
    fix = f"`{error.ctx.command_path} --help` shows how it is used" if error.ctx is not None else ""
    return fail(UsageError(error.format_message(), fix=fix))


def _as_text(error: VoicectlError, paint: Paint) -> str:
    lines = []
    if isinstance(error, RepositoryError):
        from reconciler.report.text import render_diagnostics

        lines.append(render_diagnostics(error.diagnostics, paint))
    lines.append(f"{paint('error', 'red', 'bold')}: {printable(error.what)}\n")
    for name, text in (("where", error.where), ("why", error.why), ("next", error.fix)):
        if text:
            lines.append(f"  {name}: {printable(text)}\n")
    return "".join(lines)


def _as_json(error: VoicectlError) -> str:
    plain = {"severity": Severity.ERROR.value, "summary": error.what, "exit_code": error.exit_code}
    plain |= {"where": error.where, "why": error.why, "next": error.fix}
    lines = [plain]
    if isinstance(error, RepositoryError):
        from reconciler.plan.document import diagnostic_to_json

        lines = [*(dict(diagnostic_to_json(d)) for d in error.diagnostics), plain]
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


def _wanted(option: str, variable: str) -> str | None:
    """Return an option's value where the command line itself may not have been understood."""
    arguments = sys.argv[1:]
    for position, argument in enumerate(arguments):
        if argument == option and position + 1 < len(arguments):
            return arguments[position + 1]
        if argument.startswith(f"{option}="):
            return argument.partition("=")[2]
    return os.environ.get(variable)
