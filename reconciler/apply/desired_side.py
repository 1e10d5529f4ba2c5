"""The desired side: voice files, and which bytes their samples are."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from reconciler.apply.workspace import Workspace
from reconciler.desired.identity import resolve_sample
from reconciler.desired.load import load_voices
from reconciler.desired.voice import VoiceSpec
from reconciler.errors import Diagnostic, SampleError, Severity
from reconciler.plan.sides import DesiredVoice, SampleBytes
from reconciler.state.document import VoiceRecord


@dataclass(frozen=True, slots=True)
class Desired:
    """What the repository says."""

    voices: Mapping[str, DesiredVoice]
    paths: Mapping[str, Path]
    """Key -> the sample's absolute path."""
    diagnostics: tuple[Diagnostic, ...]

    @property
    def broken(self) -> bool:
        """Whether any file has an error: then there is nothing to compare with."""
        return any(d.severity is Severity.ERROR for d in self.diagnostics)


def read_desired(workspace: Workspace) -> Desired:
    """Read every voice file and identify every sample; all problems come as diagnostics."""
    loaded = load_voices(workspace.project)
    diagnostics = [*workspace.diagnostics, *loaded.diagnostics]
    voices: dict[str, DesiredVoice] = {}
    paths: dict[str, Path] = {}
    for key, spec in loaded.specs.items():
        try:
            path = resolve_sample(spec.sample.file, spec.source.path, workspace.repository)
            identity = workspace.cache.identify(path)
        except SampleError as error:
            diagnostics.append(sample_diagnostic(error, spec))
            continue
        shown = _shown(spec, workspace.root)
        voices[key] = DesiredVoice(spec, SampleBytes(shown, identity.sha256, identity.size, pointer=identity.pointer))
        paths[key] = path
    return Desired(voices, paths, tuple(diagnostics))


def with_streams(workspace: Workspace, desired: Desired, recorded: Mapping[str, VoiceRecord]) -> Desired:
    """Add the audio-stream hash to every voice whose bytes are at hand or recorded.

    Reading a stream costs more than hashing a file, so the many unchanged files take the hash that state has.
    """
    voices = dict(desired.voices)
    for key, voice in desired.voices.items():
        record = recorded.get(key)
        known = record.sample if record and record.voice_id else None
        if known and known.sha256 == voice.sample.sha256 and known.stream_sha256:
            stream = known.stream_sha256
        elif voice.sample.pointer:
            continue
        else:
            path = desired.paths[key]
            try:
                stream = workspace.cache.stream(path, workspace.cache.identify(path))
            except SampleError:
                continue  # such a sample can only be uploaded, and check_uploads() says why it cannot
        voices[key] = replace(voice, sample=replace(voice.sample, stream_sha256=stream))
    workspace.cache.save()
    return replace(desired, voices=voices)


def sample_diagnostic(error: SampleError, spec: VoiceSpec) -> Diagnostic:
    """Return a sample's error at the line that names the sample."""
    detail = " ".join(text for text in (error.why, error.fix) if text)
    at = spec.source.at("samples", 0, "file")
    return Diagnostic(Severity.ERROR, error.rule, error.what, detail, spec.key, at)


def _shown(spec: VoiceSpec, root: Path) -> str:
    """Return the sample's path as state keeps it: as declared, relative to the root, whatever links it goes through."""
    declared = os.path.normpath(spec.source.path.parent / spec.sample.file)
    return Path(os.path.relpath(declared, root)).as_posix()
