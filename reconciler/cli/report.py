"""voicectl report."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.settings import Settings, option, voice_command


@voice_command("Write a page to review plan and samples.")
@option("--out", "out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="The HTML file to write.")
@option("--audio", type=click.Choice(["embed", "link", "none"]), default="embed", help="Recordings. Default: embed.")
@option("--offline", is_flag=True, help="No network, no credentials: compare with state only.")
@option("--refresh/--no-refresh", default=True, help="Read the account, or trust state.")
@option("--target", "targets", multiple=True, metavar="KEY", help="Only this voice (or pattern); repeatable.")
def command(
    settings: Settings, *, out: Path, audio: str, offline: bool, refresh: bool, targets: tuple[str, ...]
) -> int:
    """Write one HTML page to review: the plan, waveforms, players, measurements.

    The page needs no network and can be sent to anybody. With --audio embed,
    recordings of voices that would change, or that have findings, are inside.
    Findings do not change the exit code: they are what the page is for.

    \b
    Examples:
      voicectl report --out review.html
      voicectl report --offline --audio link --out review.html
    """
    from reconciler.apply.clock import system_clock
    from reconciler.apply.planning import PlanRequest, Refresh, plan_once
    from reconciler.report.html.gather import Audio, Review, gather
    from reconciler.report.html.page import render_page
    from reconciler.state.files import write_atomically

    mode = Refresh.OFFLINE if offline else Refresh.FULL if refresh else Refresh.STATE
    workspace = settings.workspace()
    path = settings.directory / out
    with settings.sample_progress() as progress:
        planned = plan_once(workspace, PlanRequest(targets=targets, refresh=mode), system_clock, progress)
        page = gather(workspace, planned, Review(path, Audio(audio)), progress)
    text = render_page(page)
    write_atomically(path, text)
    if not settings.quiet:
        click.echo(f"Wrote {out} ({len(text.encode()) / 1e6:.1f} MB).", err=True)
    return 0
