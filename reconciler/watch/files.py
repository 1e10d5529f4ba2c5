"""The desired side, kept in memory: of ten thousand files only the saved ones are read again."""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from reconciler.apply.desired_side import Desired, identify_voice, sample_diagnostic, sample_files, voice_cache
from reconciler.apply.workspace import Workspace
from reconciler.desired.load import Found, ReadVoice, VoicePath, combine, find_voices, read_voice
from reconciler.desired.sample_files import SampleFiles
from reconciler.desired.stamp import Stamp, read_stamp
from reconciler.desired.voice import VoiceSpec
from reconciler.desired.voice_cache import VoiceCache
from reconciler.errors import Diagnostic, SampleError, Severity
from reconciler.plan.sides import DesiredVoice
from reconciler.watch.saving import is_open_for_writing

_ENDINGS = (".yaml", ".yml")
RECENT = 60.0
"""Seconds since its last change for which a sample may still be held open by a recorder."""


@dataclass(frozen=True, slots=True)
class Repository:
    """What the files say, as far as they can be understood."""

    desired: Desired
    """Without the frozen voices; its diagnostics are about them too."""
    frozen: frozenset[str]
    """Keys that are declared in a way that cannot be acted on: neither removed nor changed."""
    saving: frozenset[str]
    """Those of them that are only waited for: somebody still writes the file."""
    touched: frozenset[str]
    """Keys that are not as they were when the files were read the last time."""


@dataclass(frozen=True, slots=True)
class _Identified:
    """A voice file together with its sample, as they were when they were read."""

    spec: VoiceSpec
    stamp: Stamp | None
    """Of the sample."""
    voice: DesiredVoice | None
    path: str
    """Of the sample; "" where there is none."""
    place: Path | None
    """The same path, where the sample could be read."""
    error: Diagnostic | None
    saving: bool = False


@dataclass(slots=True)
class VoiceFiles:
    """The voice files and samples of one environment."""

    workspace: Workspace
    _found: Found | None = None
    _read: dict[str, tuple[Stamp | None, ReadVoice]] = field(default_factory=dict)
    """By path."""
    _identified: dict[str, _Identified] = field(default_factory=dict)
    """By key."""
    _keys: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Path of a sample -> the keys that use it."""
    _files: dict[str, VoicePath] = field(default_factory=dict)
    """By path."""
    _last: Repository | None = None

    def read(self, changed: Iterable[str] | None = None) -> Repository:
        """Read what has changed, by path; None: look at every file. Raises RepositoryError, see load_voices()."""
        paths = None if changed is None or self._found is None else self._that_matter(changed)
        mended = None if paths is None else self._mended(paths)
        self._last = mended or self._combined(paths)
        self.workspace.cache.save()
        return self._last

    def _combined(self, paths: set[str] | None) -> Repository:
        """Put all files together; of paths, only these are looked at."""
        remembered = voice_cache(self.workspace) if not self._read else None
        if self._found is None or paths is None:
            self._found = find_voices(self.workspace.project, self.workspace.environment.name)
            self._files = {file.path: file for file in self._found.files}
            self._read = {path: kept for path, kept in self._read.items() if path in self._files}
        voices = combine(self._found, [self._voice(file, paths, remembered) for file in self._found.files])
        if remembered is not None:
            remembered.save()
        self._identify(voices.specs, paths)
        known = self._identified
        errors = (each.error for each in known.values() if each.error is not None)
        declared = {key: each.voice for key, each in known.items() if each.voice is not None}
        places = {key: each.place for key, each in known.items() if each.place is not None}
        frozen = frozenset((voices.broken | known.keys()) - declared.keys())
        return Repository(
            Desired(declared, places, (*self.workspace.diagnostics, *voices.diagnostics, *errors)),
            frozen,
            saving=frozenset(key for key, each in known.items() if each.saving),
            touched=self._touched(declared, frozen),
        )

    def _mended(self, paths: set[str]) -> Repository | None:
        """Return the last answer with these files read anew; None where that may concern other voices, or errors.

        Of ten thousand voices nothing but the saved one is touched.
        """
        last, specs, samples = self._last, {}, sample_files(self.workspace)
        if last is None or last.saving:
            return None
        for file in (self._files[path] for path in paths if path in self._files):
            before, now = self._read[file.path][1], self._voice(file, paths, None)
            if not _alone(before, now):
                return None
            specs[file.key] = now[0]
        keys = specs.keys() | {key for path in paths for key in self._keys.get(path, ())}
        if keys & last.frozen:
            return None
        voices = dict(last.desired.voices)
        for key in keys:
            known = self._identified[key]
            spec = specs.get(key) or known.spec
            fresh = known if self._holds(known, spec, paths) else self._look(spec, samples)
            if fresh.voice is None or fresh.path != known.path:
                return None
            self._identified[key] = fresh
            voices[key] = fresh.voice
        touched = frozenset(key for key in keys if voices[key] is not last.desired.voices[key])
        return replace(last, desired=replace(last.desired, voices=voices), touched=touched)

    @property
    def folders(self) -> frozenset[Path]:
        """The folders of samples outside of the voices folder."""
        inside = os.path.realpath(self.workspace.root / self.workspace.project.voices_dir)
        folders = {os.path.dirname(path) for path in self._keys}  # noqa: PTH120 - ten thousand of them, as text
        return frozenset(Path(folder) for folder in folders if not (folder + "/").startswith(inside + "/"))

    def _that_matter(self, changed: Iterable[str]) -> set[str] | None:
        """Return the known files among changed ones; None where voice files may have come or gone."""
        known = self._read.keys() | self._keys.keys()
        paths = {name for path in changed for name in (path, os.path.realpath(path))}
        for path in paths:
            if path in known:
                if path in self._read and not os.path.lexists(path):
                    return None
            elif path.lower().endswith(_ENDINGS) or os.path.isdir(path) or _is_above(path, known):  # noqa: PTH112 - text
                return None
        return paths & known

    def _voice(self, file: VoicePath, changed: set[str] | None, remembered: VoiceCache | None) -> ReadVoice:
        known = self._read.get(file.path)
        if known is not None and changed is not None and file.path not in changed:
            return known[1]
        stamp = read_stamp(file.path)
        if known is not None and known[0] == stamp:
            return known[1]
        read = read_voice(file) if remembered is None else remembered.read(file, read_voice)
        self._read[file.path] = stamp, read
        return read

    def _identify(self, specs: Mapping[str, VoiceSpec], changed: set[str] | None) -> None:
        """Identify the samples of voices whose file or sample is another one than before."""
        before, samples = self._identified, sample_files(self.workspace)
        self._identified = {}
        for key, spec in specs.items():
            known = before.get(key)
            if known is None or not self._holds(known, spec, changed):
                known = self._look(spec, samples)
            self._identified[key] = known
        self._keys = defaultdict(set)
        for key, each in self._identified.items():
            if each.path:
                self._keys[each.path].add(key)

    def _holds(self, known: _Identified, spec: VoiceSpec, changed: set[str] | None) -> bool:
        """Whether what was found of a sample is still true; of one that is missing or being saved it never is."""
        if known.spec is not spec or known.error is not None:
            return False
        return (changed is not None and known.path not in changed) or known.stamp == read_stamp(known.path)

    def _look(self, spec: VoiceSpec, samples: SampleFiles) -> _Identified:
        if spec.sample.file is None:
            return _Identified(spec, None, DesiredVoice(spec, None), "", None, None)
        path = os.path.normpath(f"{spec.source.location.rpartition('/')[0]}/{spec.sample.file}")
        stamp = read_stamp(path)
        if stamp and time.time() - stamp[1] / 1e9 < RECENT and is_open_for_writing(path):
            return _Identified(spec, None, None, path, None, _still_saved(spec), saving=True)
        try:
            voice, found = identify_voice(self.workspace, spec, samples)
        except SampleError as error:
            saving = error.rule == "sample.changing"
            said = _still_saved(spec) if saving else sample_diagnostic(error, spec)
            return _Identified(spec, stamp, None, path, None, said, saving)
        return _Identified(spec, stamp, voice, str(found), found, None)

    def _touched(self, declared: Mapping[str, DesiredVoice], frozen: frozenset[str]) -> frozenset[str]:
        last = self._last
        if last is None:
            return frozenset(declared.keys() | frozen)
        before = last.desired.voices
        keys = declared.keys() | before.keys()
        differing = {key for key in keys if declared.get(key) is not before.get(key)}
        return frozenset(differing | (frozen ^ last.frozen))


def _alone(before: ReadVoice, now: ReadVoice) -> bool:
    """Whether a file said, and says, nothing about other voices, and nothing that is wrong."""
    (old, said_before), (new, said_now) = before, now
    if old is None or new is None or said_before or said_now:
        return False
    return old.previously == new.previously and old.import_id == new.import_id


def _still_saved(spec: VoiceSpec) -> Diagnostic:
    return Diagnostic(
        Severity.INFO, "sample.changing", "the recording is still being saved", "", spec.key,
        spec.source.at("samples", 0, "file"),
    )  # fmt: skip


def _is_above(path: str, known: Iterable[str]) -> bool:
    folder = path + "/"
    return any(each.startswith(folder) for each in known)
