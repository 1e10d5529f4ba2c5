"""Progress of an apply on stderr: a live picture on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Protocol

from reconciler.apply.events import Event, Step
from reconciler.plan.change import Change
from reconciler.report.events import event_line
from reconciler.report.paint import printable

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

SAYS = {
    Step.STARTED: "started",
    Step.RESERVED: "reserved",
    Step.UPLOADING: "uploading",
    Step.PROCESSING: "processing",
    Step.LOOKING: "an answer was lost, looking for the voice",
    Step.REMOVING: "removing",
    Step.DONE: "done",
    Step.PENDING: "still processing",
    Step.FAILED: "failed",
    Step.SKIPPED: "skipped",
}


class ProgressView(Protocol):
    """Shows events while a run goes on."""

    def show(self, event: Event) -> None:
        """Show one event."""

    def close(self) -> None:
        """Leave the terminal clean."""


class NoProgress:
    """Shows nothing: --quiet."""

    def show(self, event: Event) -> None:
        """Show nothing."""

    def close(self) -> None:
        """There is nothing to leave."""


class PlainProgress:
    """One line a step; uploads by their end only. For logs, which are read later."""

    def __init__(self) -> None:
        self._begun: dict[tuple[str, str], float] = {}

    def show(self, event: Event) -> None:
        """Write the step, and at the end how long the change took."""
        began = self._begun.setdefault(_name(event.change), time.monotonic())
        if event.step is Step.UPLOADING and event.sent != event.total:
            return
        took = f" after {time.monotonic() - began:.1f} s" if event.step.final else ""
        size = f" {event.total:,} bytes" if event.total else ""
        why = f": {printable(event.message)}" if event.message else ""
        word = "uploaded" if event.step is Step.UPLOADING else SAYS[event.step]
        sys.stderr.write(f"{printable(event.change.key)}: {event.change.action.value}: {word}{size}{took}{why}\n")
        sys.stderr.flush()

    def close(self) -> None:
        """There is nothing to leave."""


class JsonProgress:
    """One JSON object a step on stderr: --log-format json."""

    def show(self, event: Event) -> None:
        """Write the step."""
        sys.stderr.write(event_line(event))
        sys.stderr.flush()

    def close(self) -> None:
        """There is nothing to leave."""


class LiveProgress:
    """A line for each voice in work: its step, a bar for the bytes sent, the time it takes."""

    def __init__(self, *, color: bool) -> None:
        self._color = color
        self._progress: Progress | None = None
        self._tasks: dict[tuple[str, str], TaskID] = {}

    def show(self, event: Event) -> None:
        """Redraw the voice's line."""
        progress = self._progress = self._progress or self._start()
        change = event.change
        if _name(change) not in self._tasks:
            said = f"{change.action.value} {printable(change.key)}"
            self._tasks[_name(change)] = progress.add_task(said, total=None, step="")
        task = self._tasks[_name(change)]
        if event.step is Step.UPLOADING and event.total:
            megabytes = f"uploading {(event.sent or 0) / 1e6:.1f} of {event.total / 1e6:.1f} MB"
            progress.update(task, completed=event.sent, total=event.total, step=megabytes)
        elif event.step.final:
            why = f": {printable(event.message)}" if event.message else ""
            progress.update(task, total=1, completed=1, step=SAYS[event.step] + why)
        else:
            progress.update(task, total=None, step=SAYS[event.step])

    def close(self) -> None:
        """Leave the last picture on the terminal."""
        if self._progress is not None:
            self._progress.stop()
            self._progress = None

    def _start(self) -> Progress:
        from rich.console import Console  # noqa: PLC0415 - 60 ms, only for a terminal
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415

        columns = (
            SpinnerColumn(finished_text=" "),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[step]}", markup=False),
            TimeElapsedColumn(),
        )
        progress = Progress(*columns, console=Console(stderr=True, no_color=not self._color, highlight=False))
        progress.start()
        return progress


def _name(change: Change) -> tuple[str, str]:
    return change.key, change.action.value
