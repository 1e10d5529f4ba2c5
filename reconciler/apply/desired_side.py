"""The desired side: voice files, and which bytes their samples are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from reconciler.apply.workspace import Workspace
from reconciler.desired.load import load_voices
from reconciler.desired.root import WORK_FOLDER
from reconciler.desired.sample_files import FoundSample, SampleFiles
from reconciler.desired.voice import VoiceSpec
from reconciler.desired.voice_cache import VoiceCache, basis_of
from reconciler.errors import Diagnostic, SampleError, Severity
from reconciler.plan.sides import DesiredVoice, SampleBytes
from reconciler.state.document import VoiceRecord


@dataclass(frozen=True, slots=True)
class Desired:
    """What the repository says."""

    voices: Mapping[str, DesiredVoice]
    paths: Mapping[str, Path]
    """Key -> the sample's absolute path, of voices that have one."""
    diagnostics: tuple[Diagnostic, ...]

    @property
    def broken(self) -> bool:
        """Whether any file has an error: then there is nothing to compare with."""
        return any(d.severity is Severity.ERROR for d in self.diagnostics)


def read_desired(workspace: Workspace) -> Desired:
    """Read every voice file and identify every sample; all problems come as diagnostics."""
    loaded = load_voices(workspace.project, workspace.environment.name, voice_cache(workspace))
    diagnostics = [*workspace.diagnostics, *loaded.diagnostics]
    specs = loaded.specs.values()
    named = ((spec.sample.file, spec.source.location) for spec in specs if spec.sample.file is not None)
    found = iter(sample_files(workspace).find_all(named))
    voices: dict[str, DesiredVoice] = {}
    paths: dict[str, str] = {}
    for key, spec in loaded.specs.items():
        sample = next(found) if spec.sample.file is not None else None
        if isinstance(sample, SampleError):
            diagnostics.append(sample_diagnostic(sample, spec))
            continue
        voices[key] = _with_sample(spec, sample)
        if sample is not None:
            paths[key] = sample.path
    return Desired(voices, _Paths(paths), tuple(diagnostics))


class _Paths(Mapping[str, Path]):
    """Paths by key, each made when it is asked for: to make ten thousand takes as long as their stats."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts

    def __getitem__(self, key: str) -> Path:
        return Path(self._texts[key])

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)

    def __contains__(self, key: object) -> bool:
        return key in self._texts


def voice_cache(workspace: Workspace) -> VoiceCache:
    """Return what is remembered of the voice files of this environment."""
    name = workspace.environment.name
    path = workspace.root / WORK_FOLDER / f"voices.{name}.json"
    return VoiceCache(path, basis_of(workspace.project, name))


def sample_files(workspace: Workspace) -> SampleFiles:
    """Return what finds the samples of one run."""
    return SampleFiles(workspace.root, workspace.repository, workspace.cache)


def identify_voice(
    workspace: Workspace, spec: VoiceSpec, samples: SampleFiles | None = None
) -> tuple[DesiredVoice, Path | None]:
    """Return a voice with the bytes of its sample, and the sample's absolute path, if it has one. Raises SampleError.

    With `samples`, what was found out about folders for other voices is used.
    """
    found = None
    if spec.sample.file is not None:
        found = (samples or sample_files(workspace)).find(spec.sample.file, spec.source.location)
    return _with_sample(spec, found), Path(found.path) if found is not None else None


def _with_sample(spec: VoiceSpec, found: FoundSample | None) -> DesiredVoice:
    if found is None:
        return DesiredVoice(spec, None)
    identity = found.identity
    return DesiredVoice(spec, SampleBytes(found.shown, identity.sha256, identity.size, pointer=identity.pointer))


def with_streams(workspace: Workspace, desired: Desired, recorded: Mapping[str, VoiceRecord]) -> Desired:
    """Add the audio-stream hash to every voice whose bytes are at hand or recorded.

    Reading a stream costs more than hashing a file, so the many unchanged files take the hash that state has.
    """
    voices = {
        key: _with_recorded_stream(voice, recorded.get(key))
        or with_stream(workspace, voice, desired.paths.get(key), recorded.get(key))
        for key, voice in desired.voices.items()
    }
    workspace.cache.save()
    return replace(desired, voices=voices)


def with_stream(
    workspace: Workspace, voice: DesiredVoice, path: Path | None, record: VoiceRecord | None
) -> DesiredVoice:
    """Return one voice with the audio-stream hash, as above."""
    if known := _with_recorded_stream(voice, record):
        return known
    if voice.sample is None or path is None or voice.sample.pointer:
        return voice
    try:
        stream = workspace.cache.stream(path, workspace.cache.identify(path))
    except SampleError:
        return voice  # such a sample can only be uploaded, and check_uploads() says why it cannot
    return DesiredVoice(voice.spec, _streamed(voice.sample, stream))


def _with_recorded_stream(voice: DesiredVoice, record: VoiceRecord | None) -> DesiredVoice | None:
    sample, recorded = voice.sample, record.sample if record and record.voice_id else None
    if sample is None or recorded is None or recorded.sha256 != sample.sha256 or not recorded.stream_sha256:
        return None
    return DesiredVoice(voice.spec, _streamed(sample, recorded.stream_sha256))


def _streamed(sample: SampleBytes, stream: str) -> SampleBytes:
    return SampleBytes(sample.file, sample.sha256, sample.size, stream, pointer=sample.pointer)


def sample_diagnostic(error: SampleError, spec: VoiceSpec) -> Diagnostic:
    """Return a sample's error at the line that names the sample."""
    detail = " ".join(_sentence(text) for text in (error.why, error.fix) if text)
    at = spec.source.at("samples", 0, "file")
    return Diagnostic(Severity.ERROR, error.rule, error.what, detail, spec.key, at)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?", "!")) else ".")
