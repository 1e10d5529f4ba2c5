"""voicectl mv."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from reconciler.cli.settings import Settings, option, voice_command

if TYPE_CHECKING:
    from reconciler.state.lock import Holder
    from reconciler.state.store import StateStore


@voice_command("Give a voice another key.")
@click.argument("old")
@click.argument("new")
@option("--dry-run", is_flag=True, help="Only say what would be moved.")
def command(settings: Settings, *, old: str, new: str, dry_run: bool) -> None:
    """Give the voice OLD the key NEW: its folder or file, its recording, its state.

    Moves the recording with the voice file where it lies beside it and no other
    voice uses it. Comments stay. OLD is written under `previously`, so that
    environments whose state is elsewhere move the voice, too, and clone
    nothing. All or nothing. Nothing is sent to the server: the next apply
    renews the mark there.

    \b
    Examples:
      voicectl mv narrator stories/narrator
      voicectl mv support/anna support/bea --dry-run
    """
    from reconciler.authoring.carry_move import carry_out
    from reconciler.authoring.move import plan_move
    from reconciler.report.moved import moved_text

    workspace = settings.workspace()
    project = workspace.project
    move = plan_move(project, old, new)
    moved = carry_out(move, {name: _store(settings, name) for name in project.environments}, _holder(), dry_run=dry_run)
    sys.stdout.write(moved_text(moved, project.root, dry_run=dry_run, next_steps=not settings.quiet))


def _store(settings: Settings, environment: str) -> StateStore:
    from reconciler.apply.workspace import open_workspace

    return open_workspace(settings.root, environment, os.environ).store


def _holder() -> Holder:
    from reconciler.apply.clock import stamp, system_clock
    from reconciler.state.lock import current_holder

    return current_holder(since=stamp(system_clock()), command="mv")
