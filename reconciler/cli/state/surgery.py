"""voicectl state mv, rm and push: changes of the state document by hand."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.settings import Settings, option, voice_command

if TYPE_CHECKING:
    from reconciler.state.lock import Holder
    from reconciler.state.surgery import Operated

dry_run_option = option("--dry-run", is_flag=True, help="Only say what would be written.")


@voice_command("Give a record another key.")
@click.argument("old")
@click.argument("new")
@dry_run_option
def move(settings: Settings, *, old: str, new: str, dry_run: bool) -> None:
    """Give the record of OLD the key NEW, for a voice file that has moved.

    Nothing is sent to the server: the next apply renews the mark there. A plain
    rename of a voice file needs none of this; plan sees that it is a move.

    \b
    Example:
      voicectl state mv narrator stories/narrator
    """
    from reconciler.authoring.place import checked_key
    from reconciler.state.surgery import moving, operate

    new = checked_key(new)
    operated = operate(settings.store(), _holder("mv"), moving(old, new), dry_run=dry_run)
    _tell(operated, dry_run=dry_run)
    if not dry_run:
        click.echo(f"The next plan takes it for the voice of the file with the key {new!r}.", err=True)


@voice_command("Forget records; the voices stay on the server.")
@click.argument("keys", nargs=-1, required=True, metavar="KEY...")
@dry_run_option
def forget(settings: Settings, *, keys: tuple[str, ...], dry_run: bool) -> None:
    """Take records out of the state document. Nothing is sent to the server.

    A voice that carries our mark is found by it again: the next plan adopts it,
    or deletes it where its file is gone. To let go of a voice for good, write
    `lifecycle: {on_remove: forget}`, apply, remove the file, and apply.

    \b
    Example:
      voicectl state rm support/anna --dry-run
    """
    from reconciler.state.surgery import forgetting, operate

    operated = operate(settings.store(), _holder("rm"), forgetting(keys), dry_run=dry_run)
    _tell(operated, dry_run=dry_run)
    if not dry_run:
        click.echo(
            "On the server nothing has changed: voices that carry our mark are found again by the next plan, "
            "which adopts them, or deletes those whose file is gone. `voicectl plan` shows it.",
            err=True,
        )


@voice_command("Put a document in the place of the state document.")
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path))
@option("--force", is_flag=True, help="Even if it is no successor of what is there.")
@dry_run_option
def push(settings: Settings, *, file: Path, force: bool, dry_run: bool) -> None:
    """Put the document FILE (or - for stdin) in the place of the state document.

    Refused: another environment, and, without --force, another lineage, another
    account, or a serial that is not greater than the one that is there.

    \b
    Examples:
      voicectl state push voices.pulled.json --dry-run
      voicectl state pull --env old | voicectl state push -
    """
    from reconciler.errors import StateError
    from reconciler.state.push import push as push_document
    from reconciler.state.push import read_pushed

    try:
        raw = sys.stdin.buffer.read() if str(file) == "-" else (settings.directory / file).read_bytes()
        text = raw.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise StateError("Cannot read the document", where=str(file), why=str(error)) from error
    store = settings.store()
    document = read_pushed(text, filename=str(file), environment=store.environment)
    operated = push_document(store, _holder("push"), document, force=force, dry_run=dry_run)
    _tell(operated, dry_run=dry_run)


def _holder(name: str) -> Holder:
    from reconciler.apply.clock import stamp, system_clock
    from reconciler.state.lock import current_holder

    return current_holder(since=stamp(system_clock()), command=f"voicectl state {name}")


def _tell(operated: Operated, *, dry_run: bool) -> None:
    from reconciler.report.state_record import render_changes

    sys.stdout.write(render_changes(operated.changes))
    for backup in operated.backups:
        click.echo(f"backup: {backup}", err=True)
    verb = "would have" if dry_run else "has"
    click.echo(f"The state document {verb} serial {operated.serial}.", err=True)
