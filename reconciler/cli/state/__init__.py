"""voicectl state: a group, with a module for each kind of work."""

from __future__ import annotations

import click

from reconciler.cli.state.looking import list_keys, pull, show
from reconciler.cli.state.merge import merge
from reconciler.cli.state.rebuild import rebuild
from reconciler.cli.state.surgery import forget, move, push


@click.group(name="state")
def command() -> None:
    """Look after the state document.

    Whatever is replaced is kept below .voicectl/backups first.

    \b
    Examples:
      voicectl state list
      voicectl state show narrator
    """


command.add_command(list_keys, "list")
command.add_command(show, "show")
command.add_command(move, "mv")
command.add_command(forget, "rm")
command.add_command(rebuild, "rebuild")
command.add_command(pull, "pull")
command.add_command(push, "push")
command.add_command(merge, "merge")
