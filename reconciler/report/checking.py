"""How far the look at the samples has come: a bar on a terminal, nothing elsewhere."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class SampleProgress:
    """A bar on stderr while samples are measured; it is gone when the last one is done.

    Called with how many samples are done, and how many there are.
    """

    def __init__(self, *, shown: bool, color: bool) -> None:
        self._shown = shown
        self._color = color
        self._bar: tuple[Progress, TaskID] | None = None

    def __enter__(self) -> Self:
        """Draw nothing yet: there may be nothing to measure."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the terminal clean."""
        self._close()

    def __call__(self, done: int, total: int) -> None:
        """Move the bar."""
        if not self._shown or (self._bar is None and done >= total):  # all of it was known: a bar would only flash
            return
        progress, task = self._bar = self._bar or self._draw(total)
        progress.update(task, completed=done)
        if done >= total:
            self._close()

    def _draw(self, total: int) -> tuple[Progress, TaskID]:
        from rich.console import Console  # noqa: PLC0415 - 60 ms, only for a terminal
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn  # noqa: PLC0415

        console = Console(stderr=True, no_color=not self._color, highlight=False)
        columns = (TextColumn("Listening to the samples"), BarColumn(bar_width=24), MofNCompleteColumn())
        progress = Progress(*columns, console=console, transient=True)
        progress.start()
        return progress, progress.add_task("", total=total)

    def _close(self) -> None:
        if self._bar is not None:
            self._bar[0].stop()
            self._bar = None
