"""What can be chosen about an emulator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class EmulatorSettings:
    """One emulator. Several may serve the same data folder at once."""

    data: Path
    """Folder for emulator.sqlite and uploads/; made if it is missing."""
    host: str = "127.0.0.1"
    port: int = 0
    """Of the API. 0: any free port."""
    upload_port: int = 0
    """Of the upload host, which listens apart so that leaked credentials are seen. 0: any free port."""
    processing_time: float = 2.0
    """Seconds between an upload and its verdict."""
    api_key: str | None = None
    """None: any credentials are an account. Else only `Bearer KEY`, or the client pair if it reads `ID:SECRET`."""
    strict: bool = True
    """Refuse credentials and cookies on the upload host, and languages the API page does not list."""
    limit: int = 50
    """Voices per account."""
    faults: Path | None = None
    """A YAML file of faults; read again whenever it changes."""
    bare: bool = False
    """The guide's unwrapped bodies, both ways, instead of `{"data": ...}`."""
