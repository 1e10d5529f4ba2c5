"""Gathers what the review page shows: the plan, and each voice's sample as it is and as it was."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections import defaultdict
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import assert_never

from reconciler.apply.desired_side import sample_diagnostic
from reconciler.apply.planning import Planned
from reconciler.apply.sample_checks import CheckedSample, OnChecked, check_samples, judge_sample
from reconciler.apply.workspace import Workspace
from reconciler.errors import Diagnostic, SampleError, VoicectlError
from reconciler.git.earlier_sample import read_earlier
from reconciler.git.repository import Repository, open_repository
from reconciler.plan.change import Action, Change
from reconciler.plan.sides import DesiredVoice
from reconciler.report.html.review import EmbeddedAudio, LinkedAudio, Page, SampleReview, VoiceReview
from reconciler.samples.measurement import Measurement
from reconciler.samples.picture import draw_spectrogram
from reconciler.samples.workers import Measurer


class Audio(StrEnum):
    """How the recordings come with the page."""

    EMBED = "embed"
    """Inside it: of the voices that would change, or have findings."""
    LINK = "link"
    """As links to the files beside it; what a recording was before is in no file, and so inside the page."""
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Review:
    """What is asked for."""

    out: Path
    """Where the page will be, for links."""
    audio: Audio
    title: str = "Voices to review"


def gather(workspace: Workspace, planned: Planned, review: Review, on_checked: OnChecked | None = None) -> Page:
    """Return the page. Every sample is measured, most of them from the cache; only what is to be seen is drawn."""
    with Measurer(workspace.measurements) as measurer:
        return gather_with(measurer, workspace, planned, review, {}, on_checked)


def gather_with(
    measurer: Measurer,
    workspace: Workspace,
    planned: Planned,
    review: Review,
    pictures: MutableMapping[str, bytes],
    on_checked: OnChecked | None = None,
) -> Page:
    """Return the page of samples that this measurer knows. `pictures` keeps what was drawn, by the samples' sha256."""
    voices = list(planned.desired.voices.values())
    checked = check_samples(measurer, workspace.project, voices, planned.desired.paths, on_checked)
    table = _Table(workspace, planned, review, measurer, checked, pictures)
    reviews = [table.voice(voice) for voice in voices]
    gone = [change for change in planned.plan.changes if change.desired is None]
    return Page(
        title=review.title,
        project=workspace.project.name,
        environment=workspace.environment.name,
        made_from=table.commit,
        plan=planned.plan,
        declared=len(voices),
        voices=(*reviews, *(_gone(change) for change in gone)),
    )


def _repository(workspace: Workspace) -> Repository | None:
    try:
        return open_repository(workspace.root, workspace.environ)
    except (VoicectlError, OSError):  # no repository, or no git: then there is no earlier sample to show
        return None


def _gone(change: Change) -> VoiceReview:
    name = change.actual.name if change.actual else change.record.name if change.record else None
    return VoiceReview(change.key, name or change.key, change.action, change.reason)


class _Table:
    """Everything laid out, to take a voice's part from."""

    def __init__(
        self,
        workspace: Workspace,
        planned: Planned,
        review: Review,
        measurer: Measurer,
        checked: Mapping[str, CheckedSample],
        pictures: MutableMapping[str, bytes],
    ) -> None:
        self._workspace = workspace
        self._planned = planned
        self._review = review
        self._measurer = measurer
        self._checked = checked
        self._pictures = pictures
        self._repository = _repository(workspace)
        self._changes = {change.key: change for change in planned.plan.changes if change.desired is not None}
        self._said: dict[str | None, list[Diagnostic]] = defaultdict(list)
        for diagnostic in planned.plan.diagnostics:
            self._said[diagnostic.key].append(diagnostic)

    @property
    def commit(self) -> str:
        """The commit that is checked out."""
        return self._repository.head or "" if self._repository else ""

    def voice(self, voice: DesiredVoice) -> VoiceReview:
        """Return the review of one declared voice."""
        key, change = voice.spec.key, self._changes.get(voice.spec.key)
        checked, sample = self._checked.get(key), voice.sample
        shown, audio = change is not None and change.uploads, self._review.audio
        return VoiceReview(
            key=key,
            name=voice.spec.name,
            action=change.action if change else Action.UNCHANGED,
            reason=change.reason if change else "",
            now=self._sample(sample.file, sample.sha256, checked, shown=shown, audio=audio)
            if sample and checked
            else None,
            before=self._before(change) if change and change.action is Action.REPLACE else None,
            diagnostics=tuple(self._diagnostics(voice, checked)),
        )

    def _diagnostics(self, voice: DesiredVoice, checked: CheckedSample | None) -> list[Diagnostic]:
        """Return what there is to say beside the findings, which the sample shows in their places."""
        findings = {finding.rule for finding in checked.findings} if checked else set()
        said = [diagnostic for diagnostic in self._said[voice.spec.key] if diagnostic.rule not in findings]
        error = checked.result if checked else None
        if isinstance(error, SampleError) and all(diagnostic.rule != error.rule for diagnostic in said):
            said.append(sample_diagnostic(error, voice.spec))
        return said

    def _sample(
        self, file: str, sha256: str, checked: CheckedSample, *, shown: bool, audio: Audio
    ) -> SampleReview | None:
        measured = checked.result
        if isinstance(measured, SampleError):
            return None
        shown = shown or bool(checked.findings)
        return SampleReview(
            file=file,
            sha256=sha256,
            measurement=measured,
            findings=checked.findings,
            not_checked=checked.not_checked,
            settings=checked.settings,
            spectrogram_png=self._picture(checked.path, measured, sha256) if shown else None,
            audio=self._audio(checked.path, measured, audio, shown=shown),
        )

    def _picture(self, path: Path, measured: Measurement, sha256: str) -> bytes:
        if sha256 not in self._pictures:
            self._pictures[sha256] = draw_spectrogram(path, measured.probe.duration)
        return self._pictures[sha256]

    def _audio(
        self, path: Path, measured: Measurement, audio: Audio, *, shown: bool
    ) -> EmbeddedAudio | LinkedAudio | None:
        match audio:
            case Audio.EMBED:
                return EmbeddedAudio(path.read_bytes(), measured.probe.mime_type) if shown else None
            case Audio.LINK:
                link = Path(os.path.relpath(path, self._review.out.absolute().parent)).as_posix()
                return LinkedAudio(link, measured.probe.mime_type)
            case Audio.NONE:
                return None
            case _:
                assert_never(audio)

    def _before(self, change: Change) -> SampleReview | None:
        """Return the sample that the voice was made from, where it is another one and this clone still has it."""
        recorded = change.record.sample if change.record else None
        declared = change.desired.sample if change.desired else None
        if recorded is None or declared is None or recorded.sha256 == declared.sha256 or self._repository is None:
            return None
        content = read_earlier(self._repository, self._workspace.root / recorded.file, recorded.sha256)
        if content is None or hashlib.sha256(content).hexdigest() != recorded.sha256:
            return None
        settings = self._checked[change.key].settings if change.key in self._checked else {}
        with tempfile.TemporaryDirectory(prefix="voicectl-") as folder:
            path = Path(folder) / Path(recorded.file).name
            path.write_bytes(content)
            try:
                measured: Measurement | SampleError = self._measurer.measure(path, recorded.sha256)
            except SampleError as error:
                measured = error
            earlier = judge_sample(path, measured, settings)
            # git has it, and no folder: there is nothing that a link could lead to
            audio = Audio.EMBED if self._review.audio is Audio.LINK else self._review.audio
            return self._sample(recorded.file, recorded.sha256, earlier, shown=True, audio=audio)
