"""The page as it is now: made anew when the world has moved, in a thread, one at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from reconciler.apply.planning import Planned
from reconciler.apply.workspace import Workspace
from reconciler.errors import SampleError, Severity
from reconciler.report.html.gather import Audio, Review, gather_with
from reconciler.report.html.page import render_page
from reconciler.report.html.review import LinkedAudio, Page, SampleReview, VoiceReview
from reconciler.samples.measurement import Measurement
from reconciler.samples.workers import Measurer
from reconciler.watch.view import Row

MOST = 300
"""Voices on the page: those that need a look first. More would make each save wait for the browser."""
WAITING = "sample.waiting"


@dataclass(frozen=True, slots=True)
class Clip:
    """A recording that the page plays."""

    path: Path
    mime_type: str


@dataclass(frozen=True, slots=True)
class Source:
    """What the page is made of."""

    workspace: Workspace
    planned: Planned
    rows: Mapping[str, Row]


@dataclass(slots=True)
class LivePage:
    """The page, and who waits for the next one."""

    source: Callable[[], Source | None]
    html: str = ""
    """Empty until there is a first one."""
    clips: Mapping[str, Clip] = field(default_factory=dict)
    """By sha256."""
    version: int = 0
    closed: bool = False
    _moved: asyncio.Event = field(default_factory=asyncio.Event)
    _due: asyncio.Event = field(default_factory=asyncio.Event)
    _pictures: dict[str, bytes] = field(default_factory=dict)

    def world_moved(self) -> None:
        """Make the page anew, soon."""
        self._due.set()

    def close(self) -> None:
        """Let everybody who waits go."""
        self.closed = True
        self._moved.set()

    async def next_version(self, seen: int) -> int:
        """Wait for another version than this one, or for the end."""
        while self.version == seen and not self.closed:
            await self._moved.wait()
        return self.version

    async def run(self) -> None:
        """Make pages for ever."""
        while True:
            await self._due.wait()
            self._due.clear()
            source = self.source()
            if source is None:
                continue
            html, clips = await asyncio.to_thread(self._make, source)
            if html != self.html:
                self.html, self.clips, self.version = html, clips, self.version + 1
                self._moved.set()
                self._moved = asyncio.Event()

    def _make(self, source: Source) -> tuple[str, Mapping[str, Clip]]:
        planned = source.planned
        voices = {key: planned.desired.voices[key] for key in _shown(source)}
        shown = replace(planned, desired=replace(planned.desired, voices=voices))
        review = Review(source.workspace.root / "review.html", Audio.LINK, title="Voices, live")
        page = gather_with(Remembered(source.workspace.measurements), source.workspace, shown, review, self._pictures)
        page = replace(page, declared=len(planned.desired.voices), voices=tuple(map(_served, page.voices)))
        used = {sample.sha256 for voice in page.voices for sample in (voice.now, voice.before) if sample}
        for sha256 in self._pictures.keys() - used:
            del self._pictures[sha256]
        return render_page(page, live=True), _clips(page, planned, voices)


class Remembered(Measurer):
    """Knows what was measured before, and measures nothing: that is done elsewhere, and the page comes again."""

    def measure(self, path: Path, sha256: str) -> Measurement:
        """Return what is known. Raises SampleError for what is not."""
        (known,) = self.measure_all([(path, sha256)])
        if isinstance(known, SampleError):
            raise known
        return known

    def measure_all(
        self, samples: Sequence[tuple[Path, str]], on_done: Callable[[int], None] | None = None
    ) -> list[Measurement | SampleError]:
        """Return what is known of each; a SampleError for what is not."""
        del on_done
        return [
            self._known(path, sha256) or SampleError(WAITING, "The recording is being measured")
            for path, sha256 in samples
        ]


def _shown(source: Source) -> list[str]:
    """Return the keys that are on the page, sorted: with many voices, those of which there is something to say."""
    keys = list(source.planned.desired.voices)
    if len(keys) <= MOST:
        return keys
    rows = source.rows
    keys.sort(key=lambda key: (not rows[key].broken, rows[key].quiet, not rows[key].findings) if key in rows else ())
    return sorted(keys[:MOST])


def _served(voice: VoiceReview) -> VoiceReview:
    """Return a voice whose recordings are asked for by what they are, so that a new take has a new address."""
    notes = tuple(replace(d, severity=Severity.INFO) if d.rule == WAITING else d for d in voice.diagnostics)
    return replace(voice, now=_linked(voice.now), before=_linked(voice.before), diagnostics=notes)


def _linked(sample: SampleReview | None) -> SampleReview | None:
    if sample is None or not isinstance(sample.audio, LinkedAudio):
        return sample
    return replace(sample, audio=LinkedAudio(f"audio/{sample.sha256}", sample.audio.mime_type))


def _clips(page: Page, planned: Planned, voices: Mapping[str, object]) -> Mapping[str, Clip]:
    return {
        voice.now.sha256: Clip(planned.desired.paths[voice.key], voice.now.audio.mime_type)
        for voice in page.voices
        if voice.now is not None and isinstance(voice.now.audio, LinkedAudio) and voice.key in voices
    }
