"""voicectl fmt."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.settings import Settings, option, voice_command
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from reconciler.authoring.format_files import Formatted

STDIN = "-"


@voice_command("Bring voice files into one form.")
@click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path(path_type=Path))
@option("--check", is_flag=True, help="Write nothing; exit 1 if a file would change.")
@option("--diff", is_flag=True, help="Show what changes.")
def command(settings: Settings, *, paths: tuple[Path, ...], check: bool, diff: bool) -> int:
    """Bring voice files and voicectl.yaml, or those at PATH, into canonical form.

    Two spaces of indentation, fields in the order of the reference, one empty
    line at most. Comments stay with their fields, quotes and flow mappings as
    they are written. Prints the files that change; a file that is not YAML is
    left alone, and the others are formatted. PATH `-` is stdin to stdout.

    \b
    Examples:
      voicectl fmt
      voicectl fmt --check --diff voices/support
      voicectl fmt - < voice.yaml
    """
    from reconciler.authoring.format_files import find_files, format_file, write
    from reconciler.cli.failures import tell
    from reconciler.desired.load import load_project

    if Path(STDIN) in paths:
        return _stdin(paths, check=check, diff=diff)
    project, _ = load_project(settings.root)  # a broken one is told of when it is formatted itself
    here = settings.directory.resolve()
    files = find_files(project, [here / path for path in paths], here)
    failed = changes = False
    for filename in files:
        formatted = format_file(filename, here)
        tell(formatted.problems)
        failed |= bool(formatted.problems)
        if formatted.changed:
            changes = True
            if not check:
                write(formatted, here)
            _show(formatted, diff=diff)
    return 1 if failed or (check and changes) else 0


def _stdin(paths: tuple[Path, ...], *, check: bool, diff: bool) -> int:
    from reconciler.authoring.format_files import format_text
    from reconciler.cli.failures import tell

    if len(paths) > 1:
        raise UsageError("`-` cannot be named together with files")
    formatted = format_text(sys.stdin.buffer.read(), "<stdin>")
    tell(formatted.problems)
    if check or diff:
        if formatted.changed:
            _show(formatted, diff=diff)
    elif not formatted.problems:
        sys.stdout.write(formatted.after.decode())
    return 1 if formatted.problems or (check and formatted.changed) else 0


def _show(formatted: Formatted, *, diff: bool) -> None:
    from reconciler.report.paint import printable

    sys.stdout.write(f"{printable(formatted.filename)}\n")
    if diff:
        sys.stdout.write(_diff(formatted))


def _diff(formatted: Formatted) -> str:
    import difflib

    from reconciler.report.paint import printable

    before, after = (
        each.decode(errors="backslashreplace").splitlines() for each in (formatted.before, formatted.after)
    )
    lines = difflib.unified_diff(before, after, f"a/{formatted.filename}", f"b/{formatted.filename}", lineterm="")
    return "".join(f"{printable(line)}\n" for line in lines)
