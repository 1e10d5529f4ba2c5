"""voicectl state merge."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.settings import Settings, option, voice_command
from reconciler.errors import UsageError


@voice_command("Merge two state documents by voice, for git.")
@click.argument("base", metavar="[%O]", required=False, type=click.Path(path_type=Path))
@click.argument("ours", metavar="[%A]", required=False, type=click.Path(path_type=Path))
@click.argument("theirs", metavar="[%B]", required=False, type=click.Path(path_type=Path))
@click.argument("name", metavar="[%P]", required=False)
@option("--install", is_flag=True, help="Make git call this in the repository.")
def merge(
    settings: Settings, *, base: Path | None, ours: Path | None, theirs: Path | None, name: str | None, install: bool
) -> None:
    """Merge two state documents by voice; git calls this as a merge driver.

    Branches that change different voices merge without a conflict. A voice
    that both change is one: exit 1, and the file has conflict markers.

    \b
    Example:
      voicectl state merge --install
    """
    from reconciler.git.merge_driver import install as install_driver
    from reconciler.git.merge_driver import merge_files
    from reconciler.git.repository import open_repository

    if install:
        workspace = settings.workspace()
        repository = open_repository(workspace.root, workspace.environ)
        states = workspace.project.state_files
        for line in install_driver(repository, workspace.root, states) or ("nothing to do: it is installed",):
            click.echo(line, err=True)
    elif base is None or ours is None or theirs is None:
        raise UsageError("Three files are needed", fix="git calls it as `voicectl state merge %O %A %B %P`")
    else:
        folder = settings.directory
        merge_files(folder / base, folder / ours, folder / theirs, name or str(ours))
