"""voicectl rollback."""

from __future__ import annotations

import asyncio
import shlex
import sys
from typing import TYPE_CHECKING

import click

from reconciler.cli.applying import ask
from reconciler.cli.failures import tell
from reconciler.cli.settings import Settings, option, voice_command

if TYPE_CHECKING:
    from reconciler.apply.rollback import Rollback
    from reconciler.apply.workspace import Workspace
    from reconciler.git.last_commit import LastCommit


@voice_command("Bring a replaced voice back.")
@click.argument("key")
@option("--to", "voice_id", metavar="VOICE_ID", help="Which one, where several are kept.")
@option("--dry-run", is_flag=True, help="Only say what would be done.")
@option("-y", "--yes", is_flag=True, help="Do not ask.")
def command(settings: Settings, *, key: str, voice_id: str | None, dry_run: bool, yes: bool) -> None:
    """Bring the voice of KEY back that was replaced last, while it lives.

    It lives as long as lifecycle.keep_replaced says; `voicectl status KEY`
    lists what is kept. The voice in use changes places with it, so a second
    rollback returns to it. Nothing is cloned, and nothing is deleted.

    \b
    Examples:
      voicectl rollback narrator
      voicectl rollback narrator --to 0b1f7a52-6c9e-4d0c-9f6e-3a8d27c41b05
    """
    from reconciler.apply.clock import system_clock
    from reconciler.apply.rollback import RollbackRequest, plan_rollback, roll_back
    from reconciler.report.rolled_back import rollback_text, undone_notes

    workspace = settings.workspace()
    request = RollbackRequest(key, voice_id, shlex.join(["voicectl", *sys.argv[1:]]))

    def approve(rollback: Rollback) -> None:
        if not yes:
            sys.stdout.write(rollback_text(rollback, settings.paint, done=False))
            sys.stdout.flush()
            ask(settings, f"Bring this voice back in the environment {settings.environment!r}?", to="this rollback")

    if dry_run:
        rollback = asyncio.run(plan_rollback(workspace, request, workspace.store.load(), system_clock))
    else:
        rollback = asyncio.run(roll_back(workspace, request, approve=approve, clock=system_clock))
    sys.stdout.write(rollback_text(rollback, settings.paint, done=not dry_run))
    in_git = workspace.store.file is not None
    tell(undone_notes(rollback, _commit_of(workspace, rollback), state_in_git=in_git))


def _commit_of(workspace: Workspace, rollback: Rollback) -> LastCommit | None:
    """Return the commit that made the files ask for another voice, as far as git can tell."""
    from reconciler.git.last_commit import last_commit

    if rollback.spec is None or not rollback.undone_by:
        return None
    sample = any(field.path.endswith("sha256") for field in rollback.undone_by)
    file = rollback.spec.sample.file if sample else None
    path = rollback.spec.source.path
    return last_commit(path if file is None else path.parent / file, workspace.environ)
