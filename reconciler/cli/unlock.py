"""voicectl unlock."""

from __future__ import annotations

import click

from reconciler.cli.settings import Settings, voice_command


@voice_command("Clear the lock that a dead apply left behind.")
@click.option("--force", is_flag=True, help="Even if its process is alive on this machine.")
def command(settings: Settings, *, force: bool) -> None:
    """Clear the lock of this environment.

    The lock of a process that died on this machine heals by itself; this is
    for a lock that another machine left, in a shared folder or beside a shared
    state document.

    \b
    Example:
      voicectl unlock --env staging
    """
    holders = settings.store().break_lock(force=force)
    for holder in holders:
        click.echo(f"Unlocked. It was held by {holder}.", err=True)
    if not holders:
        click.echo("It was not locked.", err=True)
