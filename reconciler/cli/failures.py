"""How errors look: what, where, why, and what to do next."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

from reconciler.errors import Diagnostic, RepositoryError, Severity, UsageError, VoicectlError
from reconciler.report.json_text import json_text
from reconciler.report.paint import Paint, printable


def fail(error: VoicectlError) -> int:
    """Write the error to stderr in the form that was asked for; returns the exit code."""
    if isinstance(error, RepositoryError):
        tell(error.diagnostics)
    sys.stderr.write(_error_as_json(error) if _in_json() else _error_as_text(error, _paint()))
    return error.exit_code


def tell(diagnostics: Sequence[Diagnostic]) -> None:
    """Write diagnostics to stderr in the form that was asked for: those that have no place in the result."""
    if _in_json():
        from reconciler.plan.document import diagnostic_to_json

        sys.stderr.write("".join(_line(dict(diagnostic_to_json(diagnostic))) for diagnostic in diagnostics))
    elif diagnostics:
        from reconciler.report.text import render_diagnostics

        sys.stderr.write(render_diagnostics(diagnostics, _paint()))


def fail_usage(error: click.UsageError) -> int:
    """Write a usage error to stderr; returns 64, never click's own 2: CI would read that as "there are changes"."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        sys.stderr.write(f"{error.format_message()}\n")
        return UsageError.exit_code
    fix = f"`{error.ctx.command_path} --help` shows how it is used" if error.ctx is not None else ""
    return fail(UsageError(error.format_message(), fix=fix))


def _error_as_text(error: VoicectlError, paint: Paint) -> str:
    lines = [f"{paint('error', 'red', 'bold')}: {printable(error.what)}\n"]
    for name, text in (("where", error.where), ("why", error.why), ("next", error.fix)):
        if text:
            lines.append(f"  {name}: {printable(text)}\n")
    return "".join(lines)


def _error_as_json(error: VoicectlError) -> str:
    plain = {"severity": Severity.ERROR.value, "summary": error.what, "exit_code": error.exit_code}
    return _line(plain | {"where": error.where, "why": error.why, "next": error.fix})


def _line(document: object) -> str:
    return json_text(document)


def _in_json() -> bool:
    return _wanted("--log-format", "VOICECTL_LOG_FORMAT") == "json"


def _paint() -> Paint:
    color = _wanted("--color", "VOICECTL_COLOR")
    return Paint(on=color == "always" or (color != "never" and sys.stderr.isatty() and not os.environ.get("NO_COLOR")))


def _wanted(option: str, variable: str) -> str | None:
    """Return an option's value where the command line itself may not have been understood."""
    arguments = sys.argv[1:]
    for position, argument in enumerate(arguments):
        if argument == option and position + 1 < len(arguments):
            return arguments[position + 1]
        if argument.startswith(f"{option}="):
            return argument.partition("=")[2]
    return os.environ.get(variable)
