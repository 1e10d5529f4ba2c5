"""Lines that .gitignore and .gitattributes must have."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from reconciler.errors import VoicectlError
from reconciler.state.files import write_atomically


def add_lines(path: Path, wanted: Iterable[str], *, same: Iterable[str] = ()) -> tuple[str, ...]:
    """Append the lines that are missing, and return them. Nothing is missing where one of `same` is there.

    The other lines stay as they are, to the byte. Raises VoicectlError where the file cannot be read or written.
    """
    try:
        text = path.read_bytes().decode("utf-8") if path.exists() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise VoicectlError(f"Cannot read {path.name}", where=str(path), why=str(error)) from error
    present = {line.strip() for line in text.splitlines()}
    missing = tuple(line for line in wanted if line not in present)
    if not missing or present & set(same):
        return ()
    end = "\r\n" if "\r\n" in text else "\n"
    start = text if text.endswith("\n") or not text else text + end
    write_atomically(path, start + "".join(f"{line}{end}" for line in missing))
    return missing
