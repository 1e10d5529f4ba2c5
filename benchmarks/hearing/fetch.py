"""Fetches the recordings, by package name, with the system's own client (Debian or a relative of it)."""

from __future__ import annotations

import subprocess
import tempfile
import zipfile
from pathlib import Path

from benchmarks.hearing.catalogue import packages_of

MUSIC_PACKAGE = "asterisk-moh-opsound-g722"


def fetch(data: Path) -> None:
    """Download and unpack what is not there yet; nothing is installed."""
    for package in (*packages_of(), MUSIC_PACKAGE):
        folder = data / "packages" / package
        if folder.exists():
            continue
        print(package)
        with tempfile.TemporaryDirectory() as name:
            subprocess.run(["apt-get", "download", "-q", package], cwd=name, check=True)
            (archive,) = Path(name).glob("*.deb")
            unpacked = Path(name) / "unpacked"
            subprocess.run(["dpkg", "-x", archive, unpacked], check=True)
            for inner in unpacked.glob("**/base.wz"):  # a game that keeps its sounds in a ZIP archive
                with zipfile.ZipFile(inner) as sounds:
                    names = [entry for entry in sounds.namelist() if entry.startswith("audio/")]
                    sounds.extractall(unpacked / "base", names)
            folder.parent.mkdir(parents=True, exist_ok=True)
            subprocess.run(["mv", unpacked, folder], check=True)
