"""Which voices of the account nobody manages, and the voice files that would declare them."""

from __future__ import annotations

import fnmatch
import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from reconciler.apply.actual_side import check_account, read_actual
from reconciler.apply.clock import Clock, stamp
from reconciler.apply.planning import imported_ids, read_sides
from reconciler.apply.session import open_session
from reconciler.apply.workspace import Workspace
from reconciler.authoring.existing_voice import VoiceText, key_of_name, voice_text
from reconciler.authoring.keys import ENDINGS
from reconciler.authoring.place import SCHEMA
from reconciler.errors import RefusedError, VoicectlError
from reconciler.plan.mark import read_mark
from reconciler.plan.marked import ADOPTABLE, MarkedVoices
from reconciler.plan.sides import Actual, ActualVoice, DesiredVoice, PlanOptions
from reconciler.state.document import VoiceRecord
from reconciler.state.files import write_atomically
from reconciler.state.store import LoadedState


@dataclass(frozen=True, slots=True)
class NewFile:
    """A voice file that is to be written for a voice."""

    key: str
    path: Path
    """Absolute; nothing is there."""
    content: VoiceText
    voice: ActualVoice


@dataclass(frozen=True, slots=True)
class Skipped:
    """A voice that is left alone."""

    voice: ActualVoice
    reason: str


@dataclass(frozen=True, slots=True)
class Unmanaged:
    """What was found in the account."""

    files: tuple[NewFile, ...]
    declared: Mapping[str, str]
    """Key -> voice id, of voice files that are there and import a voice which state does not know yet."""
    skipped: tuple[Skipped, ...] = ()

    @property
    def imports(self) -> dict[str, str]:
        """Key -> voice id, of all that is to be adopted."""
        return {**self.declared, **{file.key: file.voice.voice_id for file in self.files}}


@dataclass(frozen=True, slots=True)
class Sides:
    """What there is to compare."""

    desired: Mapping[str, DesiredVoice]
    loaded: LoadedState
    actual: Actual


async def read_all(workspace: Workspace, *, wanted: Sequence[str] = ()) -> Sides:
    """Read files, state and account. Voices in `wanted` are asked for by id where the list does not have them."""
    loaded = workspace.store.load()
    desired = read_sides(workspace, loaded)
    async with open_session(workspace, workspace.project.parallelism) as session:
        imports = {*imported_ids(desired, loaded), *wanted}
        view = await read_actual(
            session.client, loaded.voices, scope=workspace.scope, imports=imports, settle=session.settle
        )
    check_account(loaded.account, view.account, filename=workspace.store.name)
    return Sides(desired.voices, loaded, view.actual)


def find_unmanaged(workspace: Workspace, sides: Sides, clock: Clock, *, names: str = "*") -> Unmanaged:
    """Return what is to be adopted of the voices whose name fits the pattern `names`."""
    options = PlanOptions(workspace.scope, stamp(clock()))
    marked = MarkedVoices(sides.actual, sides.loaded.voices, options)
    ours = [(voice, key) for key, voice in marked.left_over()]
    places = FreePlaces(workspace, sides, [key for _, key in ours])
    named = {voice.spec.import_id: key for key, voice in sides.desired.items() if voice.spec.import_id}
    files, declared, skipped = [], {}, []
    for voice in sorted(marked.unmanaged(), key=lambda voice: (voice.created_at or "", voice.voice_id)):
        if not fnmatch.fnmatchcase(voice.name or "", names):
            continue
        key = named.get(voice.voice_id)
        if reason := _unfit(voice, key, sides.loaded.voices):
            skipped.append(Skipped(voice, reason))
        elif key is not None:
            declared[key] = voice.voice_id
        else:
            files.append(places.take(key_of_name(voice.name), voice))
    wanted = [(voice, key) for voice, key in ours if fnmatch.fnmatchcase(voice.name or "", names)]
    skipped += [Skipped(v, f"It has this project's mark, of {key!r}: see `voicectl plan`.") for v, key in wanted]
    return Unmanaged(tuple(files), declared, tuple(skipped))


def _unfit(voice: ActualVoice, key: str | None, recorded: Mapping[str, VoiceRecord]) -> str:
    """Return why a voice is left alone, or nothing; `key` is of the voice file that imports it."""
    mark, record = read_mark(voice.description), recorded.get(key) if key else None
    if voice.status != "ready":
        return f"It is {voice.status}, not ready."
    if record is not None and record.voice_id is not None:
        return f"The voice file of {key!r} imports it, and that key has the voice {record.voice_id}."
    if mark is not None and key is None:
        return f"It has the mark of {mark.scope}/{mark.key}, so another project manages it."
    return ""


class FreePlaces:
    """The voices folder, and which keys in it nobody has."""

    def __init__(self, workspace: Workspace, sides: Sides, marked: Sequence[str] = ()) -> None:
        previous = (key for voice in sides.desired.values() for key in voice.spec.previously)
        taken = {*sides.desired, *sides.loaded.voices, *previous, *marked}
        self._taken = {key.casefold() for key in taken}
        self._numbers: defaultdict[str, int] = defaultdict(lambda: 1)
        """The last number that was tried, by key: thousands of voices may have one name."""
        self._folder = workspace.root / workspace.project.voices_dir
        self._root = workspace.root

    def take(self, key: str, voice: ActualVoice) -> NewFile:
        """Return the file of a voice, under this key or, where that is taken, under KEY-2, KEY-3, ..."""
        free = key
        while not self._is_free(free):
            self._numbers[key] += 1
            free = f"{key}-{self._numbers[key]}"
        return self.put(free, voice)

    def put(self, key: str, voice: ActualVoice) -> NewFile:
        """Return the file of a voice under this key."""
        self._taken.add(key.casefold())
        path = self._folder / f"{key}.yaml"
        schema = Path(os.path.relpath(self._root / SCHEMA, path.parent)).as_posix()
        return NewFile(key, path, voice_text(voice, schema), voice)

    def _is_free(self, key: str) -> bool:
        taken = key.casefold() in self._taken
        return not taken and not any(os.path.lexists(self._folder / f"{key}{ending}") for ending in ENDINGS)


def require_free(loaded: LoadedState, desired: Mapping[str, DesiredVoice], key: str, voice_id: str) -> bool:
    """Return False if the key has this voice already. Raises RefusedError if another key has it or asks for it."""
    record = loaded.voices.get(key)
    if record is not None and record.voice_id == voice_id:
        return False
    owner = next((other for other, record in loaded.voices.items() if voice_id in record.voice_ids), None)
    if owner == key:
        fix = f"`voicectl rollback {key} --to {voice_id}` brings it back while it lives"
        raise RefusedError(f"The voice {voice_id} is one that {key!r} had, or is about to have", fix=fix)
    if owner is not None:
        what = f"The voice {voice_id} already belongs to {owner!r}"
        raise RefusedError(what, fix=f"rename its voice file and write `previously: [{owner}]`, to have it as {key!r}")
    claims = (other for other, voice in desired.items() if voice.spec.import_id == voice_id and other != key)
    claimed = next(claims, None)
    if claimed is not None:
        what = f"The voice file of {claimed!r} imports the voice {voice_id}"
        raise RefusedError(what, where=desired[claimed].spec.source.filename, fix="remove `import` there")
    return True


def file_for(workspace: Workspace, sides: Sides, key: str, voice_id: str) -> NewFile:
    """Return the voice file of one voice, under a key that has none. Raises RefusedError or VoicectlError."""
    record, voice = sides.loaded.voices.get(key), sides.actual.voices.get(voice_id)
    if record is not None and record.voice_id is not None:
        why = f"state has the voice {record.voice_id} for {key!r}, and no voice file declares it"
        raise RefusedError(f"{key!r} cannot adopt the voice {voice_id}", why=why, fix="choose another key")
    if voice is None:
        fix = "check the id, and whose credentials these are"
        raise VoicectlError(f"There is no voice {voice_id} in this account", fix=fix)
    if voice.status not in ADOPTABLE:
        fix = "import one that is ready"
        raise VoicectlError(f"The voice {voice_id} is {voice.status}: it cannot be adopted", fix=fix)
    return FreePlaces(workspace, sides).put(key, voice)


def write_file(file: NewFile) -> None:
    """Write a voice file, whole or not at all, where there is none. Raises VoicectlError."""
    if os.path.lexists(file.path):
        why = "nothing that is there is overwritten"
        raise VoicectlError("There is a file already", where=str(file.path), why=why, fix="choose another key")
    write_atomically(file.path, file.content.text)
