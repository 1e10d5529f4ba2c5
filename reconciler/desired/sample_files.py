"""Finding the samples of many voices: whatever is about a folder is looked up once, and each unchanged file once."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import cast

from msgspec import Struct

from reconciler.desired.identity import FileIdentity, resolve_sample
from reconciler.desired.identity_cache import IdentityCache
from reconciler.desired.stamp import stamp_of
from reconciler.errors import SampleError


class FoundSample(Struct, frozen=True, gc=False):
    """A sample that is there."""

    path: str
    """Absolute, with all links followed."""
    shown: str
    """As declared, relative to the project's root, with forward slashes."""
    identity: FileIdentity


class _Folder(Struct, frozen=True, gc=False):
    real: str
    """With all links followed; "" for one outside the repository."""
    shown: str
    """As declared, relative to the project's root; "" for the root itself."""


class SampleFiles:
    """The samples of one run. Folders are taken to stay what they are for as long as it lives."""

    def __init__(self, root: Path, repository: Path, cache: IdentityCache) -> None:
        """Samples must lie inside the `repository`; they are shown relative to the `root`."""
        self._root = str(root)
        self._repository = repository
        self._inside = str(repository.resolve())
        self._cache = cache
        self._folders: dict[tuple[str, str], _Folder] = {}

    def find(self, file: str, voice_file: str) -> FoundSample:
        """Return the sample that a voice file names. Raises SampleError, see `resolve_sample` and `read_identity`."""
        return self._unchanged(file, voice_file) or self._read(file, voice_file)

    def find_all(self, named: Iterable[tuple[str, str]]) -> list[FoundSample | SampleError]:
        """Return the same for each file and the voice file that names it. What has to be read is read side by side."""
        wanted = list(named)
        found: list[FoundSample | SampleError | None] = [self._unchanged(*names) for names in wanted]
        changed = [number for number, sample in enumerate(found) if sample is None]
        if len(changed) == 1:
            found[changed[0]] = self._read_or_error(wanted[changed[0]])
        elif changed:
            from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - 10 ms that most plans need not pay

            with ThreadPoolExecutor(os.cpu_count()) as threads:  # hashing lets go of the interpreter
                read = threads.map(self._read_or_error, [wanted[number] for number in changed])
                for number, sample in zip(changed, read, strict=True):
                    found[number] = sample
        return cast("list[FoundSample | SampleError]", found)

    def _unchanged(self, file: str, voice_file: str) -> FoundSample | None:
        """Return a sample whose bytes are known; None for any other, and for whatever is not plainly named."""
        if (place := self._place(file, voice_file)) is None:
            return None
        path, shown = place
        identity = self._known(path)
        return FoundSample(path, shown, identity) if identity is not None else None

    def _read(self, file: str, voice_file: str) -> FoundSample:
        """Return a sample that has to be read; what is wrong with one is said by those who look at every link."""
        if (place := self._place(file, voice_file)) is not None:
            path, shown = place
            with suppress(OSError, ValueError, SampleError):
                if stat.S_ISREG(os.lstat(path).st_mode):
                    return FoundSample(path, shown, self._cache.identify(path))
        found = resolve_sample(file, Path(voice_file), self._repository)
        shown = os.path.relpath(os.path.normpath(Path(voice_file).parent / file), self._root).replace(os.sep, "/")
        return FoundSample(str(found), shown, self._cache.identify(found))

    def _place(self, file: str, voice_file: str) -> tuple[str, str] | None:
        """Return where a plainly named sample is, and how it is shown; None for any other, and in a folder outside."""
        directory, _, name = file.rpartition("/")
        folder = self._folder(voice_file.rpartition("/")[0], directory)
        if not folder.real or file.startswith("/") or "\\" in file:
            return None
        return f"{folder.real}/{name}", f"{folder.shown}/{name}" if folder.shown else name

    def _read_or_error(self, names: tuple[str, str]) -> FoundSample | SampleError:
        try:
            return self._read(*names)
        except SampleError as error:
            return error

    def _known(self, path: str) -> FileIdentity | None:
        """Return what is known of a file in a real folder: nothing of a link, whose stamp is its own."""
        try:
            return self._cache.known(path, stamp_of(os.lstat(path)))
        except (OSError, ValueError):
            return None

    def _folder(self, voices: str, directory: str) -> _Folder:
        key = voices, directory
        if key not in self._folders:
            declared = os.path.join(voices, directory)  # noqa: PTH118 - text, as everything here
            try:
                real = os.path.realpath(declared)
            except ValueError:  # a NUL, which no file system holds
                real = ""
            inside = real == self._inside or real.startswith(self._inside.rstrip("/") + "/")
            shown = os.path.relpath(os.path.normpath(declared), self._root).replace(os.sep, "/")
            self._folders[key] = _Folder(real if inside else "", "" if shown == "." else shown)
        return self._folders[key]
