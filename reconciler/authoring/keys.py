"""Which keys the files below the voices folder declare, by their names alone.

Light, because completion in a shell asks for it at every press of Tab. The loader says what is in the files.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator

ENDINGS = (".yaml", ".yml")
"""Of voice files, in any case."""


def key_of(path: str) -> str:
    """Return the key of a voice file, named relative to the voices folder with forward slashes.

    In NFC: macOS hands out file names in another form than git and Linux.
    """
    key = unicodedata.normalize("NFC", path.rpartition(".")[0])
    folder, _, last = key.rpartition("/")
    return folder if folder and last == "voice" else key


def voice_files(folder: str, below: str = "") -> Iterator[tuple[str, str]]:
    """Yield key and relative path of what looks like a voice file. Hidden files and links to folders are left out.

    `below` is a folder inside, such as `support/`, where no others are wanted.
    """
    waiting = [below]
    while waiting:
        inside = waiting.pop()
        try:
            with os.scandir(os.path.join(folder, inside)) as listing:  # noqa: PTH118 - pathlib is another 5 ms
                entries = [entry for entry in listing if not entry.name.startswith(".")]
        except OSError:
            continue
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                waiting.append(f"{inside}{entry.name}/")
            elif entry.name.lower().endswith(ENDINGS):
                path = inside + entry.name
                yield key_of(path), path
