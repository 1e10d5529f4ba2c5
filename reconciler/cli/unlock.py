"""voicectl unlock."""

from __future__ import annotations

import click

from reconciler.cli.settings import Settings, voice_command


@voice_command("Clear the lock that a dead apply left behind.")
@click.option("--force", is_flag=True, help="Even if its process is alive on this machine.")
def command(settings: Settings, *, force: bool) -> None:
    """Clear the lock of this environment.

    The lock of a process that died on this machine heals by itself; this is
    for a lock that another machine left in a shared folder.

    \b
    Example:
      voicectl unlock --env staging
    """
    from reconciler.state.lock import break_lock

    holder = break_lock(settings.store().lock_path, force=force)
    click.echo(f"Unlocked. It was held by {holder}." if holder else "It was not locked.", err=True)
