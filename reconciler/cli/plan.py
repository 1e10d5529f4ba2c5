"""voicectl plan."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

import click

from reconciler.cli.formats import chosen, format_options
from reconciler.cli.github_files import tell_failed, tell_plan
from reconciler.cli.settings import Settings, option, voice_command
from reconciler.errors import VoicectlError
from reconciler.report.json_text import json_text

if TYPE_CHECKING:
    from reconciler.apply.planning import Planned, PlanRequest

CHANGES = 2
"""The exit code of --detailed-exitcode for a plan with changes."""


class Form(StrEnum):
    """Who reads the plan."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    GITHUB = "github"


@voice_command("Show what apply would do. Writes nothing.")
@option("--out", "out", type=click.Path(path_type=Path, dir_okay=False), help="Save the plan for `apply FILE`.")
@format_options(Form)
@option("--detailed-exitcode", is_flag=True, help="Exit 2 when there are changes.")
@option("--refresh/--no-refresh", default=True, help="Read the account, or trust state.")
@option("--offline", is_flag=True, help="No network, no credentials: compare with state only.")
@option("--target", "targets", multiple=True, metavar="KEY", help="Only this voice (or pattern); repeatable.")
@option("--replace", "replaced", multiple=True, metavar="KEY", help="Clone this voice anew; repeatable.")
def command(
    settings: Settings,
    *,
    out: Path | None,
    form: str | None,
    as_json: bool,
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
      voicectl plan --format markdown > comment.md
      voicectl plan --out voices.plan && voicectl apply voices.plan
    """
    from reconciler.apply.planning import PlanRequest, Refresh

    wanted = chosen(Form, form, as_json=as_json)
    mode = Refresh.OFFLINE if offline else Refresh.FULL if refresh else Refresh.STATE
    request = PlanRequest(targets=targets, replace=replaced, refresh=mode)
    try:
        return _plan(settings, request, wanted, out=out, detailed=detailed_exitcode)
    except VoicectlError as error:
        tell_failed(settings, "plan", error)
        raise


def _plan(settings: Settings, request: PlanRequest, form: Form, *, out: Path | None, detailed: bool) -> int:
    from reconciler.apply.clock import system_clock
    from reconciler.apply.planning import plan_once

    try:
        with settings.sample_progress() as progress:
            planned = plan_once(settings.workspace(), request, system_clock, progress)
    except VoicectlError as error:
        sys.stdout.write(_rendered_error(settings, form, error))
        raise
    plan = planned.plan
    sys.stdout.write(_rendered(settings, form, planned))
    code = 1 if planned.errors else CHANGES if detailed and not plan.empty else 0
    if out is not None and not planned.errors:
        from reconciler.plan.saved import render_saved
        from reconciler.state.files import write_atomically

        write_atomically(settings.directory / out, render_saved(plan))
    tell_plan(settings, plan, exit_code=code)
    return code


def _rendered(settings: Settings, form: Form, planned: Planned) -> str:
    match form:
        case Form.TEXT:
            from reconciler.report import text

            return text.render_plan(planned.plan, paint=settings.paint, declared=len(planned.desired.voices))
        case Form.JSON:
            from reconciler.plan.document import plan_to_json

            return json_text(plan_to_json(planned.plan), indent=2)
        case Form.MARKDOWN:
            from reconciler.report import markdown

            return markdown.render_plan(planned.plan)
        case Form.GITHUB:
            from reconciler.report import github
            from reconciler.report.places import Places

            return github.render_plan_annotations(planned.plan, Places.of(settings.root), see="voicectl plan")
        case _:
            assert_never(form)


def _rendered_error(settings: Settings, form: Form, error: VoicectlError) -> str:
    """Return what stands on stdout in place of a plan. The error itself goes to stderr, in every format."""
    from reconciler.plan.document import diagnostics_of, errored_to_json
    from reconciler.report import github, markdown
    from reconciler.report.places import Places

    match form:
        case Form.TEXT:
            return ""
        case Form.JSON:
            return json_text(errored_to_json(settings.environment, error), indent=2)
        case Form.MARKDOWN:
            return markdown.render_errored(settings.environment, error)
        case Form.GITHUB:
            return github.render_annotations(diagnostics_of(error), Places.of(settings.root), see="voicectl plan")
        case _:
            assert_never(form)
