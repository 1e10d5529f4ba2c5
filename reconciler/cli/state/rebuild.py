"""voicectl state rebuild."""

from __future__ import annotations

import click

from reconciler.cli.settings import Settings, option, voice_command


@voice_command("Make the state document anew from the server.")
@option("--dry-run", is_flag=True, help="Only say what would be written.")
def rebuild(settings: Settings, *, dry_run: bool) -> None:
    """Make the state document anew from the marks on the server.

    For a document that is lost, corrupt or of a newer version. The old one is
    set aside, never deleted. Nothing is cloned and nothing is changed on the
    server; `voicectl plan` then shows what is left to do.

    \b
    Example:
      voicectl state rebuild --dry-run
    """
    import asyncio

    from reconciler.apply.clock import system_clock
    from reconciler.apply.rebuild import rebuild as rebuild_state
    from reconciler.state.selection import listed

    rebuilt = asyncio.run(rebuild_state(settings.workspace(), system_clock, dry_run=dry_run))
    for backup in rebuilt.backups:
        click.echo(f"set aside: {backup}", err=True)
    for key, record in sorted(rebuilt.document.voices.items()):
        click.echo(f"{key}\t{record.voice_id}\t{record.status}")
    verb = "would be" if dry_run else "are"
    click.echo(f"{len(rebuilt.document.voices)} voices {verb} recorded.", err=True)
    if rebuilt.left_out:
        click.echo(
            f"Not recorded any more: {listed(rebuilt.left_out)}. This account has no such voices with our mark; "
            "if it should have, look whose credentials these are, and bring the old document back with "
            "`voicectl state push FILE --force`.",
            err=True,
        )
