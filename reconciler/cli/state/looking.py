"""voicectl state list, show and pull: they write nothing and need no lock."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from reconciler.cli.settings import Settings, option, voice_command
from reconciler.errors import VoicectlError


@voice_command("List the keys that state has a record of.")
@click.argument("patterns", nargs=-1, metavar="[PATTERN]...")
@option("--id", "voice_id", metavar="VOICE_ID", help="Only the key that has this voice, kept ones included.")
@click.option("--json", "as_json", is_flag=True, envvar="VOICECTL_JSON", help="As JSON, with voice id and status.")
def list_keys(settings: Settings, *, patterns: tuple[str, ...], voice_id: str | None, as_json: bool) -> None:
    """List the keys of the state document, one a line.

    A PATTERN is a key, or has `*` in it.

    \b
    Examples:
      voicectl state list 'support/*'
      voicectl state list --id 0d9c1bd4-7a15-4c52-a3c0-1b1f6c7b6e0e
    """
    from reconciler.report.paint import printable
    from reconciler.report.state_record import listing_json
    from reconciler.state.selection import select

    chosen = select(settings.store().load(), patterns, voice_id)
    if as_json:
        sys.stdout.write(listing_json(chosen))
    else:
        sys.stdout.write("".join(f"{printable(key)}\n" for key in chosen))


@voice_command("Show what state records of a voice.")
@click.argument("key")
@click.option("--json", "as_json", is_flag=True, envvar="VOICECTL_JSON", help="As in the state document.")
def show(settings: Settings, *, key: str, as_json: bool) -> None:
    """Show the record of KEY: what the last apply sent and saw.

    \b
    Example:
      voicectl state show support/anna
    """
    from reconciler.report.state_record import record_json, render_record
    from reconciler.state.selection import check_known

    loaded = settings.store().load()
    check_known(loaded, [key])
    record = loaded.voices[key]
    sys.stdout.write(record_json(record) if as_json else render_record(key, record))


@voice_command("Print the state document as it is stored.")
@option("--out", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write it there.")
def pull(settings: Settings, *, out: Path | None) -> None:
    """Print the state document, byte for byte as it is stored.

    Also one that is corrupt, so that it can be saved: then the exit code is 1.

    \b
    Example:
      voicectl state pull --out voices.pulled.json
    """
    from reconciler.state.files import write_atomically

    store = settings.store()
    snapshot = store.backend.read()
    if snapshot is None:
        raise VoicectlError("There is no state document yet", where=store.name, fix="the first apply writes it")
    if out is None:
        click.echo(snapshot.text.encode(), nl=False)
    else:
        write_atomically(settings.directory / out, snapshot.text)
    store.parse(snapshot)
    if store.journals():
        click.echo(
            "A run died here, or is under way: what its journal says is not in this document. "
            "`voicectl apply` writes it there.",
            err=True,
        )
