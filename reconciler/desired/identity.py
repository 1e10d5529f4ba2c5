"""Which bytes a sample is: its file, its sha256, its audio without container and tags.

Nothing here asks whether the audio is any good; that is the room `samples`. Errors are SampleError
with the rules `sample.outside`, `sample.missing`, `sample.not-a-file`, `sample.unreadable`,
`sample.changing`, `sample.no-audio` and `sample.lfs-pointer`.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import unicodedata
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.desired.stamp import Stamp, stamp_of
from reconciler.errors import SampleError

if TYPE_CHECKING:
    from collections.abc import Sequence

_POINTER_LIMIT = 1024
"""Bytes. A Git LFS pointer is always smaller (git-lfs, docs/spec.md)."""
_POINTER_VERSION = "version https://git-lfs.github.com/spec/v1"
_POINTER_OID = re.compile(r"oid sha256:([0-9a-f]{64})")
_POINTER_SIZE = re.compile(r"size ([0-9]{1,15})")

_DEMUXERS = "mp3,wav,flac,matroska,mov,mpeg"
"""FFmpeg may try no others: a playlist named .mp3 would make it open the files and URLs listed inside."""


class FileIdentity(Struct, frozen=True, array_like=True, gc=False):
    """Which bytes a file is, or stands for."""

    sha256: str
    """Hex, of the file's bytes; for a Git LFS pointer the oid it names, which is the same thing."""
    size: int
    """Bytes; for a pointer the size it names."""
    pointer: bool
    """The file on disk is a Git LFS pointer: the audio itself is not here."""


def resolve_sample(file: str, voice_file: Path, repository: Path) -> Path:
    """Return the absolute path of `file`, which is written relative to the folder of `voice_file`.

    Symlinks are followed, and the end of the path must lie inside `repository`. Raises SampleError:
    `sample.outside`, `sample.missing`, `sample.not-a-file` or `sample.unreadable`.
    """
    root = repository.resolve()
    folder = voice_file.parent.resolve()
    if Path(file).is_absolute() or PureWindowsPath(file).is_absolute():
        raise _outside(file, "is an absolute path")
    try:
        path = (folder / file).resolve()
    except ValueError as error:  # a NUL or a lone surrogate: no file system holds such a name
        raise _missing(file, folder) from error
    except (OSError, RuntimeError) as error:  # RuntimeError: a symlink loop, before Python 3.13
        raise _unreadable(file, error) from error
    if not path.is_relative_to(root):
        inside = Path(os.path.normpath(folder / file)).is_relative_to(root)
        raise _outside(
            file, "is, or lies behind, a symlink that leaves the repository" if inside else "is outside the repository"
        )
    try:
        _require_regular(path, file)
    except FileNotFoundError as error:
        raise _missing(file, folder) from error
    try:
        path.open("rb").close()
    except OSError as error:
        raise _unreadable(file, error) from error
    return path


def read_identity(path: Path) -> FileIdentity:
    """Read the file once, in pieces, and return what it is. Raises SampleError."""
    return read_stamped(path)[0]


def stream_sha256(path: Path) -> str:
    """Return the sha256 (hex) of the audio alone: equal for files that differ in tags or container only.

    Hashed are the codec's name, the sample rate in Hz and the number of channels (without them PCM
    could be played at another speed and count as the same), then the bytes of all packets of the
    first audio stream. The packets' borders are not hashed, because FFmpeg cuts PCM as it likes.
    The codec's extradata is not hashed either, because muxers rewrite it: FLAC keeps its MD5 there and
    Vorbis its comments. Tags, pictures and the Xing/LAME frame of an MP3 are not packets.
    Raises SampleError: `sample.no-audio` or `sample.unreadable`.
    """
    import av  # noqa: PLC0415 - 80 ms that only a changed sample has to pay

    av.logging.set_level(av.logging.PANIC)
    digest = hashlib.sha256(b"voicectl stream 1\n")
    try:
        _require_regular(path)
        # By descriptor, so that FFmpeg cannot judge the file by its name.
        with (
            os.fdopen(os.open(path, os.O_RDONLY), "rb") as file,
            av.open(
                file, "r", metadata_errors="replace", container_options={"format_whitelist": _DEMUXERS}
            ) as container,
        ):
            if not container.streams.audio:
                raise SampleError("sample.no-audio", f"{path.name} has no audio stream", where=str(path))
            stream = container.streams.audio[0]
            codec = stream.codec_context
            digest.update(f"{codec.codec.canonical_name} {codec.sample_rate} {codec.channels}\n".encode())
            for packet in container.demux(stream):
                digest.update(bytes(packet))
    except (av.FFmpegError, OSError, AttributeError) as error:
        # AttributeError: a stream that no decoder is known for has no codec context.
        raise SampleError(
            "sample.unreadable",
            f"{path.name} cannot be read as audio",
            where=str(path),
            why="it is damaged, cut short, or in no format that Palabra accepts",
            fix="export it again, or replace it with a file that plays to its end",
        ) from error
    return digest.hexdigest()


def read_stamped(path: Path | str) -> tuple[FileIdentity, Stamp]:
    """Return the identity of the file, and the stamp that it is true for. Raises SampleError."""
    try:
        _require_regular(path)
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - ten thousand of them need not become Paths
            before = stamp_of(os.fstat(file.fileno()))
            head = file.read(_POINTER_LIMIT)
            file.seek(0)
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            after = stamp_of(os.fstat(file.fileno()))
    except FileNotFoundError as error:
        raise _missing(Path(path).name, Path(path).parent) from error
    except OSError as error:
        raise _unreadable(Path(path).name, error) from error
    if before != after:
        raise changing(Path(path))
    pointer = _parse_pointer(head) if len(head) < _POINTER_LIMIT else None
    return pointer or FileIdentity(sha256=sha256, size=before[0], pointer=False), before


def _parse_pointer(content: bytes) -> FileIdentity | None:
    """Return what a Git LFS pointer stands for; None if it is none (git-lfs, docs/spec.md)."""
    try:
        lines = content.decode().splitlines()
    except UnicodeDecodeError:
        return None
    if not lines or lines[0] != _POINTER_VERSION:
        return None
    oid = next(filter(None, map(_POINTER_OID.fullmatch, lines)), None)
    size = next(filter(None, map(_POINTER_SIZE.fullmatch, lines)), None)
    if oid is None or size is None:
        return None
    return FileIdentity(sha256=oid[1], size=int(size[1]), pointer=True)


def _require_regular(path: Path | str, shown: str | None = None) -> None:
    """Refuse what must not be opened: a fifo would wait for ever. Raises FileNotFoundError as well."""
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116 - as above
    except NotADirectoryError as error:  # "a.mp3/b.mp3" where a.mp3 is a file
        raise FileNotFoundError from error
    except FileNotFoundError:
        raise
    except OSError as error:
        raise _unreadable(shown or Path(path).name, error) from error
    if not stat.S_ISREG(mode):
        shown = shown or Path(path).name
        kind = "a folder" if stat.S_ISDIR(mode) else "not a regular file"
        raise SampleError(
            "sample.not-a-file", f"sample {shown!r} is {kind}", where=str(path), fix="name one audio file"
        )


def _outside(file: str, problem: str) -> SampleError:
    return SampleError(
        "sample.outside",
        f"sample {file!r} {problem}",
        why="a voice must mean the same in every clone of the repository",
        fix="put the file beside the voice file and name it relative to that",
    )


def _missing(file: str, folder: Path) -> SampleError:
    wanted = PurePosixPath(file)
    beside = folder / wanted.parent
    try:
        names = [e.name for e in os.scandir(beside) if e.is_file() and e.name != wanted.name]
    except (OSError, ValueError):
        names = []
    similar = _closest(wanted.name, names)
    if similar is None:
        fix = "add the file, or correct the name"
    elif _plain(similar) == _plain(wanted.name):
        fix = f"write {str(wanted.with_name(similar))!r}, letter by letter: case or Unicode form differs"
    else:
        fix = f"did you mean {str(wanted.with_name(similar))!r}?"
    return SampleError("sample.missing", f"sample {file!r} does not exist", fix=fix)


def _closest(name: str, candidates: Sequence[str]) -> str | None:
    import difflib  # noqa: PLC0415 - nothing is misspelt most of the time

    plain = {_plain(candidate): candidate for candidate in sorted(candidates)}
    found = difflib.get_close_matches(_plain(name), plain, n=1)
    return plain[found[0]] if found else None


def _plain(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _unreadable(file: str, error: Exception) -> SampleError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return SampleError(
        "sample.unreadable",
        f"sample {file!r} cannot be read",
        why=reason,
        fix="check the file's permissions and the disk",
    )


def changing(path: Path) -> SampleError:
    """Return what is said of a file that changed while it was read."""
    return SampleError(
        "sample.changing",
        f"{path.name} is still being written",
        where=str(path),
        why="it changed while it was read",
        fix="run again when the recording or the copy has finished",
    )
