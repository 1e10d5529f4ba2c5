"""What the checks say about samples. Measuring is done elsewhere, and never waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from reconciler.apply.desired_side import sample_diagnostic
from reconciler.apply.sample_checks import check_samples, diagnose, judge_sample, pointer_error, settings_of
from reconciler.apply.workspace import Workspace
from reconciler.errors import Diagnostic, Severity
from reconciler.plan.sides import DesiredVoice
from reconciler.samples.workers import Measurer, usable_cores
from reconciler.watch.view import Heard

IDLE = 30.0
"""Seconds for which workers are kept after the last sample: the next take is often near, and they take a second."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found in one sample."""

    of: DesiredVoice
    """The sample and the checks that it was held against."""
    problems: tuple[Diagnostic, ...]

    @property
    def heard(self) -> Heard:
        """The worst of it."""
        found = {problem.severity for problem in self.problems}
        return Heard.ERROR if Severity.ERROR in found else Heard.WARNING if Severity.WARNING in found else Heard.GOOD

    def holds_for(self, voice: DesiredVoice) -> bool:
        """Whether the voice still has this sample, and its file the lines that were named."""
        return self.of is voice or (
            self.of.sample is not None
            and voice.sample is not None
            and self.of.sample.sha256 == voice.sample.sha256
            and self.of.spec.source.raw == voice.spec.source.raw
        )


Verdicts = Mapping[str, Verdict]
"""By key."""


def known_verdicts(workspace: Workspace, voices: Iterable[DesiredVoice], paths: Mapping[str, Path]) -> Verdicts:
    """Return the verdicts that need no measuring, because the sample was measured before."""
    found = {}
    for voice in voices:
        key, sample = voice.spec.key, voice.sample
        if sample is None or key not in paths:
            continue
        if sample.pointer:
            found[key] = Verdict(voice, (sample_diagnostic(pointer_error(sample.file), voice.spec),))
        elif (known := workspace.measurements.get(sample.sha256)) is not None:
            settings = settings_of(workspace.project.checks, voice.spec.checks)
            checked = judge_sample(paths[key], known, settings)
            found[key] = Verdict(voice, tuple(diagnose(checked, voice.spec, workspace.project)))
    return found


class Listening:
    """Measures what is asked for, a few samples at a time."""

    def __init__(self, heard: Callable[[Verdicts], Awaitable[None]]) -> None:
        """`heard` is told what was found."""
        self._heard = heard
        self._wanted: dict[str, tuple[Workspace, DesiredVoice, Path]] = {}
        self._work = asyncio.Event()

    def want(self, workspace: Workspace, voice: DesiredVoice, path: Path) -> None:
        """Ask for a sample. A newer take of the same voice takes the place of one that was not begun."""
        self._wanted[voice.spec.key] = workspace, voice, path
        self._work.set()

    async def run(self) -> None:
        """Measure for ever. Cancelled, it ends its workers."""
        while True:
            await self._work.wait()
            workspace = next(iter(self._wanted.values()))[0]
            with Measurer(workspace.measurements) as measurer:
                while self._wanted:
                    await self._heard(await self._some(measurer))
                    if not self._wanted:
                        self._work.clear()
                        with suppress(TimeoutError):
                            await asyncio.wait_for(self._work.wait(), IDLE)

    async def _some(self, measurer: Measurer) -> Verdicts:
        keys = list(self._wanted)[: 2 * usable_cores()]
        batch = [self._wanted.pop(key) for key in keys]
        project = batch[0][0].project
        voices = [voice for _, voice, _ in batch]
        paths = {voice.spec.key: path for _, voice, path in batch}
        checked = await asyncio.to_thread(check_samples, measurer, project, voices, paths)
        return {
            voice.spec.key: Verdict(voice, tuple(diagnose(checked[voice.spec.key], voice.spec, project)))
            for voice in voices
            if voice.spec.key in checked
        }
