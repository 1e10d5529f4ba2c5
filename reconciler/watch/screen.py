"""The live view on a terminal: what needs a look first, as many voices as there are lines, and the keys."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import termios
import tty
from collections.abc import Callable, Iterator
from datetime import datetime
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from reconciler.apply.events import Event, Step
from reconciler.apply.run import Applied
from reconciler.errors import Severity, VoicectlError
from reconciler.report.paint import printable
from reconciler.report.progress import SAYS
from reconciler.report.text import SYMBOLS
from reconciler.watch.carrying_out import Selection, select
from reconciler.watch.news import counted, describe, ending, plan_line, problem_line, words_of
from reconciler.watch.view import Heard, Row, View

KEYS = "a apply   / filter   r report   q quit"
COLUMNS = {"KEY": 26, "FILES": 8, "PLAN": 40, "SAMPLE": 9, "SERVER": 9, "LAST EVENT": 18}
"""And how they share the width."""
WORDS = ("FILES", "SAMPLE", "SERVER")
"""Columns of single words, which say nothing when they are cut: they keep their width as long as there is room."""
GAP = 2
"""Spaces between columns."""
DRAW = 0.05
"""Seconds: drawing more often shows nobody more."""
_HEARD = {Heard.GOOD: "green", Heard.WARNING: "yellow", Heard.ERROR: "red", Heard.WAITING: "cyan"}
_SEVERITY = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}


class Commands(Protocol):
    """What keys do."""

    def apply_now(self) -> None:
        """Carry out what is clean."""

    def stop(self, code: int = 0) -> None:
        """End."""

    def report(self) -> None:
        """Write the review page, and say where."""


def widths(terminal: int) -> list[int]:
    """Return the width of each column, in cells, for a terminal of so many."""
    room = terminal - GAP * (len(COLUMNS) - 1)
    kept = {name: COLUMNS[name] for name in WORDS}
    texts = sum(COLUMNS.values()) - sum(kept.values())
    left = room - sum(kept.values())
    if left < texts // 2:
        return [max(3, room * share // sum(COLUMNS.values())) for share in COLUMNS.values()]
    return [kept.get(name, left * share // texts) for name, share in COLUMNS.items()]


class Screen:
    """Shows views while entered, and gives the terminal back as it was."""

    def __init__(self, *, title: str, color: bool, clock: Callable[[], datetime]) -> None:
        self._title = title
        self._clock = clock
        self._console = Console(no_color=not color, highlight=False)
        self._live = Live(console=self._console, screen=True, auto_refresh=False)
        self._commands: Commands | None = None
        self._view: View | None = None
        self._events: dict[str, str] = {}
        """The last event of each voice that had one."""
        self._message = ""
        self._filter = ""
        self._mode = "rows"
        """Or `filter` while one is typed, or `ask` while an apply waits for a yes."""
        self._drawing = False

    def obey(self, commands: Commands) -> None:
        """Let keys do something."""
        self._commands = commands

    def __enter__(self) -> Self:
        """Take over the terminal. Within a running loop only."""
        self._before = termios.tcgetattr(sys.stdin)
        tty.setcbreak(sys.stdin)
        self._live.start()
        loop = asyncio.get_running_loop()
        loop.add_reader(sys.stdin.fileno(), self._read)
        loop.add_signal_handler(signal.SIGWINCH, self._draw_soon)
        self._draw()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give it back."""
        loop = asyncio.get_running_loop()
        loop.remove_reader(sys.stdin.fileno())
        loop.remove_signal_handler(signal.SIGWINCH)
        self._live.stop()
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, self._before)

    # -- what is shown ---------------------------------------------------------------------------------------------

    def view(self, view: View) -> None:
        """Show everything as it is now."""
        if self._view is not None:
            for key in view.moved:
                self._events[key] = f"{self._time()} changed"
        for key in self._events.keys() - view.rows.keys():
            del self._events[key]
        self._view = view
        self._draw_soon()

    def applying(self, selection: Selection) -> None:
        """Show that an apply begins."""
        self.say(f"Applying: {counted(selection)}")

    def step(self, event: Event) -> None:
        """Show one step of it."""
        share = f" {100 * (event.sent or 0) // event.total}%" if event.step is Step.UPLOADING and event.total else ""
        why = f": {event.message}" if event.message else ""
        self._events[event.change.key] = f"{self._time()} {SAYS[event.step]}{share}{why}"
        self._draw_soon()

    def applied(self, applied: Applied | VoicectlError) -> None:
        """Show how it ended."""
        self.say(ending(applied))

    def left(self, selection: Selection) -> None:
        """Show what will not be carried out by watch."""
        keys = sorted({change.key for change in selection.left})
        if keys:
            self.say(f"Left as it is: {', '.join(keys[:5])}{', ...' if len(keys) > 5 else ''}")

    def say(self, message: str) -> None:
        """Show a word at the bottom until there is another one."""
        self._message = f"{self._time()} {message}"
        self._draw_soon()

    # -- keys ------------------------------------------------------------------------------------------------------

    def _read(self) -> None:
        for key in os.read(sys.stdin.fileno(), 256).decode(errors="ignore"):
            self._press(key)
        self._draw_soon()

    def _press(self, key: str) -> None:
        assert self._commands is not None
        if self._mode == "filter":
            self._type(key)
        elif self._mode == "ask":
            self._mode = "rows"
            if key in ("y", "Y"):
                self._commands.apply_now()
            else:
                self.say("Not applied")
        elif key == "q":
            self._commands.stop()
        elif key == "/":
            self._mode = "filter"
        elif key == "r":
            self.say("Writing the report ...")
            self._commands.report()
        elif key == "a" and self._view is not None:
            selection = select(self._view, {})
            self._mode = "ask" if selection.changes else "rows"
            if selection.changes:
                self._message = f"Apply {counted(selection)} to the environment {self._view.environment}? y / n"
            else:
                self.say("Nothing is clean and waiting to be applied")

    def _type(self, key: str) -> None:
        if key in ("\n", "\r"):
            self._mode = "rows"
        elif key == "\x1b":
            self._mode, self._filter = "rows", ""
        elif key in ("\x7f", "\b"):
            self._filter = self._filter[:-1]
        elif key.isprintable():
            self._filter += key

    # -- drawing ---------------------------------------------------------------------------------------------------

    def _draw_soon(self) -> None:
        if not self._drawing:
            self._drawing = True
            asyncio.get_running_loop().call_later(DRAW, self._draw)

    def _draw(self) -> None:
        self._drawing = False
        self._live.update(self._picture(), refresh=True)

    def _picture(self) -> Group:
        """Return the whole screen."""
        head = list(self._head())
        room = self._console.height - len(head) - 3
        lines = [*head, *self._voices(room)]
        filler = [Text("")] * max(0, self._console.height - len(lines) - 2)
        keys = f"filter: {self._filter}_" if self._mode == "filter" else KEYS
        foot = Text("y apply   n go back" if self._mode == "ask" else keys, style="reverse")
        picture = [*lines, *filler, Text(printable(self._message), style="bold"), foot]
        for line in picture:
            line.truncate(self._console.width, overflow="ellipsis")
        return Group(*picture)

    def _head(self) -> Iterator[Text]:
        view = self._view
        yield Text(self._title, style="bold")
        if view is None:
            yield Text("Reading the files ...")
            return
        if view.plan is not None:
            yield Text(plan_line(view))
        if view.trouble is not None:
            yield Text(f"Cannot plan: {printable(describe(view.trouble))}", style="red")
        for problem in view.problems[:3]:
            yield Text(printable(problem_line(problem)), style=_SEVERITY[problem.severity])
        if view.seen.error is not None:
            wait = f"; again in {view.seen.again_in:.0f} s" if view.seen.again_in else ""
            yield Text(f"Cannot read the account: {printable(describe(view.seen.error))}{wait}", style="yellow")
        elif view.seen.at is None:
            yield Text("The account is as state remembers it; looking ...", style="dim")
        if view.holder is not None:
            yield Text(f"Somebody else is applying: {printable(str(view.holder))}", style="yellow")

    def _voices(self, room: int) -> Iterator[Text]:
        """Return a line for each voice, under it what is wrong with it, for as many as there is room for."""
        yield self._laid_out([Text(name, style="bold") for name in COLUMNS])
        rows, shown, left = self._chosen(), 0, room - 1
        for row in rows:
            problems = [*row.problems, *(row.findings if row.uploads else ())]
            if 1 + len(problems) > left - 1 and shown:
                break
            yield self._laid_out([*self._cells(row)])
            yield from (Text(f"  {printable(problem_line(p))}", style=_SEVERITY[p.severity]) for p in problems)
            shown, left = shown + 1, left - 1 - len(problems)
        if shown < len(rows):
            yield Text(f"... and {len(rows) - shown:,} more; / filters", style="dim")

    def _laid_out(self, cells: list[Text]) -> Text:
        """Return cells as one line that fits the terminal."""
        for cell, width in zip(cells, widths(self._console.width), strict=True):
            cell.truncate(width, overflow="ellipsis", pad=True)
        return Text(" " * GAP).join(cells)

    def _chosen(self) -> list[Row]:
        """Return the rows that pass the filter: what has to be mended, what changes, and then the others."""
        rows = self._view.rows.values() if self._view is not None else ()
        wanted = self._filter.casefold()
        fitting = [row for row in rows if wanted in row.key.casefold()]
        return sorted(fitting, key=lambda row: (not row.broken, row.quiet))

    def _cells(self, row: Row) -> Iterator[Text]:
        symbol, colour = SYMBOLS.get(row.action, ("", ""))
        yield Text(printable(row.key))
        yield Text(row.declared.value, style="red" if row.declared.value == "broken" else "")
        yield Text(f"{symbol} {printable(words_of(row))}".strip(), style="dim" if row.quiet else colour)
        yield Text(row.heard.value, style=_HEARD.get(row.heard, ""))
        yield Text(f"{printable(row.remote)}{' (drift)' if row.drifted else ''}", style="yellow" * row.drifted)
        yield Text(printable(self._events.get(row.key, "")), style="dim")

    def _time(self) -> str:
        return self._clock().astimezone().strftime("%H:%M:%S")
