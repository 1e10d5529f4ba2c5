"""voicectl plan."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.settings import Settings, option, voice_command
from reconciler.errors import VoicectlError

if TYPE_CHECKING:
    from reconciler.apply.planning import PlanRequest

CHANGES = 2
"""The exit code of --detailed-exitcode for a plan with changes."""


@voice_command("Show what apply would do. Writes nothing.")
@option("--out", "out", type=click.Path(path_type=Path, dir_okay=False), help="Save the plan for `apply FILE`.")
@click.option("--json", "as_json", is_flag=True, envvar="VOICECTL_JSON", help="Short for --format json.")
@option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="Default: text.")
@option("--detailed-exitcode", is_flag=True, help="Exit 2 when there are changes.")
@option("--refresh/--no-refresh", default=True, help="Read the account, or trust state.")
@option("--offline", is_flag=True, help="No network, no credentials: compare with state only.")
@option("--target", "targets", multiple=True, metavar="KEY", help="Only this voice (or pattern); repeatable.")
@option("--replace", "replaced", multiple=True, metavar="KEY", help="Clone this voice anew; repeatable.")
def command(
    settings: Settings,
    *,
    out: Path | None,
    as_json: bool,
    form: str,
    detailed_exitcode: bool,
    refresh: bool,
    offline: bool,
    targets: tuple[str, ...],
    replaced: tuple[str, ...],
) -> int:
    """Show what apply would do. Sends GET requests only, and never touches state.

    \b
    Examples:
      voicectl plan
      voicectl plan --target 'support/*' --json
      voicectl plan --out voices.plan && voicectl apply voices.plan
    """
    from reconciler.apply.planning import PlanRequest, Refresh

    mode = Refresh.OFFLINE if offline else Refresh.FULL if refresh else Refresh.STATE
    request = PlanRequest(targets=targets, replace=replaced, refresh=mode)
    return _plan(settings, request, out=out, as_json=as_json or form == "json", detailed=detailed_exitcode)


def _plan(settings: Settings, request: PlanRequest, *, out: Path | None, as_json: bool, detailed: bool) -> int:
    import json

    from reconciler.apply.clock import system_clock
    from reconciler.apply.planning import plan_once
    from reconciler.plan.document import errored_to_json, plan_to_json
    from reconciler.plan.saved import render_saved
    from reconciler.report.text import render_plan
    from reconciler.state.files import write_atomically

    try:
        planned = asyncio.run(plan_once(settings.workspace(), request, system_clock))
    except VoicectlError as error:
        if as_json:
            click.echo(json.dumps(errored_to_json(settings.environment, error), indent=2, ensure_ascii=False))
        raise
    plan = planned.plan
    if as_json:
        click.echo(json.dumps(plan_to_json(plan), indent=2, ensure_ascii=False))
    else:
        sys.stdout.write(render_plan(plan, paint=settings.paint, declared=len(planned.desired.voices)))
    if planned.errors:
        return 1
    if out is not None:
        write_atomically(settings.directory / out, render_saved(plan))
    return CHANGES if detailed and not plan.empty else 0
