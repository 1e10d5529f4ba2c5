"""voicectl validate."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from reconciler.cli.settings import Settings, option, voice_command


@voice_command("Check voice files and samples, offline.")
@click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path(path_type=Path))
@option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="Default: text.")
@click.option("--json", "as_json", is_flag=True, envvar="VOICECTL_JSON", help="Short for --format json.")
def command(settings: Settings, *, paths: tuple[Path, ...], form: str, as_json: bool) -> int:
    """Check every voice file and every sample, or only those at PATH.

    Needs no network and no credentials. All problems of all files are shown at
    once; the exit code is 1 if one of them is an error.

    \b
    Examples:
      voicectl validate
      voicectl validate voices/support --json
    """
    from reconciler.apply.validation import validate
    from reconciler.plan.document import diagnostic_to_json
    from reconciler.report.text import render_diagnostics

    result = validate(settings.workspace(), [settings.directory / path for path in paths])
    if as_json or form == "json":
        summary = {"voices": result.voices, "errors": result.errors, "warnings": result.warnings}
        listed = [diagnostic_to_json(d) for d in result.diagnostics]
        document = {"format_version": "1.0", "summary": summary, "diagnostics": listed}
        click.echo(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        sys.stdout.write(render_diagnostics(result.diagnostics, settings.paint))
        counts = [(result.voices, "voice"), (result.errors, "error"), (result.warnings, "warning")]
        voices, errors, warnings = (f"{n} {word}{'' if n == 1 else 's'}" for n, word in counts)
        click.echo(f"{voices} checked: {errors}, {warnings}.")
    return 1 if result.errors else 0
