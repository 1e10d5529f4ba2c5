"""voicectl inspect."""

from __future__ import annotations

import shutil
import sys

import click

from reconciler.cli.settings import Settings, voice_command


@voice_command("Show everything known about a recording.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--json", "as_json", is_flag=True, envvar="VOICECTL_JSON", help="One object a file, in an array.")
def command(settings: Settings, *, files: tuple[str, ...], as_json: bool) -> int:
    """Show everything known about recordings: format, level, noise, speakers, verdicts.

    Needs no voice file, no network and no credentials. The `checks` of
    voicectl.yaml hold; the exit code is 1 if a finding is an error, or a file
    cannot be opened: the others are shown all the same.

    \b
    Examples:
      voicectl inspect take3.wav
      voicectl inspect *.mp3 --json
    """
    from reconciler.apply.inspection import inspect
    from reconciler.cli.failures import fail, tell
    from reconciler.report.inspected import inspected_json, inspected_text

    with settings.sample_progress() as progress:
        inspection = inspect(settings.workspace(), files, settings.directory, progress)
    samples = inspection.samples
    if as_json:
        sys.stdout.write(inspected_json(samples))
    else:
        width = shutil.get_terminal_size((80, 24)).columns
        encoding = sys.stdout.encoding or "ascii"
        sys.stdout.write(inspected_text(samples, paint=settings.paint, width=min(width, 120), encoding=encoding))
    tell(inspection.diagnostics)
    for error in inspection.missing:
        fail(error)
    return 1 if inspection.errors else 0
