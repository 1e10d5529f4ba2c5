"""The state document, the journal, the lock, and the disk below them."""

from __future__ import annotations

import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

from reconciler.doctor.check import Check, ok, problem, warning
from reconciler.errors import StateError
from reconciler.git.repository import Repository
from reconciler.state.lock import is_held, read_holder
from reconciler.state.reading import parse
from reconciler.state.store import LoadedState, StateStore

LOOK = "look at the file that the message names; `voicectl state rebuild` makes the document anew"
WAIT = "wait for it to end"
LITTLE = 100_000_000
"""Bytes of free space that are worth a word."""


def check_state(store: StateStore, repository: Repository | None) -> Iterator[Check]:
    """Look at everything that apply writes."""
    loaded = _load(store)
    if isinstance(loaded, StateError):
        yield problem("state", f"{loaded.what}: {loaded.why}" if loaded.why else loaded.what, loaded.fix or LOOK)
    else:
        yield _summary(store, loaded)
        yield _journal(store, loaded)
        if repository is not None:
            yield from _committed(store, repository, loaded)
    if not (store.backend.shared and isinstance(loaded, StateError)):  # who cannot be asked once is not asked twice
        yield from _locks(store)


def _load(store: StateStore) -> LoadedState | StateError:
    try:
        return store.load()
    except StateError as error:
        return error


def _summary(store: StateStore, loaded: LoadedState) -> Check:
    if not loaded.exists:
        return ok("state", f"{store.name} does not exist yet: the first apply writes it")
    return ok("state", f"{store.name} has serial {loaded.document.serial} and {len(loaded.voices)} voices")


def _journal(store: StateStore, loaded: LoadedState) -> Check:
    if not store.journals():
        return ok("journal", "no run died")
    unknown = f", and {len(loaded.unknown)} creates whose outcome nobody knows" if loaded.unknown else ""
    return warning("journal", f"a run died, or is under way{unknown}", "`voicectl apply` goes on where it ended")


def _committed(store: StateStore, repository: Repository, loaded: LoadedState) -> Iterator[Check]:
    path = repository.relative(store.file) if store.file else None
    if store.file is None or path is None or not loaded.exists or repository.is_ignored(path):
        return
    raw = repository.blob("HEAD", path)
    if raw is None:
        fix = "`voicectl apply --commit` commits it; others, and CI, would not know your voices"
        yield warning("state.committed", f"{path} is not in git", fix)
        return
    try:
        serial = parse(raw.decode("utf-8"), filename=path).serial
    except (StateError, UnicodeDecodeError):
        yield warning("state.committed", "the committed document cannot be read", "commit the one on disk")
        return
    if raw == store.file.read_bytes():
        yield ok("state.committed", f"serial {serial} is committed")
    else:
        summary = f"serial {loaded.document.serial} is on disk, serial {serial} is committed"
        yield warning("state.committed", summary, f"`git commit {path}`; next time `voicectl apply --commit`")


def _locks(store: StateStore) -> Iterator[Check]:
    if not store.backend.shared:
        yield _lock(store.lock_path)
        return
    try:
        holders = store.backend.holders()
    except StateError as error:
        yield problem("lock", f"{error.what}: {error.why}" if error.why else error.what, error.fix or LOOK)
        return
    held = [warning("lock", f"somebody is applying: {holder}", WAIT) for holder in holders]
    yield from held or [ok("lock", "free")]


def _lock(path: Path) -> Check:
    holder = read_holder(path)
    if is_held(path):
        return warning("lock", f"somebody is applying: {holder}", WAIT)
    if holder is not None and holder.host != socket.gethostname():
        fix = "if that machine is certainly not applying any more, `voicectl unlock`"
        return warning("lock", f"held on another machine: {holder}", fix)
    return ok("lock", "free")


def check_disk(folder: Path) -> Check:
    """Make sure that the folder, or the one in which it will be made, can be written."""
    while not folder.exists():
        folder = folder.parent
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"x")
    except OSError as error:
        fix = "free some space, or make the folder writable"
        return problem("disk", f"{folder} cannot be written: {error.strerror or error}", fix)
    free = shutil.disk_usage(folder).free
    if free < LITTLE:
        return warning("disk", f"only {free / 1e6:.0f} MB are free", "free some space")
    return ok("disk", "writable")
