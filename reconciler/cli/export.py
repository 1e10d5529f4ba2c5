"""voicectl export."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.settings import Settings, option, voice_command


@voice_command("Write voice ids for the products that use them.")
@option(
    "--format", "form", type=click.Choice(["json", "env", "python", "typescript"]), default="json",
    help="Default: json.",
)  # fmt: skip
@option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write to this file, whole or not at all.")
def command(settings: Settings, *, form: str, out: Path | None) -> None:
    """Write alias and voice id of every voice that is ready, from state.

    The same state always gives the same bytes, and an id that moves changes
    one line.

    \b
    Examples:
      voicectl export --format env > voices.env
      voicectl export --format typescript --out src/voices.ts
    """
    from reconciler.report.export import Form, render_export
    from reconciler.state.exported import exported
    from reconciler.state.files import write_atomically

    voices = settings.store().load().voices
    text = render_export(exported(voices), Form(form))
    waiting = sorted(key for key, record in voices.items() if not record.ready)
    if waiting and not settings.quiet:
        click.echo(f"not ready, so left out: {', '.join(waiting)}", err=True)
    if out is None:
        click.echo(text, nl=False)
    else:
        write_atomically(settings.directory / out, text)
