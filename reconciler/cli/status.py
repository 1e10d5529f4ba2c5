"""voicectl status."""

from __future__ import annotations

import sys

import click

from reconciler.cli.failures import tell
from reconciler.cli.settings import Settings, option, voice_command
from reconciler.errors import VoicectlError
from reconciler.report.json_text import json_text


@voice_command("Show desired, recorded and actual side by side.")
@click.argument("keys", nargs=-1, metavar="[KEY]...")
@click.option("--json", "as_json", is_flag=True, envvar="VOICECTL_JSON", help="As JSON.")
@option("--refresh/--no-refresh", default=True, help="Read the account, or trust state.")
@option("--offline", is_flag=True, help="No network, no credentials: from files and state only.")
def command(settings: Settings, *, keys: tuple[str, ...], as_json: bool, refresh: bool, offline: bool) -> None:
    """Show every voice: what its file says, what state records, what the account has.

    \b
    Examples:
      voicectl status
      voicectl status narrator --json
    """
    from reconciler.apply.clock import system_clock
    from reconciler.apply.planning import PlanRequest, Refresh, plan_once
    from reconciler.plan.document import diagnostic_to_json, diagnostics_of
    from reconciler.report.status import render_status, status_rows

    mode = Refresh.OFFLINE if offline else Refresh.FULL if refresh else Refresh.STATE
    try:
        planned = plan_once(settings.workspace(), PlanRequest(targets=keys, refresh=mode), system_clock)
    except VoicectlError as error:
        if as_json:
            errored = {"format_version": "1.0", "environment": settings.environment, "errored": True, "voices": []}
            errored["diagnostics"] = [diagnostic_to_json(d) for d in diagnostics_of(error)]
            click.echo(json_text(errored, indent=2), nl=False)
        raise
    tell([diagnostic for diagnostic in planned.plan.diagnostics if diagnostic.rule == "state.copy"])
    rows = status_rows(planned, keys)
    if as_json:
        document = {"format_version": "1.0", "environment": settings.environment, "voices": rows}
        click.echo(json_text(document, indent=2), nl=False)
    else:
        sys.stdout.write(render_status(rows, paint=settings.paint))
