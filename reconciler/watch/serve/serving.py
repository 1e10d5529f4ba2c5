"""Shows what happens in a browser, beside what shows it already."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.apply.events import Event
from reconciler.apply.run import Applied
from reconciler.errors import VoicectlError
from reconciler.watch.carrying_out import Selection
from reconciler.watch.serve.live_page import LivePage, Source
from reconciler.watch.view import View
from reconciler.watch.watcher import Display, Watcher


def source_of(watcher: Watcher) -> Source | None:
    """Return what the page is made of, as the watcher knows it now."""
    world = watcher.world
    return None if world.planned is None else Source(world.workspace, world.planned, world.rows)


@dataclass(frozen=True, slots=True)
class AlsoInBrowser:
    """A display that moves the page too."""

    shown: Display
    page: LivePage

    def view(self, view: View) -> None:
        """Show everything as it is now."""
        self.shown.view(view)
        self.page.world_moved()

    def applying(self, selection: Selection) -> None:
        """Show that an apply begins."""
        self.shown.applying(selection)

    def step(self, event: Event) -> None:
        """Show one step of it."""
        self.shown.step(event)

    def applied(self, applied: Applied | VoicectlError) -> None:
        """Show how it ended."""
        self.shown.applied(applied)

    def left(self, selection: Selection) -> None:
        """Show what will not be carried out by watch."""
        self.shown.left(selection)

    def say(self, message: str) -> None:
        """Show a word."""
        self.shown.say(message)
