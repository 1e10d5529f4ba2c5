"""What an apply shows: to people, or to machines. Two views of the same run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from reconciler.apply.events import Event
from reconciler.apply.planning import Planned
from reconciler.apply.run import Applied
from reconciler.errors import VoicectlError
from reconciler.report import events
from reconciler.report.outcome import render_outcomes
from reconciler.report.paint import Paint
from reconciler.report.progress import ProgressView
from reconciler.report.text import render_plan

Write = Callable[[str], object]
"""Writes to stdout."""


class ApplyView(Protocol):
    """Shows a run from plan to result."""

    def plan(self, planned: Planned) -> None:
        """Show what will be done."""

    def event(self, event: Event) -> None:
        """Show a step."""

    def result(self, applied: Applied) -> None:
        """Show how it ended."""

    def error(self, error: VoicectlError) -> None:
        """Show that it did not come to its end. The error itself goes to stderr, elsewhere."""


class TextView:
    """Plan and result on stdout, progress on stderr."""

    def __init__(self, write: Write, paint: Paint, progress: ProgressView) -> None:
        self._write = write
        self._paint = paint
        self._progress = progress

    def plan(self, planned: Planned) -> None:
        """Show the plan as text."""
        self._write(render_plan(planned.plan, paint=self._paint, declared=len(planned.desired.voices)))

    def event(self, event: Event) -> None:
        """Pass the step on to the progress."""
        self._progress.show(event)

    def result(self, applied: Applied) -> None:
        """Show what was done and what was not."""
        self._progress.close()
        if applied.outcomes:
            self._write("\n" + render_outcomes(applied.outcomes, paint=self._paint, waited=applied.waited))

    def error(self, error: VoicectlError) -> None:
        """Leave the terminal clean for the error."""
        del error
        self._progress.close()


class JsonView:
    """One event a line on stdout, and nothing else there."""

    def __init__(self, write: Write, progress: ProgressView) -> None:
        self._write = write
        self._progress = progress

    def plan(self, planned: Planned) -> None:
        """Write the plan as the first event."""
        self._write(events.plan_line(planned.plan))

    def event(self, event: Event) -> None:
        """Write the step."""
        self._progress.show(event)
        self._write(events.event_line(event))

    def result(self, applied: Applied) -> None:
        """Write the result as the last event."""
        self._progress.close()
        self._write(events.result_line(applied.outcomes, exit_code=applied.exit_code, serial=applied.serial))

    def error(self, error: VoicectlError) -> None:
        """Write the error as the last event."""
        self._progress.close()
        self._write(events.error_line(error))
