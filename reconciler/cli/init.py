"""voicectl init."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from reconciler.cli.settings import Settings, option, voice_command


@voice_command("Start a repository of voices, or complete one.")
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path, file_okay=False))
@option("--workflows/--no-workflows", default=True, help="Write workflows for GitHub Actions.")
@option("--example/--no-example", default=True, help="Write an example where there is no voice.")
def command(settings: Settings, *, folder: Path | None, workflows: bool, example: bool) -> None:
    """Make DIR (or this folder) a repository of voices that works at once.

    Writes what is missing: voicectl.yaml, an example voice, the schemas that
    editors need, .gitignore, .gitattributes, workflows. Files that are there
    stay as they are; run it again to complete them. Needs no network.

    \b
    Examples:
      voicectl init my-voices
      voicectl init --no-example --no-workflows
    """
    from reconciler.report.scaffolded import scaffolded_text
    from reconciler.scaffold.write import scaffold

    done = scaffold(settings.directory / (folder or "."), os.environ, workflows=workflows, example=example)
    sys.stdout.write(scaffolded_text(done, settings.paint, next_steps=not settings.quiet))
