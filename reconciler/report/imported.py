"""What `import` is about to do: the voice files that it writes, and the voices that it leaves alone."""

from __future__ import annotations

import json
from pathlib import Path

from reconciler.authoring.unmanaged import NewFile, Unmanaged
from reconciler.errors import Diagnostic, Severity
from reconciler.plan.sides import ActualVoice
from reconciler.report.json_text import json_text
from reconciler.report.markdown_page import count
from reconciler.report.paint import Paint, printable


def file_text(file: NewFile, root: Path, paint: Paint, *, dry_run: bool) -> str:
    """Return one voice file as it will be."""
    would = "would be" if dry_run else "will be"
    lines = (f"  {printable(line)}" for line in file.content.text.splitlines())
    return "\n".join([f"{paint(_shown(file, root), 'bold')} {would} written:", *lines, _renamed(file)]).rstrip() + "\n"


def unmanaged_text(found: Unmanaged, root: Path, paint: Paint, *, marks: bool, dry_run: bool) -> str:
    """Return the voice files one a line, and what adopting them means."""
    would, arrow = "would be" if dry_run else "will be", paint("<-", "cyan", "bold")
    lines = [f" {arrow} {_shown(file, root)}  {_named(file)}{_renamed(file)}" for file in found.files]
    lines += [
        f" {arrow} {printable(key)} has its voice file already ({i})" for key, i in sorted(found.declared.items())
    ]
    written, adopted = count(len(found.files), "voice file"), count(len(found.imports), "voice")
    lines += ["", paint(f"{written} {would} written, {adopted} adopted.", "bold")]
    if marks:
        lines.append("The mark of this project goes to the end of each description. Nothing is cloned.")
    return "\n".join(lines) + "\n"


def unmanaged_line(found: Unmanaged, root: Path, *, dry_run: bool) -> str:
    """Return the same for a program, as one event."""
    plain = {
        "type": "import",
        "dry_run": dry_run,
        "files": [
            {
                "key": file.key,
                "file": file.path.relative_to(root).as_posix(),
                "voice_id": file.voice.voice_id,
                "name": file.content.name,
            }
            for file in found.files
        ],
        "declared": [{"key": key, "voice_id": voice_id} for key, voice_id in sorted(found.declared.items())],
        "skipped": [
            {"voice_id": skipped.voice.voice_id, "name": skipped.voice.name, "reason": skipped.reason}
            for skipped in found.skipped
        ],
    }
    return json_text(plain)


def skipped_notes(found: Unmanaged) -> list[Diagnostic]:
    """Return a note for each voice that is left alone."""
    return [
        Diagnostic(Severity.INFO, "import.skipped", f"{_who(skipped.voice)} is left alone", skipped.reason)
        for skipped in found.skipped
    ]


def _who(voice: ActualVoice) -> str:
    return f"{voice.name} ({voice.voice_id})"


def _shown(file: NewFile, root: Path) -> str:
    return printable(file.path.relative_to(root).as_posix())


def _named(file: NewFile) -> str:
    return f"{printable(file.content.name)} ({printable(file.voice.voice_id)})"


def _renamed(file: NewFile) -> str:
    if not file.content.renamed:
        return ""
    return f"; renamed from {printable(json.dumps(file.voice.name, ensure_ascii=False))}, which no voice file may have"
