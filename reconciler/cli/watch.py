"""voicectl watch."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import os
import sys
from collections.abc import Coroutine, Iterator
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.duration import Duration
from reconciler.cli.settings import Settings, option, voice_command
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from reconciler.watch.watcher import Display, Options, Watcher


@voice_command("Plan again at each save, live.")
@option("--apply", "apply", is_flag=True, help="Carry out what is clean; never a delete.")
@option("--poll", type=Duration(), default="60s", help="Pace of the looks at the account. Default: 60s.")
@option(
    "--serve",
    metavar="[PORT]",
    is_flag=False,
    flag_value="0",
    type=click.IntRange(0, 65535),
    help="The review page, live on this machine. Default: any free port.",
)
@click.option("--json", "as_json", is_flag=True, envvar="VOICECTL_JSON", help="One event a line on stdout.")
def command(settings: Settings, *, apply: bool, poll: float, serve: int | None, as_json: bool) -> int:
    """Show all voices live: what is declared, planned, heard and there.

    Without --env this works on the environment `local`, which needs no account
    and costs nothing. Ctrl-C ends it.

    \b
    Examples:
      voicectl watch
      voicectl watch --apply --serve
      voicectl --env default watch --poll 5m
    """
    from reconciler.watch.watcher import Options

    if poll < 1:
        raise UsageError("--poll is shorter than a second", fix="write for example 60s")
    settings = _local_unless_named(settings)
    return asyncio.run(_watch(settings, Options(apply=apply, poll=poll), serve, as_json=as_json))


async def _watch(settings: Settings, options: Options, port: int | None, *, as_json: bool) -> int:
    from reconciler.apply.clock import system_clock
    from reconciler.watch.news import JsonLines, Lines

    def write(text: str) -> None:
        sys.stdout.write(text)
        sys.stdout.flush()

    if as_json or not (sys.stdin.isatty() and sys.stdout.isatty()) or os.environ.get("TERM") == "dumb":
        lines = JsonLines(write, system_clock) if as_json else Lines(write, system_clock)
        with _watcher(settings, options, lines, port) as (watcher, beside):
            return await watcher.run(*beside)
    from reconciler.watch.screen import Screen

    title = f"watch{' --apply' if options.apply else ''}: {settings.root.name}, environment {settings.environment}"
    screen = Screen(title=title, color=settings.paint.on, clock=system_clock)
    with _watcher(settings, options, screen, port) as (watcher, beside):
        screen.obey(watcher)
        with screen:
            return await watcher.run(*beside)


@contextlib.contextmanager
def _watcher(
    settings: Settings, options: Options, display: Display, port: int | None
) -> Iterator[tuple[Watcher, list[Coroutine[Any, Any, None]]]]:
    """Return what watches, and what runs beside it."""
    from reconciler.apply.clock import system_clock
    from reconciler.watch.watcher import Watcher

    if port is None:
        yield Watcher(settings.workspace, options, display, system_clock), []
        return
    from reconciler.watch.serve.app import LiveServer
    from reconciler.watch.serve.live_page import LivePage
    from reconciler.watch.serve.serving import AlsoInBrowser, source_of

    page = LivePage(lambda: source_of(watcher))
    server = LiveServer(page, port)
    click.echo(f"The page is at {server.url}", err=True)
    display.say(f"The page is at {server.url}")
    watcher = Watcher(settings.workspace, options, AlsoInBrowser(display, page), system_clock)
    yield watcher, [page.run(), server.run()]


def _local_unless_named(settings: Settings) -> Settings:
    """Work on `local` unless an environment was asked for: an author's tries cost nothing then."""
    from reconciler.desired.root import LOCAL

    context = click.get_current_context()
    named = context.params.get("env") or context.find_root().params.get("env")
    if named is None and not settings.quiet:
        click.echo("The environment is `local`: nothing here reaches an account; --env names another one.", err=True)
    return settings if named else dataclasses.replace(settings, environment=LOCAL)
