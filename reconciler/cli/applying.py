"""What commands that carry out a plan have in common: their options, the question, and how the run is told."""

from __future__ import annotations

import contextlib
import functools
import shlex
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, NoReturn

import click

from reconciler.cli.duration import Duration
from reconciler.cli.github_files import tell_applied, tell_failed
from reconciler.cli.outputs import write_outputs
from reconciler.cli.settings import Settings, option
from reconciler.errors import InterruptedRunError, RefusedError, UsageError, VoicectlError

if TYPE_CHECKING:
    from reconciler.apply.planning import Planned, PlanRequest
    from reconciler.apply.run import Applied
    from reconciler.apply.workspace import Workspace
    from reconciler.git.commit import Place
    from reconciler.plan.change import Plan
    from reconciler.report.apply_view import ApplyView

_OPTIONS: tuple[Callable[[Callable[..., int]], Callable[..., int]], ...] = (
    option("-y", "--yes", is_flag=True, help="Do not ask."),
    option("--parallelism", type=click.IntRange(1, 100), help="Voices at a time. Default: 8, or voicectl.yaml's."),
    option("--wait/--no-wait", default=True, help="Wait until the voices are ready."),
    option("--timeout", type=Duration(), default="30m", help="How long the run may take. Default: 30m."),
    option("--lock-timeout", type=Duration(), default="0s", help="How long to wait for a lock. Default: 0s."),
    option(
        "--allow-finding",
        "allowed",
        multiple=True,
        metavar="RULE",
        help="Upload samples in spite of this finding; repeatable.",
    ),
    option("--keep-going", is_flag=True, help="Apply the rest when a sample must not be uploaded."),
    option("--commit", is_flag=True, help="Commit the state document afterwards, and only that."),
    option("--push", is_flag=True, help="With --commit: push to the branch's upstream."),
    click.option("--json", "as_json", is_flag=True, envvar="VOICECTL_JSON", help="One event a line on stdout."),
)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What these options say."""

    yes: bool
    parallelism: int | None
    """None: as voicectl.yaml says."""
    wait: bool
    timeout: float
    """Seconds."""
    lock_timeout: float
    """Seconds."""
    allowed: tuple[str, ...]
    """Rules whose errors shall not keep a sample from being uploaded."""
    keep_going: bool
    commit: bool
    push: bool
    as_json: bool


def applying_options(function: Callable[..., int]) -> Callable[..., int]:
    """Add the options of a command that carries out a plan; its function gets them as `wishes`."""

    @functools.wraps(function)
    def call(settings: Settings, **values: Any) -> int:
        wishes = Wishes(**{field.name: values.pop(field.name) for field in fields(Wishes)})
        return function(settings, wishes=wishes, **values)

    for decorate in reversed(_OPTIONS):
        decorate(call)  # click writes its parameters into the function itself
    return call


@dataclass(frozen=True, slots=True)
class Prepared:
    """What shall be planned."""

    request: PlanRequest
    approved: Callable[[Plan], None] | None = None
    """Raises RefusedError for another plan than the one that was approved before; None: somebody has to say yes."""
    dry_run: bool = False
    """The plan is shown, and that is all."""
    shown: bool = False
    """What will be done was shown in another form already."""


def carry_out(settings: Settings, wishes: Wishes, prepare: Callable[[Workspace], Prepared | None], *, name: str) -> int:
    """Plan, show, ask and apply; returns the exit code. `prepare` says what, or None where there is nothing to plan.

    Every error is told where the result would have been told: as the last event, and to the step of a workflow.
    """
    view = _view(settings, as_json=wishes.as_json)
    try:
        from reconciler.apply.sample_checks import require_rules

        require_rules(wishes.allowed)
        workspace = settings.workspace()
        prepared = prepare(workspace)
        if prepared is None:
            return 0
        if prepared.dry_run:
            return _show(settings, workspace, prepared, view)
        if wishes.as_json and not wishes.yes and prepared.approved is None:
            raise RefusedError("--json asks nothing, so it needs --yes or a saved plan", fix="add --yes")
        place = _place(workspace, commit=wishes.commit, push=wishes.push)
        applied = _apply(settings, wishes, workspace, prepared, view)
    except VoicectlError as error:
        view.error(error)
        tell_failed(settings, name, error)
        raise
    view.result(applied)
    tell_applied(settings, applied)
    try:
        if place is not None:
            _commit(settings, place, applied, as_json=wishes.as_json)
        if prepared.request.outputs:
            write_outputs(settings, workspace, prepared.request.outputs, applied)
    except VoicectlError as error:
        view.error(error)
        tell_failed(settings, name, error)
        raise
    if applied.interrupted is not None:
        raise applied.interrupted
    return applied.exit_code


def _show(settings: Settings, workspace: Workspace, prepared: Prepared, view: ApplyView) -> int:
    from reconciler.apply.clock import system_clock
    from reconciler.apply.planning import plan_once

    with settings.sample_progress() as progress:
        planned = plan_once(workspace, prepared.request, system_clock, progress)
    view.plan(planned)
    return 1 if planned.errors else 0


def _apply(settings: Settings, wishes: Wishes, workspace: Workspace, prepared: Prepared, view: ApplyView) -> Applied:
    from reconciler.apply.clock import system_clock
    from reconciler.apply.event_loop import in_event_loop
    from reconciler.apply.run import ApplyRequest, run_apply

    request = ApplyRequest(
        plan=replace(prepared.request, ask_upstream=wishes.push),
        parallelism=wishes.parallelism or workspace.project.parallelism,
        wait=wishes.wait,
        keep_going=wishes.keep_going,
        timeout=wishes.timeout,
        lock_timeout=wishes.lock_timeout,
        command=shlex.join(["voicectl", *sys.argv[1:]]),
    )

    def approve(planned: Planned) -> None:
        if prepared.approved is not None:
            prepared.approved(planned.plan)
        elif not wishes.yes and not planned.plan.empty:
            question = f"Apply these changes to the environment {settings.environment!r}?"
            ask(settings, question, to="this plan", fix="add --yes, or apply a saved plan")

    with settings.sample_progress() as progress:
        run = run_apply(
            workspace,
            request,
            show=_nothing if prepared.shown and not wishes.as_json else view.plan,
            approve=approve,
            listener=view.event,
            clock=system_clock,
            on_checked=progress,
        )
        return in_event_loop(run)


def _nothing(planned: Planned) -> None:
    del planned


def _place(workspace: Workspace, *, commit: bool, push: bool) -> Place | None:
    """Return where to commit. Raises RefusedError where that will not be possible."""
    if push and not commit:
        raise UsageError("--push needs --commit", fix="add --commit")
    if not commit:
        return None
    from reconciler.git.commit import check_place

    if workspace.store.file is None:
        fix = "leave --commit out: every apply writes the document where the others read it"
        raise UsageError("There is nothing to commit: state is not in git", where=workspace.store.name, fix=fix)
    return check_place(workspace.root, workspace.store.file, workspace.environment.name, workspace.environ, push=push)


def _commit(settings: Settings, place: Place, applied: Applied, *, as_json: bool) -> None:
    from reconciler.git.state_commit import commit_state
    from reconciler.report.commit import commit_line, commit_message, commit_text

    committed = commit_state(place, lambda before, after: commit_message(before, after, applied.outcomes))
    sys.stdout.write(commit_line(committed) if as_json else commit_text(committed, settings.paint))


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


def ask(settings: Settings, question: str, *, to: str, fix: str = "add --yes") -> None:
    """Ask a person on a terminal. Raises RefusedError for any word but "yes", and where nobody can answer."""
    if settings.no_input or not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise RefusedError(f"Nobody said yes to {to}", why="there is no terminal to ask on", fix=fix)
    with _default_signals():
        said = click.prompt(f"\n{question} Type `yes` to go on", default="", show_default=False)
    if said.strip() != "yes":
        raise RefusedError("Not applied: the answer was not `yes`")


@contextlib.contextmanager
def _default_signals() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM end a question at once: nothing is in flight, and the event loop hears nothing now."""
    before = {
        signal.SIGINT: signal.signal(signal.SIGINT, signal.default_int_handler),
        signal.SIGTERM: signal.signal(signal.SIGTERM, _terminated),
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _terminated(number: int, frame: object) -> NoReturn:
    del frame
    raise InterruptedRunError("Terminated", exit_code=128 + number, fix="nothing was changed; run again")
