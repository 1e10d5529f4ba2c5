"""voicectl get."""

from __future__ import annotations

import click

from reconciler.cli.settings import Settings, option, voice_command
from reconciler.errors import VoicectlError


@voice_command("Print the id of a voice that is ready.")
@click.argument("key")
@option("--verify", "verified", is_flag=True, help="Ask the server whether it still has the voice.")
def command(settings: Settings, *, key: str, verified: bool) -> None:
    """Print the voice id of KEY, from state; the API is not asked.

    A voice that is unknown or not ready: nothing on stdout, exit 1. With
    --verify also one that the server does not have ready any more.

    \b
    Examples:
      export VOICE_ID=$(voicectl get narrator --env prod)
      voicectl get narrator --verify
    """
    loaded = settings.store().load()
    voices = loaded.voices
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
    if verified and record.voice_id is not None:
        import asyncio

        from reconciler.apply.verify import verify

        asyncio.run(verify(settings.workspace(), loaded, key, record.voice_id))
    click.echo(record.voice_id)
