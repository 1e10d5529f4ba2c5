"""voicectl get."""

from __future__ import annotations

import click

from reconciler.cli.settings import Settings, voice_command
from reconciler.errors import VoicectlError


@voice_command("Print the id of a voice that is ready.")
@click.argument("key")
def command(settings: Settings, *, key: str) -> None:
    """Print the voice id of KEY, from state, without asking the network.

    A voice that is unknown or not ready: nothing on stdout, exit 1.

    \b
    Example:
      export VOICE_ID=$(voicectl get narrator --env prod)
    """
    voices = settings.store().load().voices
    record = voices.get(key)
    if record is None:
        from reconciler.suggest import suggest

        near = suggest(key, voices)
        fix = f"did you mean {near!r}?" if near else "apply it first; `voicectl status` lists the keys"
        raise VoicectlError(f"There is no voice {key!r} in the environment {settings.environment!r}", fix=fix)
    if not record.ready:
        why = "; ".join(record.last_error.problems) if record.last_error else ""
        raise VoicectlError(
            f"The voice {key!r} is not ready, it is {record.status}", why=why, fix="`voicectl apply` goes on with it"
        )
    click.echo(record.voice_id)
