"""voicectl version."""

from __future__ import annotations

import click

from reconciler import __version__
from reconciler.cli.settings import Settings, voice_command


@voice_command("Print the version.")
@click.option("--json", "as_json", is_flag=True, help="As a JSON object.")
def command(settings: Settings, *, as_json: bool) -> None:
    """Print the version.

    \b
    Example:
      voicectl version --json
    """
    del settings
    click.echo(f'{{"version": "{__version__}"}}' if as_json else f"voicectl {__version__}")
