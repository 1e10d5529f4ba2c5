"""voicectl schema."""

from __future__ import annotations

import click

from reconciler.cli.settings import Settings, voice_command


@voice_command("Print the JSON Schema of a file.")
@click.argument("name", type=click.Choice(["voice", "project", "plan", "state"]))
def command(settings: Settings, *, name: str) -> None:
    """Print the JSON Schema (draft 2020-12) of a voice file, voicectl.yaml, a plan or the state document.

    \b
    Example:
      voicectl schema voice > voice.schema.json
    """
    from reconciler.cli.schemas import schema_text

    del settings
    click.echo(schema_text(name), nl=False)
