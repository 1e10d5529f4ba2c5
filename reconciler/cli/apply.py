"""voicectl apply."""

from __future__ import annotations

import asyncio
import contextlib
import shlex
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.duration import Duration
from reconciler.cli.settings import Settings, option, voice_command
from reconciler.errors import RefusedError, UsageError, VoicectlError

if TYPE_CHECKING:
    from reconciler.apply.planning import Planned
    from reconciler.plan.saved import SavedPlan
    from reconciler.report.apply_view import ApplyView


@voice_command("Bring the account to where the files say.")
@click.argument("plan_file", metavar="[PLAN]", required=False, type=click.Path(path_type=Path, dir_okay=False))
@option("-y", "--yes", is_flag=True, help="Do not ask.")
@option("--parallelism", type=click.IntRange(1, 100), help="Voices at a time. Default: 8, or voicectl.yaml's.")
@option("--wait/--no-wait", default=True, help="Wait until the voices are ready.")
@option("--timeout", type=Duration(), default="30m", help="How long the run may take. Default: 30m.")
@option("--allow-deletes", is_flag=True, help="Delete more than the safety limits let pass.")
@option("--target", "targets", multiple=True, metavar="KEY", help="Only this voice (or pattern); repeatable.")
@option("--replace", "replaced", multiple=True, metavar="KEY", help="Clone this voice anew; repeatable.")
@click.option("--json", "as_json", is_flag=True, envvar="VOICECTL_JSON", help="One event a line on stdout.")
def command(
    settings: Settings,
    *,
    plan_file: Path | None,
    yes: bool,
    parallelism: int | None,
    wait: bool,
    timeout: float,
    allow_deletes: bool,
    targets: tuple[str, ...],
    replaced: tuple[str, ...],
    as_json: bool,
) -> int:
    """Bring the account to where the files say, exactly once.

    Without PLAN the plan is made now, shown, and asked about. A saved PLAN is
    the approval: it is carried out if nothing has changed since.

    \b
    Examples:
      voicectl apply
      voicectl --env local apply --yes
      voicectl apply --target narrator --timeout 5m
      voicectl apply voices.plan
    """
    from reconciler.apply.clock import system_clock
    from reconciler.apply.planning import PlanRequest
    from reconciler.apply.run import ApplyRequest, run_apply

    view = _view(settings, as_json=as_json)
    try:
        workspace = settings.workspace()
        saved = _load(settings, plan_file) if plan_file else None
        if saved is not None and (targets or replaced):
            raise UsageError("A saved plan has its own --target and --replace", fix="plan again with other ones")
        if as_json and not yes and saved is None:
            raise RefusedError("--json asks nothing, so it needs --yes or a saved plan", fix="add --yes")
        request = ApplyRequest(
            plan=PlanRequest(
                targets=saved.targets if saved else targets,
                replace=saved.replace if saved else replaced,
                allow_deletes=allow_deletes,
            ),
            parallelism=parallelism or workspace.project.parallelism,
            wait=wait,
            timeout=timeout,
            command=shlex.join(["voicectl", *sys.argv[1:]]),
        )

        def approve(planned: Planned) -> None:
            if saved is not None:
                saved.check(planned.plan)
            elif not yes and not planned.plan.empty:
                _ask(settings)

        run = run_apply(workspace, request, show=view.plan, approve=approve, listener=view.event, clock=system_clock)
        applied = asyncio.run(run)
    except VoicectlError as error:
        view.error(error)
        raise
    view.result(applied)
    if applied.interrupted is not None:
        raise applied.interrupted
    return applied.exit_code


def _load(settings: Settings, path: Path) -> SavedPlan:
    from reconciler.plan.saved import parse_saved

    try:
        text = (settings.directory / path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"Cannot read {path}", why=str(error)) from error
    return parse_saved(text, filename=str(path), environment=settings.environment)


def _view(settings: Settings, *, as_json: bool) -> ApplyView:
    from reconciler.report import progress
    from reconciler.report.apply_view import JsonView, TextView

    shown: progress.ProgressView
    if settings.quiet or (as_json and not settings.log_json):
        shown = progress.NoProgress()
    elif settings.log_json:
        shown = progress.JsonProgress()
    elif sys.stderr.isatty():
        shown = progress.LiveProgress(color=settings.paint_errors.on)
    else:
        shown = progress.PlainProgress()

    def write(text: str) -> None:
        sys.stdout.write(text)
        sys.stdout.flush()

    return JsonView(write, shown) if as_json else TextView(write, settings.paint, shown)


def _ask(settings: Settings) -> None:
    """Ask a person on a terminal. Raises RefusedError for any word but "yes", and where nobody can answer."""
    if settings.no_input or not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise RefusedError(
            "Nobody said yes to this plan", why="there is no terminal to ask on", fix="add --yes, or apply a saved plan"
        )
    with _default_signals():
        said = click.prompt(
            f"\nApply these changes to the environment {settings.environment!r}? Type `yes` to go on",
            default="",
            show_default=False,
        )
    if said.strip() != "yes":
        raise RefusedError("Not applied: the answer was not `yes`")


@contextlib.contextmanager
def _default_signals() -> Iterator[None]:
    """Let Ctrl-C end a question at once: nothing is in flight yet."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
